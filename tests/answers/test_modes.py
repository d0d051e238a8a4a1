"""The modes without a model: counter-argument, Socratic question and comparison, with an analogy map and without one."""

from pathlib import Path

import pytest

from bot.indexing.build import build_index
from bot.messages import answers
from bot.messages import map as texts
from bot.pipeline import Bot
from bot.schema import Answer
from bot.settings import Settings
from tests.places import ROOT
from tests.toys import ToyEmbedder

BELL = (
    "# The Bell\n\nThe bell is loud because its rope is long. A bell is a promise to the whole village. Its rope broke in 1763."
)
LAMP = "# The Lamp\n\nThe lamp is bright because its oil is dear. A lamp is a promise to strangers at sea. The lamp went out in 1801."
DOUBT = "# A Doubt\n\nA promise that nobody paid for is no promise. The bell was rung by a machine after 1900."
MAP = """
- id: bell-lamp
  name: {ko: 종과 등대, en: the bell and the lamp}
  source: {ko: 종, en: the bell}
  target: {ko: 등대, en: the lamp}
  words: {source: {ko: [종, 종탑], en: [bell]}, target: {ko: [등대], en: [lamp]}}
  shows: {ko: 둘 다 약속이다., en: Both are promises.}
  pairs:
    - source: {ko: 종의 약속, en: the promise of the bell}
      target: {ko: 등대의 약속, en: the promise of the lamp}
      quotes: [{essay: bell.en, quote: A bell is a promise to the whole village.}]
  breaks:
    - by: reader
      move: scale
      text: {ko: 마을과 바다는 크기가 다르다., en: A village and a sea differ in size.}
    - by: essay
      move: missing-step
      text: {ko: 값을 치르지 않은 약속은 약속이 아니다., en: A promise must be paid for.}
      quotes: [{essay: doubt.en, quote: A promise that nobody paid for is no promise.}]
      reply: {ko: 기름은 비싸다., en: Oil is dear.}
      reply_quotes: [{essay: lamp.en, quote: The lamp is bright because its oil is dear.}]
  unmapped: {ko: 줄, en: the rope}
- id: rope-oil
  name: {ko: 줄과 기름, en: the rope and the oil}
  source: {ko: 줄, en: the rope}
  target: {ko: 기름, en: the oil}
  words: {source: {ko: [줄], en: [rope]}, target: {ko: [기름], en: [oil]}}
  shows: {ko: 둘 다 다한다., en: Both run out.}
  pairs:
    - source: {ko: 끊어진 줄, en: the broken rope}
      target: {ko: 다한 기름, en: the spent oil}
      quotes: [{essay: lamp.en, quote: The lamp went out in 1801.}]
  breaks:
    - by: reader
      move: other-cause
      text: {ko: 줄은 낡아서 끊어졌다., en: The rope broke of age.}
  unmapped: {ko: 종지기, en: the sexton}
"""


@pytest.fixture(scope="module")
def bot(tmp_path_factory: pytest.TempPathFactory) -> Bot:
    return _bot_of(tmp_path_factory.mktemp("modes"), MAP)


@pytest.fixture(scope="module")
def bot_without_map(tmp_path_factory: pytest.TempPathFactory) -> Bot:
    return _bot_of(tmp_path_factory.mktemp("without-map"), "")


def _bot_of(folder: Path, map_text: str) -> Bot:
    corpus = folder / "corpus"
    corpus.mkdir()
    for name, text in {"bell.en": BELL, "lamp.en": LAMP, "doubt.en": DOUBT}.items():
        (corpus / f"{name}.md").write_text(text, encoding="utf-8")
    if map_text:
        (corpus / "analogies.yaml").write_text(map_text, encoding="utf-8")
    settings = Settings.load(corpus=corpus, index=folder / "index", llm="quotes")
    embedder = ToyEmbedder()
    build_index(settings, embedder=embedder)
    return Bot(settings, embedder)


def lines(answer: Answer) -> list[tuple[str, str]]:
    return [(sentence.kind, sentence.text) for sentence in answer.sentences]


CLAIM = [("reading", "Both are promises."), ("essay", "“A bell is a promise to the whole village.”")]
PAIRS = [("notice", "What is compared with what"), ("reading", "the promise of the bell ↔ the promise of the lamp")]
BY_READER = [("reading", "Not in the essays, but a reader may ask (scale): A village and a sea differ in size.")]
BY_ESSAY = [
    ("reading", "An essay objects (a missing step): A promise must be paid for."),
    ("essay", "“A promise that nobody paid for is no promise.”"),
    ("reading", "A reply to that: Oil is dear."),
    ("essay", "“The lamp is bright because its oil is dear.”"),
]
BREAKS = [("notice", "Where the analogy breaks down")]
MORE = [("notice", "Ask where it breaks down: 1 more objections.")]


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("How is the bell like the lamp?", [*CLAIM, *PAIRS, *BREAKS, *BY_ESSAY, *MORE]),
        ("Where does the analogy of the bell and the lamp break?", [*CLAIM, *BREAKS, *BY_ESSAY, *BY_READER, *PAIRS]),
        (
            "What is wrong with likening the bell to the lamp, if a village and a sea differ in size?",
            [*CLAIM, *BREAKS, *BY_READER, *BY_ESSAY, *PAIRS],
        ),
    ],
)
def test_an_analogy_is_its_claim_its_pairs_and_its_strongest_break_and_all_breaks_where_they_are_asked_for(
    bot: Bot, question: str, expected: list[tuple[str, str]]
) -> None:
    assert lines(bot.ask(question)) == [("notice", "From the analogy map: the bell and the lamp"), *expected]


def test_a_counter_argument_has_the_claim_the_objection_and_the_reply(bot: Bot) -> None:
    assert lines(bot.ask("Is the bell like the lamp?", mode="counter")) == [
        ("notice", "The claim to argue against (the bell and the lamp)"),
        ("essay", "“A bell is a promise to the whole village.”"),
        ("reading", "An essay objects (a missing step): A promise must be paid for."),
        ("essay", "“A promise that nobody paid for is no promise.”"),
        ("reading", "A reply to that: Oil is dear."),
        ("essay", "“The lamp is bright because its oil is dear.”"),
    ]


def test_the_objection_that_shares_words_with_the_question_is_chosen(bot: Bot) -> None:
    found = lines(bot.ask("종과 등대의 비유는 크기가 다르지 않나요?", mode="counter"))
    assert ("reading", "에세이에는 없고 독자가 물을 수 있는 것(규모의 차이): 마을과 바다는 크기가 다르다.") in found


@pytest.mark.parametrize("question", ["Is the bell like the lamp?", "종은 등대와 닮았나요?"])
def test_a_socratic_answer_is_one_quotation_and_one_question(question: str, bot: Bot) -> None:
    answer = bot.ask(question, mode="socratic")
    assert [citation.quote for citation in answer.citations] == ["A bell is a promise to the whole village."]
    questions = [sentence for sentence in answer.sentences if sentence.text.endswith("?")]
    assert [sentence.text for sentence in questions] == [texts.SOCRATIC_QUESTIONS["missing-step"].of(answer.language)]
    assert answer.sentences[-1] == questions[0]


def test_two_analogies_are_compared_by_a_quotation_each(bot: Bot) -> None:
    answer = bot.ask("Compare the bell and its rope with the lamp and its oil.", mode="compare")
    assert [citation.quote for citation in answer.citations] == [
        "A bell is a promise to the whole village.",
        "The lamp went out in 1801.",
    ]


def test_a_single_analogy_is_compared_with_its_objection(bot: Bot) -> None:
    answer = bot.ask("Is the bell like the lamp?", mode="compare")
    assert {citation.essay for citation in answer.citations} == {"bell.en", "doubt.en", "lamp.en"}


def test_without_a_map_a_counter_argument_quotes_what_bears_on_the_claim(bot_without_map: Bot) -> None:
    answer = bot_without_map.ask("What promise is a bell or a lamp?", mode="counter")
    assert len({citation.essay for citation in answer.citations}) == 3
    assert answer.sentences[0].text == answers.ARGUMENTS.format(count=len(answer.citations)).en


def test_without_a_map_both_sides_of_a_comparison_are_quoted(bot_without_map: Bot) -> None:
    answer = bot_without_map.ask("What promise is a bell or a lamp?", mode="compare")
    assert answer.sentences[0].text == answers.BOTH_SIDES.en
    assert {"A bell is a promise to the whole village.", "A lamp is a promise to strangers at sea."} <= {
        citation.quote for citation in answer.citations
    }


def test_a_comparison_that_lacks_a_side_says_so(bot_without_map: Bot) -> None:
    answer = bot_without_map.ask("bell versus harpsichord", mode="compare")
    assert answers.NO_SIDE.format(side="harpsichord").en in [sentence.text for sentence in answer.sentences]


def test_without_a_map_a_socratic_answer_quotes_the_best_sentence(bot_without_map: Bot) -> None:
    answer = bot_without_map.ask("Which rope broke in 1763?", mode="socratic")
    assert [citation.quote for citation in answer.citations] == ["Its rope broke in 1763."]
    assert answer.sentences[-1].text == texts.SOCRATIC_QUESTIONS[""].en


def test_the_objection_to_a_quoted_sentence_of_the_map_is_the_one_of_the_map(bot: Bot) -> None:
    answer = bot.ask("“A bell is a promise to the whole village.” What speaks against this?", mode="counter")
    assert lines(answer) == lines(bot.ask("Is the bell like the lamp?", mode="counter"))


def test_a_quotation_that_stands_in_no_essay_is_a_question_like_any_other(bot: Bot) -> None:
    question = "“The gong is a lie to the whole of the town.” Is the bell like the lamp?"
    assert bot.ask(question, mode="counter").sentences[0].text == texts.CLAIM.format(name=bot.analogies()[0].name).en


@pytest.mark.parametrize("mode", ["counter", "socratic", "compare"])
def test_every_mode_abstains_where_the_essays_do_not_answer(mode: str, bot_without_map: Bot) -> None:
    answer = bot_without_map.ask("zzz qqq xyzzy", mode=mode)
    assert answer.abstained
    assert not answer.citations


@pytest.fixture(scope="module")
def bundled(tmp_path_factory: pytest.TempPathFactory) -> Bot:
    """The bundled essays and their analogy map, with the toy embedder."""
    settings = Settings.load(corpus=ROOT / "corpus", index=tmp_path_factory.mktemp("bundled") / "index", llm="quotes")
    embedder = ToyEmbedder()
    build_index(settings, embedder=embedder)
    return Bot(settings, embedder)


MODES_OF_DEBATE = pytest.mark.parametrize("mode", ["counter", "socratic", "compare"])
QUESTIONS = pytest.mark.parametrize(
    "question", ["고인돌과 파라미터 경쟁은 닮았나요?", "Is Rome like a platform?", "몽골과 AI 기업을 견주면?"]
)


@MODES_OF_DEBATE
@QUESTIONS
def test_the_bundled_essays_have_an_answer_in_every_mode_and_language(mode: str, question: str, bundled: Bot) -> None:
    assert_debates(bundled.ask(question, mode=mode), mode)


@pytest.mark.slow
@pytest.mark.full
@MODES_OF_DEBATE
@QUESTIONS
def test_the_bundled_essays_have_the_same_with_the_real_embedder(mode: str, question: str, real_index: Settings) -> None:
    assert_debates(Bot(real_index).ask(question, mode=mode), mode)


def assert_debates(answer: Answer, mode: str) -> None:
    assert answer.citations
    assert answer.mode == mode
    assert "{" not in answer.text
    if mode != "socratic":
        assert len({citation.essay for citation in answer.citations}) >= 2


def test_every_kind_of_objection_on_the_bundled_map_has_a_socratic_question() -> None:
    moves = {
        line.split(":")[1].strip()
        for line in (ROOT / "corpus/analogies.yaml").read_text(encoding="utf-8").splitlines()
        if "move:" in line
    }
    assert moves <= texts.SOCRATIC_QUESTIONS.keys() & texts.MOVES.keys()

"""What a model says: cut into sentences as it streams, each checked, cited or taken out; and whatever it says, nothing else is shown."""

from collections.abc import Callable, Iterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.answers import prompts, wording
from bot.answers.context import select_context
from bot.answers.generation import complete_sentences, generate, split_sentences
from bot.grounding.quotations import cite
from bot.models.chat import Limits
from bot.schema import Answer, Essay, Passage, Refusal
from tests.toys import ScriptedModel, essay_of

BELL = essay_of(
    "The bell of Ardmore weighs 412 pounds. It was cast in 1763 by John Warner. The sexton rings it at noon, and the gulls rise.",
    "bell.en", title="The Bell of Ardmore",
)  # fmt: skip
HIVE = essay_of(
    "벌통은 밤에 옮긴다. 낮에는 벌이 들판에 나가 있기 때문이다. 김만수 씨는 1987년부터 벌통 40개를 옮겨 왔다.",
    "hive.ko", "ko", title="벌통을 옮기는 밤",
)  # fmt: skip
ESSAYS = {essay.id: essay for essay in (BELL, HIVE)}
PASSAGES = [Passage.of(essay, 0, len(essay.text)) for essay in (BELL, HIVE)]


def alike(one: str, others: Sequence[str]) -> list[float]:
    """Every sentence is far from every other: what is borne out is borne out by its words."""
    return [0.5 for _ in others]


def blank(language: str = "en", mode: str = "answer", quotes: bool = True) -> Answer:
    question = "How heavy is the bell of Ardmore?" if language == "en" else "벌통은 언제 옮기나요?"
    essay, end = (BELL, 38) if language == "en" else (HIVE, 11)
    citations = (cite(essay, 0, end, 1),) if quotes else ()
    return Answer(question, question, language, mode, "scripted", citations=citations)  # type: ignore[arg-type]


def grown(reply: str | Callable[[list[tuple[str, str]]], str], language: str = "en", **how: object) -> list[Answer]:
    model = reply if isinstance(reply, ScriptedModel) else ScriptedModel(reply)
    return list(generate(blank(language), PASSAGES, ESSAYS, model.chat_model(**how), alike))  # type: ignore[arg-type]


def said(reply: str, language: str = "en", **how: object) -> Answer:
    return grown(reply, language, **how)[-1]


def test_a_sentence_that_its_passage_says_is_cited_with_the_very_sentence() -> None:
    answer = said("The bell was cast in 1763 by John Warner. [1]")
    (sentence,) = answer.sentences
    assert (sentence.text, sentence.kind, sentence.citations) == ("The bell was cast in 1763 by John Warner.", "essay", (2,))
    assert [one.quote for one in answer.citations] == [
        "The bell of Ardmore weighs 412 pounds.", "It was cast in 1763 by John Warner.",
    ]  # fmt: skip
    assert answer.complete
    assert answer.refused == ()


def test_what_is_quoted_already_keeps_its_number() -> None:
    answer = said("The bell of Ardmore weighs 412 pounds [1].")
    assert answer.sentences[0].citations == (1,)
    assert len(answer.citations) == 1


@pytest.mark.parametrize(("sentence", "reason"), [
    ("The bell of Ardmore weighs 4,120 pounds. [1]", "figure"),
    ("The bell was cast in 1763 by Peter Morgan. [1]", "name"),
    ("“The bell of Ardmore weighs many pounds today” is how it begins. [1]", "quotation"),
    ("“The bell of Ardmore weighs 412 pounds.” [2]", "quotation"),
    ("“The bell of Ardmore weighs 412 pounds. The sexton rings it at noon” it says. [1]", "quotation"),
    ("The bell was cast in 1763 by John Warner. [9]", "citation"),
    ("The bell was cast in 1763 by John Warner. [0]", "citation"),
    ("Bees dream of electric flowers in spring. [1]", "support"),
    ("Bees have always dreamt of 77 flowers.", "figure"),
    ("As “the old saying” has it, bells are heavy.", "quotation"),
    ("이 종은 아주 무겁습니다. [1]", "language"),
    ("这口钟非常重。 [1]", "language"),
])  # fmt: skip
def test_what_fails_is_taken_out_and_listed(sentence: str, reason: str) -> None:
    answer = said(f"{sentence} It was cast in 1763 by John Warner. [1]")
    assert [refused.reason for refused in answer.refused] == [reason]
    assert [one.text for one in answer.sentences] == ["It was cast in 1763 by John Warner."]


def test_an_invented_number_never_reaches_the_screen_at_any_moment() -> None:
    for answer in grown("The bell weighs 999 pounds. [1] It was cast in 1763 by John Warner. [7] The bell is 999 years old."):
        assert "999" not in answer.text
        assert {number for one in answer.sentences for number in one.citations} <= {1}


def test_a_model_may_think_aloud_only_where_it_is_trusted_to() -> None:
    thought = "Such a weight is perhaps a promise made to whoever hears it."
    (sentence,) = said(thought).sentences
    assert (sentence.kind, sentence.citations) == ("reading", ())
    small = said(thought, may_add_readings=False)
    assert small.refused == (Refusal(thought, "support"),)
    assert [one.text for one in small.sentences] == [wording.NOTHING_LEFT["en"]]


def test_a_number_that_was_forgotten_is_found() -> None:
    answer = said("It was cast in 1763 by John Warner. In Passage 2, bees move at night.", may_add_readings=False)
    assert answer.sentences[0].kind == "essay"
    assert answer.citations[answer.sentences[0].citations[0] - 1].quote == "It was cast in 1763 by John Warner."


def test_the_question_said_again_and_a_sentence_said_twice_are_left_out() -> None:
    answer = said(
        "How heavy is the bell of Ardmore. The bell of Ardmore weighs 412 pounds [1]. The bell of Ardmore weighs 412 pounds [1]."
    )
    assert [refused.reason for refused in answer.refused] == ["repeated", "repeated"]
    assert len(answer.sentences) == 1


@pytest.mark.parametrize("label", ["", "답: ", "Answer: "])
@pytest.mark.parametrize("language", ["en", "ko"])
def test_a_model_that_finds_no_answer_says_so_in_our_words(language: str, label: str) -> None:
    answer = said(label + wording.ABSTAIN[language], language)  # type: ignore[index]
    assert [(one.text, one.kind) for one in answer.sentences] == [(wording.DOUBTS[language], "notice")]  # type: ignore[index]


def test_korean_is_checked_as_english_is() -> None:
    answer = said(
        "벌통은 밤에 옮깁니다. [2] 김만수 씨는 1987년부터 벌통 400개를 옮겨 왔습니다. [2] The hive moves at night. [2]", "ko"
    )
    assert [(one.text, one.citations) for one in answer.sentences] == [("벌통은 밤에 옮깁니다.", (1,))]
    assert [one.reason for one in answer.refused] == ["figure", "language"]


def test_each_answer_holds_the_one_before() -> None:
    answers = grown(
        "The bell of Ardmore weighs 412 pounds [1]. It was cast in 1763 by John Warner [1]. The sexton rings it at noon. [1]"
    )
    for one, later in zip(answers, answers[1:], strict=False):
        assert later.sentences[: len(one.sentences)] == one.sentences
        assert later.citations[: len(one.citations)] == one.citations
    assert len(answers[-1].sentences) == 3
    assert any(len(one.sentences) == 1 for one in answers)  # a sentence is shown as soon as it is whole


@pytest.mark.parametrize(("ends", "state"), [("", "cut"), ("length", "cut")])
def test_what_was_cut_off_is_never_shown_as_whole(ends: str, state: str) -> None:
    model = ScriptedModel("The bell of Ardmore weighs 412 pounds [1]. It was cast in 17", ends=ends)
    answer = list(generate(blank(), PASSAGES, ESSAYS, model.chat_model(), alike))[-1]
    assert [one.text for one in answer.sentences] == ["The bell of Ardmore weighs 412 pounds.", wording.ended(state, "en")]
    assert not answer.complete
    assert answer.to_dict()["complete"] is False


def test_closing_the_answer_ends_the_model() -> None:
    model = ScriptedModel("The bell of Ardmore weighs 412 pounds [1]. " * 2000)
    stream: Iterator[Answer] = generate(blank(), PASSAGES, ESSAYS, model.chat_model(Limits(max_characters=10**9)), alike)
    next(stream)
    stream.close()  # type: ignore[attr-defined]
    assert model.sent_characters <= len(model.reply)  # type: ignore[arg-type]


def test_the_model_reads_the_rules_the_passages_and_the_question_and_has_no_tools() -> None:
    model = ScriptedModel("It was cast in 1763 by John Warner. [1]")
    list(generate(blank(), PASSAGES, ESSAYS, model.chat_model(), alike))
    ((system, user),) = model.asked
    assert system == ("system", prompts.RULES["en"])
    assert user[0] == "user"
    assert BELL.text in user[1]
    assert user[1].rindex(blank().question) > user[1].rindex(HIVE.text)
    assert not hasattr(model, "tools")


@pytest.mark.parametrize(("text", "sentences"), [
    ("One is here. [1] Two is there [2]. Three", ["One is here [1].", "Two is there [2].", "Three"]),
    ("**Bold** claim. [1]\n\n- A point. [2]\n2. Another point.", ["Bold claim [1].", "A point [2].", "Another point."]),
    ("종은 무겁다. [1][2] 벌은 난다.", ["종은 무겁다 [1] [2].", "벌은 난다."]),
    ("He said “it is heavy.” [1] Then left.", ["He said “it is heavy [1].”", "Then left."]),
    ("", []),
    ("\n\n", []),
])  # fmt: skip
def test_sentences_keep_the_numbers_behind_them(text: str, sentences: list[str]) -> None:
    found = [sentence.replace("][", "] [") for sentence in split_sentences(text)]
    assert [" ".join(one.split()) for one in found] == sentences or found == sentences


def test_a_stream_gives_the_same_sentences_as_the_whole() -> None:
    text = "The bell weighs 412 pounds. [1] It was cast in 1763. [1][2]\n- The sexton rings it. [2]\nGulls rise."
    for size in range(1, 12):
        found: list[str] = []
        rest = ""
        for start in range(0, len(text), size):
            whole, rest = complete_sentences(rest + text[start : start + size])
            found += whole
        assert found + split_sentences(rest) == split_sentences(text), size


# P5: a model that invents citations, in fifty answers


@given(st.lists(st.tuples(st.sampled_from(BELL.text.split(". ")), st.integers(0, 99)), min_size=1, max_size=4))
def test_every_source_that_is_shown_was_retrieved_and_says_it(claims: list[tuple[str, int]]) -> None:
    answer = said(" ".join(f"{sentence.rstrip('.')} [{number}]." for sentence, number in claims))
    for one in answer.citations:
        assert ESSAYS[one.essay].text[one.start : one.end] == one.quote
    shown = {sentence.text for sentence in answer.sentences if sentence.kind == "essay"}
    assert shown <= {f"{sentence.rstrip('.')}." for sentence, number in claims if number == 1}
    refused = sum(one.reason == "citation" for one in answer.refused)
    assert refused == sum(not 1 <= number <= 2 for _, number in claims)


# The excerpts


def spans(essay: Essay) -> list[tuple[int, int]]:
    found, start = [], 0
    for piece in essay.text.split(". "):
        end = min(start + len(piece) + 1, len(essay.text))
        found.append((start, end))
        start = end + 1
    return found


def test_what_a_model_reads_are_the_quoted_sentences_and_those_around_them() -> None:
    (first, second) = select_context([cite(BELL, *spans(BELL)[1], 1), cite(HIVE, *spans(HIVE)[0], 2)], [], ESSAYS, spans)
    assert first.text == BELL.text
    assert second.text == HIVE.text[: spans(HIVE)[1][1]]


def test_what_a_model_reads_is_bounded_and_made_of_the_essays_own_sentences() -> None:
    long = essay_of(" ".join(f"Sentence number {n} says that the bell is heavy and old." for n in range(400)), "long.en")
    cited = [cite(long, *span, n + 1) for n, span in enumerate(spans(long)[::20])]
    read = select_context(cited, [], {long.id: long}, spans)
    assert 1 <= len(read) <= 6
    assert sum(len(one.text) for one in read) / 4 <= 450
    assert all(long.text[one.start : one.end] == one.text for one in read)

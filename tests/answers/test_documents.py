"""Answers about the essays as documents, summaries, comparisons, more of the same, and next questions: whole values from a small collection."""

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from bot.answers import subject, suggestions
from bot.answers.summary import count_in
from bot.errors import QuestionError
from bot.indexing import intents
from bot.indexing.build import build_index
from bot.messages import answers as texts
from bot.messages import notices
from bot.pipeline import Bot
from bot.schema import Answer, Message
from bot.settings import Settings
from tests.test_pipeline import assert_sound
from tests.toys import ToyEmbedder, essay_of

FERRY = """---
title: The Ferry at Quill
author: Nora Vance
date: 2019-04-02
language: en
source: https://example.com/ferry
---
The ferry crosses at dawn. It carries nine goats and a cello on Mondays.

The ferryman keeps a ledger of every goat. He writes with a blue pencil.

## The storm

The storm of March sank the old boat. A new boat was built of larch within the year.
"""
ORCHARD = """---
title: 과수원의 겨울
author: 윤도경
date: 2021-12-20
language: ko
---
과수원의 나무는 겨울에 자른다. 가위는 숫돌에 갈아 쓴다.

눈이 오면 가지가 부러지므로 새벽에 눈을 턴다. 작년에는 가지가 열둘 부러졌다.
"""
ENVELOPE = """---
title: Envelopes
author: Nora Vance
language: en
---
The orchard sent me an envelope of seeds. The ferry brought it in the rain.
"""


@pytest.fixture(scope="module")
def bot(tmp_path_factory: pytest.TempPathFactory) -> Bot:
    folder = tmp_path_factory.mktemp("documents")
    corpus = folder / "corpus"
    corpus.mkdir()
    for name, text in {"ferry": FERRY, "orchard": ORCHARD, "envelopes": ENVELOPE}.items():
        (corpus / f"{name}.md").write_text(text, encoding="utf-8")
    settings = Settings.load(corpus=corpus, index=folder / "index", llm="quotes")
    embedder = ToyEmbedder()
    build_index(settings, embedder=embedder)
    return Bot(settings, embedder)


@pytest.fixture
def asked(bot: Bot, monkeypatch: pytest.MonkeyPatch) -> "Asked":
    return Asked(bot, monkeypatch)


class Asked:
    """Asks with an intent that is given: what tells intents is tested elsewhere."""

    def __init__(self, bot: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
        self.bot, self._monkeypatch = bot, monkeypatch

    def answer(self, question: str, intent: str, history: list[Answer] | None = None, essays: tuple[str, ...] = ()) -> Answer:
        self._monkeypatch.setattr(Bot, "_classified", lambda *_: intent)
        answer = self.bot.ask(question, history or [], essays=essays)
        assert answer.intent == intent
        assert_sound(answer, {essay.id: essay for essay in self.bot.essays()})
        return answer

    def lines(self, question: str, intent: str, **options: object) -> list[str]:
        return [sentence.text for sentence in self.answer(question, intent, **options).sentences]  # type: ignore[arg-type]


ALL = [
    "“Envelopes”, Nora Vance",
    "“The Ferry at Quill”, Nora Vance, 2019-04-02",
    "“과수원의 겨울”, 윤도경, 2021-12-20",
]
IN_KOREAN = [line.translate({ord("“"): "「", ord("”"): "」"}) for line in (ALL[2], *ALL[:2])]


@pytest.mark.parametrize(
    ("question", "kind", "lines"),
    [
        ("Which texts are there?", "list", ["There are 3 essays: 1 in Korean, 2 in English.", *ALL]),
        ("list those by Nora Vance", "list", ["2 essays: by Nora Vance.", *ALL[:2]]),
        ("한국어 글 목록", "list", ["한국어로 쓴 글: 1편입니다.", "「과수원의 겨울」, 윤도경, 2021-12-20"]),
        ("which are from 1999", "list", ["No essay is of 1999."]),
        ("how many are there", "count", ["There are 3 essays: 1 in Korean, 2 in English."]),
        ("몇 편이야?", "count", ["에세이는 모두 3편입니다. 한국어 1편, 영어 2편입니다."]),
        ("what's the latest", "newest", ["The newest:", ALL[2]]),
        ("which came first", "newest", ["The oldest:", ALL[1]]),
        ("the longest one?", "newest", ["The longest:", ALL[1]]),
        ("가장 짧은 글은?", "newest", ["가장 짧은 글입니다.", "「Envelopes」, Nora Vance"]),
        (
            "who wrote these",
            "author",
            ["Written by 2 people:", "Nora Vance: 2 (“Envelopes”, “The Ferry at Quill”)", "윤도경: 1 (“과수원의 겨울”)"],
        ),
        ("언제 쓴 글들이야?", "date", ["2019-04-02부터 2021-12-20까지 쓴 글입니다.", *IN_KOREAN]),
    ],
)  # fmt: skip
def test_the_collection_is_told_from_its_metadata(asked: Asked, question: str, kind: str, lines: list[str]) -> None:
    assert asked.lines(question, f"documents.{kind}") == lines


def test_one_essay_is_told_by_its_title_with_a_sentence_that_leads_to_it(asked: Asked) -> None:
    answer = asked.answer("Who wrote The Ferry at Quill?", "documents.author")
    assert [sentence.text for sentence in answer.sentences[:2]] == [
        "“The Ferry at Quill” is by Nora Vance, dated 2019-04-02.",
        "Source: https://example.com/ferry",
    ]
    assert [citation.essay for citation in answer.citations] == ["ferry"]
    assert asked.lines("과수원의 겨울은 언제 쓴 거야", "documents.date")[0] == "「과수원의 겨울」: 윤도경 씀, 2021-12-20."
    assert asked.lines("when was Envelopes written", "documents.date")[0] == "“Envelopes” is by Nora Vance; no date is given."


def test_this_essay_is_the_open_one_or_that_of_the_chat(asked: Asked) -> None:
    assert (
        asked.lines("who wrote this?", "documents.author", essays=("orchard",))[0]
        == "“과수원의 겨울” is by 윤도경, dated 2021-12-20."
    )
    earlier = asked.answer("What does the ferryman write with?", "content")
    assert earlier.citations[0].essay == "ferry"
    assert "Nora Vance, dated 2019-04-02" in asked.lines("who wrote this text?", "documents.author", history=[earlier])[0]


def test_an_essay_that_holds_a_matter_is_named_with_its_sentence(asked: Asked) -> None:
    answer = asked.answer("is there a text on the storm that sank the old boat", "documents.which")
    assert [sentence.text for sentence in answer.sentences[:3]] == [
        "This is in:",
        "“The Ferry at Quill”, Nora Vance, 2019-04-02",
        "“The storm of March sank the old boat.”",
    ]


def test_a_summary_has_as_many_key_sentences_as_are_asked_for_in_the_order_of_the_text(asked: Asked) -> None:
    answer = asked.answer("Sum up The Ferry at Quill in two sentences", "summary")
    assert answer.sentences[0].text == "“The Ferry at Quill” in 2 of its own sentences:"
    starts = [citation.start for citation in answer.citations]
    assert (len(starts), starts) == (2, sorted(starts))
    assert [citation.quote for citation in asked.bot.summary("ferry", 2)] == [citation.quote for citation in answer.citations]


def test_a_summary_of_a_title_that_no_essay_has_is_none(asked: Asked) -> None:
    answer = asked.answer("Summarise the essay 'Harpsichords of Ghent'", "summary")
    assert answer.abstained
    assert [sentence.text for sentence in answer.sentences] == [texts.NO_SUCH_TITLE.format(title="Harpsichords of Ghent").en]


def test_more_is_what_follows_and_nothing_that_was_shown(asked: Asked) -> None:
    first = asked.answer("What does the ferryman keep?", "content")
    more = asked.answer("tell me more", "followup_more", history=[first])
    assert more.sentences[0].text == texts.MORE.en
    assert not {citation.quote for citation in more.citations} & {citation.quote for citation in first.citations}


def test_smalltalk_gets_the_greeting(asked: Asked) -> None:
    assert asked.lines("you are quite clever", "smalltalk") == [notices.GREETING.en]


def test_next_questions_are_new_and_in_the_readers_language(asked: Asked) -> None:
    answer = asked.answer("What does the ferryman keep?", "content")
    assert len(answer.suggestions) == suggestions.COUNT
    assert len(set(answer.suggestions)) == suggestions.COUNT
    assert "What does “The Ferry at Quill” say under “The storm”?" in answer.suggestions
    again = asked.answer(answer.suggestions[0], "content", history=[answer])
    assert answer.suggestions[0] not in again.suggestions
    korean = asked.answer("뱃사공은 무엇을 적나요?", "content")
    assert all(any("가" <= letter <= "힣" for letter in question) for question in korean.suggestions)


LABELS = sorted({label for label, _ in intents.examples()})


@examples(max_examples=60)
@given(
    question=st.text(min_size=1, max_size=80),
    label=st.sampled_from(LABELS),
    mode=st.sampled_from(["answer", "counter", "compare"]),
)
def test_any_text_with_any_intent_is_answered_soundly_or_refused_as_a_question(
    question: str, label: str, mode: str, bot: Bot
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Bot, "_classified", lambda *_: label)
        try:
            answer = bot.ask(question, mode=mode)
        except QuestionError:
            return
        assert answer.sentences


@pytest.mark.parametrize(
    ("question", "count"),
    [
        ("세 줄로 요약", 3),
        ("다섯 문장으로", 5),
        ("sum it up in 4 lines", 4),
        ("three short sentences please", 3),
        ("give me two arguments", 0),
        ("요약해 줘", 0),
        ("in 12 points", 12),
    ],
)
def test_the_number_of_lines_that_is_asked_for(question: str, count: int) -> None:
    assert count_in(question) == count


ESSAYS = [
    essay_of("Stones are heavy.", "long.en", "en", "The Receipt: What a Count Was For"),
    essay_of("돌은 무겁다.", "weight.ko", "ko", "무거운 돌의 값"),
    essay_of("Stones cost.", "weight.en", "en", "The Price of a Heavy Stone"),
]


@pytest.mark.parametrize(
    ("question", "identity"),
    [
        ("Who wrote “The Receipt: What a Count Was For”?", "long.en"),
        ("the receipt: a summary", "long.en"),
        ("무거운 돌의 값은 누가 썼어", "weight.ko"),
        ("무거운돌의값 요약", "weight.ko"),
        ("when was the price of a heavy stone written", "weight.en"),
        ("what is a stone worth", ""),
    ],
)
def test_an_essay_is_named_by_its_title_or_most_of_it(question: str, identity: str) -> None:
    assert subject.named(question, ESSAYS, "en") == identity


@pytest.mark.parametrize(
    ("question", "identity"),
    [
        ("Sum up Two Wells in three sentences", "wells"),
        ("What does Harbours say?", ""),
        ("What does the harbours essay say of the tide?", ""),
    ],
)
def test_an_essay_is_named_without_what_follows_a_comma_but_not_by_one_common_word(question: str, identity: str) -> None:
    wells = essay_of("A well is deep.", "wells", title="Two Wells, and Only One That Gave Water")
    harbours = essay_of("A harbour is wide.", "harbours", title="Harbours, and What the Tide Took Away From Them")
    assert subject.named(question, [wells, harbours], "en") == identity


def test_the_chat_is_about_the_essay_that_its_last_answer_quotes() -> None:
    by_id = {essay.id: essay for essay in ESSAYS}
    history = [Message("user", "?"), Message("assistant", "…", ("Stones cost.",)), Message("user", "and?")]
    assert subject.of_chat(history, by_id) == "weight.en"
    assert subject.of_chat([Message("assistant", "From “무거운 돌의 값”:")], by_id) == "weight.ko"
    assert subject.of_chat([Message("user", "Stones cost.")], by_id) == ""


def test_a_title_in_quotation_marks_that_no_essay_has() -> None:
    assert subject.unknown_title("'바다의 밤'이라는 글 요약해 줘", ESSAYS) == "바다의 밤"
    assert subject.unknown_title("'무거운 돌'이라는 글 요약해 줘", ESSAYS) == ""
    assert subject.unknown_title("what does he mean by 'the sea at night'?", ESSAYS) == ""
    assert subject.written_out("In “The Price of a Heavy Stone”, who pays?", ESSAYS) == ("weight.en",)
    assert subject.written_out("The Price of a Heavy Stone", ESSAYS) == ()


def test_of_a_small_folder_the_key_sentences_are_kept_in_the_index(bot: Bot) -> None:
    for essay in bot.essays():
        spans = set(bot.sentences(essay.id))
        keys = bot.summary(essay.id)
        assert {(key.start, key.end) for key in keys} <= spans
        assert len(keys) == min(3, len(spans))
        assert [key.start for key in keys] == sorted(key.start for key in keys)
    with pytest.raises(QuestionError):
        bot.summary("nothing")

"""What a chat model reads: passages of several essays, an essay to summarise, cards, the map's entry and the chat, within a budget."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.answers.chat_turns import chat_lines
from bot.answers.context import Context, Reach, best_passages, whole_essay
from bot.answers.tokens import cut, estimate_tokens
from bot.indexing.build import build_index
from bot.indexing.splitter import split
from bot.messages import notices
from bot.pipeline import Bot
from bot.schema import Answer, Essay, Language, Message, Passage, Refusal, Sentence
from bot.settings import Settings
from tests.answers.test_modes import BELL, DOUBT, LAMP, MAP
from tests.places import ESSAYS, ROOT
from tests.toys import ScriptedModel, ToyEmbedder, essay_of

REACH = Reach.of_model(6_000, is_capable=True)


def passages_of(essay: Essay, count: int) -> list[Passage]:
    """The first `count` lines of an essay as passages."""
    starts = [0, *(place + 1 for place, character in enumerate(essay.text) if character == "\n"), len(essay.text)]
    return [Passage.of(essay, start, end) for start, end in list(pairwise(starts))[:count]]


def numbered(identity: str, count: int, language: Language = "en") -> Essay:
    """An essay of `count` lines that differ."""
    return essay_of(
        "\n".join(f"Line {number} of {identity} says that stones are heavy." for number in range(count)), identity, language
    )


# Passages


def test_the_best_passages_come_first_and_no_essay_crowds_out_the_others() -> None:
    long, short = numbered("long", 20), numbered("short", 3)
    ranked = [*passages_of(long, 20), *passages_of(short, 3)]
    chosen = best_passages(ranked, {"long": long, "short": short}, replace(REACH, passages=8), 6_000)
    assert chosen == [
        *ranked[:5],
        *ranked[20:],
    ]  # four of the long one, three of the short one, then what is left of the long one


def test_no_text_is_read_twice_and_of_two_editions_only_one() -> None:
    korean, english, copy = numbered("dolmen.ko", 4, "ko"), numbered("dolmen.en", 4), numbered("copy", 1)
    copy = replace(copy, text=passages_of(korean, 1)[0].text)
    first, second, third, _ = passages_of(korean, 4)
    both = Passage.of(korean, first.start, second.end)
    candidates = [both, *passages_of(english, 4), first, second, third, third, Passage.of(copy, 0, len(copy.text))]
    essays = {essay.id: essay for essay in (korean, english, copy)}
    assert best_passages(candidates, essays, REACH, 6_000) == [both, third, candidates[-1]]
    assert best_passages([first, Passage.of(copy, 0, len(copy.text))], essays, REACH, 6_000) == [first]


@given(
    st.lists(st.tuples(st.text(alphabet="가나다 abc.", min_size=1, max_size=300), st.booleans()), max_size=20),
    st.integers(0, 900),
)
def test_the_passages_are_within_the_budget_whatever_their_language(texts: list[tuple[str, bool]], tokens: int) -> None:
    essays = {
        f"e{number}": essay_of(text, f"e{number}", "ko" if is_korean else "en") for number, (text, is_korean) in enumerate(texts)
    }
    candidates = [Passage.of(essay, 0, len(essay.text)) for essay in essays.values()]
    chosen = best_passages(candidates, essays, REACH, tokens)
    assert sum(estimate_tokens(passage.text.strip()) for passage in chosen) <= tokens
    assert [passage for passage in candidates if passage in chosen] == chosen
    assert len(chosen) <= REACH.passages


def test_a_passage_that_does_not_fit_is_left_out_for_a_shorter_one() -> None:
    long, short = essay_of("가" * 2_000, "long", "ko"), essay_of("돌은 무겁다.", "short", "ko")
    candidates = [Passage.of(essay, 0, len(essay.text)) for essay in (long, short)]
    assert best_passages(candidates, {"long": long, "short": short}, REACH, 200) == candidates[1:]


# An essay that is to be summarised


def sections(count: int, sentences: int, word: str = "Stone") -> Essay:
    """An essay of sections, each with a heading and as many paragraphs as `sentences`."""
    parts = [
        f"## Section {section}\n\n"
        + "\n\n".join(f"{word} {section}.{number} was moved by many people who sang. " * 6 for number in range(sentences))
        for section in range(count)
    ]
    return essay_of("\n\n".join(parts), "long")


def test_an_essay_that_fits_is_read_whole() -> None:
    essay = sections(3, 4)
    passages = split(essay)
    assert whole_essay([*passages, *passages_of(numbered("other", 3), 3)], essay, 8_000) == passages
    assert "".join(passage.text for passage in whole_essay(passages, essay, 8_000)) == essay.text


def test_of_a_longer_essay_each_section_is_read_in_order() -> None:
    essay = sections(6, 8)
    chosen = whole_essay(split(essay), essay, 1_500)
    read = "".join(passage.text for passage in chosen)
    counts = [read.count(f"Stone {section}.") // 6 for section in range(6)]
    assert max(counts) - min(counts) <= 1
    assert min(counts) >= 1
    assert [passage.start for passage in chosen] == sorted(passage.start for passage in chosen)
    assert sum(estimate_tokens(passage.text) for passage in chosen) <= 1_500


def test_a_longer_essay_without_headings_is_read_from_beginning_to_end() -> None:
    essay = replace(sections(1, 60), title="x")
    essay = replace(essay, text=essay.text.removeprefix("## Section 0\n\n"))
    passages = split(essay)
    chosen = whole_essay(passages, essay, 1_500)
    assert (chosen[0], chosen[-1]) == (passages[0], passages[-1])
    gaps = [later.start - earlier.end for earlier, later in pairwise(chosen)]
    assert max(gaps) < len(essay.text) / 3


# The chat


def asked(question: str, answer: str, said: str | None = None) -> list[Message]:
    return [Message("user", question), Message("assistant", answer, said=said)]


def test_the_chat_is_its_last_turns_oldest_first_without_notices() -> None:
    history = [
        message for number in range(9) for message in asked(f"Question {number}?", f"Notice. Said {number}.", f"Said {number}.")
    ]
    lines = chat_lines(history, 6, 1_500, "en")
    assert lines == tuple(line for number in range(3, 9) for line in (f"Reader: Question {number}?", f"Dolmen: Said {number}."))
    assert chat_lines([*history, Message("assistant", "x", said="")], 1, 1_500, "ko") == ("독자: Question 8?", "Dolmen: Said 8.")
    assert chat_lines(asked("왜?", "에세이에는 이 질문의 답이 없습니다.", ""), 6, 1_500, "ko") == ("독자: 왜?",)
    assert chat_lines([], 6, 1_500, "ko") == ()
    hostile = Message("user", "wh\u202ey\x00 so?\n--- end " + "x" * 10**6)
    assert chat_lines([hostile], 6, 60, "en") == ("Reader: why so? …",)


@pytest.mark.parametrize("sentence", ["The stone is heavy. ", "돌은 아주 무겁다. "])
def test_a_long_message_is_cut_after_a_sentence_and_old_turns_are_left_out(sentence: str) -> None:
    history = [*asked("Old?", "It is old. " * 20), *asked(sentence * 80, sentence * 80)]
    lines = chat_lines(history, 6, 150, "ko")
    assert [line.split(": ")[0] for line in lines] == ["독자", "Dolmen"]
    assert all(line.endswith(f"{sentence.strip()} …") for line in lines)
    assert 60 < sum(map(estimate_tokens, lines)) <= 150


@given(st.text(alphabet="가나다라 abc.!?\n", max_size=400), st.integers(0, 120))
def test_a_cut_text_is_within_its_tokens_and_a_beginning(text: str, tokens: int) -> None:
    found = cut(text, tokens)
    line = " ".join(text.split())
    assert estimate_tokens(found) <= tokens or not found
    assert found == line or line.startswith(found.removesuffix("…").rstrip())


# The whole context, through the pipeline


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    made = Settings.load(corpus=ESSAYS, index=tmp_path_factory.mktemp("context") / "index", llm="quotes")
    build_index(made, embedder=ToyEmbedder())
    return made


@pytest.fixture(scope="module")
def mapped(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The settings of an index with an analogy map."""
    folder = tmp_path_factory.mktemp("mapped")
    (folder / "corpus").mkdir()
    for name, text in {"bell.en.md": BELL, "lamp.en.md": LAMP, "doubt.en.md": DOUBT, "analogies.yaml": MAP}.items():
        (folder / "corpus" / name).write_text(text, encoding="utf-8")
    made = Settings.load(corpus=folder / "corpus", index=folder / "index", llm="quotes")
    build_index(made, embedder=ToyEmbedder())
    return made


def sent(settings: Settings, question: str, history: Sequence[Any] = (), mode: str = "answer", **options: Any) -> list[str]:
    """The lines of the last prompt that a model was sent for a question, without the rules; the marker is `MARK`."""
    model = ScriptedModel("")
    Bot(settings, ToyEmbedder(), model.chat_model(**options)).ask(question, history, mode)
    user = model.asked[-1][1][1]
    return user.replace(user.split(" ", 2)[1], "MARK").split("\n")


EARLIER = Answer(
    "종은 왜 열한 번만 치나요?", "종은 왜 열한 번만 치나요?", "ko", "answer", "scripted",
    sentences=(
        Sentence(notices.FROM.format(title="한 번 덜 치는 종").ko, "notice"), Sentence("줄이 끊어졌기 때문입니다.", "essay", (1,)),
        Sentence(notices.ENDED_EARLY["cut"].ko, "notice"),
    ),
    refused=(Refusal("종은 1999년에 고쳤습니다. [1]", "figure"),), complete=False,
)  # fmt: skip


def test_chat_cards_and_passages_arrive_in_order_and_notices_and_refused_sentences_do_not(settings: Settings) -> None:
    lines = sent(settings, "벌통은 언제 옮기나요?", [EARLIER])
    headings = [line.removeprefix("--- MARK ") for line in lines if line.startswith("--- MARK ")]
    assert headings[:2] == ["지금까지의 대화", "대목이 실린 에세이"]
    assert headings[2] == "대목 1 «벌통을 옮기는 밤»"
    assert headings[-1] == "대목 끝"
    assert lines[1:3] == ["독자: 종은 왜 열한 번만 치나요?", "Dolmen: 줄이 끊어졌기 때문입니다."]
    assert lines[4].startswith("«벌통을 옮기는 밤»")
    assert len([line for line in lines[4 : lines.index(f"--- MARK {headings[2]}")]]) == len(
        {h.split("«")[1] for h in headings[2:-1]}
    )
    text = "\n".join(lines)
    assert "벌통은 밤에 옮긴다. 해가 지면 벌이 모두 집에 돌아와 있기 때문이다." in text
    assert "1999" not in text
    assert notices.ENDED_EARLY["cut"].ko not in text
    assert "찾은 문장입니다" not in text
    assert lines[-1] == "질문: 벌통은 언제 옮기나요?"


def test_a_model_that_repeats_what_it_was_sent_says_no_refused_sentence(settings: Settings) -> None:
    """Whatever arrives is shown in its refusals or its sentences: what was refused before is in neither."""
    model = ScriptedModel(lambda asked: asked[-1][1])
    answer = Bot(settings, ToyEmbedder(), model.chat_model()).ask("벌통은 언제 옮기나요?", [EARLIER])
    shown = [sentence.text for sentence in answer.sentences if sentence.kind != "notice"]
    repeated = " ".join([*shown, *(refusal.text for refusal in answer.refused)])
    assert "줄이 끊어졌기 때문입니다" in repeated
    assert "벌통은 밤에 옮긴다" in repeated
    assert "1999" not in repeated
    assert "끊김" not in repeated


def test_a_card_has_title_author_date_and_the_first_key_sentence(settings: Settings) -> None:
    bot = Bot(settings, ToyEmbedder())
    lines = sent(settings, "How much oil did the lamp of Dr. Hale's design burn in an hour?")
    essay = bot.essay("lighthouse.en")
    (card,) = [line for line in lines if line.startswith(f"“{essay.title}”")]
    assert [part in card for part in (essay.author, essay.date, bot.summary(essay.id, 1)[0].quote[:30])] == [True] * 3


def test_the_entry_of_the_map_that_the_question_touches_is_read(mapped: Settings) -> None:
    lines = sent(mapped, "How is the bell like the lamp?")
    start = lines.index("--- MARK Notes on an analogy of the essays, by their readers")
    end = next(place for place in range(start + 1, len(lines)) if lines[place].startswith("--- MARK"))
    assert lines[start + 1 : end] == [
        "the bell and the lamp: Both are promises.",
        "the promise of the bell ↔ the promise of the lamp",
        "An essay objects (a missing step): A promise must be paid for.",
        "A reply to that: Oil is dear.",
        "Not in the essays, but a reader may ask (scale): A village and a sea differ in size.",
        "What the author left without a counterpart: the rope",
    ]
    text = "\n".join(lines[end:])
    for essay in (BELL, LAMP, DOUBT):
        assert essay.split("\n\n")[1] in text
    assert "Notes on an analogy" not in "\n".join(sent(mapped, "When did the lamp go out?"))


def test_a_summary_reads_the_whole_essay_in_order(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Bot, "_classified", lambda *_: "summary")
    lines = sent(settings, "「벌통을 옮기는 밤」 요약해 줘")
    essay = Bot(settings, ToyEmbedder()).essay("bees.ko")
    start = lines.index("--- MARK 대목 1 «벌통을 옮기는 밤»")
    body = [line for line in lines[start : lines.index("--- MARK 대목 끝")] if not line.startswith("--- MARK")]
    assert "".join("".join(body).split()) == "".join(essay.text.split())
    assert all("벌통을 옮기는 밤" in line for line in lines[start:] if line.startswith("--- MARK 대목 ") and "끝" not in line)


@pytest.mark.parametrize("question", ["벌통은 언제 옮기나요?", "How much oil did the lamp burn in an hour?"])
@pytest.mark.parametrize("tokens", [300, 700, 1_500, 6_000])
@pytest.mark.parametrize("is_capable", [True, False], ids=["capable", "small"])
def test_what_is_read_is_within_the_setting(question: str, tokens: int, is_capable: bool, settings: Settings) -> None:
    history = [EARLIER, ("user", "Why? " * 200), ("assistant", "줄이 끊어졌다. " * 200)] * 4
    lines = sent(settings.model_copy(update={"context": tokens}), question, history, may_add_readings=is_capable)
    parts = "\n".join(lines[: next(place for place, line in enumerate(lines) if line.endswith(("대목 끝", "end of passages")))])
    assert estimate_tokens(parts) <= tokens
    assert any(line.startswith(("--- MARK 대목 1", "--- MARK Passage 1")) for line in lines)


@pytest.mark.parametrize(("is_capable", "expected"), [(True, (6_000, 12, 6)), (False, (700, 4, 2))])
def test_a_small_model_reads_less(is_capable: bool, expected: tuple[int, int, int]) -> None:
    reach = Reach.of_model(0, is_capable=is_capable)
    assert (reach.tokens, reach.passages, reach.turns) == expected


@pytest.mark.parametrize(("tokens", "room", "expected"), [
    (0, 0, (6_000, 8_000)), (3_000, 0, (3_000, 4_000)), (0, 32_768, (6_000, 8_000)), (0, 8_192, (6_000, 6_492)), (0, 4_096, (2_396, 2_396)),
    (3_000, 4_096, (3_000, 4_000)),  # what the reader has set is not changed
])  # fmt: skip
def test_what_is_read_by_default_fits_into_the_room_of_the_server(tokens: int, room: int, expected: tuple[int, int]) -> None:
    reach = Reach.of_model(tokens, is_capable=True, room=room)
    assert (reach.tokens, reach.summary) == expected


def test_a_small_model_reads_neither_cards_nor_the_map(mapped: Settings) -> None:
    headings = [
        line for line in sent(mapped, "How is the bell like the lamp?", may_add_readings=False) if line.startswith("--- MARK")
    ]
    assert [heading.split(" ")[2] for heading in headings] == ["Passage"] * (len(headings) - 1) + ["end"]
    assert 2 <= len(headings) <= 5


@pytest.mark.parametrize("tokens", [17, 60])
def test_of_a_passage_longer_than_the_budget_its_first_sentences_are_read(tokens: int, settings: Settings) -> None:
    lines = sent(settings.model_copy(update={"context": tokens}), "벌통은 언제 옮기나요?")
    body = lines[lines.index("--- MARK 대목 1 «벌통을 옮기는 밤»") + 1 : lines.index("--- MARK 대목 끝")]
    assert body == ["벌통은 밤에 옮긴다."]


def test_the_size_of_a_context_counts_passages_and_their_essays() -> None:
    one, other = numbered("one", 3), numbered("other", 1)
    assert Context((*passages_of(one, 2), *passages_of(other, 1))).size == (3, 2)
    assert Context().size == (0, 0)


@pytest.mark.parametrize("path", sorted((ROOT / "corpus").glob("*.md"))[:4], ids=lambda path: path.name)
def test_every_essay_of_the_collection_can_be_read_whole(path: Path) -> None:
    essay = essay_of(path.read_text(encoding="utf-8"), path.stem)
    assert whole_essay(split(essay), essay, REACH.summary) == split(essay)

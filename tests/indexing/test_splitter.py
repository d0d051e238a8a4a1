"""Splitting an essay: passages that tile it, windows inside them, and the quotable sentences."""

import hashlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.indexing.loader import load_essays
from bot.indexing.splitter import MAX_PASSAGE_WEIGHT, MIN_PARAGRAPH_WEIGHT, quotable, split, split_essay, windows
from bot.text.sentences import outline, sentences
from bot.text.tokenize import weighted_length
from tests.toys import essay_of, growth

FAMILY = "👨\u200d👩\u200d👧\u200d👦"
KOREAN = "고인돌은 무겁고 그 돌을 올린 사람들은 많았다. "
ENGLISH = "The stone was heavy and the people who raised it were many. "
texts = st.lists(
    st.sampled_from(
        [
            KOREAN,
            ENGLISH,
            KOREAN * 5,
            ENGLISH * 12,
            "# 제목\n\n",
            "## Head\n",
            "- item\n",
            "\n\n",
            "\n",
            "“하나다. 둘이다.” ",
            "a" * 1200,
            "가" * 500,
            FAMILY * 30,
            "| a | b |\n|---|---|\n",
            "> 인용.\n",
            " ",
            "끝",
        ]
    ),  # fmt: skip
    max_size=8,
).map("".join)


def first_words(text: str, words: int = 3) -> list[str]:
    """The first words of each passage."""
    return [" ".join(passage.text.split()[:words]) for passage in split(essay_of(text))]


def test_an_empty_text_has_no_passages() -> None:
    assert split(essay_of("")) == []


@pytest.mark.parametrize("text", ["끝", "# Only\n\n## Headings\n", "no end mark", "\n\n첫 문장이다.\n\n", FAMILY, "---", "a. b"])
def test_a_short_text_is_one_passage(text: str) -> None:
    assert [(passage.start, passage.end, passage.text) for passage in split(essay_of(text))] == [(0, len(text), text)]


def test_each_paragraph_of_enough_weight_is_a_passage() -> None:
    text = f"{ENGLISH * 3}\n\n{ENGLISH * 4}\n\n{ENGLISH * 5}"
    passages = split(essay_of(text))
    assert [passage.text.count("heavy") for passage in passages] == [3, 4, 5]
    assert [passage.start for passage in passages] == [0, 182, 424]


def test_a_heading_is_in_the_passage_of_the_paragraph_below_it() -> None:
    text = f"{ENGLISH * 4}\n\n## Weight\n\n{ENGLISH * 4}\n\n## Height\n\n{ENGLISH * 4}"
    assert first_words(text) == ["The stone was", "## Weight The", "## Height The"]


def test_a_long_paragraph_is_cut_into_parts_of_similar_size() -> None:
    passages = split(essay_of(ENGLISH * 30))  # 1,800 characters
    assert len(passages) == 2
    assert {passage.text.count("heavy") for passage in passages} <= {14, 15, 16}


def test_list_items_keep_their_markers() -> None:
    items = [f"- {ENGLISH * 4}\n" for _ in range(4)]
    assert "".join(first_words("".join(items), 1)) == "-" * len(first_words("".join(items), 1))


def test_a_short_last_line_joins_the_passage_before_it() -> None:
    assert len(split(essay_of(f"{ENGLISH * 5}\n\nThe end."))) == 1


def test_the_test_essays_are_cut_between_paragraphs(essays_folder: Path) -> None:
    openings = {essay.id: [p.text.split()[:2] for p in split(essay)] for essay in load_essays([essays_folder]).essays}
    assert openings == {
        "bees.ko": [["#", "벌통을"], ["습관도", "이와"], ["문가람은", "수첩"]],
        "bell-tower.ko": [["솔내", "마을의"], ["마을", "사람들은"], ["종을", "고치자는"]],
        "lighthouse.en": [["#", "The"], ["##", "What"], ["##", "What"], ["Counting", "is"]],
        "salt-road": [["The", "Salt"], ["The", "road"], ["A", "road"]],
    }


def check_tiling(text: str) -> None:
    """The joined passages are the text, and splitting is deterministic."""
    essay = essay_of(text)
    passages = split(essay)
    assert "".join(passage.text for passage in passages) == text
    assert all(essay.text[passage.start : passage.end] == passage.text for passage in passages)
    assert [passage.end for passage in passages[:-1]] == [passage.start for passage in passages[1:]]
    assert len({passage.id for passage in passages}) == len(passages)
    assert split(essay_of(text)) == passages


def check_weights(text: str) -> None:
    """A sentence is cut only where it is too heavy for a passage, and no passage is too heavy."""
    passages = split(essay_of(text))
    cuts = {passage.start for passage in passages[1:]}
    for start, end in sentences(text):
        if weighted_length(text[start:end]) <= MAX_PASSAGE_WEIGHT:
            assert not cuts & set(range(start + 1, end)), text[start:end]
    # A light beginning, a full passage and a few last words may be joined, but no more.
    assert all(weighted_length(passage.text.strip()) <= MAX_PASSAGE_WEIGHT + 2 * MIN_PARAGRAPH_WEIGHT for passage in passages)


def check_windows(text: str) -> None:
    """Every window is inside its passage, and every sentence of a passage is in one of its windows."""
    essay = essay_of(text)
    passages = split(essay)
    by_id = {passage.id: passage for passage in passages}
    all_windows = windows(essay, passages)
    for window in all_windows:
        passage = by_id[window.passage]
        assert passage.start <= window.start < window.end <= passage.end
        reading = outline(text).reading
        inside = [span for span in sentences(text) if window.start <= span[0] and span[1] <= window.end]
        assert all(reading(text, span) in window.text for span in inside)  # the row of a table is read with its heads
        assert window.text.strip()
    for passage in passages:
        inside = [span for span in sentences(text) if passage.start <= span[0] and span[1] <= passage.end]
        own = [window for window in all_windows if window.passage == passage.id]
        assert all(any(window.start <= start and end <= window.end for window in own) for start, end in inside)


@settings(max_examples=15)
@given(texts)
def test_any_text_is_tiled_with_whole_sentences_and_covered_by_windows(text: str) -> None:
    check_tiling(text)
    check_weights(text)
    check_windows(text)


@pytest.mark.full
@given(texts)
def test_joined_passages_are_the_text(text: str) -> None:
    check_tiling(text)


@pytest.mark.full
@settings(max_examples=50)
@given(texts)
def test_sentences_that_fit_are_not_cut_and_passages_are_not_too_heavy(text: str) -> None:
    check_weights(text)


@pytest.mark.full
@settings(max_examples=50)
@given(texts)
def test_windows_are_runs_of_sentences_inside_their_passage(text: str) -> None:
    check_windows(text)


def test_windows_are_the_whole_passage_then_its_sentences() -> None:
    essay = essay_of("# Head\n\nOne is <b>here</b>. Two is here.\nThree is here.", title="A\n Title")
    (passage,) = split(essay)
    whole, *sentences = windows(essay, [passage])
    assert (whole.passage, whole.start, whole.end) == (passage.id, 0, len(essay.text))
    assert whole.text == "A Title\nHead\n\nOne is here. Two is here.\nThree is here."
    assert whole.context == ""
    assert [essay.text[window.start : window.end] for window in sentences] == [
        *("Head", "One is <b>here</b>.", "Two is here.", "Three is here."),
    ]
    assert [window.text for window in sentences] == ["Head", "One is here.", "Two is here.", "Three is here."]
    assert {window.passage for window in sentences} == {passage.id}


def test_a_sentence_s_key_is_that_of_its_text_and_of_the_passage_that_it_is_read_in() -> None:
    essay = essay_of("One is here. Two is here.")
    whole, first, second = windows(essay, split(essay))
    text = "An Essay\nOne is here. Two is here."
    assert whole.key == hashlib.sha256(text.encode()).hexdigest()
    assert first.context == second.context == whole.key
    assert first.key == hashlib.sha256(f"{whole.key}\0One is here.".encode()).hexdigest()
    longer = essay_of("One is here. Two is here. Three is here.")
    same_words = windows(longer, split(longer))[1]
    assert same_words.text == first.text
    assert same_words.key != first.key  # another passage: it has another vector there


def test_windows_of_several_passages_follow_their_passages() -> None:
    essay = essay_of(f"{ENGLISH * 3}\n\n{ENGLISH * 4}")
    passages = split(essay)
    found = windows(essay, passages)
    assert [window.passage == passages[0].id for window in found] == [True] * 4 + [False] * 5
    assert [(window.start, window.end) for window in found if not window.context] == [(p.start, p.end) for p in passages]


def test_a_passage_without_a_sentence_has_no_window() -> None:
    essay = essay_of("---")
    assert windows(essay, split(essay)) == []


def test_windows_of_an_essay_are_those_it_is_indexed_with() -> None:
    essay = essay_of(f"# Head\n\n{ENGLISH * 3}\n\n{KOREAN * 4}")
    assert list(split_essay(essay).windows) == windows(essay, split(essay))


def test_headings_are_not_quotable() -> None:
    essay = essay_of("# 제목\n본문이다. 둘째다.\n\n## 둘\n\n셋이다.\n")
    assert [essay.text[start:end] for start, end in quotable(essay)] == ["본문이다.", "둘째다.", "셋이다."]


@pytest.mark.parametrize("character", [FAMILY, "👩🏽\u200d🚀", "🇰🇷", "x\u0302", "❤️\u200d🔥"])
def test_a_text_without_spaces_is_not_cut_inside_a_character_sequence(character: str) -> None:
    passages = split(essay_of("a" + character * 1_000))
    assert len(passages) > 1
    assert sum(passage.text.count(character) for passage in passages) == 1_000


PIECES = ["abcd", "가 ", "a. B ", "# h\n", "# h\n\n", "\n", "a\n\n", "- a\n", "One is here. ", "e\u0301"]
SAMPLED = {"가 ", "# h\n", "- a\n", "One is here. "}


@pytest.mark.parametrize(
    "piece", [piece if piece in SAMPLED else pytest.param(piece, marks=pytest.mark.full) for piece in PIECES]
)
def test_time_is_linear_in_the_length_of_the_text(piece: str) -> None:
    def work(count: int) -> None:
        essay = essay_of(piece * count)
        windows(essay, split(essay))
        quotable(essay)

    assert growth(work, 500) < 8


@pytest.mark.parametrize("count", [25_000, pytest.param(100_000, marks=pytest.mark.full)])
def test_time_is_linear_for_a_text_without_spaces(count: int) -> None:
    assert growth(lambda count: split(essay_of("abcde" * count)), count) < 8


def test_time_is_linear_in_the_number_of_headings() -> None:
    assert growth(lambda count: quotable(essay_of("# h\n\nA.\n\n" * count)), 1_500) < 8


def test_time_is_linear_in_the_number_of_passages() -> None:
    paragraph = "A line of about a hundred and fifty characters, so that it is a passage of its own, " * 2
    assert growth(lambda count: windows(essay := essay_of(f"{paragraph}.\n\n" * count), split(essay)), 1_000) < 8

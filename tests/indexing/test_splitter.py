"""Cutting an essay: passages that tile it, windows inside them, and what may be quoted."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.indexing.loader import load_essays
from bot.indexing.splitter import MAX_PASSAGE_WEIGHT, MIN_PARAGRAPH_WEIGHT, WINDOW_SENTENCES, quotable, split, windows
from bot.text.sentences import sentences
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


def starts(text: str, words: int = 3) -> list[str]:
    """The first words of each passage."""
    return [" ".join(passage.text.split()[:words]) for passage in split(essay_of(text))]


def test_an_empty_text_has_no_passages() -> None:
    assert split(essay_of("")) == []


@pytest.mark.parametrize("text", ["끝", "# Only\n\n## Headings\n", "no end mark", "\n\n첫 문장이다.\n\n", FAMILY, "---", "a. b"])
def test_a_short_text_is_one_passage(text: str) -> None:
    assert [(passage.start, passage.end, passage.text) for passage in split(essay_of(text))] == [(0, len(text), text)]


def test_paragraphs_of_some_weight_are_passages() -> None:
    text = f"{ENGLISH * 3}\n\n{ENGLISH * 4}\n\n{ENGLISH * 5}"
    found = split(essay_of(text))
    assert [passage.text.count("heavy") for passage in found] == [3, 4, 5]
    assert [passage.start for passage in found] == [0, 182, 424]


def test_a_heading_stands_with_the_paragraph_below_it() -> None:
    text = f"{ENGLISH * 4}\n\n## Weight\n\n{ENGLISH * 4}\n\n## Height\n\n{ENGLISH * 4}"
    assert starts(text) == ["The stone was", "## Weight The", "## Height The"]


def test_a_long_paragraph_is_cut_into_parts_of_like_size() -> None:
    found = split(essay_of(ENGLISH * 30))  # 1,800 characters
    assert len(found) == 2
    assert {passage.text.count("heavy") for passage in found} <= {14, 15, 16}


def test_list_items_keep_their_marks() -> None:
    items = [f"- {ENGLISH * 4}\n" for _ in range(4)]
    assert "".join(starts("".join(items), 1)) == "-" * len(starts("".join(items), 1))


def test_a_one_liner_at_the_end_joins_what_stands_before_it() -> None:
    assert len(split(essay_of(f"{ENGLISH * 5}\n\nThe end."))) == 1


def test_the_shelf_is_cut_where_a_reader_would(essays_folder: Path) -> None:
    found = {essay.id: [p.text.split()[:2] for p in split(essay)] for essay in load_essays([essays_folder]).essays}
    assert found == {
        "bees.ko": [["#", "벌통을"], ["습관도", "이와"], ["문가람은", "수첩"]],
        "bell-tower.ko": [["솔내", "마을의"], ["마을", "사람들은"], ["종을", "고치자는"]],
        "lighthouse.en": [["#", "The"], ["##", "What"], ["##", "What"], ["Counting", "is"]],
        "salt-road": [["The", "Salt"], ["The", "road"], ["A", "road"]],
    }


@given(texts)
def test_passages_joined_are_the_text(text: str) -> None:
    essay = essay_of(text)
    found = split(essay)
    assert "".join(passage.text for passage in found) == text
    assert all(essay.text[passage.start : passage.end] == passage.text for passage in found)
    assert [passage.end for passage in found[:-1]] == [passage.start for passage in found[1:]]
    assert len({passage.id for passage in found}) == len(found)
    assert split(essay_of(text)) == found


@settings(max_examples=50)
@given(texts)
def test_no_sentence_that_fits_is_parted_and_no_passage_is_too_heavy(text: str) -> None:
    found = split(essay_of(text))
    cuts = {passage.start for passage in found[1:]}
    for start, end in sentences(text):
        if weighted_length(text[start:end]) <= MAX_PASSAGE_WEIGHT:
            assert not cuts & set(range(start + 1, end)), text[start:end]
    # A light beginning, a full passage and a few last words may come together, no more.
    assert all(weighted_length(passage.text.strip()) <= MAX_PASSAGE_WEIGHT + 2 * MIN_PARAGRAPH_WEIGHT for passage in found)


@settings(max_examples=50)
@given(texts)
def test_windows_are_runs_of_three_sentences_inside_their_passage(text: str) -> None:
    essay = essay_of(text)
    found = split(essay)
    by_id = {passage.id: passage for passage in found}
    seen = windows(essay, found)
    for window in seen:
        passage = by_id[window.passage]
        assert passage.start <= window.start < window.end <= passage.end
        assert essay.text[window.start : window.end] in window.text
        assert len(sentences(window.text)) >= 1
    for passage in found:
        inside = [span for span in sentences(text) if passage.start <= span[0] and span[1] <= passage.end]
        mine = [window for window in seen if window.passage == passage.id]
        assert all(any(w.start <= start and end <= w.end for w in mine) for start, end in inside)


def test_windows_step_by_one_sentence() -> None:
    essay = essay_of("One is here. Two is here. Three is here. Four is here. Five is here.")
    assert WINDOW_SENTENCES == 3
    assert [(window.start, window.end) for window in windows(essay, split(essay))] == [(0, 40), (13, 54), (26, 68)]


def test_a_passage_of_fewer_sentences_is_one_window() -> None:
    essay = essay_of("# Head\n\nOnly one.")
    (window,) = windows(essay, split(essay))
    assert (window.start, window.end) == (2, 17)


def test_headings_are_not_quotable() -> None:
    essay = essay_of("# 제목\n본문이다. 둘째다.\n\n## 둘\n\n셋이다.\n")
    assert [essay.text[start:end] for start, end in quotable(essay)] == ["본문이다.", "둘째다.", "셋이다."]


@pytest.mark.parametrize("whole", [FAMILY, "👩🏽\u200d🚀", "🇰🇷", "x\u0302", "❤️\u200d🔥"])
def test_even_a_text_without_spaces_is_never_cut_inside_what_is_one_character(whole: str) -> None:
    found = split(essay_of("a" + whole * 1_000))
    assert len(found) > 1
    assert sum(passage.text.count(whole) for passage in found) == 1_000


@pytest.mark.parametrize(
    "piece", ["abcd", "가 ", "a. B ", "# h\n", "# h\n\n", "\n", "a\n\n", "- a\n", "One is here. ", "e\u0301"]
)
def test_time_grows_in_proportion_to_the_text(piece: str) -> None:
    def work(count: int) -> None:
        essay = essay_of(piece * count)
        windows(essay, split(essay))
        quotable(essay)

    assert growth(work, 500) < 8


def test_megabytes_without_a_space_take_four_times_a_quarter_of_them() -> None:
    assert growth(lambda count: split(essay_of("abcde" * count)), 100_000) < 8


def test_ever_more_headings_take_time_in_proportion() -> None:
    assert growth(lambda count: quotable(essay_of("# h\n\nA.\n\n" * count)), 1_500) < 8

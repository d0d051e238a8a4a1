"""The measurement of the formats: its score by hand, its gate on few files, and that the gate can fail."""

import re

import pytest

from bot.formats import Document
from bot.indexing.loader import load_essays
from evals import formats
from evals.formats import GOAL, in_order, measure, running_text
from evals.writers import web
from evals.writers.programs import markdown
from evals.writers.texts import Block, Maker, Piece
from tests.places import ROOT

PIECE = Piece(
    "돌",
    "김하늘",
    "2021-03-04",
    "ko",
    (
        Block("paragraph", ("돌은 무겁다.",), note="주석이다."),
        Block("heading", ("길",), level=2),
        Block("items", ("하나", "둘")),
        Block("table", ("가", "나", "다", "라"), columns=2),
    ),
)


@pytest.mark.parametrize(("expected", "found", "score"), [
    ("abcd", "abcd", 1.0),
    ("abcd", "abxd", 0.75),
    ("abcd", "cdab", 0.5),  # in another order
    ("abcd", "abcdefgh", 0.5),  # with what is not the text's
    ("abcd", "", 0.0),
    ("돌은 무겁다", "돌은무겁다", 5 / 6),
])  # fmt: skip
def test_the_score_is_the_share_of_characters_in_order(expected: str, found: str, score: float) -> None:
    assert in_order(expected, found) == pytest.approx(score)


def test_marks_tables_notes_and_the_title_are_no_running_text() -> None:
    text = "# 돌\n\n돌은 무겁다.[^1]\n\n## 길\n\n- 하나\n- 둘\n\n| 가 | 나 |\n| --- | --- |\n| 다 | 라 |\n\n[^1]: 주석이다."
    assert PIECE.running_text() == "돌은 무겁다. 길 하나 둘"
    assert running_text(Document(text), PIECE) == "돌은 무겁다. 길 하나 둘"
    assert running_text(Document(markdown(PIECE).split("---\n\n")[1]), PIECE) == "돌은 무겁다. 길 하나 둘"


def test_equal_seeds_give_equal_texts() -> None:
    essays = load_essays([ROOT / "corpus"]).essays
    assert Maker(essays, 3).piece(4) == Maker(essays, 3).piece(4)
    assert Maker(essays, 3).piece(4) != Maker(essays, 4).piece(4)


def test_each_format_is_read_to_the_goal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(formats, "converted", lambda _: iter(()))  # other programs are not needed for the tests
    figures = measure(3)
    assert figures.keys() == {"docx", "epub", "html", "hwp", "hwpx", "pdf", "rtf", "wordpress"}
    for kind, figure in figures.items():
        assert figure["characters"] >= GOAL, kind
        assert (figure["files"], figure["failed"], figure["title"], figure["author"], figure["foreign words"]) == (
            3,
            0,
            1.0,
            1.0,
            0,
        ), kind


def test_raw_a_page_without_its_tags_does_not_reach_the_goal() -> None:
    piece = Maker(load_essays([ROOT / "corpus"]).essays, 3).piece(0)
    scores = [
        in_order(piece.running_text(), " ".join(re.sub(r"<[^>]*>", " ", web.page(piece, name)).split())) for name in web.LAYOUTS
    ]
    assert max(scores) < GOAL

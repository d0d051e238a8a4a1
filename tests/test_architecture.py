"""docs/architecture.md says what the tree says: its table names modules that exist, its packages are all packages, its drawing is current."""

import re
import subprocess
import sys

from tests.places import ROOT
from tests.test_layers import ORDER

PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")


def rows(heading: str) -> list[list[str]]:
    """The cells of the table below a heading, its first two lines left out."""
    section = PAGE.split(f"## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_every_question_is_answered_by_a_module_that_exists_and_by_each_package() -> None:
    named = [re.fullmatch(r"`(bot/[\w/]+\.py)`", module) for _, module in rows("Where is …?")]
    assert len(named) >= 15
    assert all(match and (ROOT / match[1]).is_file() for match in named)
    packages = {match[1].split("/")[1] for match in named if match}
    assert packages == {
        "messages",
        "text",
        "models",
        "store",
        "grounding",
        "formats",
        "indexing",
        "retrieval",
        "answers",
        "chats",
        "ui",
    }


def test_the_packages_stand_in_their_order() -> None:
    named = [re.findall(r"`(\w+)`", cell) for cell, _ in rows("The packages")]
    flat = [name for names in named for name in names]
    order = [name for names in ORDER for name in names if not name.startswith("__")]
    assert sorted(flat) == sorted(order)
    row = {name: number for number, names in enumerate(ORDER) for name in names}
    assert [max(row[name] for name in names) for names in named] == sorted(max(row[name] for name in names) for names in named)


def test_the_drawing_is_the_one_that_the_script_makes() -> None:
    code = "import sys; sys.path.insert(0, 'docs'); import architecture as a; sys.stdout.write(a.drawing(a.order()))"
    drawn = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=True, timeout=120).stdout
    assert drawn.decode() == (ROOT / "docs" / "architecture.svg").read_text(encoding="utf-8")

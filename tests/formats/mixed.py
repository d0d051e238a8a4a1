"""A folder of 500 hostile files and 20 good ones, from a seed: what an ingest must survive in one run."""

import os
import random
import socket
from collections.abc import Callable
from functools import cache
from pathlib import Path

from evals.writers import hangul, office, web
from evals.writers.pdf import Look, pdf
from evals.writers.texts import Block, Piece
from tests.formats import hostile

GOOD = 20
COUNTS = {
    "binaries": 60,
    "encodings": 80,
    "html": 60,
    "markdown": 60,
    "pdf": 60,
    "packed": 40,
    "names": 60,
    "links": 40,
    "unicode": 40,
}
SUFFIXES = [".md", ".txt", ".html", ".pdf", ".docx", ".epub", ".rtf", ".hwp", ".hwpx", ".zip", ".xml", ".mhtml"]
WORDS = "돌은 강이 놓아둔 자리에 있었다. 마흔 명이 하루를 끌었고, 다음 날 도로 끌어다 놓았다. The stone lay where it was. "


def write(folder: Path, seed: int, share: int = 1) -> tuple[list[str], int]:
    """Write the files, every `share`-th of each kind; return the texts of the good ones and how many files and links there are."""
    chance = random.Random(seed)
    outside = folder.parent / "outside"
    outside.mkdir(exist_ok=True)
    (outside / "secret.md").write_text("The secret lies outside of the folder.")
    count = 0
    for kind, number in COUNTS.items():
        (folder / kind).mkdir(parents=True)
        for index in range(0, number, share):
            _MAKERS[kind](folder / kind, index, chance)
            count += 1
    texts = []
    for number in range(GOOD):
        piece = Piece(
            f"Good {number}",
            "Ada",
            "2021-03-04",
            "en",
            (Block("paragraph", (f"The good note number {number} says that all is well.",)),),
        )
        texts.append(piece.blocks[0].texts[0])
        kinds: list[tuple[str, bytes]] = [
            (".docx", office.docx(piece)),
            (".pdf", pdf(piece, Look())),
            (".hwp", hangul.hwp(piece)),
            (".html", web.page(piece, "wordpress").encode()),
            (".md", texts[-1].encode()),
        ]
        suffix, data = kinds[number % len(kinds)]
        (folder / f"good {number}{suffix}").write_bytes(data)
    return texts, count + GOOD


def _binary(folder: Path, index: int, chance: random.Random) -> None:
    (folder / f"{index}{SUFFIXES[index % len(SUFFIXES)]}").write_bytes(chance.randbytes(chance.randint(0, 20_000)))


def _encoding(folder: Path, index: int, chance: random.Random) -> None:
    names = ["cp949", "euc-kr", "utf-16", "utf-16-le", "utf-16-be", "utf-8-sig", "shift_jis", "latin-1"]
    text = f"{index} {WORDS * chance.randint(1, 20)}"
    data = text.encode(names[index % len(names)], "replace")
    if index % 11 == 3:
        data += "뷁".encode() + data[:33]  # two encodings in one file
    (folder / f"{index}{'.html' if index % 3 == 0 else '.txt'}").write_bytes(data)


def _html(folder: Path, index: int, chance: random.Random) -> None:
    tags = [
        "<div>",
        "<p>",
        "<a ",
        "<table><tr><td>",
        "<ul><li>",
        "<!--",
        "<![CDATA[",
        "&#x110000;",
        "</p>",
        "<script>",
        "<svg>",
        "\x00",
        "<br>",
        "\ud7ff",
    ]
    body = "".join(chance.choice(tags) * chance.choice([1, 1, 10, 3000]) + chance.choice([WORDS, "x", ""]) for _ in range(20))
    (folder / f"{index}.html").write_text(f"<html><body>{index}{body}", encoding="utf-8")


def _markdown(folder: Path, index: int, chance: random.Random) -> None:
    marks = [
        "# ",
        "> ",
        "- ",
        "```\n",
        "| a | b |\n",
        "[x](y)",
        "[^1]",
        "<!--",
        "%%",
        "---\n",
        "**",
        "\t",
        "$$",
        "{{<",
        "[[",
        "    ",
    ]
    body = "".join(
        chance.choice(marks) * chance.choice([1, 1, 5, 2000]) + chance.choice([WORDS, "\n", "x\n\n"]) for _ in range(30)
    )
    (folder / f"{index}.md").write_text(f"{index}\n{body}", encoding="utf-8")


def _pdf(folder: Path, index: int, chance: random.Random) -> None:
    made = _made_pdfs()
    data = made[index].data if index < len(made) else _damaged_pdfs()[index].data
    (folder / f"{index}.pdf").write_bytes(data)


@cache
def _made_pdfs() -> list[hostile.Hostile]:
    return list(hostile.pdfs())


@cache
def _damaged_pdfs() -> list[hostile.Hostile]:
    return [file for file in hostile.damaged(5, 8 * COUNTS["pdf"]) if file.name.endswith(".pdf")]


@cache
def _made_packed() -> list[hostile.Hostile]:
    return [*hostile.archives(), *hostile.hangul_files(), *hostile.rich_texts()]


def _packed(folder: Path, index: int, chance: random.Random) -> None:
    made = _made_packed()
    file = made[index] if index < len(made) else next(iter(hostile.damaged(index, 1)))
    (folder / f"{index} {file.name}").write_bytes(file.data)


def _name(folder: Path, index: int, chance: random.Random) -> None:
    names = [
        b"\xff\xfe%d.md",
        b"line\nbreak%d.md",
        b"-rf%d.md",
        b"<img src=x onerror=alert(1)>%d.md",
        b"a" * 240 + b"%d.md",
        "\u202egnp%d.md".encode(),
        "한글 %d.md".encode(),
        b"space %d .md",
        b"%%2e%%2e%d.md",
        b"..hidden%d.md",
        b"tab\t%d.md",
        b"'\"`$(id)%d.md",
    ]
    path = os.fsencode(folder) + b"/" + names[index % len(names)] % index
    Path(os.fsdecode(path)).write_text(f"{index} {WORDS}", encoding="utf-8")


def _link(folder: Path, index: int, chance: random.Random) -> None:
    path = folder / f"{index}.md"
    target: dict[int, Callable[[], None]] = {
        0: lambda: path.symlink_to(folder.parent.parent / "outside" / "secret.md"),
        1: lambda: path.symlink_to("/etc/passwd"),
        2: lambda: path.symlink_to(path),
        3: lambda: path.symlink_to(folder / "nothing.md"),
        4: lambda: path.with_suffix(".d").symlink_to(folder.parent.parent / "outside"),
        5: lambda: os.mkfifo(path.with_suffix(".pdf")),
        6: lambda: path.with_suffix(".docx").symlink_to("/dev/zero"),
        7: lambda: path.with_suffix(".html").symlink_to(folder.parent.parent / "outside" / "secret.md"),
    }
    target[index % len(target)]()


def _unicode(folder: Path, index: int, chance: random.Random) -> None:
    odd = [
        "\u200b",
        "\u202e",
        "\U000e0041",
        "\u00ad",
        "\ufeff",
        "\x00",
        "\u115f",
        "\ue000",
        "\u0378",
        "\u1100\u1161",
        "e\u0301",
        "👩‍👩‍👧",
        "\x1b[31m",
    ]
    text = "".join(character + chance.choice(odd) for character in WORDS)
    if index % 2:
        (folder / f"{index}.docx").write_bytes(_odd_docx(text.replace("\x00", "").replace("\x1b", "")))
    else:
        (folder / f"{index}.txt").write_text(f"{index}{text}", encoding="utf-8")


def _odd_docx(text: str) -> bytes:
    return office.docx(Piece("Odd", "Ada", "2021-03-04", "en", (Block("paragraph", (text,)),)))


_MAKERS: dict[str, Callable[[Path, int, random.Random], None]] = {
    "binaries": _binary,
    "encodings": _encoding,
    "html": _html,
    "markdown": _markdown,
    "pdf": _pdf,
    "packed": _packed,
    "names": _name,
    "links": _link,
    "unicode": _unicode,
}


def listen(folder: Path) -> socket.socket:
    """A socket in the folder, which is no file to read."""
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(folder / "socket.md"))
    return server

"""Texts written as files by other programs: pandoc (DOCX, EPUB, RTF) and LibreOffice (DOCX, PDF, RTF), where they are installed."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from evals.writers.texts import Block, Piece, rows

PANDOC, OFFICE = ("docx", "epub", "rtf"), ("docx", "rtf", "pdf")


def converted(pieces: Sequence[Piece]) -> Iterator[tuple[str, str, bytes, Piece]]:
    """A file of each format by each program that is installed: its kind, its suffix, its bytes, and what is in it."""
    pandoc, office = shutil.which("pandoc"), shutil.which("soffice")
    if not pandoc:
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for number, piece in enumerate(pieces):
            source = folder / f"{number}.md"
            source.write_text(markdown(piece), encoding="utf-8")
            for suffix in PANDOC:
                target = source.with_suffix(f".{suffix}")
                _run(pandoc, "-s", "-f", "markdown-smart", "-o", str(target), str(source))
                yield f"{suffix} by pandoc", target.suffix, target.read_bytes(), piece
            if office:
                _run(pandoc, "-s", "-f", "markdown-smart", "-o", str(source.with_suffix(".odt")), str(source))
                for suffix in OFFICE:
                    made = folder / suffix
                    _run(
                        office,
                        "--headless",
                        f"-env:UserInstallation=file://{folder}/profile",
                        "--convert-to",
                        suffix,
                        "--outdir",
                        str(made),
                        str(source.with_suffix(".odt")),
                    )
                    target = made / f"{number}.{suffix}"
                    yield f"{suffix} by LibreOffice", target.suffix, target.read_bytes(), piece


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, timeout=300)


def markdown(piece: Piece) -> str:
    """The text as pandoc's Markdown."""
    parts = [f'---\ntitle: "{piece.title}"\nauthor: "{piece.author}"\ndate: {piece.date}\nlang: {piece.language}\n---']
    notes: list[str] = []
    for block in piece.blocks:
        if block.note:
            notes.append(block.note)
        parts.append(_block(block, len(notes)))
    parts += [f"[^{number}]: {note}" for number, note in enumerate(notes, 1)]
    return "\n\n".join(parts) + "\n"


def _block(block: Block, note: int) -> str:
    text = block.texts[0]
    if block.kind == "heading":
        return f"{'#' * block.level} {text}"
    if block.kind == "items":
        return "\n".join(f"- {item}" for item in block.texts)
    if block.kind == "numbered":
        return "\n".join(f"{number}. {item}" for number, item in enumerate(block.texts, 1))
    if block.kind == "quotation":
        return f"> {text}"
    if block.kind == "table":
        head, *others = [f"| {' | '.join(row)} |" for row in rows(block)]
        return "\n".join([head, "|---" * block.columns + "|", *others])
    return text + (f"[^{note}]" if block.note else "")

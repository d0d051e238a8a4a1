"""Writes web pages in the layouts of blog services, each with its menus, share buttons, comments and related posts."""

import html
from pathlib import Path
from string import Template

from evals.writers.texts import Block, Piece, rows

PAGES = Path(__file__).parent / "pages"
LAYOUTS = sorted(path.stem for path in PAGES.glob("*.html"))
NOISE_WORDS = (
    "공유하기버튼",
    "관련글목록항목",
    "댓글내용입니다",
    "Subscribe-now-box",
    "menu-entry-home",
    "footer-imprint",
)  # never in a text


def body(piece: Piece) -> str:
    """The text as HTML, with its notes at the end."""
    parts: list[str] = []
    notes: list[str] = []
    for part in piece.blocks:
        if part.note:
            notes.append(part.note)
        parts.append(block(part, len(notes)))
    if notes:
        items = "".join(
            f'<li id="fn{number}">{_text(note)} <a href="#fnref{number}">↩</a></li>' for number, note in enumerate(notes, 1)
        )
        parts.append(f'<ol class="footnotes">{items}</ol>')
    return "\n".join(parts)


def _text(text: str) -> str:
    return html.escape(text, quote=False)


def block(block: Block, note: int) -> str:
    """A block as HTML; `note` is the number of its footnote, where it has one."""
    text = _text(block.texts[0])
    if block.kind == "heading":
        return f"<h{block.level}>{text}</h{block.level}>"
    if block.kind in ("items", "numbered"):
        tag = "ul" if block.kind == "items" else "ol"
        return f"<{tag}>{''.join(f'<li>{_text(item)}</li>' for item in block.texts)}</{tag}>"
    if block.kind == "quotation":
        return f"<blockquote><p>{text}</p></blockquote>"
    if block.kind == "table":
        head, *others = rows(block)
        heads = "".join(f"<th>{_text(cell)}</th>" for cell in head)
        lines = "".join(f"<tr>{''.join(f'<td>{_text(cell)}</td>' for cell in row)}</tr>" for row in others)
        return f"<table><thead><tr>{heads}</tr></thead><tbody>{lines}</tbody></table>"
    mark = f'<sup><a href="#fn{note}" id="fnref{note}">{note}</a></sup>' if block.note else ""
    return f"<p>{text}{mark}</p>"


def page(piece: Piece, layout: str) -> str:
    """The text as a page of a layout, one of `LAYOUTS`."""
    year, month, day = map(int, piece.date.split("-"))
    template = Template((PAGES / f"{layout}.html").read_text(encoding="utf-8"))
    return template.substitute(
        title=html.escape(piece.title),
        author=html.escape(piece.author),
        language=piece.language,
        date=piece.date,
        dotted=f"{year}. {month}. {day}. 9:30",
        korean_date=f"{year}년 {month}월 {day}일",
        address=piece.address,
        body=body(piece),
    )

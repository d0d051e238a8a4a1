"""The one place where text becomes markup. Pure.

What comes from outside (questions, titles, sources, the essays' text) goes through `plain`, which leaves no character that
HTML or Markdown could act on. Every tag on the page is written in `bot/ui`, never taken over.
"""

import html
import re
from urllib.parse import quote

_ACTIVE = re.compile(r"""[!"#$&'*+:<=>@\[\\\]^_`{|}~]""")  # ASCII punctuation that HTML or Markdown acts on
_BLOCK_END = re.compile(r"<br>|</(?:p|blockquote)>")
_TAG = re.compile(r"<[^>]*>")


def plain(text: str) -> str:
    """`text` as markup that shows exactly that text: active punctuation becomes numeric entities, newlines become `<br>`.

    A lone surrogate cannot be sent to a browser at all and is dropped.
    """
    sendable = text.encode("utf-8", "ignore").decode()
    return _ACTIVE.sub(lambda mark: f"&#{ord(mark[0])};", sendable).replace("\n", "<br>")


def bare(markup: str) -> str:
    """The text that a reader sees in markup made here, a line for each block: undoes `plain`."""
    return html.unescape(_TAG.sub("", _BLOCK_END.sub("\n", markup))).strip()


def paragraph(text: str) -> str:
    """The reader's own words: a block of HTML, inside which Markdown sees no lists, headings or links."""
    return f"<p>{plain(text)}</p>"


def notice(text: str) -> str:
    """A quiet line of the bot about itself."""
    return f'<p class="notice">{plain(text)}</p>'


def label(text: str) -> str:
    """A small heading inside a paragraph."""
    return f'<span class="label">{plain(text)}</span> '


def anchor(turn: int, number: int) -> str:
    """The id of a quotation on the page; with the turn in it, a marker of an earlier answer never points at a later source."""
    return f"source-{turn}-{number}"


def read_link(essay: str, start: int, end: int, sha256: str) -> str:
    """The fragment that opens an essay in the reader at characters `start` to `end`, counted in the text with this `sha256`."""
    return f"#read/{quote(essay, safe='')}/{start}-{end}/{sha256[:12]}"


def ask_link(mode: str, question: str) -> str:
    """The fragment that asks a question in a mode."""
    return f"#ask/{mode}/{quote(question, safe='')}"

"""The one place where text becomes markup. Pure.

What comes from outside (questions, titles, sources, the essays' text) goes through `plain`, which leaves no character that
HTML or Markdown could act on. Every tag on the page is written in `bot/ui`, never taken over.
"""

import html
import re
from urllib.parse import quote, urlsplit

_ACTIVE = re.compile(r"""[!"#$&'*+:<=>@\[\\\]^_`{|}~]""")  # ASCII punctuation that HTML or Markdown acts on
_BLOCK_END = re.compile(r"<br>|</(?:p|blockquote)>")
_TAG = re.compile(r"<[^>]*>")
_NOT_IN_ADDRESS = re.compile(r"[^!-~]|[\"'<>\\^`{|}]")  # what no address needs unescaped, and Markdown might act on
LONGEST_SHOWN = 200  # characters of an address


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


def button(identity: str, text: str, *, on: bool = False) -> str:
    """A small button; page.js knows by its id what it does."""
    return f'<button type="button" class="act{" on" if on else ""}" id="{plain(identity)}">{plain(text)}</button>'


def link(address: str, text: str, name: str = "") -> str:
    """A link whose address was made here: `read_link`, `ask_link`, or a path of this server."""
    return f'<a class="{name or "link"}" href="{html.escape(address)}">{plain(text)}</a>'


def outward(source: str) -> str:
    """Where a text is from: an address of the web as a link whose host can be seen, in a tab of its own; anything else as text."""
    shown = source if len(source) <= LONGEST_SHOWN else f"{source[:LONGEST_SHOWN]}…"
    try:
        parts = urlsplit(source)
    except ValueError:
        return plain(shown)
    hidden = not parts.hostname or "@" in parts.netloc or parts.netloc not in shown  # the host that it leads to
    if parts.scheme not in ("http", "https") or hidden or _NOT_IN_ADDRESS.search(source):
        return plain(shown)
    return f'<a class="outward" href="{html.escape(source)}" target="_blank" rel="noopener noreferrer">{plain(shown)}</a>'


def read_link(essay: str, start: int, end: int, sha256: str) -> str:
    """The fragment that opens an essay in the reader at characters `start` to `end`, counted in the text with this `sha256`."""
    return f"#read/{quote(essay, safe='')}/{start}-{end}/{sha256[:12]}"


def ask_link(mode: str, question: str) -> str:
    """The fragment that asks a question in a mode."""
    return f"#ask/{mode}/{quote(question, safe='')}"

"""Functions that turn text into HTML for the page. No other module escapes text. Pure.

Text from outside (questions, titles, sources, the essays) goes through `escape`, which leaves no character that HTML or Markdown
acts on. Every tag on the page is written in `bot/ui`; no tag is taken from outside.
"""

import html
import re
from urllib.parse import quote, urlsplit

_ACTIVE = re.compile(r"""[!"#$&'*+:<=>@\[\\\]^_`{|}~]""")  # ASCII punctuation that HTML or Markdown acts on
_UNSAFE_IN_URL = re.compile(r"[^!-~]|[\"'<>\\^`{|}]")  # characters that a URL must escape, and those that Markdown may act on
MAX_URL_CHARACTERS = 200  # of a source, as shown


def escape(text: str) -> str:
    """HTML that shows exactly `text`: active punctuation becomes numeric entities, a newline becomes `<br>`.

    Lone surrogates are dropped, because they cannot be encoded in UTF-8.
    """
    encodable = text.encode("utf-8", "ignore").decode()
    return _ACTIVE.sub(lambda match: f"&#{ord(match[0])};", encodable).replace("\n", "<br>")


def paragraph(text: str) -> str:
    """A paragraph. Gradio parses messages as Markdown, but does not look for lists, headings or links inside a block of HTML."""
    return f"<p>{escape(text)}</p>"


def notice(text: str) -> str:
    """A message of the bot about itself, set in small type."""
    return f'<p class="notice">{escape(text)}</p>'


def label(text: str) -> str:
    """A small heading at the beginning of a paragraph."""
    return f'<span class="label">{escape(text)}</span> '


def button(identity: str, text: str, *, on: bool = False) -> str:
    """A small button. page.js reads from its id what a click does."""
    return f'<button type="button" class="act{" on" if on else ""}" id="{escape(identity)}">{escape(text)}</button>'


def link(url: str, text: str, css_class: str = "") -> str:
    """A link to a URL that was made here: by `read_link`, by `ask_link`, or a path of this server."""
    return f'<a class="{css_class or "link"}" href="{html.escape(url)}">{escape(text)}</a>'


def source_link(source: str) -> str:
    """The source of an essay. An `http` or `https` URL becomes a link in a new tab if its host is visible in full; other text stays text."""
    shown = source if len(source) <= MAX_URL_CHARACTERS else f"{source[:MAX_URL_CHARACTERS]}…"
    try:
        parts = urlsplit(source)
    except ValueError:
        return escape(shown)
    hides_host = not parts.hostname or "@" in parts.netloc or parts.netloc not in shown
    if parts.scheme not in ("http", "https") or hides_host or _UNSAFE_IN_URL.search(source):
        return escape(shown)
    return f'<a class="outward" href="{html.escape(source)}" target="_blank" rel="noopener noreferrer">{escape(shown)}</a>'


def read_link(essay: str, start: int, end: int, sha256: str) -> str:
    """The URL fragment that opens an essay at characters `start` to `end` of its text, whose SHA-256 is `sha256`."""
    return f"#read/{quote(essay, safe='')}/{start}-{end}/{sha256[:12]}"


def ask_link(mode: str, question: str) -> str:
    """The URL fragment that asks a question in a mode."""
    return f"#ask/{mode}/{quote(question, safe='')}"

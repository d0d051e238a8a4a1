"""Reads a page that a browser saved as one file (MHTML): of its HTML parts the page, or the frame that holds the text."""

from collections.abc import Sequence
from dataclasses import replace
from email import message_from_bytes
from email.message import Message
from email.policy import HTTP

from bot.formats.document import Document, FormatError
from bot.formats.limits import Budget
from bot.formats.trees import html_tree
from bot.formats.web_page import page
from bot.messages import formats as messages

MAX_PARTS = 200  # that are looked at


def parse(data: bytes, _budget: Budget) -> Sequence[Document]:
    """The one document of a saved page: of the page itself, or where that holds no text of the part that has most. Raises `FormatError`."""
    message = message_from_bytes(data, policy=HTTP)
    parts = [part for part in message.walk() if part.get_content_type() in ("text/html", "application/xhtml+xml")][:MAX_PARTS]
    documents = [document for document in map(_document, parts) if document]
    if not documents:
        raise FormatError(messages.NO_TEXT)
    first = documents[0]
    chosen = max(documents, key=lambda document: len(document.text)) if first.frame or not first.text else first
    address = chosen.address or str(message.get("Snapshot-Content-Location", "")).strip()
    return [replace(chosen, address=address if address.startswith(("http:", "https:")) else "", frame="")]


def _document(part: Message) -> Document | None:
    """The document of one part; None where it holds none."""
    payload = part.get_payload(decode=True)
    try:
        return page(html_tree(payload)) if isinstance(payload, bytes) else None
    except FormatError:
        return None

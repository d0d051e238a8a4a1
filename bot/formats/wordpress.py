"""Reads a WordPress export (WXR): its published posts and pages, each as a document."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from bot.formats.document import Document, FormatError
from bot.formats.layouts import take_out_noise
from bot.formats.limits import Budget
from bot.formats.markup import markdown
from bot.formats.said import date
from bot.formats.trees import Element, children, descendants, html_of, local_name, xml_tree
from bot.messages import formats as messages

_READ_KINDS = frozenset({"post", "page"})
_READ_STATES = frozenset({"publish", "private", ""})
_BLOCK = re.compile(r"<(?:p|div|h[1-6]|ul|ol|li|blockquote|pre|table|figure|section|hr)\b", re.IGNORECASE)
_SHORTCODE = re.compile(r"\[/?[a-z][\w-]*(?:\s[^\]\n]*)?\](?!\()")
_BLOCK_MARK = re.compile(r"<!--.*?-->", re.DOTALL)


def parse(data: bytes, _budget: Budget) -> Sequence[Document]:
    """The posts in the file's order. Raises `FormatError` where it is no such export or holds no post."""
    root = xml_tree(data)
    items = list(descendants(root, "item"))
    if local_name(root) != "rss" or not any(True for _ in descendants(root, "wxr_version", "post_type")):
        raise FormatError(messages.NOT_AN_EXPORT)
    channel = next(descendants(root, "channel"), root)
    language = _value(channel, "language")
    names = {_value(author, "author_login"): _value(author, "author_display_name") for author in children(channel, "author")}
    left_out: Counter[str] = Counter()
    documents: list[Document] = []
    for item in items:
        kind, state = _value(item, "post_type"), _value(item, "status")
        document = _post(item, names, language) if kind in _READ_KINDS and state in _READ_STATES else None
        if document:
            documents.append(replace(document, name=document.name or f"post-{len(documents) + 1}"))
        else:
            left_out[kind if kind not in _READ_KINDS else state if state not in _READ_STATES else "empty"] += 1
    if not documents:
        raise FormatError(messages.NO_TEXT)
    if left_out:
        kinds = ", ".join(f"{kind} {count}" for kind, count in sorted(left_out.items()))
        note = messages.LEFT_OUT_POSTS.format(count=left_out.total(), kinds=kinds)
        documents[0] = replace(documents[0], notes=(note,))
    return documents


def _post(item: Element, names: dict[str, str], language: str) -> Document | None:
    """The document of an item; None for one without text."""
    content = next((child.text or "" for child in children(item, "encoded") if "content" in str(child.tag)), "")
    if not content.strip():
        return None
    tree = html_of(f"<div>{_paragraphs(content)}</div>")
    take_out_noise(tree)
    text = markdown(tree)
    login = _value(item, "creator")
    return (
        Document(
            text=text,
            title=_value(item, "title"),
            author=names.get(login) or login,
            date=date(_value(item, "post_date")),
            language=language,
            address=link if (link := _value(item, "link")).startswith(("http:", "https:")) else "",
            name=_value(item, "post_id") and f"{_value(item, 'post_id')}-{_value(item, 'post_name')}".strip("-"),
        )
        if text.strip()
        else None
    )


def _paragraphs(content: str) -> str:
    """A post's HTML. Where it has no paragraphs, an empty line begins one and a line end is a line break, as WordPress shows it."""
    is_whole = "<!-- wp:" in content or re.search(r"<p\b", content, re.IGNORECASE)
    content = _SHORTCODE.sub("", _BLOCK_MARK.sub("", content))
    if is_whole:
        return content
    parts = re.split(r"\n\s*\n", content.replace("\r\n", "\n"))
    return "\n".join(part if _BLOCK.match(part.strip()) else f"<p>{part.strip().replace(chr(10), '<br>')}</p>" for part in parts)


def _value(element: Element, name: str) -> str:
    """The words of the first child with this name; empty without one."""
    found = next(children(element, name), None)
    return " ".join((found.text or "").split()) if found is not None else ""

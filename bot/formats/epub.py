"""Reads an EPUB: its XHTML files in the order of the spine as one text, with the notes of all of them."""

import posixpath
from collections.abc import Iterator, Sequence
from urllib.parse import unquote

from lxml import html

from bot.formats.document import Document, FormatError
from bot.formats.limits import Budget
from bot.formats.markup import markdown
from bot.formats.packed import Packed
from bot.formats.said import date
from bot.formats.trees import Element, attribute, decoded, descendants, html_of, local_name
from bot.messages import formats as messages

_CONTAINER = "META-INF/container.xml"
_FONT_ENCRYPTION = ("idpf.org/2008/embedding", "ns.adobe.com/pdf/enc#RC")  # which only hides the fonts
_TEXT_TYPES = ("application/xhtml+xml", "text/html", "application/xml")
_APART = frozenset({"titlepage", "cover", "toc", "landmarks", "page-list", "halftitlepage", "copyright-page"})


def parse(data: bytes, budget: Budget) -> Sequence[Document]:
    """The one document of a book. Raises `FormatError`, and others for a broken file."""
    packed = Packed(data, budget.unpacked)
    _require_readable(packed)
    package_name = _package_name(packed)
    package = packed.xml(package_name)
    if package is None:
        raise FormatError(messages.DAMAGED.format(format="EPUB", reason=package_name))
    book = _book(packed, list(_spine(package, posixpath.dirname(package_name))))
    text = markdown(book)
    if not text.strip():
        raise FormatError(messages.NO_TEXT)
    return [
        Document(
            text=text,
            title=_first(package, "title"),
            author=", ".join(_all(package, "creator")),
            date=date(_first(package, "date")),
            language=_first(package, "language"),
        )
    ]


def _require_readable(packed: Packed) -> None:
    """Raise `FormatError` for a book whose text is encrypted."""
    encryption = packed.xml("META-INF/encryption.xml")
    for method in descendants(encryption, "encryptionmethod") if encryption is not None else ():
        if not any(name in attribute(method, "Algorithm") for name in _FONT_ENCRYPTION):
            raise FormatError(messages.PROTECTED)


def _package_name(packed: Packed) -> str:
    container = packed.xml(_CONTAINER)
    for rootfile in descendants(container, "rootfile") if container is not None else ():
        return posixpath.normpath(attribute(rootfile, "full-path"))
    raise FormatError(messages.DAMAGED.format(format="EPUB", reason=_CONTAINER))


def _all(package: Element, name: str) -> list[str]:
    metadata = next(descendants(package, "metadata"), None)
    found = (
        [" ".join("".join(element.itertext()).split()) for element in descendants(metadata, name)] if metadata is not None else []
    )
    return list(dict.fromkeys(filter(None, found)))


def _first(package: Element, name: str) -> str:
    return next(iter(_all(package, name)), "")


def _spine(package: Element, folder: str) -> Iterator[str]:
    """The paths of the files of the text in reading order."""
    items = {attribute(item, "id"): item for item in descendants(package, "item")}
    for reference in descendants(package, "itemref"):
        item = items.get(attribute(reference, "idref"))
        if item is None or attribute(item, "media-type") not in _TEXT_TYPES or "nav" in attribute(item, "properties").split():
            continue
        yield posixpath.normpath(posixpath.join(folder, unquote(attribute(item, "href").partition("#")[0])))


def _book(packed: Packed, paths: Sequence[str]) -> Element:
    """The bodies of the files in one tree. Names and links are made unique by the number of their file."""
    book = html.Element("body")
    numbers = {path: number for number, path in enumerate(paths)}
    for path in paths:
        if path not in packed.names:
            continue
        body = html_of(decoded(packed.read(path))).find("body")
        if body is None or _is_apart(body):
            continue
        _rename(body, path, numbers)
        body.tag = "section"
        book.append(body)
    return book


def _is_apart(body: Element) -> bool:
    """Whether a file is no part of the text: a cover, a title page, a table of contents."""
    places = [body, *(child for child in body if local_name(child) in ("section", "div"))]
    return any(_APART & set(attribute(place, name).lower().split()) for place in places[:2] for name in ("epub:type", "type"))


def _rename(body: Element, path: str, numbers: dict[str, int]) -> None:
    for element in body.iter():
        for name in ("id", "name"):
            if element.get(name):
                element.set(name, f"f{numbers[path]}-{element.get(name)}")
        address = element.get("href") or ""
        file, mark, fragment = address.partition("#")
        target = posixpath.normpath(posixpath.join(posixpath.dirname(path), unquote(file))) if file else path
        if mark and target in numbers:
            element.set("href", f"#f{numbers[target]}-{fragment}")

"""Parses HTML and XML with lxml: no entities, no network, no tree that is nested too deep."""

import codecs
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from lxml import etree, html

from bot.formats.document import FormatError
from bot.formats.limits import MAX_DEPTH
from bot.messages import formats as messages
from bot.text.normalize import UndecodableError, decode_named

Element = Any  # lxml has no types of its own

_CHARSET = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([\w.:-]{1,40})""", re.IGNORECASE)
_KOREAN = {"euc-kr": "cp949", "ks_c_5601-1987": "cp949", "ksc5601": "cp949", "korean": "cp949"}
_LOCAL_NAME = re.compile(r"[}:]")
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_ENTITY_DEFINITION = re.compile(rb"<!ENTITY", re.IGNORECASE)


def html_tree(data: bytes) -> Element:
    """The tree of an HTML page in any encoding. Raises `FormatError`."""
    return html_of(decoded(data))


def html_of(text: str) -> Element:
    """The tree of an HTML text."""
    text = re.sub(r"^\s*<\?xml[^>]*\?>", "", _NOT_IN_XML.sub("", text))
    if not text.strip():
        raise FormatError(messages.NO_TEXT)
    parser = html.HTMLParser(encoding="utf-8", huge_tree=True, remove_comments=True, remove_pis=True, no_network=True)
    try:
        root = html.document_fromstring(text.encode(), parser=parser)
    except etree.XMLSyntaxError as error:
        if error.lineno == 0:  # how lxml says that there is no memory
            raise MemoryError from error
        raise
    require_depth(root)
    return root


def xml_tree(data: bytes) -> Element:
    """The tree of an XML file. Raises `FormatError` for entities and depth, and lxml's errors for what is no XML."""
    if _ENTITY_DEFINITION.search(data):
        raise FormatError(messages.ASKS_FOR_OUTSIDE)
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=True,
        remove_comments=True,
        remove_pis=True,
        recover=True,
    )
    root = etree.fromstring(data, parser)
    if root is None:
        raise FormatError(messages.NO_TEXT)
    require_depth(root)
    return root


def decoded(data: bytes) -> str:
    """The text of an HTML page: as UTF-8 where it is, else in the encoding that it names, else in a guessed one."""
    with suppress(UnicodeDecodeError):
        return data.decode("utf-8-sig")
    named = _CHARSET.search(data[:4096])
    if named:
        name = named[1].decode().lower()
        with suppress(LookupError, UnicodeDecodeError):
            name = codecs.lookup(_KOREAN.get(name, name)).name
            if not name.startswith("utf"):
                return data.decode(name)
    try:
        return decode_named(data)[0]
    except UndecodableError as error:
        raise FormatError(error.reason) from None


def require_depth(root: Element) -> None:
    """Raise `FormatError` where elements lie in each other too deep."""
    depth = 0
    for event, _ in etree.iterwalk(root, events=("start", "end")):
        depth += 1 if event == "start" else -1
        if depth > MAX_DEPTH:
            raise FormatError(messages.TOO_DEEP.format(limit=MAX_DEPTH))


def local_name(element: Element) -> str:
    """An element's name without its namespace, in lower case; empty for a comment and the like."""
    tag = element.tag
    return tag.rpartition("}")[2].lower() if isinstance(tag, str) else ""


def attribute(element: Element, name: str) -> str:
    """The value of the attribute with this local name, in any namespace or with any prefix; empty without one."""
    value = element.get(name)
    if value is not None:
        return str(value)
    return next((str(value) for key, value in element.attrib.items() if _LOCAL_NAME.split(key)[-1] == name), "")


def children(element: Element, *names: str) -> Iterator[Element]:
    """The children with one of these local names (in lower case); all of them without names."""
    for child in element:
        name = local_name(child)
        if name and (not names or name in names):
            yield child


def descendants(element: Element, *names: str) -> Iterator[Element]:
    """The element and its descendants with one of these local names (in lower case)."""
    for child in element.iter():
        if local_name(child) in names:
            yield child

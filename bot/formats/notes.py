"""Footnotes of HTML: finds the marks in the text and the notes that they lead to, as Word, pandoc, EPUB and blog programs write them."""

import re
from dataclasses import dataclass, field
from urllib.parse import unquote

from bot.formats.trees import Element, attribute, children, descendants, local_name

MAX_MARK_CHARACTERS = 6  # of a link that marks a note: a number, a letter, an asterisk

_MARK = re.compile(r"[\[(]?(?:\d{1,4}|[a-zA-Z]|[*†‡§]{1,3}|[ivxlc]{1,6}|주 ?\d{1,3}|각주 ?\d{1,3})[\])]?")
_NOTE_NAME = re.compile(
    r"foot-?note|end-?note|(?:^|[-_ :])(?:fn|en|note|ftn|edn|sdfootnote|sdendnote)(?:[-_:]?\w*)?\d*(?:sym)?$", re.IGNORECASE
)
_BACK = re.compile(r"[\W\d_]*|back|위로|돌아가기", re.IGNORECASE)
_NOTE_ELEMENTS = frozenset({"li", "p", "div", "aside", "dd", "section"})


@dataclass(slots=True)
class Notes:
    """`marks` gives the number of the note that a mark leads to, `bodies` the number of a note by its element, `back` the links back."""

    marks: dict[Element, int] = field(default_factory=dict)
    bodies: dict[Element, int] = field(default_factory=dict)
    back: set[Element] = field(default_factory=set)


def find(root: Element) -> Notes:
    """The footnotes of a tree, numbered from 1 in the order of their marks."""
    notes = Notes()
    targets = {name: element for element in root.iter() for name in _names(element)}
    links = [(link, _fragment(link)) for link in descendants(root, "a")]
    for link, fragment in links:
        target = targets.get(fragment)
        if target is None or not _is_mark(link):
            continue
        body = _body(target)
        if body is None or link in set(body.iter()) or not _is_note(link, target, body):
            continue
        number = notes.bodies.setdefault(body, len(notes.bodies) + 1)
        notes.marks[link] = number
    _find_links_back(notes, targets, links)
    return notes


def _find_links_back(notes: Notes, targets: dict[str, Element], links: list[tuple[Element, str]]) -> None:
    """The links in the notes that lead back to their marks, and links there that are nothing but an arrow or the note's number."""
    around_marks = {element for mark in notes.marks for element in (mark, *list(mark.iterancestors())[:2], *mark)}
    in_notes = {element for body in notes.bodies for element in body.iter()}
    for link, fragment in links:
        is_back = link in in_notes and link not in notes.marks and fragment
        if is_back and (targets.get(fragment) in around_marks or _BACK.fullmatch("".join(link.itertext()).strip())):
            notes.back.add(link)


def _names(element: Element) -> list[str]:
    """The names by which a link can lead to an element."""
    names = [attribute(element, "id")]
    if local_name(element) == "a":
        names.append(attribute(element, "name"))
    return [name for name in names if name]


def _fragment(link: Element) -> str:
    """What a link within the document leads to; empty for other links."""
    address = attribute(link, "href")
    return unquote(address[1:]) if address.startswith("#") else ""


def _is_mark(link: Element) -> bool:
    words = "".join(link.itertext()).strip()
    return len(words) <= MAX_MARK_CHARACTERS and bool(_MARK.fullmatch(words))


def _body(target: Element) -> Element | None:
    """The block that holds a note: the target itself or the block around it."""
    for element in (target, *target.iterancestors()):
        if local_name(element) in _NOTE_ELEMENTS:
            return element
    return None


def _is_note(link: Element, target: Element, body: Element) -> bool:
    """Whether what a mark leads to is a note: by its name, the mark's, the one of what is around it, or a link from it to the mark."""
    for element in (link, target, body, body.getparent()):
        if element is not None:
            words = (attribute(element, "id"), attribute(element, "type"), attribute(element, "role"), attribute(element, "name"))
            if any(map(_NOTE_NAME.search, filter(None, (*words, *attribute(element, "class").split())))):
                return True
    mark_names = {name for element in (link, *list(link.iterancestors())[:2]) for name in _names(element)}
    return any(_fragment(back) in mark_names for back in descendants(body, "a"))


def has_own_number(body: Element) -> bool:
    """Whether the first child of a note holds nothing but the note's number."""
    first = next(children(body), None)
    return first is not None and _MARK.fullmatch("".join(first.itertext()).strip()) is not None

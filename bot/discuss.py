"""Answers made from the analogy map: what is set beside what, and where it breaks, labelled by who says so. No model needed.

What the map says in our words is a `reading`; what an essay says is quoted. Nothing here is searched for, so nothing can be missed.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.analogies import Analogy, Both, Break, Quotation
from bot.prompt import MAP
from bot.schema import Kind, Language

OTHERS = 4  # more analogies named behind the first one


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an answer: our words, or, where `quotation` is given, an essay's."""

    text: str
    kind: Kind
    quotation: Quotation | None = None


def explain(analogies: Sequence[Analogy], language: Language) -> list[Line]:
    """The first analogy's pairs with their quotations, then its breaks, each said to be an essay's or ours; then the others' names."""
    first, words = analogies[0], MAP[language]
    lines = [Line(words["name"].format(name=_in(first.name, language)), "notice"), Line(_in(first.shows, language), "reading")]
    for pair in first.pairs:
        lines.append(Line(f"{_in(pair.source, language)} ↔ {_in(pair.target, language)}", "reading"))
        lines += _quoted(pair.quotes, language)
    lines.append(Line(words["breaks"], "notice"))
    lines += [line for one in first.breaks for line in _break(one, language)]
    lines.append(Line(words["unmapped"].format(text=_in(first.unmapped, language)), "reading"))
    others = [_in(analogy.name, language) for analogy in analogies[1 : 1 + OTHERS]]
    return [*lines, Line(words["others"].format(names=" · ".join(others)), "notice")] if others else lines


def list_all(analogies: Sequence[Analogy], language: Language) -> list[Line]:
    """Every analogy of the map, a line each, in our words."""
    head = Line(MAP[language]["all"].format(count=len(analogies)), "notice")
    return [head, *(Line(f"{_in(one.name, language)}: {_in(one.shows, language)}", "reading") for one in analogies)]


def name_all(analogies: Sequence[Analogy], language: Language) -> list[Line]:
    """The analogies' names in one line; nothing where there are none."""
    names = " · ".join(_in(analogy.name, language) for analogy in analogies[: 2 * OTHERS])
    return [Line(MAP[language]["touched"].format(names=names), "notice")] if names else []


def _break(one: Break, language: Language) -> Iterator[Line]:
    words = MAP[language]
    yield Line(words["by_" + one.by].format(text=_in(one.text, language), move=words[one.move]), "reading")
    yield from _quoted(one.quotes, language)
    if one.reply:
        yield Line(words["reply"].format(text=_in(one.reply, language)), "reading")
        yield from _quoted(one.reply_quotes, language)


def _quoted(quotations: Sequence[Quotation], language: Language) -> list[Line]:
    """The quotation in the reader's language where there is one, else the first: editions say the same twice."""
    own = [quotation for quotation in quotations if quotation.essay.endswith(f".{language}")]
    return [Line("", "essay", quotation) for quotation in (own or list(quotations))[:1]]


def _in(both: Both, language: Language) -> str:
    return both.ko if language == "ko" else both.en

"""Answers made from the analogy map: what is set beside what, and where it breaks, labelled by who says so. No model needed.

What the map says in our words is a `reading`; what an essay says is quoted. Nothing here is searched for, so nothing can be missed.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.analogies import Analogy, Both, Break, Pair, Quotation
from bot.lexicon import morphemes
from bot.prompt import ASK_BACK, MAP
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


def counter(analogies: Sequence[Analogy], question: str, language: Language) -> list[Line]:
    """The claim that is attacked, quoted; the objection, named for its kind; and the best reply that the shelf holds."""
    first, words = analogies[0], MAP[language]
    one = _fitting(first, question)
    claim = _quoted(_pair(first, question).quotes, language)
    return [
        Line(words["claim"].format(name=_in(first.name, language)), "notice"),
        *claim,
        *(_break(one, language) if one else ()),
    ]


def ask_back(analogies: Sequence[Analogy], question: str, language: Language) -> list[Line]:
    """A claim, quoted, what was objected to it, and one question for the reader about the two."""
    first, words = analogies[0], MAP[language]
    one = _fitting(first, question)
    lines = [Line(words["claims"].format(name=_in(first.name, language)), "notice")]
    lines += _quoted(_pair(first, question).quotes, language)
    if one:
        lines.append(Line(words["objected"].format(text=_in(one.text, language)), "reading"))
    return [*lines, Line(ASK_BACK[language][one.move if one else ""], "reading")]


def compare(analogies: Sequence[Analogy], question: str, language: Language) -> list[Line]:
    """Two analogies, what each says and a quotation for it; of a single one, its claim against the objection of another essay."""
    words = MAP[language]
    lines = [Line(words["side_by_side"], "notice")]
    for one in analogies[:2]:
        pair = _pair(one, question)
        lines.append(Line(f"{_in(one.name, language)}: {_in(one.shows, language)}", "reading"))
        lines.append(Line(f"{_in(pair.source, language)} ↔ {_in(pair.target, language)}", "reading"))
        lines += _quoted(pair.quotes, language)
    if len(analogies) == 1 and (objection := _fitting(analogies[0], question)):
        lines.append(Line(words["against"], "notice"))
        lines += _break(objection, language)
    return lines


def _fitting(analogy: Analogy, question: str) -> Break | None:
    """The objection that has most of the question's words, the analogy's own name aside; an essay's with a reply first, ours last."""
    asked = set(morphemes(question))
    named = set(morphemes(" ".join((*_both(analogy.name), *_both(analogy.source), *_both(analogy.target)))))

    def rank(one: Break) -> tuple[int, bool, bool]:
        said = set(morphemes(" ".join(_both(one.text))))
        return len(asked & said - named), one.by == "essay", one.reply is not None

    return max(analogy.breaks, key=rank, default=None)


def _pair(analogy: Analogy, question: str) -> Pair:
    """The pair that has most of the question's words; the first where they are alike."""
    asked = set(morphemes(question))
    return max(analogy.pairs, key=lambda pair: len(asked & set(morphemes(" ".join((*_both(pair.source), *_both(pair.target)))))))


def _both(both: Both) -> tuple[str, str]:
    return both.ko, both.en


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

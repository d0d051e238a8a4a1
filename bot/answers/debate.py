"""Answers made from the analogy map: what is set beside what, and where it breaks, labelled by who says so. No model needed.

What the map says in our words is a `reading`; what an essay says is quoted. Nothing here is searched for, so nothing can be missed.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.answers.wording import ASK_BACK, MAP
from bot.indexing.analogies import Analogy, Bilingual, Break, Pair, Quotation
from bot.schema import Kind, Language
from bot.text.tokenize import morphemes

OTHERS = 4  # more analogies named behind the first one
_ASKS_FOR_BREAKS = re.compile(
    r"어긋|깨지|깨어|무너|안 맞|맞지 않|다른 점|다르|차이|한계|약점|허점|틀리|틀렸|반론|반박|비판|문제"
    r"|\b(?:break\w*|fail\w*|differ\w*|unlike|limits?|wrong|weak\w*|flaws?|objections?|against|mislead\w*|problems?)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an answer: our words, or, where `quotation` is given, an essay's."""

    text: str
    kind: Kind
    quotation: Quotation | None = None


def explain(analogies: Sequence[Analogy], question: str, language: Language) -> list[Line]:
    """The first analogy's pairs with their quotations, and its breaks, each said to be an essay's or ours; then the others' names.

    Where the question asks for what speaks against the analogy, the breaks come first; of each, that which it names.
    """
    first, words = analogies[0], MAP[language]
    lines = [Line(words["name"].format(name=_in(first.name, language)), "notice"), Line(_in(first.shows, language), "reading")]
    parts = [_pairs(first, question, language), _breaks(first, question, language)]
    lines += [line for part in (reversed(parts) if _ASKS_FOR_BREAKS.search(question) else parts) for line in part]
    others = [_in(analogy.name, language) for analogy in analogies[1 : 1 + OTHERS]]
    return [*lines, Line(words["others"].format(names=" · ".join(others)), "notice")] if others else lines


def _pairs(analogy: Analogy, question: str, language: Language) -> list[Line]:
    asked = set(morphemes(question))
    lines = [Line(MAP[language]["pairs"], "notice")]
    for pair in sorted(analogy.pairs, key=lambda pair: -_in_common(asked, pair)):
        lines.append(Line(f"{_in(pair.source, language)} ↔ {_in(pair.target, language)}", "reading"))
        lines += _quoted(pair.quotes, language)
    return lines


def _breaks(analogy: Analogy, question: str, language: Language) -> list[Line]:
    words, own = MAP[language], _own_words(analogy, question)
    ordered = sorted(analogy.breaks, key=lambda one: -len(own & set(morphemes(" ".join(_both(one.text))))))
    broken = [line for one in ordered for line in _break(one, language)]
    return [
        Line(words["breaks"], "notice"),
        *broken,
        Line(words["unmapped"].format(text=_in(analogy.unmapped, language)), "reading"),
    ]


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


def socratic(analogies: Sequence[Analogy], question: str, language: Language) -> list[Line]:
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
    """The objection that has most of the question's own words; an essay's with a reply first, ours last."""
    own = _own_words(analogy, question)

    def rank(one: Break) -> tuple[int, bool, bool]:
        said = set(morphemes(" ".join(_both(one.text))))
        return len(own & said), one.by == "essay", one.reply is not None

    return max(analogy.breaks, key=rank, default=None)


def _own_words(analogy: Analogy, question: str) -> set[str]:
    """The question's words, the analogy's own name and domains aside: what it asks about beyond them."""
    named = " ".join((*_both(analogy.name), *_both(analogy.source), *_both(analogy.target)))
    return set(morphemes(question)) - set(morphemes(named))


def _pair(analogy: Analogy, question: str) -> Pair:
    """The pair that has most of the question's words; the first where they are alike."""
    asked = set(morphemes(question))
    return max(analogy.pairs, key=lambda pair: _in_common(asked, pair))


def _in_common(asked: set[str], pair: Pair) -> int:
    return len(asked & set(morphemes(" ".join((*_both(pair.source), *_both(pair.target))))))


def _both(both: Bilingual) -> tuple[str, str]:
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


def _in(both: Bilingual, language: Language) -> str:
    return both.ko if language == "ko" else both.en

"""Answers from the analogy map: what an analogy compares and where it breaks down, each line with its source. No model, no search.

What the map says in its own words is of kind `reading`; what an essay says is quoted.
"""

import re
from collections.abc import Iterator, Sequence

from bot.answers.turn import Line
from bot.indexing.analogies import Analogy, Break, Pair, Quotation
from bot.messages import map as texts
from bot.messages.text import Text
from bot.schema import Language
from bot.text.tokenize import morphemes

MAX_RELATED = 4  # analogies named after the one that is explained
MAX_NAMED = 8  # analogies in one line
MAX_BREAKS = 3  # that are shown where the question asks for them
_ASKS_FOR_BREAKS = re.compile(
    r"어긋|깨지|깨어|무너|안 맞|맞지 않|다른 점|다르|차이|한계|약점|허점|틀리|틀렸|반론|반박|비판|문제"
    r"|\b(?:break\w*|fail\w*|differ\w*|unlike|limits?|wrong|weak\w*|flaws?|objections?|against|mislead\w*|problems?)\b",
    re.IGNORECASE,
)


def explain(analogies: Sequence[Analogy], question: str, language: Language) -> list[Line]:
    """The first analogy: what it claims, in a quotation, its pairs, a line each, its strongest break with the reply, and what else there is.

    The breaks come first where the question asks for what is wrong with the analogy; the pair that the question names comes first.
    """
    first = analogies[0]
    breaks = _ranked_breaks(first, question)
    asks_for_breaks = bool(_ASKS_FOR_BREAKS.search(question))
    shown = breaks[: MAX_BREAKS if asks_for_breaks else 1]
    claim = [Line(first.shows.of(language), "reading"), *_quotation_line(_best_pair(first, question).quotes, language)]
    pairs = [_notice(texts.PAIRS, language), *(_correspondence(pair, language) for pair in _ranked_pairs(first, question))]
    objections = (
        [_notice(texts.BREAKS, language), *(line for point in shown for line in _break_lines(point, language))] if shown else []
    )
    parts = [claim, objections, pairs] if asks_for_breaks else [claim, pairs, objections]
    lines = [_notice(texts.NAME.format(name=first.name), language), *(line for part in parts for line in part)]
    if len(breaks) > len(shown):
        lines.append(_notice(texts.MORE_BREAKS.format(count=len(breaks) - len(shown)), language))
    related = [analogy.name.of(language) for analogy in analogies[1 : 1 + MAX_RELATED]]
    return [*lines, _notice(texts.OTHERS.format(names=" · ".join(related)), language)] if related else lines


def arguments(analogies: Sequence[Analogy], question: str, language: Language, count: int = 0) -> list[Line]:
    """The objections that essays raise to the first analogy, each with its quotation and reply; `count` of them, `MAX_BREAKS` for 0."""
    first = analogies[0]
    quoted = [point for point in _ranked_breaks(first, question) if point.by == "essay"][: count or MAX_BREAKS]
    if not quoted:
        return []
    claim = [_notice(texts.CLAIM.format(name=first.name), language), Line(first.shows.of(language), "reading")]
    return [*claim, *(line for point in quoted for line in _break_lines(point, language))]


def list_all(analogies: Sequence[Analogy], language: Language) -> list[Line]:
    """Every analogy of the map: its name and what it shows, one per line."""
    heading = _notice(texts.ALL.format(count=len(analogies)), language)
    return [heading, *(_summary(analogy, language) for analogy in analogies)]


def name_all(analogies: Sequence[Analogy], language: Language) -> list[Line]:
    """The names of at most `MAX_NAMED` analogies in one line; empty where there are none."""
    names = " · ".join(analogy.name.of(language) for analogy in analogies[:MAX_NAMED])
    return [_notice(texts.TOUCHED.format(names=names), language)] if names else []


def counter(analogies: Sequence[Analogy], question: str, language: Language) -> list[Line]:
    """The quoted claim of the first analogy, the best objection with its kind, and the reply that the essays give to it."""
    first = analogies[0]
    objection = _best_objection(first, question)
    return [
        _notice(texts.CLAIM.format(name=first.name), language),
        *_quotation_line(_best_pair(first, question).quotes, language),
        *(_break_lines(objection, language) if objection else ()),
    ]


def socratic(analogies: Sequence[Analogy], question: str, language: Language) -> list[Line]:
    """The quoted claim of the first analogy, an objection to it, and one question to the reader about the two."""
    first = analogies[0]
    objection = _best_objection(first, question)
    lines = [_notice(texts.CLAIMS.format(name=first.name), language)]
    lines += _quotation_line(_best_pair(first, question).quotes, language)
    if objection:
        lines.append(Line(texts.OBJECTED.format(text=objection.text).of(language), "reading"))
    return [*lines, Line(texts.SOCRATIC_QUESTIONS[objection.move if objection else ""].of(language), "reading")]


def compare(analogies: Sequence[Analogy], question: str, language: Language) -> list[Line]:
    """The first two analogies, each with what it shows and a quotation; for a single one, its claim and an objection to it."""
    lines = [_notice(texts.SIDE_BY_SIDE, language)]
    for analogy in analogies[:2]:
        pair = _best_pair(analogy, question)
        lines += [_summary(analogy, language), _correspondence(pair, language), *_quotation_line(pair.quotes, language)]
    if len(analogies) == 1 and (objection := _best_objection(analogies[0], question)):
        lines += [_notice(texts.AGAINST, language), *_break_lines(objection, language)]
    return lines


def entry(analogy: Analogy, question: str, language: Language) -> list[str]:
    """What the map holds of an analogy, for a chat model, a line each: what it shows, its pairs, its breaks with their replies.

    The pairs and breaks that share most words with the question come first.
    """
    lines = [f"{analogy.name.of(language)}: {analogy.shows.of(language)}"]
    lines += [_correspondence(pair, language).text for pair in _ranked_pairs(analogy, question)]
    for point in _ranked_breaks(analogy, question):
        lines += [line.text for line in _break_lines(point, language) if line.text]
    return [*lines, f"{texts.UNMAPPED.of(language)}: {analogy.unmapped.of(language)}"]


def _notice(text: Text, language: Language) -> Line:
    return Line(text.of(language), "notice")


def _summary(analogy: Analogy, language: Language) -> Line:
    return Line(f"{analogy.name.of(language)}: {analogy.shows.of(language)}", "reading")


def _correspondence(pair: Pair, language: Language) -> Line:
    return Line(f"{pair.source.of(language)} ↔ {pair.target.of(language)}", "reading")


def _ranked_pairs(analogy: Analogy, question: str) -> list[Pair]:
    """The pairs, those that share most words with the question first."""
    asked = set(morphemes(question))
    return sorted(analogy.pairs, key=lambda pair: -_words_in_common(asked, pair))


def _break_lines(point: Break, language: Language) -> Iterator[Line]:
    objection = texts.OBJECTION.format(by=texts.RAISED_BY[point.by], move=texts.MOVES[point.move], text=point.text)
    yield Line(objection.of(language), "reading")
    yield from _quotation_line(point.quotes, language)
    if point.reply:
        yield Line(f"{texts.REPLY.of(language)}: {point.reply.of(language)}", "reading")
        yield from _quotation_line(point.reply_quotes, language)


def _ranked_breaks(analogy: Analogy, question: str) -> list[Break]:
    """Those first that share most words with the question; among equals those that an essay raises, then those with a reply."""
    own_words = _words_beside_names(analogy, question)

    def rank(point: Break) -> tuple[int, bool, bool]:
        return len(own_words & _morphemes(point.text)), point.by == "essay", point.reply is not None

    return sorted(analogy.breaks, key=rank, reverse=True)


def _best_objection(analogy: Analogy, question: str) -> Break | None:
    """The first of the ranked breaks; None where there is none."""
    return next(iter(_ranked_breaks(analogy, question)), None)


def _best_pair(analogy: Analogy, question: str) -> Pair:
    """The pair that shares most words with the question; the first among equals."""
    asked = set(morphemes(question))
    return max(analogy.pairs, key=lambda pair: _words_in_common(asked, pair))


def _words_beside_names(analogy: Analogy, question: str) -> set[str]:
    """The question's words without those of the analogy's name and domains."""
    return set(morphemes(question)) - _morphemes(analogy.name, analogy.source, analogy.target)


def _words_in_common(asked: set[str], pair: Pair) -> int:
    return len(asked & _morphemes(pair.source, pair.target))


def _morphemes(*bilingual: Text) -> set[str]:
    """The morphemes of the texts in both languages."""
    return set(morphemes(" ".join(part for text in bilingual for part in (text.ko, text.en))))


def _quotation_line(quotations: Sequence[Quotation], language: Language) -> list[Line]:
    """The first quotation in the reader's language, otherwise the first: translations of an essay say the same."""
    own_language = [quotation for quotation in quotations if quotation.essay.endswith(f".{language}")]
    return [Line("", "essay", quotation) for quotation in (own_language or list(quotations))[:1]]

"""Answers about the essays as documents: who wrote them, when, which there are, how many, what they are about. From their metadata."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence

from bot.answers import subject
from bot.answers.turn import Line, Turn, essay_name
from bot.messages import answers as texts
from bot.messages.text import Text, joined
from bot.schema import Essay, Language
from bot.text.tokenize import morphemes

MAX_LISTED = 40  # essays in a list
MAX_NAMED = 4  # essays of one author that are named
MAX_TOPICS = 5  # essays whose key sentence is quoted where the collection is described
MAX_FOUND = 3  # essays that are named where one is looked for
FOUND_SHARE = 0.5  # of the score of the best essay that another one needs to be named beside it
SEARCHED = 20  # passages that are looked through where one essay is looked for
_LANGUAGES: dict[Language, re.Pattern[str]] = {
    "ko": re.compile(r"한국어|한글|우리말|국문|\bkorean\b", re.IGNORECASE),
    "en": re.compile(r"영어|영문|\benglish\b", re.IGNORECASE),
}
_YEAR = re.compile(r"(?<!\d)((?:19|20)\d\d)(?!\d)")
_OLDEST = re.compile(r"오래|처음|첫|최초|먼저|옛|\b(?:oldest|first|earliest)\b", re.IGNORECASE)
_LENGTH = re.compile(r"긴|길|\blong", re.IGNORECASE)
_SHORTNESS = re.compile(r"짧|\bshort", re.IGNORECASE)

Selection = tuple[list[Essay], Text]
"""Essays that have a property, and the property in words."""


def lines(turn: Turn, kind: str) -> list[Line]:
    """The answer to a question of a kind: `author`, `date`, `list`, `which`, `count`, `newest`, `topics` or `ask`."""
    return _BY_KIND[kind](turn)


def _one(turn: Turn) -> Essay | None:
    """The essay that the question is about; None where it is about all of them."""
    essays = turn.index.essays
    named = subject.named(turn.draft.question, turn.in_scope(), turn.language)
    if named:
        return essays[named]
    if len(turn.essays) == 1:
        return essays[turn.essays[0]]
    if len(essays) == 1:
        return next(iter(essays.values()))
    points = subject.points_at_one(turn.draft.question)
    return essays[turn.subject] if turn.subject and points else None


def _author(turn: Turn) -> list[Line]:
    essay = _one(turn)
    if essay:
        return _card(turn, essay)
    by_author: dict[str, list[Essay]] = defaultdict(list)
    for each in _selected(turn)[0]:
        by_author[each.author].append(each)
    if set(by_author) == {""}:
        return [turn.notice(texts.NO_AUTHOR)]
    if len(by_author) == 1:
        heading = turn.notice(texts.ONE_AUTHOR.format(author=next(iter(by_author))))
        sources = {each.source for each in turn.in_scope() if each.kind == "retelling" and each.source}
        return [heading, *(turn.notice(texts.SOURCE.format(source=source)) for source in sorted(sources))]
    ranked = sorted(by_author.items(), key=lambda pair: (not pair[0], -len(pair[1]), pair[0]))
    signed = sum(1 for author, _ in ranked if author)
    return [turn.notice(texts.AUTHORS.format(count=signed)), *(turn.notice(_author_line(*pair)) for pair in ranked)]


def _author_line(author: str, essays: Sequence[Essay]) -> Text:
    named = [essay_name(essay) for essay in essays[:MAX_NAMED]]
    if len(essays) > MAX_NAMED:
        named.append(texts.AND_MORE.format(count=len(essays) - MAX_NAMED))
    pattern = texts.AUTHOR_OF if author else texts.UNSIGNED_OF
    return pattern.format(author=author, count=len(essays), titles=joined(", ", named))


def _date(turn: Turn) -> list[Line]:
    essay = _one(turn)
    if essay:
        return _card(turn, essay)
    dates = sorted(each.date for each in turn.in_scope() if each.date)
    if not dates:
        return [turn.notice(texts.NO_DATES)]
    if dates[0] == dates[-1]:
        return [turn.notice(texts.DATED_ALIKE.format(date=dates[0]))]
    return [turn.notice(texts.DATED.format(first=dates[0], last=dates[-1])), *_items(turn, turn.in_scope())]


def _card(turn: Turn, essay: Essay) -> list[Line]:
    """Author, date and source of one essay, and its first key sentence, which leads to it."""
    pattern = {
        (True, True): texts.AUTHOR_AND_DATE,
        (True, False): texts.AUTHOR,
        (False, True): texts.DATE,
        (False, False): texts.NEITHER,
    }
    text = pattern[bool(essay.author), bool(essay.date)].format(essay=essay_name(essay), author=essay.author, date=essay.date)
    found = [turn.notice(text)]
    if essay.source and not essay.source.endswith(essay.id) and " " in essay.source or "://" in essay.source:
        found.append(turn.notice(texts.SOURCE.format(source=essay.source)))
    return [*found, *turn.key_sentences(essay.id, 1)]


def _list(turn: Turn) -> list[Line]:
    essays, what = _selected(turn)
    if what and not essays:
        return [turn.notice(texts.NONE_SELECTED.format(what=what))]
    return [_count_line(turn, essays, what), *_items(turn, essays)]


def _count(turn: Turn) -> list[Line]:
    essays, what = _selected(turn)
    if what and len(essays) <= MAX_NAMED:
        return [_count_line(turn, essays, what), *_items(turn, essays)]
    return [_count_line(turn, essays, what)]


def _count_line(turn: Turn, essays: Sequence[Essay], what: Text | None) -> Line:
    if what:
        return turn.notice(texts.COUNT_SELECTED.format(what=what, count=len(essays)))
    korean = sum(essay.language == "ko" for essay in essays)
    pattern = texts.COUNT_OF_ALL if 0 < korean < len(essays) else texts.COUNT
    return turn.notice(pattern.format(count=len(essays), korean=korean, english=len(essays) - korean))


def _items(turn: Turn, essays: Sequence[Essay]) -> list[Line]:
    """A line for each essay, in the reader's language first, at most `MAX_LISTED`."""
    ordered = sorted(essays, key=lambda essay: essay.language != turn.language)
    found = [turn.notice(_item(turn, essay)) for essay in ordered[:MAX_LISTED]]
    if len(ordered) > MAX_LISTED:
        found.append(turn.notice(texts.AND_MORE.format(count=len(ordered) - MAX_LISTED)))
    return found


def _item(turn: Turn, essay: Essay) -> Text:
    """Title, author and date of an essay; the author only where the collection has more than one."""
    authors = {each.author for each in turn.index.essays.values()}
    details = [essay.author] if essay.author and len(authors) > 1 else []
    details += [essay.date] if essay.date else []
    return texts.ITEM.format(essay=essay_name(essay), details="".join(f", {detail}" for detail in details))


def _newest(turn: Turn) -> list[Line]:
    question, essays = turn.draft.question, _selected(turn)[0] or turn.in_scope()
    if _LENGTH.search(question) or _SHORTNESS.search(question):
        is_short = bool(_SHORTNESS.search(question))
        ranked = sorted(essays, key=lambda essay: len(essay.text), reverse=not is_short)
        return [turn.notice(texts.SHORTEST if is_short else texts.LONGEST), turn.notice(_item(turn, ranked[0]))]
    dated = [essay for essay in essays if essay.date]
    if not dated:
        return [turn.notice(texts.NO_DATES)]
    is_old = bool(_OLDEST.search(question))
    day = (min if is_old else max)(essay.date for essay in dated)
    found = [essay for essay in dated if essay.date == day]
    return [turn.notice(texts.OLDEST if is_old else texts.NEWEST), *_items(turn, found)]


def _which(turn: Turn) -> list[Line]:
    """The essays that hold what is looked for, each with its best sentence; those that a property selects, where only that is asked for."""
    essays, what = _selected(turn)
    if what and essays:
        return [_count_line(turn, essays, what), *_items(turn, essays)]
    hits = turn.search(turn.question, SEARCHED, "rank", turn.essays)
    if not hits or turn.outcome(hits) == "absent":
        return []
    found = [turn.notice(texts.WHICH if turn.outcome(hits) == "answered" else texts.WHICH_PERHAPS)]
    scores = subject.scores(hits)
    near = [identity for identity, score in scores.items() if score >= FOUND_SHARE * max(scores.values())]
    for identity in near[:MAX_FOUND]:
        best = next(hit for hit in hits if hit.passage.essay == identity)
        found.append(turn.notice(_item(turn, turn.index.essays[identity])))
        found += [turn.quoted(sentence) for sentence in turn.pick([best], 1)]
    return found


def _topics(turn: Turn) -> list[Line]:
    essay = _one(turn)
    if essay:
        keys = turn.key_sentences(essay.id, 3)
        return [summary_heading(turn, essay, len(keys)), *keys]
    essays = turn.in_scope()
    own = [essay for essay in essays if essay.language == turn.language] or essays
    found = [turn.notice(texts.TOPICS.format(count=len(essays)))]
    for each in _spread(own):
        found += [turn.notice(_item(turn, each)), *turn.key_sentences(each.id, 1)]
    return found


def _spread(essays: Sequence[Essay]) -> list[Essay]:
    """At most `MAX_TOPICS` of the essays: those of another kind than the usual one first, then some from the whole of their order."""
    usual = Counter(essay.kind for essay in essays).most_common(1)[0][0]
    ordered = sorted(essays, key=lambda essay: essay.kind == usual)
    special = sum(essay.kind != usual for essay in essays)
    step = max(1, (len(ordered) - special) // max(1, MAX_TOPICS - special))
    return [*ordered[:special], *ordered[special::step]][:MAX_TOPICS]


def summary_heading(turn: Turn, essay: Essay, count: int) -> Line:
    """The line above `count` key sentences of an essay."""
    pattern = texts.SUMMARY if count > 1 else texts.SUMMARY_OF_ONE
    return turn.notice(pattern.format(title=essay.title, count=count))


def _ask(turn: Turn) -> list[Line]:
    return [turn.notice(texts.ASK)]


def _selected(turn: Turn) -> tuple[list[Essay], Text | None]:
    """The essays that the question selects by language, author, kind or year, and what selects them; all and None where nothing does."""
    essays = turn.in_scope()
    chosen = [*_by_language(turn), *_by_author(turn, essays), *_by_kind(turn, essays), *_by_year(turn, essays)]
    if not chosen:
        return essays, None
    ids = set.intersection(*({essay.id for essay in found} for found, _ in chosen))
    return [essay for essay in essays if essay.id in ids], joined(", ", (text for _, text in chosen))


def _by_language(turn: Turn) -> Iterator[Selection]:
    for language, pattern in _LANGUAGES.items():
        if pattern.search(turn.draft.question):
            yield [essay for essay in turn.in_scope() if essay.language == language], texts.WRITTEN_IN[language]


def _by_author(turn: Turn, essays: Sequence[Essay]) -> Iterator[Selection]:
    question, authors = turn.draft.question, sorted({essay.author for essay in essays if essay.author})
    words = set(morphemes(question))
    for author in authors:
        if author.casefold() in question.casefold() or len(authors) > 1 and set(morphemes(author)) & words:
            yield [essay for essay in essays if essay.author == author], texts.BY.format(author=author)


def _by_kind(turn: Turn, essays: Sequence[Essay]) -> Iterator[Selection]:
    for kind in sorted({essay.kind for essay in essays} - {"essay", ""}):
        if re.search(rf"\b{re.escape(kind)}", turn.draft.question, re.IGNORECASE):
            yield [essay for essay in essays if essay.kind == kind], texts.OF_KIND.format(kind=kind)


def _by_year(turn: Turn, essays: Sequence[Essay]) -> Iterator[Selection]:
    if year := _YEAR.search(turn.draft.question):
        yield [essay for essay in essays if essay.date.startswith(year[1])], texts.OF_YEAR.format(year=year[1])


_BY_KIND: dict[str, Callable[[Turn], list[Line]]] = {
    "author": _author,
    "date": _date,
    "list": _list,
    "which": _which,
    "count": _count,
    "newest": _newest,
    "topics": _topics,
    "ask": _ask,
}

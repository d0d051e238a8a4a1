"""The answers of the voice without a model: from the analogy map, or in the essays' own sentences; and those that say there is none."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from bot.answers import debate, selection, wording
from bot.answers.debate import Line
from bot.grounding import quotations
from bot.indexing.analogies import Analogy, Quotation
from bot.retrieval import map_search
from bot.retrieval.index import Index
from bot.retrieval.intent import is_about_all_essays, is_greeting, is_out_of_scope
from bot.schema import Answer, Hit, Sentence

NEAREST = 2  # passages that are shown beside an abstention
SIDES = 2  # essays that are set against each other

_FROM_MAP = {"counter": debate.counter, "socratic": debate.socratic, "compare": debate.compare}


def extractive_answers(blank: Answer, shelf: Index, hits: list[Hit], held: tuple[Analogy, ...]) -> Iterator[Answer]:
    """The answer in its mode: first its citations, then its words. `held` is the analogy map."""
    if is_greeting(blank.question):
        yield replace(blank, sentences=(Sentence(wording.GREETING[blank.language], "notice"),), abstained=True)
    elif is_out_of_scope(blank.question):
        yield _decline(blank, hits)
    elif lines := _lines(blank, shelf, hits, held):
        yield from _tell(blank, shelf, lines)
    else:
        yield _abstain(blank, shelf, hits)


def _lines(blank: Answer, shelf: Index, hits: list[Hit], held: tuple[Analogy, ...]) -> list[Line]:
    """From the map where the question is about an analogy, else in the essays' own sentences; none where they do not say."""
    question, language = blank.standalone, blank.language
    if blank.mode != "answer":
        return _discussed(blank, shelf, hits, held)
    if held and map_search.asks_for_all_analogies(question):
        return debate.list_all(held, language)
    if is_about_all_essays(question) and (said := _all_say(blank, shelf, hits, held)):
        return said
    if about := map_search.analogies_about(question, held):
        return debate.explain(about, question, language)
    return list(_quotations(blank, shelf, hits)) if shelf.is_answered(question, hits) else []


def _discussed(blank: Answer, shelf: Index, hits: list[Hit], held: tuple[Analogy, ...]) -> list[Line]:
    """A counter-argument, a question back or a comparison: from the map, else from the essays that answer."""
    question, language = blank.standalone, blank.language
    if about := map_search.analogies_about(question, held) or map_search.analogies_mentioning(question, held):
        return _FROM_MAP[blank.mode](about, question, language)
    if not shelf.is_answered(question, hits):
        return []
    if blank.mode == "socratic":
        return [*_quotations(blank, shelf, hits, most=1), Line(wording.ASK_BACK[language][""], "reading")]
    head = wording.MAP[language]["no_objection" if blank.mode == "counter" else "side_by_side"]
    return [Line(head, "notice"), *_quotations(blank, shelf, _one_an_essay(hits)[:SIDES], each=True)]


def _one_an_essay(hits: Sequence[Hit]) -> list[Hit]:
    """The best hit of each essay, best first."""
    best: dict[str, Hit] = {}
    for hit in hits:
        best.setdefault(hit.passage.essay, hit)
    return list(best.values())


def _all_say(blank: Answer, shelf: Index, hits: list[Hit], held: tuple[Analogy, ...]) -> list[Line]:
    """What the map names of a question about the whole shelf, and one sentence an essay; nothing where neither knows of it."""
    named = debate.name_all(map_search.analogies_mentioning(blank.standalone, held), blank.language)
    if not named and not shelf.is_answered(blank.standalone, hits):
        return []
    naming = [hit for hit in hits if hit.lexical > 0]  # an essay that has none of the question's words was found for company
    return [*named, *_quotations(blank, shelf, naming if len(naming) > 1 else hits, each=True)]


def _tell(blank: Answer, shelf: Index, lines: Sequence[Line]) -> Iterator[Answer]:
    """The lines as an answer: first its citations, each checked against its essay, then the words too."""
    numbers: dict[Quotation, int] = {}
    for line in lines:
        if line.quotation:
            numbers.setdefault(line.quotation, len(numbers) + 1)
    citations = tuple(quotations.cite(shelf.essays[at.essay], at.start, at.end, number) for at, number in numbers.items())
    yield replace(blank, citations=citations)
    sentences = [
        Sentence(wording.QUOTED.format(quote=citations[numbers[line.quotation] - 1].quote), "essay", (numbers[line.quotation],))
        if line.quotation
        else Sentence(line.text, line.kind)
        for line in lines
    ]
    yield replace(blank, citations=citations, sentences=tuple(sentences))


def _quotations(
    blank: Answer, shelf: Index, hits: Sequence[Hit], *, each: bool = False, most: int = selection.MOST
) -> Iterator[Line]:
    """The essays' own sentences, introduced by the title of their essay; with `each` the best one of every hit."""
    question, rarity = blank.standalone, shelf.retriever.idf
    picks = [
        pick
        for group in ([[hit] for hit in hits] if each else [hits])
        for pick in selection.select_sentences(
            question, group, shelf.essays, shelf.sentence_spans, rarity, most=1 if each else most
        )
    ]
    title = ""
    for pick in picks:
        if pick.essay.title != title:
            title = pick.essay.title
            yield Line(wording.FROM[blank.language].format(title=title), "notice")
        text = pick.essay.text[pick.start : pick.end]
        yield Line("", "essay", Quotation(pick.essay.id, text, pick.start, pick.end))


def _decline(blank: Answer, hits: Sequence[Hit]) -> Answer:
    """The answer to a request for other work, with the passages that lie nearest to its subject."""
    said = (Sentence(wording.OTHER_WORK[blank.language], "notice"),)
    return replace(blank, sentences=said, abstained=True, nearest=tuple(hit.passage for hit in hits[:NEAREST]))


def _abstain(blank: Answer, shelf: Index, hits: Sequence[Hit]) -> Answer:
    """The answer that says the essays do not say, with the nearest passages beside it."""
    notices = [wording.ABSTAIN[blank.language]]
    if hits:
        notices.append(wording.NEAREST[blank.language].format(title=shelf.essays[hits[0].passage.essay].title))
    sentences = tuple(Sentence(text, "notice") for text in notices)
    return replace(blank, sentences=sentences, abstained=True, nearest=tuple(hit.passage for hit in hits[:NEAREST]))

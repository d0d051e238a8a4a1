"""Answers without a chat model: from the analogy map, in the essays' own sentences, or an abstention."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from bot.answers import debate, selection, sentence_features
from bot.answers.debate import Line
from bot.grounding import quotations
from bot.indexing.analogies import Analogy, Quotation
from bot.messages import map as map_texts
from bot.messages import notices
from bot.messages.text import Text
from bot.retrieval import map_search
from bot.retrieval.index import Index
from bot.retrieval.intent import is_about_all_essays, is_greeting, is_out_of_scope
from bot.schema import Answer, Essay, Hit, Language, Passage, Sentence
from bot.text.sentences import outline, place_of

MAX_NEAREST = 2  # passages shown with an abstention
MAX_RELATED = 3  # sentences shown where the essays may not answer
MAX_COMPARED = 2  # essays that are compared with each other

_FROM_MAP = {"counter": debate.counter, "socratic": debate.socratic, "compare": debate.compare}


def extractive_answers(draft: Answer, index: Index, hits: list[Hit], analogies: tuple[Analogy, ...]) -> Iterator[Answer]:
    """The answer to the question of `draft`, an `Answer` without content, in its mode: first with its citations, then with its sentences.

    `analogies` is the analogy map. A greeting, a question that is out of scope and an abstention have no citations and one step.
    """
    if is_greeting(draft.question):
        yield replace(draft, sentences=(Sentence(notices.GREETING.of(draft.language), "notice"),), abstained=True)
    elif is_out_of_scope(draft.question):
        yield _decline(draft, hits)
    elif lines := _lines(draft, index, hits, analogies):
        yield from _answers_of(draft, index, lines)
    elif index.outcome(draft.standalone, hits) == "related":
        yield from _related(draft, index, hits)
    else:
        yield _abstain(draft, index, hits)


def _lines(draft: Answer, index: Index, hits: list[Hit], analogies: tuple[Analogy, ...]) -> list[Line]:
    """From the map where the question is about an analogy, otherwise quotations; empty where the essays do not answer."""
    question, language = draft.standalone, draft.language
    if draft.mode != "answer":
        return _debate_lines(draft, index, hits, analogies)
    if analogies and map_search.asks_for_all_analogies(question):
        return debate.list_all(analogies, language)
    if is_about_all_essays(question) and (lines := _lines_of_all_essays(draft, index, hits, analogies)):
        return lines
    if matches := map_search.analogies_about(question, analogies):
        return debate.explain(matches, question, language)
    return list(_quotation_lines(draft, index, hits)) if _is_answered(draft, index, hits) else []


def _debate_lines(draft: Answer, index: Index, hits: list[Hit], analogies: tuple[Analogy, ...]) -> list[Line]:
    """A counter-argument, a Socratic question or a comparison: from the map, otherwise from the essays where they answer."""
    question, language = draft.standalone, draft.language
    matches = map_search.analogies_about(question, analogies) or map_search.analogies_mentioning(question, analogies)
    if matches:
        return _FROM_MAP[draft.mode](matches, question, language)
    if not _is_answered(draft, index, hits):
        return []
    if draft.mode == "socratic":
        question_back = Line(map_texts.SOCRATIC_QUESTIONS[""].of(language), "reading")
        return [*_quotation_lines(draft, index, hits, limit=1), question_back]
    heading = map_texts.NO_OBJECTION if draft.mode == "counter" else map_texts.SIDE_BY_SIDE
    return [
        Line(heading.of(language), "notice"),
        *_quotation_lines(draft, index, _best_per_essay(hits)[:MAX_COMPARED], one_per_hit=True),
    ]


def _is_answered(draft: Answer, index: Index, hits: Sequence[Hit]) -> bool:
    return index.outcome(draft.standalone, hits) == "answered"


def _best_per_essay(hits: Sequence[Hit]) -> list[Hit]:
    """The best hit of each essay, best first."""
    best: dict[str, Hit] = {}
    for hit in hits:
        best.setdefault(hit.passage.essay, hit)
    return list(best.values())


def _lines_of_all_essays(draft: Answer, index: Index, hits: list[Hit], analogies: tuple[Analogy, ...]) -> list[Line]:
    """The analogies that the question mentions and one sentence per essay; empty where neither the map nor the essays answer."""
    names = debate.name_all(map_search.analogies_mentioning(draft.standalone, analogies), draft.language)
    if not names and not _is_answered(draft, index, hits):
        return []
    with_words = [hit for hit in hits if hit.lexical > 0]  # the others have none of the question's words
    return [*names, *_quotation_lines(draft, index, with_words if len(with_words) > 1 else hits, one_per_hit=True)]


def _answers_of(draft: Answer, index: Index, lines: Sequence[Line]) -> Iterator[Answer]:
    """The answer with its citations, each checked against its essay, then with its sentences, too."""
    numbers: dict[Quotation, int] = {}
    for line in lines:
        if line.quotation:
            numbers.setdefault(line.quotation, len(numbers) + 1)
    citations = tuple(
        quotations.cite(index.essays[quotation.essay], quotation.start, quotation.end, number)
        for quotation, number in numbers.items()
    )
    yield replace(draft, citations=citations)
    sentences = [
        Sentence(line.text or notices.QUOTED.format(quote=line.quotation.quote), "essay", (numbers[line.quotation],), True)
        if line.quotation
        else Sentence(line.text, line.kind)
        for line in lines
    ]
    yield replace(draft, citations=citations, sentences=tuple(sentences))


def _quotation_lines(
    draft: Answer,
    index: Index,
    hits: Sequence[Hit],
    *,
    one_per_hit: bool = False,
    limit: int = selection.MAX_SENTENCES,
) -> Iterator[Line]:
    """At most `limit` sentences of the essays, or with `one_per_hit` the best of each hit, each group after the title of its essay."""
    groups = [[hit] for hit in hits] if one_per_hit else [hits]
    words = index.retriever.words(draft.standalone)
    selected = [
        sentence
        for group in groups
        for sentence in selection.select_sentences(
            draft.standalone, group, index.essays, index.sentence_spans, words, index.weights, limit=1 if one_per_hit else limit
        )
    ]
    title = ""
    for sentence in selected:
        if sentence.essay.title != title:
            title = sentence.essay.title
            yield Line(notices.FROM.format(title=title).of(draft.language), "notice")
        text = sentence.essay.text[sentence.start : sentence.end]
        shown = _shown_text(sentence, text, draft.language)
        yield Line(shown, "essay", Quotation(sentence.essay.id, text, sentence.start, sentence.end))


def _shown_text(sentence: selection.SelectedSentence, quote: str, language: Language) -> str:
    """How the row of a table or the text of a footnote is quoted; empty for any other sentence."""
    if sentence_features.is_note(sentence.essay.text, sentence.start):
        return notices.FOOTNOTE.format(quote=quote).of(language)
    cells = outline(sentence.essay.text).cells(sentence.essay.text, (sentence.start, sentence.end))
    return " · ".join(f"{head}: {notices.QUOTED.format(quote=cell)}" for head, cell in cells)


def _related(draft: Answer, index: Index, hits: Sequence[Hit]) -> Iterator[Answer]:
    """The sentences that are nearest to a question that the essays may not answer."""
    heading = Line(notices.RELATED.of(draft.language), "notice")
    lines = [heading, *_quotation_lines(draft, index, hits, limit=MAX_RELATED)]
    nearest = tuple(hit.passage for hit in hits[:MAX_NEAREST])
    yield from _answers_of(replace(draft, abstained=True, related=True, nearest=nearest), index, lines)


def _decline(draft: Answer, hits: Sequence[Hit]) -> Answer:
    """The answer to a question that is out of scope, with the nearest passages."""
    notice = Sentence(notices.OUT_OF_SCOPE.of(draft.language), "notice")
    return replace(draft, sentences=(notice,), abstained=True, nearest=tuple(hit.passage for hit in hits[:MAX_NEAREST]))


def _nearest(index: Index, passage: Passage) -> Text:
    """Where the passage is. It may begin with a heading: what counts is its first sentence."""
    essay = index.essays[passage.essay]
    start = next((start for start, _ in index.sentence_spans(essay) if start >= passage.start), passage.start)
    return notices.NEAREST.format(title=essay.title, place=_place(essay, start))


def _place(essay: Essay, start: int) -> Text:
    """Where in the essay the character at `start` is: its page where the file has pages, else its heading, else its paragraph."""
    if page := essay.page_at(start):
        return notices.PAGE.format(number=page)
    heading, paragraph = place_of(essay.text, start)
    return notices.PARAGRAPH.format(number=paragraph) if heading in {"", essay.title} else notices.UNDER.format(heading=heading)


def _abstain(draft: Answer, index: Index, hits: Sequence[Hit]) -> Answer:
    """The answer that the essays do not say, with the nearest passages."""
    texts = [notices.ABSTAIN]
    if hits:
        texts.append(_nearest(index, hits[0].passage))
    sentences = tuple(Sentence(text.of(draft.language), "notice") for text in texts)
    return replace(draft, sentences=sentences, abstained=True, nearest=tuple(hit.passage for hit in hits[:MAX_NEAREST]))

"""Answers without a chat model: about the essays as documents, from the analogy map, in the essays' own sentences, or an abstention."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from bot.answers import argument, comparison, debate, documents, more, selection, subject, summary
from bot.answers.turn import Line, Turn
from bot.grounding import quotations
from bot.indexing.analogies import Quotation
from bot.messages import answers as texts
from bot.messages import map as map_texts
from bot.messages import notices
from bot.messages.text import Text
from bot.retrieval import map_search
from bot.retrieval.index import Index
from bot.retrieval.intent import is_about_all_essays, is_greeting
from bot.schema import Answer, Essay, Hit, Passage, Sentence
from bot.text.sentences import place_of

MAX_NEAREST = 2  # passages shown with an abstention
MAX_RELATED = 3  # sentences shown where the essays may not answer
MAX_COMPARED = 2  # essays that are compared with each other

_FROM_MAP = {"counter": debate.counter, "socratic": debate.socratic, "compare": debate.compare}


def extractive_answers(turn: Turn) -> Iterator[Answer]:
    """The answer to a turn's question, in its mode: first with its citations, then with its sentences.

    A greeting, other work that the essays do not answer and an abstention have no citations and one step.
    """
    draft = turn.draft
    if is_greeting(draft.question) or draft.intent == "smalltalk":
        yield _told(draft, notices.GREETING)
    elif unknown := unknown_title(turn):
        yield _told(draft, texts.NO_SUCH_TITLE.format(title=unknown), turn.hits)
    elif lines := _lines(turn):
        yield from _answers_of(draft, turn.index, lines)
    elif draft.intent == "other_work":
        yield _told(draft, notices.OUT_OF_SCOPE, turn.hits)
    elif turn.outcome() == "related":
        yield from _related(turn)
    else:
        yield _abstain(turn)


def abstention(turn: Turn, answer: Answer) -> Answer:
    """The answer where a chat model says that the essays do not answer: this one, in quotations, if it abstains; else the nearest sentences."""
    if answer.abstained:
        return answer
    *_, nearest = _related(turn)
    return nearest if nearest.citations else _abstain(turn)


def unknown_title(turn: Turn) -> str:
    """The title that a question about a text as a whole names in quotation marks, where no essay has it."""
    is_about_a_text = turn.draft.intent.partition(".")[0] in {"summary", "documents"}
    return subject.unknown_title(turn.draft.question, turn.in_scope()) if is_about_a_text else ""


def _lines(turn: Turn) -> list[Line]:
    """The lines by the intent of the question, else quotations; empty where the essays do not answer."""
    if turn.draft.mode != "answer":
        return _debate_lines(turn)
    intent, _, kind = turn.draft.intent.partition(".")
    if intent == "documents" and (lines := documents.lines(turn, kind)):
        return lines
    if intent in BY_INTENT and (lines := BY_INTENT[intent](turn)):
        return lines
    return _content_lines(turn)


def _content_lines(turn: Turn) -> list[Line]:
    """From the map where the question is about an analogy, otherwise quotations; empty where the essays do not answer."""
    question, language = turn.question, turn.language
    if turn.analogies and map_search.asks_for_all_analogies(question):
        return debate.list_all(turn.analogies, language)
    if is_about_all_essays(question) and (lines := _lines_of_all_essays(turn)):
        return lines
    if matches := map_search.analogies_about(question, turn.analogies):
        return debate.explain(matches, question, language)
    return _quotation_lines(turn, turn.hits) if turn.outcome() == "answered" else []


def _argument_lines(turn: Turn) -> list[Line]:
    """The objections of the map where the claim is an analogy of it, else what the essays say for and against the claim."""
    matches = map_search.analogies_about(turn.question, turn.analogies)
    wanted = summary.count_in(turn.draft.question)
    from_map = debate.arguments(matches, turn.question, turn.language, wanted) if matches else []
    return from_map or argument.lines(turn)


def _comparison_lines(turn: Turn) -> list[Line]:
    """The analogy where the map holds the two sides as one, else what the essays say of each."""
    sides = [side.name for side in comparison.sides(turn)]
    matches = map_search.analogies_between(sides, turn.analogies)
    return debate.explain(matches, turn.question, turn.language) if matches else comparison.lines(turn)


BY_INTENT: dict[
    str, Callable[[Turn], list[Line]]
] = {  # what answers a turn of an intent; a question of content where it has no lines
    "summary": summary.lines,
    "compare": _comparison_lines,
    "argument": _argument_lines,
    "followup_more": more.lines,
}


def _debate_lines(turn: Turn) -> list[Line]:
    """A counter-argument, a Socratic question or a comparison: from the map, otherwise from the essays where they answer."""
    question, language = turn.question, turn.language
    if turn.draft.mode == "counter" and (lines := argument.objections(turn)):
        return lines
    matches = map_search.analogies_about(question, turn.analogies) or map_search.analogies_mentioning(question, turn.analogies)
    if matches:
        return _FROM_MAP[turn.draft.mode](matches, question, language)
    if turn.draft.mode == "compare" and (lines := comparison.lines(turn)):
        return lines
    if turn.outcome() != "answered":
        return []
    if turn.draft.mode == "socratic":
        question_back = Line(map_texts.SOCRATIC_QUESTIONS[""].of(language), "reading")
        return [*turn.quotations(turn.pick(turn.hits, 1)), question_back]
    if turn.draft.mode == "counter" and (lines := argument.lines(turn)):
        return lines
    heading = map_texts.NO_OBJECTION if turn.draft.mode == "counter" else map_texts.SIDE_BY_SIDE
    return [turn.notice(heading), *_one_of_each(turn, _best_per_essay(turn.hits)[:MAX_COMPARED])]


def _best_per_essay(hits: Sequence[Hit]) -> list[Hit]:
    """The best hit of each essay, best first."""
    best: dict[str, Hit] = {}
    for hit in hits:
        best.setdefault(hit.passage.essay, hit)
    return list(best.values())


def _lines_of_all_essays(turn: Turn) -> list[Line]:
    """The analogies that the question mentions and one sentence per essay; empty where neither the map nor the essays answer."""
    names = debate.name_all(map_search.analogies_mentioning(turn.question, turn.analogies), turn.language)
    if not names and turn.outcome() != "answered":
        return []
    with_words = [hit for hit in turn.hits if hit.lexical > 0]  # the others have none of the question's words
    return [*names, *_one_of_each(turn, with_words if len(with_words) > 1 else turn.hits)]


def _quotation_lines(turn: Turn, hits: Sequence[Hit], limit: int = selection.MAX_SENTENCES) -> list[Line]:
    """At most `limit` sentences of the hits, after a line that says from how many essays they are where there are several."""
    selected = turn.pick(hits, limit)
    essays = {sentence.essay.id for sentence in selected}
    introduction = [turn.notice(texts.SEVERAL_ESSAYS.format(count=len(essays)))] if len(essays) > 1 else []
    return [*introduction, *turn.quotations(selected)]


def _one_of_each(turn: Turn, hits: Sequence[Hit]) -> Iterator[Line]:
    """The best sentence of each hit."""
    return turn.quotations([sentence for hit in hits for sentence in turn.pick([hit], 1)])


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


def _related(turn: Turn) -> Iterator[Answer]:
    """The sentences that are nearest to a question that the essays may not answer."""
    lines = [turn.notice(notices.RELATED), *turn.quotations(turn.pick(turn.hits, MAX_RELATED))]
    draft = replace(turn.draft, abstained=True, related=True, nearest=_nearest_passages(turn.hits))
    yield from _answers_of(draft, turn.index, lines)


def _told(draft: Answer, text: Text, hits: Sequence[Hit] = ()) -> Answer:
    """An answer of one notice, with the nearest passages."""
    notice = Sentence(text.of(draft.language), "notice")
    return replace(draft, sentences=(notice,), abstained=True, nearest=_nearest_passages(hits))


def _nearest_passages(hits: Sequence[Hit]) -> tuple[Passage, ...]:
    return tuple(hit.passage for hit in hits[:MAX_NEAREST])


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


def _abstain(turn: Turn) -> Answer:
    """The answer that the essays do not say, with the nearest passages."""
    found = [notices.ABSTAIN, *(_nearest(turn.index, hit.passage) for hit in turn.hits[:1])]
    sentences = tuple(Sentence(text.of(turn.language), "notice") for text in found)
    return replace(turn.draft, sentences=sentences, abstained=True, nearest=_nearest_passages(turn.hits))

"""What an answer is made from: the question, the open index, what was found, and the lines that become its sentences."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from bot.answers import selection, sentence_features
from bot.indexing.analogies import Analogy, Quotation
from bot.messages import answers as texts
from bot.messages import notices
from bot.messages.text import Text
from bot.retrieval.index import Index
from bot.schema import Answer, Essay, Hit, Kind, Language, Message, Use
from bot.text.sentences import outline

Search = Callable[[str, int, Use, Sequence[str]], list[Hit]]
"""Finds the passages for a wording: question, number, use, and the ids of the essays to search, all where there are none."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an answer: `text`, or a quotation of an essay. With both, `text` is how the quotation is shown."""

    text: str
    kind: Kind
    quotation: Quotation | None = None


@dataclass(frozen=True)
class Turn:
    """One question: its draft, an `Answer` without content, the hits for it, and what else an answer may need.

    `subject` is the id of the essay under discussion, empty where there is none; `essays` are the ids that the reader narrowed the
    question to; `history` is the chat so far, oldest first. `more_hits(k)` finds the `k` best passages for the question, without the limit
    for one essay that `hits` have.
    """

    draft: Answer
    index: Index
    hits: list[Hit]
    analogies: tuple[Analogy, ...]
    search: Search
    subject: str = ""
    essays: tuple[str, ...] = ()
    history: tuple[Message, ...] = ()
    more_hits: Callable[[int], list[Hit]] = lambda _: []

    @property
    def shown(self) -> tuple[str, ...]:
        """The quotations that stand in the chat already, the last answer's last."""
        return tuple(quote for message in self.history for quote in message.quotations)

    @property
    def question(self) -> str:
        """The question as it is searched for."""
        return self.draft.standalone

    @property
    def language(self) -> Language:
        """The reader's language."""
        return self.draft.language

    def notice(self, text: Text) -> Line:
        """A line about the answer, in the reader's language."""
        return Line(text.of(self.language), "notice")

    def outcome(self, hits: Sequence[Hit] | None = None) -> str:
        """Whether the essays answer the question with these hits, those of the question by default."""
        return self.index.outcome(self.question, self.hits if hits is None else hits)

    def in_scope(self) -> list[Essay]:
        """The essays that the question is about: those that the reader narrowed it to, else all; by date and title."""
        chosen = [essay for essay in self.index.essays.values() if not self.essays or essay.id in self.essays]
        return sorted(chosen, key=lambda essay: (essay.date, essay.title, essay.id))

    def pick(self, hits: Sequence[Hit], limit: int, question: str = "") -> list[selection.SelectedSentence]:
        """At most `limit` sentences of the hits, the best first, those of an essay together."""
        words = self.index.retriever.words(question) if question else self._words()
        question = question or self.question
        return selection.select_sentences(
            question, hits, self.index.essays, self.index.sentence_spans, words, self.index.weights, limit=limit
        )

    def _words(self) -> dict[str, float]:
        """The content words of the question; those that a turn adds to the chat before it count double."""
        words = self.index.retriever.words(self.question)
        if self.draft.standalone == self.draft.question:
            return words
        own = self.index.retriever.words(self.draft.question)
        return {word: weight * (2 if word in own else 1) for word, weight in words.items()}

    def quoted(self, sentence: selection.SelectedSentence) -> Line:
        """The line that quotes a sentence."""
        text = sentence.essay.text[sentence.start : sentence.end]
        shown = _shown_text(sentence, text, self.language)
        return Line(shown, "essay", Quotation(sentence.essay.id, text, sentence.start, sentence.end))

    def quotations(self, selected: Sequence[selection.SelectedSentence]) -> Iterator[Line]:
        """The lines that quote sentences, those of each essay after its title."""
        title = ""
        for sentence in selected:
            if sentence.essay.title != title:
                title = sentence.essay.title
                yield self.notice(notices.FROM.format(title=title))
            yield self.quoted(sentence)

    def key_sentences(self, identity: str, count: int) -> list[Line]:
        """The `count` highest of an essay's key sentences, in the order of its text."""
        essay = self.index.essays[identity]
        return [
            Line("", "essay", Quotation(identity, essay.text[start:end], start, end))
            for start, end in self.index.key_sentences(identity, count)
        ]


def essay_name(essay: Essay) -> Text:
    """The title of an essay in the quotation marks of each language."""
    return texts.ESSAY.format(title=essay.title)


def _shown_text(sentence: selection.SelectedSentence, quote: str, language: Language) -> str:
    """How the row of a table or the text of a footnote is quoted; empty for any other sentence."""
    if sentence_features.is_note(sentence.essay.text, sentence.start):
        return notices.FOOTNOTE.format(quote=quote).of(language)
    cells = outline(sentence.essay.text).cells(sentence.essay.text, (sentence.start, sentence.end))
    return " · ".join(f"{head}: {notices.QUOTED.format(quote=cell)}" for head, cell in cells)

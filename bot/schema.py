"""The data classes that all packages share, frozen: essays, passages, hits, citations, answers, reports."""

import hashlib
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import MISSING, asdict, astuple, dataclass, field, fields
from functools import cached_property
from typing import Any, Literal, Self, get_args

from bot.errors import BotError
from bot.messages import errors, notices
from bot.messages.text import Language as Language
from bot.messages.text import Text

Mode = Literal["answer", "counter", "socratic", "compare"]  # of discussion
Kind = Literal["essay", "unconfirmed", "reading", "notice"]  # of a sentence in an answer; see `Sentence`
ModelClass = Literal["capable", "small"]  # of a chat model; see `bot.models.model_class`
Relation = Literal["entailment", "neutral", "contradiction"]  # of a premise to a claim
Use = Literal["rank", "answer", "each"]  # hits for a ranked list, for an answer, for an answer with one passage of each essay

MODES: tuple[Mode, ...] = get_args(Mode)

Progress = Callable[[str, int, int], None]
"""Called with the stage of a long task, how much of it is done, and how much there is."""


def no_progress(stage: str, done: int, total: int) -> None:
    """Ignore the progress of a task."""


@dataclass(frozen=True)
class Essay:
    """One essay of the collection.

    `text` is NFC with line feeds as newlines, without front matter; every offset in the project counts its characters. `source` is a path
    or an address, `kind` the one that the front matter gives (`essay`, `retelling`, …), `date` an ISO date or empty. `pages` holds pairs
    of an offset and the number of the page that begins there, in order; it is empty where the file has no pages. `summary` is what the
    front matter gives as one, empty where it gives none: sentences of the text in it are the first to be key sentences.
    """

    id: str
    title: str
    author: str
    date: str
    language: Language
    source: str
    kind: str
    text: str
    pages: tuple[tuple[int, int], ...] = ()
    summary: str = ""

    @cached_property
    def sha256(self) -> str:
        """Hex digest of the text in UTF-8. A citation carries it, since its offsets are valid for this text only."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @cached_property
    def digest(self) -> str:
        """Hex digest of all fields; an index compares it to tell whether an essay has changed. Without pages and summary it is as in 0.1.0."""
        return hashlib.sha256(repr(tuple(self._fields().values())).encode()).hexdigest()

    def page_at(self, offset: int) -> int:
        """The number of the page on which the character at `offset` stands; 0 where the file has no pages."""
        place = bisect_right(self.pages, offset, key=lambda pair: pair[0])
        return self.pages[place - 1][1] if place else 0

    def to_dict(self) -> dict[str, Any]:
        """The essay as plain JSON, with its text and the text's sha256, its `pages` and its `summary` where it has some."""
        return {**self._fields(), "sha256": self.sha256}

    def _fields(self) -> dict[str, Any]:
        return {name: value for name, value in asdict(self).items() if value or name not in ("pages", "summary")}


@dataclass(frozen=True, slots=True)
class Passage:
    """A span of one essay: `essay.text[start:end] == text`. The passages of an essay, joined, are its whole text."""

    id: str
    essay: str
    start: int
    end: int
    text: str

    @classmethod
    def of(cls, essay: Essay, start: int, end: int) -> "Passage":
        """The passage of `essay` from character `start` to `end`; its id is a hash of essay id, span and text."""
        text = essay.text[start:end]
        identity = "\0".join((essay.id, str(start), str(end), text))
        return cls(hashlib.sha256(identity.encode()).hexdigest()[:32], essay.id, start, end, text)

    def to_dict(self) -> dict[str, Any]:
        """The passage as plain JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Window:
    """What is embedded: a whole passage, or one sentence of it, from character `start` to `end` of the essay.

    `text` is what the embedder reads: of a whole passage the essay's title, a line feed and the passage; it is never shown or cited. A
    sentence is read within its passage: `context` is the key of the passage's window, and empty for a passage.
    """

    passage: str
    start: int
    end: int
    text: str
    context: str = ""

    @property
    def key(self) -> str:
        """What its vector is stored under: a hash, in hex, of everything that the embedder reads for it."""
        return hashlib.sha256("\0".join(filter(None, (self.context, self.text))).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class SplitEssay:
    """What an index holds of one essay: its passages, their terms (`terms[i]` are the morphemes of `passages[i]`) and its windows."""

    passages: tuple[Passage, ...]
    terms: tuple[str, ...]
    windows: tuple[Window, ...]


@dataclass(frozen=True, slots=True)
class WindowHit:
    """A window that the index found for a question: its passage, its span in the essay, and its cosine with the question, -1 to 1.

    `nearness` is the z-score of the cosine among the windows of its language and kind.
    """

    passage: str
    start: int
    end: int
    cosine: float
    nearness: float = 0.0


@dataclass(frozen=True, slots=True)
class Near:
    """How near a passage is to a question: cosines, -1 to 1, of the whole of it and of its nearest sentence, and both as z-scores."""

    whole_cosine: float = 0.0
    sentence_cosine: float = 0.0
    whole: float = 0.0
    sentence: float = 0.0

    def better(self, other: "Near") -> "Near":
        """The higher of both in each."""
        return Near(*(max(pair) for pair in zip(astuple(self), astuple(other), strict=True)))


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage found for a question.

    `score` orders the hits. `dense` is the cosine of the best window, -1 to 1. `lexical` is the share, 0 to 1, of the question's weighted
    words that the passage or its essay's title contains. `windows` are the windows of the passage, and of those merged into it, that the
    index found, nearest first.
    """

    passage: Passage
    score: float
    dense: float
    lexical: float
    near: Near = Near()
    windows: tuple[WindowHit, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The hit as plain JSON: the passage's fields, then the scores rounded to four places."""
        scores = {
            "score": self.score,
            "dense": self.dense,
            "lexical": self.lexical,
            "nearness": max(self.near.whole, self.near.sentence),
        }
        return {**self.passage.to_dict(), **{name: round(value, 4) for name, value in scores.items()}}


@dataclass(frozen=True, slots=True)
class Citation:
    """A checked quotation: `essay.text[start:end] == quote` when it was made, for the text with this `sha256`. `number` is from 1.

    `page` is the number of the page on which it begins, 0 where the file has no pages.
    """

    number: int
    essay: str
    title: str
    source: str
    quote: str
    start: int
    end: int
    sha256: str
    page: int = 0

    @property
    def place(self) -> Text:
        """The page as it is cited, in both languages; empty without one."""
        return notices.PAGE.format(number=self.page) if self.page else Text("", "")

    def to_dict(self) -> dict[str, Any]:
        """The citation as plain JSON, with its `page` where it has one."""
        return {name: value for name, value in asdict(self).items() if name != "page" or value}


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of an answer and the numbers of its citations.

    Kinds: `essay` (a quotation, or a sentence that the check found supported by the cited passages), `unconfirmed` (a capable model says
    that the essays say so; nothing speaks against it, and the check cannot confirm it; its citation is the passage to compare), `reading`
    (the bot's own interpretation, which no essay states), `notice` (about the answer or the bot). `quotation` says that it shows the
    quotation of its one citation and nothing else: in “ ”, or as the row of a table or a footnote.
    """

    text: str
    kind: Kind
    citations: tuple[int, ...] = ()
    quotation: bool = False

    def to_dict(self) -> dict[str, Any]:
        """The sentence as plain JSON."""
        return {"text": self.text, "kind": self.kind, "citations": list(self.citations), "quotation": self.quotation}


@dataclass(frozen=True, slots=True)
class Refusal:
    """A sentence of a chat model that the check removed, and the reason code."""

    text: str
    reason: str


@dataclass(frozen=True)
class Answer:
    """An answer. A stream yields longer and longer ones; the last is final.

    `standalone` is the question that was searched for, a follow-up condensed with its history. `voice` is the chat model's name, or
    `quotes` for quotations only. `abstained` says that the essays do not answer, `related` that the sentences shown are only the nearest
    ones; `nearest` are the passages nearest to the question. `refused` are the sentences that the check removed. `complete` is false where
    the chat model was interrupted. `timings` are in milliseconds since the question. `intent` is what the reader wants (see
    `bot.indexing.intents`), empty in a mode that says so itself; `suggestions` are next questions, in the reader's language. `reading` is
    set in a stream until the chat model's first sentence: how many passages it is reading, and from how many essays. It is not in the JSON.
    """

    question: str
    standalone: str
    language: Language
    mode: str
    voice: str
    sentences: tuple[Sentence, ...] = ()
    citations: tuple[Citation, ...] = ()
    abstained: bool = False
    related: bool = False
    nearest: tuple[Passage, ...] = ()
    refused: tuple[Refusal, ...] = ()
    complete: bool = True
    timings: dict[str, float] = field(default_factory=dict)
    intent: str = ""
    suggestions: tuple[str, ...] = ()
    reading: tuple[int, int] | None = None

    @cached_property
    def text(self) -> str:
        """The sentences as one text, a line each, followed by the numbers of their citations as `[n]`; an unconfirmed one says that it is."""
        mark = notices.UNCONFIRMED.of(self.language)
        return "\n".join(
            " ".join(
                [
                    sentence.text,
                    *(f"[{number}]" for number in sentence.citations),
                    *([f"({mark})"] if sentence.kind == "unconfirmed" else []),
                ]
            )
            for sentence in self.sentences
        )

    @cached_property
    def quotations(self) -> tuple[str, ...]:
        """The texts that its sentences quote, in their order."""
        quotes = {citation.number: citation.quote for citation in self.citations}
        return tuple(
            quotes[number]
            for sentence in self.sentences
            if sentence.quotation
            for number in sentence.citations
            if number in quotes
        )

    def __add__(self, later: "Answer") -> "Answer":
        """The later of two answers of one stream, which extends the earlier one: so LangChain adds up a stream."""
        return later

    def to_dict(self) -> dict[str, Any]:
        """The answer as plain JSON, the same on the command line, in the API and in exports."""
        return {
            "question": self.question,
            "standalone": self.standalone,
            "language": self.language,
            "mode": self.mode,
            "voice": self.voice,
            "text": self.text,
            "abstained": self.abstained,
            "related": self.related,
            "sentences": [sentence.to_dict() for sentence in self.sentences],
            "citations": [citation.to_dict() for citation in self.citations],
            "nearest": [passage.to_dict() for passage in self.nearest],
            "refused": [asdict(refusal) for refusal in self.refused],
            "timings": dict(self.timings),
            "complete": self.complete,
            "intent": self.intent,
            "suggestions": list(self.suggestions),
        }

    @classmethod
    def from_dict(cls, payload: Any) -> Self:
        """The answer whose `to_dict` gave this payload. Raises `BotError` for anything else."""
        try:
            citations = tuple(_record(Citation, citation) for citation in payload["citations"])
            return cls(
                **{name: _typed(str, payload[name]) for name in ("question", "standalone", "mode", "voice")},
                language=_choice(get_args(Language), payload["language"]),
                sentences=tuple(_sentence(sentence, citations) for sentence in payload["sentences"]),
                citations=citations,
                abstained=_typed(bool, payload["abstained"]),
                related=_typed(bool, payload.get("related", False)),
                nearest=tuple(_record(Passage, passage) for passage in payload["nearest"]),
                refused=tuple(_record(Refusal, refusal) for refusal in payload["refused"]),
                complete=_typed(bool, payload.get("complete", True)),
                timings={_typed(str, name): float(value) for name, value in payload["timings"].items()},
                intent=_typed(str, payload.get("intent", "")),
                suggestions=tuple(_typed(str, question) for question in payload.get("suggestions", ())),
            )
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            reason = f"{type(error).__name__}: {error}"
            raise BotError(errors.NOT_AN_ANSWER.format(reason=reason)) from None


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a chat: `role` is `user` or `assistant`.

    `quotations` are the texts that an answer quotes, or rests on where it quotes none by itself, in their order. `said` is an answer's
    text without notices and citation numbers; None where nothing has to be left out.
    """

    role: str
    text: str
    quotations: tuple[str, ...] = ()
    said: str | None = None


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file that was left out, and why, without a final period."""

    path: str
    reason: Text


@dataclass(frozen=True, slots=True)
class Note:
    """A remark on a file that was read, without a final period."""

    path: str
    text: Text

    def __str__(self) -> str:
        """The English remark as a line of a report."""
        return f"{self.path}: {self.text}"


@dataclass(frozen=True, slots=True)
class Report:
    """What an ingest did: counts of essays, in `embedded` the number of windows that were embedded, and whether the analogy map changed."""

    added: int = 0
    changed: int = 0
    removed: int = 0
    unchanged: int = 0
    embedded: int = 0
    map_changed: bool = False
    skipped: tuple[Skipped, ...] = ()
    notes: tuple[Note, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The report as plain JSON: the counts, then the skipped files with reasons, and the notes."""
        counts = {name: getattr(self, name) for name in ("added", "changed", "removed", "unchanged")}
        files = [{"path": skipped.path, "reason": skipped.reason.en} for skipped in self.skipped]
        notes = [str(note) for note in self.notes]
        return {
            **counts,
            "skipped": len(files),
            "embedded": self.embedded,
            "map_changed": self.map_changed,
            "skipped_files": files,
            "notes": notes,
        }


def is_quotation(text: str, cited: Sequence[Citation]) -> bool:
    """Whether a sentence that cites these is one of their quotations in “ ” and nothing else."""
    return len(cited) == 1 and text.strip() == f"“{cited[0].quote}”"


def _sentence(payload: Any, citations: Sequence[Citation]) -> Sentence:
    """The sentence. One that version 0.1.0 wrote does not say whether it is a quotation."""
    numbers = tuple(_typed(int, number) for number in payload["citations"])
    text, kind = _typed(str, payload["text"]), _choice(get_args(Kind), payload["kind"])
    if "quotation" in payload:
        return Sentence(text, kind, numbers, _typed(bool, payload["quotation"]))
    cited = [citation for citation in citations if citation.number in numbers]
    return Sentence(text, kind, numbers, kind == "essay" and is_quotation(text, cited))


def _record(data_class: type[Any], payload: Any) -> Any:
    """A data class of strings and integers from its fields, which may lack those with a default. Raises `TypeError` for a value of another type."""
    types = {"int": int, "str": str, int: int, str: str}
    given = [field for field in fields(data_class) if field.default is MISSING or field.name in payload]
    return data_class(**{field.name: _typed(types[field.type], payload[field.name]) for field in given})


def _typed(expected: type[Any], value: Any) -> Any:
    """The value. Raises `TypeError` where it is not exactly of this type (`True` is no integer)."""
    if type(value) is not expected:
        raise TypeError(f"{expected.__name__} expected, not {type(value).__name__}")
    return value


def _choice(choices: tuple[str, ...], value: Any) -> Any:
    """The value. Raises `ValueError` where it is none of the choices."""
    if value not in choices:
        raise ValueError(f"one of {', '.join(choices)} expected")
    return value

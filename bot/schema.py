"""The nouns of the project, frozen: essays, passages, citations, answers. Knows nothing of how they are made."""

import hashlib
from dataclasses import asdict, dataclass, field, fields
from functools import cached_property
from typing import Any, Literal, Self, get_args

from bot.errors import BotError

Language = Literal["ko", "en"]
Mode = Literal["answer", "counter", "socratic", "compare"]  # of discussion
Kind = Literal["essay", "reading", "notice"]
Use = Literal["rank", "answer", "each"]  # what hits are wanted for

MODES: tuple[Mode, ...] = get_args(Mode)


@dataclass(frozen=True)
class Essay:
    """One text on the shelf.

    `text` is NFC with line feeds as newlines, without its front matter; every offset in the project counts characters of it.
    `source` is a path or an address, `kind` what the front matter calls it (`essay`, `retelling`, …), `date` an ISO date or empty.
    """

    id: str
    title: str
    author: str
    date: str
    language: Language
    source: str
    kind: str
    text: str

    @cached_property
    def sha256(self) -> str:
        """Hex digest of the text in UTF-8: what a citation's offsets were counted against."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @cached_property
    def digest(self) -> str:
        """Hex digest of the text and of everything said about it: differs when anything that is shown differs."""
        return hashlib.sha256(repr(tuple(asdict(self).values())).encode()).hexdigest()

    def to_dict(self) -> dict[str, Any]:
        """The essay as plain JSON, its text and the text's sha256 included."""
        return {**asdict(self), "sha256": self.sha256}


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of one essay: `essay.text[start:end] == text`. The passages of an essay, joined, are its text."""

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
    """What is embedded: a few whole sentences of a passage, from character `start` to `end` of the essay, as `text`.

    `text` may say more than the span (the essay's title, say); it is never shown and never cited.
    """

    passage: str
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class WindowHit:
    """A window found near a question: its passage, its span in the essay, and its cosine with the question, -1 to 1."""

    passage: str
    start: int
    end: int
    cosine: float


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage that a question found. `score` orders hits; `dense` is the best window's cosine, -1 to 1; `lexical` is the share,
    0 to 1, of the question's weighted words which the passage holds; `nearness` says by how many standard deviations the best
    window is nearer than the language's windows are on average; `near` are the windows near the question, nearest first.
    """

    passage: Passage
    score: float
    dense: float
    lexical: float
    nearness: float = 0.0
    near: tuple[WindowHit, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The hit as plain JSON: the passage's fields, then the scores rounded to four places."""
        scores = {name: round(getattr(self, name), 4) for name in ("score", "dense", "lexical", "nearness")}
        return {**self.passage.to_dict(), **scores}


@dataclass(frozen=True, slots=True)
class Citation:
    """A checked quotation: `essay.text[start:end] == quote` held when it was made, for the text with this `sha256`."""

    number: int
    essay: str
    title: str
    source: str
    quote: str
    start: int
    end: int
    sha256: str

    def to_dict(self) -> dict[str, Any]:
        """The citation as plain JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of an answer and the numbers of its citations.

    Kinds: `essay` (the cited passages say it, and the check agrees), `reading` (the bot's own connection, never with an essay's
    authority), `notice` (about the bot itself).
    """

    text: str
    kind: Kind
    citations: tuple[int, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The sentence as plain JSON."""
        return {"text": self.text, "kind": self.kind, "citations": list(self.citations)}


@dataclass(frozen=True, slots=True)
class Refusal:
    """A sentence that the check took out, and why."""

    text: str
    reason: str


@dataclass(frozen=True)
class Answer:
    """What the reader gets. Built up while it streams; the last one is whole, or not `complete` where a model was cut short.

    Timings are in milliseconds.
    """

    question: str
    standalone: str
    language: Language
    mode: str
    voice: str
    sentences: tuple[Sentence, ...] = ()
    citations: tuple[Citation, ...] = ()
    abstained: bool = False
    nearest: tuple[Passage, ...] = ()
    refused: tuple[Refusal, ...] = ()
    complete: bool = True
    timings: dict[str, float] = field(default_factory=dict)

    @cached_property
    def text(self) -> str:
        """The sentences as one text, a line each, every citation marked `[n]` behind its sentence."""
        return "\n".join(
            " ".join([sentence.text, *(f"[{number}]" for number in sentence.citations)]) for sentence in self.sentences
        )

    def to_dict(self) -> dict[str, Any]:
        """The answer as plain JSON: the same on the command line, in the API and in exports."""
        return {
            "question": self.question,
            "standalone": self.standalone,
            "language": self.language,
            "mode": self.mode,
            "voice": self.voice,
            "text": self.text,
            "abstained": self.abstained,
            "sentences": [sentence.to_dict() for sentence in self.sentences],
            "citations": [citation.to_dict() for citation in self.citations],
            "nearest": [passage.to_dict() for passage in self.nearest],
            "refused": [asdict(refusal) for refusal in self.refused],
            "timings": dict(self.timings),
            "complete": self.complete,
        }

    @classmethod
    def from_dict(cls, told: Any) -> Self:
        """The answer whose `to_dict` this is. Raises `BotError` for what is none."""
        try:
            return cls(
                **{name: _of(str, told[name]) for name in ("question", "standalone", "mode", "voice")},
                language=_one_of(("ko", "en"), told["language"]),
                sentences=tuple(
                    Sentence(
                        _of(str, one["text"]),
                        _one_of(("essay", "reading", "notice"), one["kind"]),
                        tuple(_of(int, number) for number in one["citations"]),
                    )
                    for one in told["sentences"]
                ),
                citations=tuple(_made(Citation, one) for one in told["citations"]),
                abstained=_of(bool, told["abstained"]),
                nearest=tuple(_made(Passage, one) for one in told["nearest"]),
                refused=tuple(_made(Refusal, one) for one in told["refused"]),
                complete=_of(bool, told.get("complete", True)),
                timings={_of(str, name): float(value) for name, value in told["timings"].items()},
            )
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise BotError(
                f"This is no answer of Dolmen's ({type(error).__name__}: {error}). Use what `ask --json` prints, or an export.",
                f"Dolmen의 답이 아닙니다({type(error).__name__}). `ask --json`이나 내려받기로 만든 것을 쓰세요.",
            ) from None


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file that was not taken in, and why, in English and in Korean."""

    path: str
    reason: str
    korean: str


@dataclass(frozen=True, slots=True)
class Note:
    """What was done to a file that was taken in, in English and in Korean."""

    path: str
    text: str
    korean: str

    def __str__(self) -> str:
        """As a line of a report."""
        return f"{self.path}: {self.text}"


@dataclass(frozen=True, slots=True)
class Report:
    """What an ingest did, counted in essays, but for `embedded`: the windows that were computed anew."""

    added: int = 0
    changed: int = 0
    removed: int = 0
    unchanged: int = 0
    embedded: int = 0
    skipped: tuple[Skipped, ...] = ()
    notes: tuple[Note, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The report as plain JSON: counts, then what was skipped and why."""
        counts = {name: getattr(self, name) for name in ("added", "changed", "removed", "unchanged")}
        files = [{"path": skipped.path, "reason": skipped.reason} for skipped in self.skipped]
        notes = [str(note) for note in self.notes]
        return {**counts, "skipped": len(files), "embedded": self.embedded, "skipped_files": files, "notes": notes}


def _of(kind: type[Any], value: Any) -> Any:
    """The value, if it is of this very type."""
    if type(value) is not kind:
        raise TypeError(f"{kind.__name__} wanted")
    return value


def _one_of(choices: tuple[str, ...], value: Any) -> Any:
    if value not in choices:
        raise ValueError(f"one of {', '.join(choices)} wanted")
    return value


def _made(noun: type[Any], told: Any) -> Any:
    """A flat noun from its fields, each of the type that it should have."""
    return noun(**{one.name: _of({"int": int, "str": str}[_name(one.type)], told[one.name]) for one in fields(noun)})


def _name(kind: Any) -> str:
    return kind if isinstance(kind, str) else str(kind.__name__)

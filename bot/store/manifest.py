"""What an index holds and what is said about it: `Contents` and the sealed `Manifest`. Knows nothing of Chroma."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bot.errors import IndexMismatch
from bot.schema import Essay, Passage, Window
from bot.store.disk import damaged

SCHEMA = 1
REBUILD = "Run: python ingest.py"
Vectors = dict[str, NDArray[np.float32]]
"""Vectors of shape (dimension,) by the `text_key` of the text that was embedded."""


def text_key(text: str) -> str:
    """Sha256 of a text in UTF-8, as hex: the name under which the vector of a window's text is known."""
    return hashlib.sha256(text.encode()).hexdigest()


class Span(NamedTuple):
    """Where a window lies: characters `start` to `end` of the essay, inside the passage with the id `passage`."""

    passage: str
    start: int
    end: int


def outline_of(passages: Sequence[Passage], terms: Sequence[str], windows: Sequence[Span]) -> str:
    """Sha256 of passages, terms and the places of windows, in their order."""
    rows = [(passage.id, passage.essay, passage.start, passage.end, passage.text) for passage in passages]
    return text_key(repr((rows, list(terms), list(map(tuple, windows)))))


@dataclass(frozen=True, eq=False)
class Contents:
    """Everything that one generation holds.

    `terms[i]` are the lexical tokens of `passages[i]`, joined by single spaces. `vectors` is float32 of shape
    (number of windows, dimension), row i the L2-normalised vector of `windows[i].text`.
    """

    essays: tuple[Essay, ...]
    passages: tuple[Passage, ...]
    terms: tuple[str, ...]
    windows: tuple[Window, ...]
    vectors: NDArray[np.float32]

    def check(self) -> None:
        """Raise `ValueError`, naming what is wrong, where the parts do not fit: a mistake of the caller, not of the user."""
        for sentence, broken in self._faults():
            if broken:
                raise ValueError(sentence)

    def _faults(self) -> Iterator[tuple[str, bool]]:
        """Sentences, each with whether it is true, in an order in which the later ones may rely on the earlier."""
        essays, passages = {essay.id: essay for essay in self.essays}, {passage.id for passage in self.passages}
        texts: dict[str, str] = dict.fromkeys(essays, "")
        yield "An essay is there twice.", len(essays) != len(self.essays)
        yield "A passage is there twice.", len(passages) != len(self.passages)
        yield "There is nothing to index.", not self.windows
        yield "Passages and terms differ in number.", len(self.passages) != len(self.terms)
        yield "A passage names an unknown essay.", not {passage.essay for passage in self.passages} <= essays.keys()
        for passage in self.passages:
            texts[passage.essay] += passage.text
        yield "The passages do not tile their essays.", any(texts[essay.id] != essay.text for essay in self.essays)
        yield "An essay is empty.", not all(texts.values())
        yield "A window names an unknown passage.", not {window.passage for window in self.windows} <= passages
        yield (
            "The vectors are not float32, one row a window.",
            (self.vectors.dtype != np.float32 or self.vectors.ndim != 2 or len(self.vectors) != len(self.windows)),
        )
        # Not `any(… > …)`: a NaN compares false, and has to be caught here.
        yield "A vector is not of length 1.", not bool(np.all(np.abs(np.linalg.norm(self.vectors, axis=1) - 1) < 0.01))

    @property
    def spans(self) -> tuple[Span, ...]:
        """Where the windows lie."""
        return tuple(Span(window.passage, window.start, window.end) for window in self.windows)

    def digest(self) -> str:
        """Sha256 over all contents, whatever their order: essays, passages, terms, windows and the bytes of the vectors."""
        return hashlib.sha256("".join(sorted(hashlib.sha256(row).hexdigest() for row in self._rows())).encode()).hexdigest()

    def _rows(self) -> Iterator[bytes]:
        """One row of bytes for each thing held."""
        for essay in self.essays:
            yield essay.digest.encode()
        for passage, terms in zip(self.passages, self.terms, strict=True):
            yield repr((passage.id, passage.essay, passage.start, passage.end, passage.text, terms)).encode()
        for window, vector in zip(self.windows, self.vectors, strict=True):
            name = repr((window.passage, window.start, window.end, text_key(window.text))).encode()
            yield name + vector.astype("<f4").tobytes()


@dataclass(frozen=True)
class Manifest:
    """What is said about one generation; written last, so that its existence means that the generation is complete.

    `fingerprint` is what the vectors and the splitting depend on, named by the pipeline; `dimension` that of the vectors;
    `essays` maps an essay's id to its `digest`; `passages` and `windows` are counts; `digest` is that of the contents,
    `outline` that of what a reader takes out of Chroma beside the vectors; `created` is an ISO time in UTC; `files` maps a path
    inside the generation to "<bytes> <sha256>" (empty on a server).
    """

    schema: int
    product: str
    chroma: str
    fingerprint: dict[str, str]
    dimension: int
    essays: dict[str, str]
    passages: int
    windows: int
    digest: str
    outline: str
    created: str
    files: dict[str, str]

    def to_json(self) -> str:
        """Write it as JSON, sealed by a sha256 over all its other fields."""
        fields = asdict(self)
        return json.dumps({**fields, "seal": _seal(fields)}, ensure_ascii=False, indent=1, sort_keys=True)

    @classmethod
    def from_json(cls, text: str, place: str) -> "Manifest":
        """Read it back; `place` names it in errors. `IndexMismatch` for another schema, `IndexDamaged` for what is unreadable."""
        from pydantic import TypeAdapter, ValidationError

        try:
            fields = json.loads(text)
            seal = fields.pop("seal", "")
        except (ValueError, RecursionError, AttributeError, TypeError):
            raise damaged(place, "is not a JSON object") from None
        schema = fields.get("schema")
        if isinstance(schema, int) and schema != SCHEMA:
            raise _mismatch("schema", str(schema), str(SCHEMA))
        if seal != _seal(fields):
            raise damaged(place, "does not carry its own checksum")
        try:
            return TypeAdapter(cls).validate_json(json.dumps(fields), strict=True)
        except ValidationError as error:
            raise damaged(place, f"has a wrong field: {error.errors()[0]['loc']}") from None

    def require(self, fingerprint: Mapping[str, str]) -> None:
        """Raise `IndexMismatch` at the first thing that differs: which, both values, the command."""
        for name in sorted(self.fingerprint.keys() | fingerprint.keys()):
            was, now = self.fingerprint.get(name, ""), fingerprint.get(name, "")
            if was != now:
                raise _mismatch(name, was, now)

    def require_dimension(self, dimension: int) -> None:
        """Raise `IndexMismatch` where the vectors have another dimension."""
        if dimension != self.dimension:
            raise _mismatch("dimension", str(self.dimension), str(dimension))

    def require_chroma(self, chroma: str) -> None:
        """Raise `IndexMismatch` where another version of Chroma wrote the files."""
        if chroma != self.chroma:
            raise _mismatch("chroma", self.chroma, chroma)


def _seal(fields: Mapping[str, object]) -> str:
    """Sha256 of the fields in one canonical form."""
    return text_key(json.dumps(fields, sort_keys=True))


def _mismatch(name: str, was: str, now: str) -> IndexMismatch:
    """Make the error for one thing that differs between the index and this program."""
    return IndexMismatch(
        f"The index was made with {name} {was!r}, but now it is {now!r}. {REBUILD}",
        f"색인은 {name} {was!r} 기준으로 만들어졌는데 지금은 {now!r}입니다. 다시 만드세요: python ingest.py",
    )

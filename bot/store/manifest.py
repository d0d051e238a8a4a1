"""What an index holds and its description: `Contents` and the sealed `Manifest`. Independent of Chroma."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bot.errors import IndexMismatch
from bot.messages import damage, index_errors
from bot.messages.text import Text
from bot.schema import Essay, Passage, Window
from bot.store.disk import damaged

SCHEMA = 1
Vectors = dict[str, NDArray[np.float32]]
"""Vectors of shape (dimension,) by the `key` of the window that was embedded."""


def text_key(text: str) -> str:
    """Return the sha256 of a text in UTF-8, as hex: the key under which the vector of a window's text is stored."""
    return hashlib.sha256(text.encode()).hexdigest()


class Span(NamedTuple):
    """The position of a window: characters `start` to `end` of the essay, inside the passage with the id `passage`."""

    passage: str
    start: int
    end: int


def outline_of(passages: Sequence[Passage], terms: Sequence[str], windows: Sequence[Span]) -> str:
    """Return the sha256 of passages, terms and window positions, in their order."""
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
        """Raise `ValueError`, naming the fault, where the parts are inconsistent: a mistake of the caller, not of the user."""
        for message, is_fault in self._faults():
            if is_fault:
                raise ValueError(message)

    def _faults(self) -> Iterator[tuple[str, bool]]:
        """Yield every possible fault and whether it is present. Later checks rely on the earlier ones having passed."""
        essays, passages = {essay.id: essay for essay in self.essays}, {passage.id for passage in self.passages}
        texts: dict[str, str] = dict.fromkeys(essays, "")
        yield "Two essays have the same id.", len(essays) != len(self.essays)
        yield "Two passages have the same id.", len(passages) != len(self.passages)
        yield "There is nothing to index.", not self.windows
        yield "The numbers of passages and terms differ.", len(self.passages) != len(self.terms)
        yield "A passage names an unknown essay.", not {passage.essay for passage in self.passages} <= essays.keys()
        for passage in self.passages:
            texts[passage.essay] += passage.text
        yield "The joined passages are not the essays' texts.", any(texts[essay.id] != essay.text for essay in self.essays)
        yield "An essay is empty.", not all(texts.values())
        yield "A window names an unknown passage.", not {window.passage for window in self.windows} <= passages
        yield (
            "The vectors are not float32 with one row per window.",
            (self.vectors.dtype != np.float32 or self.vectors.ndim != 2 or len(self.vectors) != len(self.windows)),
        )
        # Not `any(… > …)`: a comparison with NaN is false, and NaN must be found here.
        yield "A vector does not have length 1.", not bool(np.all(np.abs(np.linalg.norm(self.vectors, axis=1) - 1) < 0.01))

    @property
    def spans(self) -> tuple[Span, ...]:
        """The positions of the windows."""
        return tuple(Span(window.passage, window.start, window.end) for window in self.windows)

    def digest(self) -> str:
        """Return the sha256 over all contents in any order: essays, passages, terms, windows and the bytes of the vectors."""
        return hashlib.sha256("".join(sorted(hashlib.sha256(row).hexdigest() for row in self._rows())).encode()).hexdigest()

    def _rows(self) -> Iterator[bytes]:
        """Yield one row of bytes for each essay, passage and window."""
        for essay in self.essays:
            yield essay.digest.encode()
        for passage, terms in zip(self.passages, self.terms, strict=True):
            yield repr((passage.id, passage.essay, passage.start, passage.end, passage.text, terms)).encode()
        for window, vector in zip(self.windows, self.vectors, strict=True):
            position = repr((window.passage, window.start, window.end, window.key)).encode()
            yield position + vector.astype("<f4").tobytes()


@dataclass(frozen=True)
class Manifest:
    """The description of one generation. It is written last, so its existence means that the generation is complete.

    `product` and `chroma` are the versions that wrote it; `fingerprint` is what the vectors and the splitting depend on;
    `dimension` is that of the vectors; `essays` maps an essay's id to its `digest`; `passages` and `windows` are counts; `digest`
    is that of the contents, `outline` that of everything except the vectors; `created` is an ISO time in UTC; `files` maps a
    path inside the generation to "<bytes> <sha256>" (empty on a server); `roots` are the paths that were ingested, `paths` maps an
    essay's id to its file, all absolute (empty in an index of version 0.1.0 and where essays do not come from files); `analogies` are
    the entries of the analogy map, as JSON; `embedder` is the name or folder that the embedder can be opened by (empty in an older index);
    `summaries` maps an essay's id to its key sentences, each with beginning, end and rank.
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
    roots: list[str] = field(default_factory=list)
    paths: dict[str, str] = field(default_factory=dict)
    analogies: list[dict[str, Any]] = field(default_factory=list)
    embedder: str = ""
    summaries: dict[str, list[list[int]]] = field(default_factory=dict)

    def to_json(self) -> str:
        """Return it as JSON, with a `seal`: the sha256 of all other fields."""
        fields = asdict(self)
        return json.dumps({**fields, "seal": _seal(fields)}, ensure_ascii=False, indent=1, sort_keys=True)

    @classmethod
    def from_json(cls, text: str, place: str | Text) -> "Manifest":
        """Parse a manifest; `place` names it in errors. Raises `IndexMismatch` for another schema, else `IndexDamaged`."""
        from pydantic import TypeAdapter, ValidationError

        try:
            fields = json.loads(text)
            seal = fields.pop("seal", "")
        except (ValueError, RecursionError, AttributeError, TypeError):
            raise damaged(place, damage.NOT_JSON) from None
        schema = fields.get("schema")
        if isinstance(schema, int) and schema != SCHEMA:
            raise _mismatch("schema", str(schema), str(SCHEMA))
        if seal != _seal(fields):
            raise damaged(place, damage.WRONG_SEAL)
        try:
            return TypeAdapter(cls).validate_json(json.dumps(fields), strict=True)
        except ValidationError as error:
            raise damaged(place, damage.WRONG_FIELD.format(field=error.errors()[0]["loc"])) from None

    def require(self, fingerprint: Mapping[str, str]) -> None:
        """Raise `IndexMismatch` for the first field that differs, with its name, both values and the command."""
        for name in sorted(self.fingerprint.keys() | fingerprint.keys()):
            stored, current = self.fingerprint.get(name, ""), fingerprint.get(name, "")
            if stored != current:
                raise _mismatch(name, stored, current)

    def require_dimension(self, dimension: int) -> None:
        """Raise `IndexMismatch` where the vectors have another dimension."""
        if dimension != self.dimension:
            raise _mismatch("dimension", str(self.dimension), str(dimension))

    def require_chroma(self, chroma: str) -> None:
        """Raise `IndexMismatch` where another version of Chroma wrote the files."""
        if chroma != self.chroma:
            raise _mismatch("chroma", self.chroma, chroma)


def _seal(fields: Mapping[str, object]) -> str:
    """Return the sha256 of the fields in a canonical form."""
    return text_key(json.dumps(fields, sort_keys=True))


def _mismatch(name: str, stored: str, current: str) -> IndexMismatch:
    """Return the error for a field that differs between the index and this program."""
    return IndexMismatch(index_errors.MISMATCH.format(name=name, stored=stored, current=current))

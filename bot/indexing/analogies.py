"""The analogy map (`analogies.yaml`): which things the essays compare, with quotations, and where each analogy breaks."""

import difflib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import MISSING, asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import yaml

from bot.errors import CorpusError
from bot.grounding.quotations import locate
from bot.messages import errors
from bot.messages.text import Language, Text
from bot.schema import Essay
from bot.text.normalize import UndecodableError, clean, decode
from bot.text.sentences import sentences

By = Literal["essay", "reader"]
"""Who raises an objection: an essay, which is quoted, or we as readers, without quotations."""

Move = Literal["disanalogy", "survivorship", "other-cause", "wrong-measure", "missing-step", "history", "scale"]
"""The kind of an objection."""

AnalogyRecord = dict[str, Any]
"""What `Analogy.to_dict` gives, as JSON."""


@dataclass(frozen=True, slots=True)
class DomainWords:
    """The nouns with which a question may name a domain, in Korean and in English."""

    ko: tuple[str, ...]
    en: tuple[str, ...]

    def of(self, language: Language) -> tuple[str, ...]:
        """The nouns in one language."""
        return self.ko if language == "ko" else self.en


@dataclass(frozen=True, slots=True)
class Domains:
    """The words for the two domains of an analogy: the familiar one (source) and the one that it explains (target)."""

    source: DomainWords
    target: DomainWords


@dataclass(frozen=True, slots=True)
class Quotation:
    """A quotation from an essay: `essay.text[start:end] == quote` was checked when the map was loaded."""

    essay: str
    quote: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Pair:
    """Two things that the analogy compares, and at least one quotation that compares them."""

    source: Text
    target: Text
    quotes: tuple[Quotation, ...]


@dataclass(frozen=True, slots=True)
class Break:
    """A point where an analogy breaks. `by` says who objects: an essay, with quotations, or we, without.

    `reply` is the best reply that the essays give, where they give one, always with its own quotations.
    """

    by: By
    move: Move
    text: Text
    quotes: tuple[Quotation, ...] = ()
    reply: Text | None = None
    reply_quotes: tuple[Quotation, ...] = ()


@dataclass(frozen=True, slots=True)
class Analogy:
    """One analogy. `shows` is what its writer wants it to show; `unmapped` is what the source has and the target does not."""

    id: str
    name: Text
    source: Text
    target: Text
    words: Domains
    shows: Text
    pairs: tuple[Pair, ...]
    breaks: tuple[Break, ...]
    unmapped: Text

    def to_dict(self) -> dict[str, Any]:
        """The analogy as plain JSON: both languages, and every quotation with its essay and offsets."""
        return asdict(self)


def load(path: Path, essays: Mapping[str, Essay]) -> tuple[Analogy, ...]:
    """Load the analogies of the map at `path`, every quotation located in its essay; none where there is no such file.

    What depends on essays that are not in `essays` is left out: a pair, an essay's objection or a reply without a quotation, and
    an analogy without a pair. Raises `CorpusError`, naming file and line, for a map that cannot be parsed and for a quotation
    that is not in its essay.
    """
    if not path.is_file():
        return ()
    try:
        root = yaml.compose(clean(decode(path.read_bytes())).text, Loader=yaml.SafeLoader)
    except (UndecodableError, OSError) as error:
        reason = error.reason if isinstance(error, UndecodableError) else error
        raise CorpusError(errors.MAP_UNREADABLE.format(place=path, reason=reason)) from None
    except yaml.YAMLError as error:
        mark, problem = getattr(error, "problem_mark", None), getattr(error, "problem", None) or "an unprintable character"
        line = mark.line + 1 if mark else 1
        raise CorpusError(errors.MAP_NOT_YAML.format(place=f"{path}:{line}", problem=problem)) from None
    reader = _MapReader(path, essays)
    analogies: list[Analogy] = []
    for node in reader.read_list(root) if root else []:
        analogy = reader.read_record(node, Analogy)
        if analogy.id in {earlier.id for earlier in analogies}:
            raise reader.error(node, errors.MAP_ID_TWICE, identity=analogy.id)
        analogies.append(analogy)
    return tuple(analogy for analogy in analogies if analogy.pairs)


def from_records(records: Sequence[Mapping[str, Any]]) -> tuple[Analogy, ...]:
    """The analogies whose `to_dict` gave these records, as an index stores them. Raises `ValueError` for anything else."""
    from pydantic import TypeAdapter

    return TypeAdapter(tuple[Analogy, ...]).validate_python(list(records))


def as_record(analogy: Analogy) -> AnalogyRecord:
    """The analogy as an index stores it: as JSON, so that tuples are lists, as they are when they are read back."""
    record: AnalogyRecord = json.loads(json.dumps(analogy.to_dict()))
    return record


def narrowed(analogies: Sequence[Analogy], essays: Collection[str]) -> tuple[Analogy, ...]:
    """What of these analogies the essays with these ids say: as `load` would give it for these essays alone."""
    narrowed_analogies = []
    for analogy in analogies:
        pairs = (replace(pair, quotes=_only(pair.quotes, essays)) for pair in analogy.pairs)
        breaks = (_narrowed_break(item, essays) for item in analogy.breaks)
        kept = replace(analogy, pairs=tuple(pair for pair in pairs if pair.quotes), breaks=tuple(filter(None, breaks)))
        narrowed_analogies += [kept] if kept.pairs else []
    return tuple(narrowed_analogies)


def _narrowed_break(item: Break, essays: Collection[str]) -> Break | None:
    quotes, reply_quotes = _only(item.quotes, essays), _only(item.reply_quotes, essays)
    if item.by == "essay" and not quotes:
        return None
    return replace(item, quotes=quotes, reply_quotes=reply_quotes, reply=item.reply if reply_quotes else None)


def _only(quotations: Sequence[Quotation], essays: Collection[str]) -> tuple[Quotation, ...]:
    return tuple(quotation for quotation in quotations if quotation.essay in essays)


@dataclass(frozen=True)
class _MapReader:
    """Turns the YAML nodes of one map into the classes above, whose fields are the keys. Nodes, because they have line numbers."""

    path: Path
    essays: Mapping[str, Essay]

    def read_record(self, node: yaml.Node, record_type: Any) -> Any:
        """The node as one of the classes; None where all its quotations are from essays that are not in `essays`."""
        types = get_type_hints(record_type)
        required = [field.name for field in fields(record_type) if field.default is MISSING]
        children = self.read_mapping(node, required, list(types))
        record = record_type(**{name: self.read_value(child, types[name]) for name, child in children.items()})
        return None if "quotes" in children and not record.quotes else record

    def read_value(self, node: yaml.Node, value_type: Any) -> Any:
        """The node as a value of a field's type: text, a literal, a tuple, or one of the classes."""
        inner = get_args(value_type)
        if get_origin(value_type) is tuple:
            return tuple(item for child in self.read_list(node) if (item := self.read_value(child, inner[0])) is not None)
        if get_origin(value_type) is Literal:
            return self.read_choice(node, inner)
        readers = {str: self.read_text, Quotation: self.read_quotation, Break: self.read_break}
        value_type = inner[0] if inner else value_type  # Text | None
        return readers[value_type](node) if value_type in readers else self.read_record(node, value_type)

    def read_break(self, node: yaml.Node) -> Break | None:
        item: Break | None = self.read_record(node, Break)
        keys = {key.value for key, _ in node.value}
        if item and ((item.by == "essay") != ("quotes" in keys) or ("reply" in keys) != ("reply_quotes" in keys)):
            raise self.error(node, errors.MAP_WRONG_QUOTATIONS)
        return replace(item, reply=None) if item and not item.reply_quotes else item

    def read_quotation(self, node: yaml.Node) -> Quotation | None:
        """The quotation with its offsets; None where its essay is not in `essays`."""
        children = self.read_mapping(node, ["essay", "quote"], ["essay", "quote"])
        essay, quote = self.essays.get(self.read_text(children["essay"])), self.read_text(children["quote"])
        if essay is None:
            return None
        start = essay.text.find(quote)
        span = (start, start + len(quote)) if start >= 0 else locate(quote, essay.text)
        if span is None:
            beginning = quote[:40] + "…" * (len(quote) > 40)
            nearest = _nearest(quote, essay.text)
            raise self.error(children["quote"], errors.MAP_NOT_IN_ESSAY, beginning=beginning, essay=essay.id, nearest=nearest)
        return Quotation(essay.id, essay.text[span[0] : span[1]], *span)

    def read_mapping(self, node: yaml.Node, required: list[str], allowed: list[str]) -> dict[str, yaml.Node]:
        """The child nodes by key, each key once and `allowed`, none of `required` missing."""
        keys = ", ".join(allowed)
        if not isinstance(node, yaml.MappingNode):
            raise self.error(node, errors.MAP_NO_KEYS, keys=keys)
        children: dict[str, yaml.Node] = {}
        for key, value in node.value:
            name = self.read_text(key)
            if name in children or name not in allowed:
                raise self.error(key, errors.MAP_WRONG_KEY, key=name, keys=keys)
            children[name] = value
        if missing := [name for name in required if name not in children]:
            raise self.error(node, errors.MAP_MISSING_KEY, key=missing[0])
        return children

    def read_list(self, node: yaml.Node) -> list[yaml.Node]:
        """The items of a list that is not empty."""
        if not isinstance(node, yaml.SequenceNode) or not node.value:
            raise self.error(node, errors.MAP_NO_LIST)
        return list(node.value)

    def read_choice(self, node: yaml.Node, choices: tuple[str, ...]) -> str:
        """One of `choices`."""
        text = self.read_text(node)
        if text not in choices:
            raise self.error(node, errors.MAP_WRONG_VALUE, value=text, known=", ".join(choices))
        return text

    def read_text(self, node: yaml.Node) -> str:
        """Text that is not empty, without surrounding white space."""
        if not isinstance(node, yaml.ScalarNode) or not node.value.strip():
            raise self.error(node, errors.MAP_NO_TEXT)
        return str(node.value).strip()

    def error(self, node: yaml.Node, text: Text, **values: Any) -> CorpusError:
        """The error at the line of `node`."""
        return CorpusError(text.format(place=f"{self.path}:{node.start_mark.line + 1}", **values))


def _nearest(quote: str, text: str) -> str:
    """Of all runs of as many sentences of `text` as `quote` has, the one most similar to `quote` (difflib ratio)."""
    spans = sentences(text)
    length = max(len(sentences(quote)), 1)
    runs = [text[first[0] : last[1]] for first, last in zip(spans, spans[length - 1 :], strict=False)]
    return max(runs, key=lambda run: difflib.SequenceMatcher(a=run, b=quote, autojunk=False).ratio(), default="")

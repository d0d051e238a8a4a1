"""The analogy map: what the essays set beside what, in which words, and where it breaks. Read, checked, and found by question."""

import difflib
from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import yaml

from bot.errors import CorpusError
from bot.grounding.quotations import locate
from bot.schema import Essay
from bot.text.normalize import UndecodableError, clean, decode
from bot.text.sentences import sentences

By = Literal["essay", "reader"]
Move = Literal["disanalogy", "survivorship", "other-cause", "wrong-measure", "missing-step", "history", "scale"]


@dataclass(frozen=True, slots=True)
class Bilingual:
    """The same said in Korean and in English."""

    ko: str
    en: str


@dataclass(frozen=True, slots=True)
class DomainWords:
    """The nouns by which a reader may name a domain, in Korean and in English."""

    ko: tuple[str, ...]
    en: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Domains:
    """The words of the domain that an analogy starts from, and of the one it is carried to."""

    source: DomainWords
    target: DomainWords


@dataclass(frozen=True, slots=True)
class Quotation:
    """Words of an essay: `essay.text[start:end] == quote` held when the map was loaded."""

    essay: str
    quote: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Pair:
    """Two things that the analogy sets beside each other, and the quotations, at least one, that do so."""

    source: Bilingual
    target: Bilingual
    quotes: tuple[Quotation, ...]


@dataclass(frozen=True, slots=True)
class Break:
    """Where an analogy breaks. `by` says whose objection it is: an essay's, with quotations, or ours, without.

    `reply` is the best answer that the shelf holds, where it holds one, always with its own quotations.
    """

    by: By
    move: Move
    text: Bilingual
    quotes: tuple[Quotation, ...] = ()
    reply: Bilingual | None = None
    reply_quotes: tuple[Quotation, ...] = ()


@dataclass(frozen=True, slots=True)
class Analogy:
    """One analogy: what its writer wants it to show, and what of the source is `unmapped`, left without a partner."""

    id: str
    name: Bilingual
    source: Bilingual
    target: Bilingual
    words: Domains
    shows: Bilingual
    pairs: tuple[Pair, ...]
    breaks: tuple[Break, ...]
    unmapped: Bilingual

    def to_dict(self) -> dict[str, Any]:
        """The analogy as plain JSON: both languages, and every quotation with its essay and offsets."""
        return asdict(self)


def load(path: Path, essays: Mapping[str, Essay]) -> tuple[Analogy, ...]:
    """The analogies of the map at `path`, every quotation found in its essay; none where there is no such file.

    What rests on essays that are not on the shelf is left out: a pair, an essay's break or a reply without a quotation, and an
    analogy without a pair. Raises `CorpusError`, naming file and line, for a map that cannot be read and for a quotation that
    does not stand in its essay.
    """
    if not path.is_file():
        return ()
    try:
        root = yaml.compose(clean(decode(path.read_bytes())).text, Loader=yaml.SafeLoader)
    except (UndecodableError, OSError) as error:
        raise CorpusError(f"{path} cannot be read: {error}. Save it as UTF-8 text.") from None
    except yaml.YAMLError as error:
        mark, problem = getattr(error, "problem_mark", None), getattr(error, "problem", None) or "an unprintable character"
        raise CorpusError(f"{path}:{mark.line + 1 if mark else 1}: this is not YAML: {problem}. Mend it there.") from None
    reader = _Reader(path, essays)
    found: list[Analogy] = []
    for node in reader.items(root) if root else []:
        found.append(reader.record(node, Analogy))
        if found[-1].id in {analogy.id for analogy in found[:-1]}:
            raise reader.wrong(node, f'the id "{found[-1].id}" is given twice', "Give each analogy an id of its own")
    return tuple(analogy for analogy in found if analogy.pairs)


@dataclass(frozen=True)
class _Reader:
    """Turns the YAML nodes of one map into the classes above, whose fields are the keys. Nodes, because they know their lines."""

    path: Path
    essays: Mapping[str, Essay]

    def record(self, node: yaml.Node, kind: Any) -> Any:
        """The node as one of the classes; None where none of its quotations is from an essay on the shelf."""
        hints = get_type_hints(kind)
        at = self.keys(node, [field.name for field in fields(kind) if field.default is MISSING], list(hints))
        made = kind(**{name: self.value(child, hints[name]) for name, child in at.items()})
        return None if "quotes" in at and not made.quotes else made

    def value(self, node: yaml.Node, kind: Any) -> Any:
        inner = get_args(kind)
        if get_origin(kind) is tuple:
            return tuple(item for child in self.items(node) if (item := self.value(child, inner[0])) is not None)
        if get_origin(kind) is Literal:
            if self.string(node) not in inner:
                raise self.wrong(node, f'"{self.string(node)}" is not known here', f"Use one of {', '.join(inner)}")
            return self.string(node)
        special = {str: self.string, Quotation: self.quotation, Break: self.break_}
        kind = inner[0] if inner else kind  # Both | None
        return special[kind](node) if kind in special else self.record(node, kind)

    def break_(self, node: yaml.Node) -> Break | None:
        item: Break | None = self.record(node, Break)
        given = {key.value for key, _ in node.value}
        if item and ((item.by == "essay") != ("quotes" in given) or ("reply" in given) != ("reply_quotes" in given)):
            rule = '"by: essay" needs quotes, "by: reader" has none, and a reply comes with reply_quotes'
            raise self.wrong(node, "the break and its quotations do not go together", rule)
        return replace(item, reply=None) if item and not item.reply_quotes else item

    def quotation(self, node: yaml.Node) -> Quotation | None:
        at = self.keys(node, ["essay", "quote"], ["essay", "quote"])
        essay, quote = self.essays.get(self.string(at["essay"])), self.string(at["quote"])
        if essay is None:
            return None
        start = essay.text.find(quote)
        span = (start, start + len(quote)) if start >= 0 else locate(quote, essay.text)
        if span is None:
            begins = quote[:40] + "…" * (len(quote) > 40)
            remedy = f'The nearest text there is "{_nearest(quote, essay.text)}"'
            raise self.wrong(at["quote"], f'"{begins}" does not stand in {essay.id}', remedy)
        return Quotation(essay.id, essay.text[span[0] : span[1]], *span)

    def keys(self, node: yaml.Node, needed: list[str], known: list[str]) -> dict[str, yaml.Node]:
        if not isinstance(node, yaml.MappingNode):
            raise self.wrong(node, "keys are missing here", f"Write {', '.join(known)}")
        at: dict[str, yaml.Node] = {}
        for key, value in node.value:
            name = self.string(key)
            if name in at or name not in known:
                raise self.wrong(key, f'the key "{name}" is unknown or given twice', f"Write {', '.join(known)}")
            at[name] = value
        if missing := [name for name in needed if name not in at]:
            raise self.wrong(node, f'the key "{missing[0]}" is missing', f'Add "{missing[0]}:"')
        return at

    def items(self, node: yaml.Node) -> list[yaml.Node]:
        if not isinstance(node, yaml.SequenceNode) or not node.value:
            raise self.wrong(node, "a list with at least one item is missing here", 'Begin each item with "- "')
        return list(node.value)

    def string(self, node: yaml.Node) -> str:
        if not isinstance(node, yaml.ScalarNode) or not node.value.strip():
            raise self.wrong(node, "some text is missing here", "Write it in quotation marks")
        return str(node.value).strip()

    def wrong(self, node: yaml.Node, fact: str, remedy: str) -> CorpusError:
        return CorpusError(f"{self.path}:{node.start_mark.line + 1}: {fact}. {remedy}.")


def _nearest(quote: str, text: str) -> str:
    """The run of as many sentences of `text` as `quote` has that is most like it."""
    spans = sentences(text)
    length = max(len(sentences(quote)), 1)
    runs = [text[first[0] : last[1]] for first, last in zip(spans, spans[length - 1 :], strict=False)]
    return max(runs, key=lambda run: difflib.SequenceMatcher(a=run, b=quote, autojunk=False).ratio(), default="")

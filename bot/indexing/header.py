"""Reads the header of a text file: YAML, TOML or JSON front matter, a pandoc title block, or MultiMarkdown metadata.

A header opens the file, holds keys that such headers have, and is closed; anything else is text and stays. A header that its own parser
cannot read is read line by line, so that no essay is lost for a colon in a title.
"""

import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

MAX_HEADER_LINES = 200  # a longer block between two rules is text

# The keys that an essay uses, by the names that people give them, in lower case.
_NAMES = {
    "title": "title 제목 표제 subject",
    "author": "author authors from 보낸사람 보낸_사람 by writer byline creator 글쓴이 저자 지은이 작성자 필자 작가",
    "date": "date sent 보낸날짜 보낸_날짜 생성일 created created_at creation_date date_created datecreated pubdate publishdate publish_date "
    "published published_at date_published 날짜 작성일 쓴날 일자 게시일 등록일 발행일 작성일자 작성날짜 작성_날짜 작성 일시 등록일자 만든날짜",
    "language": "language lang locale 언어",
    "source": "source url link permalink canonical canonical_url origin original 출처 원문 링크 주소 url주소",
    "kind": "kind type 종류 유형",
}
_SUMMARY_NAMES = frozenset("summary description excerpt abstract 요약 설명".split())  # no sign of an essay's header by themselves
_FIELD = {name: field for field, names in _NAMES.items() for name in names.split()}
# Other keys of the headers of common tools (Jekyll, Hugo, Obsidian, Hexo, Zettlr, Quarto): they mark a block as a header and are not used.
_OTHER = frozenset(
    """
tags tag categories category keywords aliases alias draft slug summary description excerpt abstract subtitle layout cssclass cssclasses
publish status image cover thumbnail banner weight toc math comments series id uuid uid up down related parent next prev updated updated_at
updated_on modified last_modified lastmod date_modified output format version license copyright hidden pinned featured template menu rating
project topic topics people place location mood weather email affiliation bibliography csl lang-ref header-includes
to cc bcc reply-to message-id content-type mime-version created_by last_edited last_edited_time last_edited_by url_name reading_time
받는사람 받는_사람 참조 태그 분류 카테고리 별칭 요약 설명 수정일 상태 주제 장소 날씨 기분 시리즈 키워드 부제 공개
""".split()
)
_KNOWN = _OTHER | _FIELD.keys()
_KEY_LINE = re.compile(r"(?P<key>[^\s:：#\-][^:：\n]{0,40}?)[ \t]*[:：](?P<value>.*)$")
_TOML_LINE = re.compile(r"""(?P<key>[\w-]+|"[^"]+")[ \t]*=(?P<value>.+)$""")
_CONTINUED = re.compile(r"[ \t]+\S|-[ \t]|-$|#")  # an indented line, a list item, a comment
_PLAIN_KEY = re.compile(r"[a-z][\w.-]*")
_SENTENCE_END = re.compile(r"[.!?。…][\"”’')\]]*$")
# Keys whose values may be sentences; a sentence behind another key is text, such as a dialogue between two rules.
_PROSE_KEYS = frozenset("title subtitle summary description excerpt abstract tagline 제목 부제 요약 설명 소개".split())
_WIKI_LINK = re.compile(r"\[\[(?:[^\]|]*\|)?([^\]|]*)\]\]")


@dataclass(frozen=True, slots=True)
class Header:
    """What was taken from the beginning of a file.

    `fields` holds the strings of the keys that an essay uses (`title`, `author`, `date`, `language`, `source`, `kind`, `summary`), `keys` every
    key as it was written, `lines` how many lines the header has, `by_line` whether its own parser could not read it, and `text` what follows.
    """

    fields: Mapping[str, str]
    keys: tuple[str, ...]
    lines: int
    by_line: bool
    text: str


def split_header(text: str) -> Header:
    """The header of a file's text and the text after it; a header without keys where there is none."""
    for reader in (_yaml, _toml, _json, _pandoc, _multimarkdown, _properties):
        header = reader(text)
        if header is not None:
            return header
    return Header({}, (), 0, False, text)


def _yaml(text: str) -> Header | None:
    """The block between a first line `---` and a line `---` or `...`."""
    block = _fenced(text, "---", ("---", "..."))
    if block is None or not _is_header(block[0], _KEY_LINE):
        return None
    try:
        # Composed, never constructed: every value stays as it was written, and an alias to a tree of lists does not unfold.
        node = yaml.compose("\n".join(block[0]), Loader=yaml.SafeLoader)
        pairs = _yaml_pairs(node)
    except (yaml.YAMLError, RecursionError):
        pairs = None
    return _header(block, pairs, _KEY_LINE)


def _toml(text: str) -> Header | None:
    """The block between two lines `+++`: what TOML can read, else lines `key = value`."""
    block = _fenced(text, "+++", ("+++",))
    if block is None:
        return None
    try:
        pairs = [(key, _as_text(value)) for key, value in tomllib.loads("\n".join(block[0])).items()]
    except (tomllib.TOMLDecodeError, RecursionError):
        return _header(block, None, _TOML_LINE) if _is_header(block[0], _TOML_LINE) else None
    return _header(block, pairs, _TOML_LINE)


def _json(text: str) -> Header | None:
    """A JSON object that opens the file and has a key that is known."""
    if not text.startswith("{"):
        return None
    try:
        value, end = json.JSONDecoder().raw_decode(text)
    except (ValueError, RecursionError):
        return None
    rest = text[end:]
    if not isinstance(value, dict) or not any(_normal(key) in _KNOWN for key in value) or (rest and not rest[0].isspace()):
        return None
    pairs = [(key, _as_text(item)) for key, item in value.items()]
    return Header(_fields(pairs), tuple(value), text[:end].count("\n") + 1, False, rest)


def _pandoc(text: str) -> Header | None:
    """Up to three lines that begin with `%`: title, authors, date."""
    lines = text.split("\n", 3)
    marked = [line[1:].strip() for line in lines[:3] if line.startswith("%") and not line.startswith("%%")]
    if not marked or not text.startswith("% ") or any(not line.startswith("%") for line in lines[: len(marked)]):
        return None
    fields = {name: value for name, value in zip(("title", "author", "date"), marked, strict=False) if value}
    fields = {name: ", ".join(re.split(r"\s*;\s*", value)) if name == "author" else value for name, value in fields.items()}
    return Header(fields, tuple(fields), len(marked), False, "\n".join(text.split("\n")[len(marked) :]))


def _multimarkdown(text: str) -> Header | None:
    """Lines `Key: value` from the first line to an empty one, each with a key that is known; one alone is no sentence."""
    head, _, rest = text.partition("\n\n")
    lines = head.split("\n")
    matches = [_key(line, _KEY_LINE) for line in lines if not line[:1].isspace()]
    pairs = [match for match in matches if match]
    first = _FIELD.get(_normal(pairs[0][0])) if pairs else None
    if (
        len(pairs) < len(matches)
        or first not in ("title", "author", "date")
        or any(_normal(key) not in _KNOWN or not _fits(key, value) for key, value in pairs)
        or all(_is_sentence(value) for _, value in pairs)
        or not rest.strip()
    ):
        return None
    return Header(_fields(pairs), tuple(key for key, _ in pairs), len(lines), False, rest)


def _properties(text: str) -> Header | None:
    """Lines `Key: value` below the first heading, as Notion exports them; the heading stays in the text."""
    heading, _, below = text.partition("\n")
    if not re.match(r"# +\S", heading):
        return None
    head, _, rest = below.lstrip("\n").partition("\n\n")
    matches = [_key(line, _KEY_LINE) for line in head.split("\n")]
    pairs = [match for match in matches if match]
    keys = {_normal(key) for key, _ in pairs}
    if len(pairs) < max(2, len(matches)) or not keys <= _KNOWN or not keys & _FIELD.keys():
        return None
    return Header(_fields(pairs), tuple(key for key, _ in pairs), len(pairs), False, f"{heading}\n\n{rest}")


def _fenced(text: str, opening: str, closings: tuple[str, ...]) -> tuple[list[str], str] | None:
    """The lines between an opening first line and a closing one, and the text behind; None where that is no header's shape."""
    lines = text.split("\n")
    if lines[0].rstrip() != opening:
        return None
    end = next((at for at in range(1, min(len(lines), MAX_HEADER_LINES)) if lines[at].rstrip() in closings), None)
    return None if end is None else (lines[1:end], "\n".join(lines[end + 1 :]))


def _is_header(lines: list[str], key_line: re.Pattern[str]) -> bool:
    """Whether the lines are keys of a header: no blank first line, nothing but keys and what belongs to them, and values that fit.

    Known keys with values that fit them make a header; so do keys that look like a program's (one lower-case word). A sentence behind a
    key that has none is text, except in a header with two keys of an essay.
    """
    if not lines:
        return True
    if not lines[0].strip():
        return False
    matches = [_key(line, key_line) for line in lines if line.strip() and not _CONTINUED.match(line)]
    pairs = [match for match in matches if match]
    if not pairs or len(pairs) < len(matches):
        return False
    known = [key for key, _ in pairs if _normal(key) in _KNOWN]
    if any(not _fits(key, value) for key, value in pairs):
        return False
    fields = {_FIELD[_normal(key)] for key in known if _normal(key) in _FIELD}
    sentences = [_normal(key) for key, value in pairs if _is_sentence(value) and _FIELD.get(_normal(key)) != "date"]
    if set(sentences) - _PROSE_KEYS:
        return len(fields) > 1 and len(known) * 2 > len(pairs)
    if "title" not in fields and len(sentences) == len(pairs):
        return False
    are_plain = all(_PLAIN_KEY.fullmatch(key) and not _SENTENCE_END.search(value) for key, value in pairs)
    return bool(fields) or len(known) == len(pairs) or are_plain


def _key(line: str, key_line: re.Pattern[str]) -> tuple[str, str] | None:
    """The key and the value of a line; None for another line. Without a space behind the colon, only a known key is one."""
    match = key_line.match(line)
    if not match:
        return None
    key, value = match["key"].strip(), match["value"] or ""
    is_apart = key_line is _TOML_LINE or not value or value[0].isspace()
    return (key, value.strip()) if is_apart or (_normal(key) in _KNOWN and not value.startswith("//")) else None


def _fits(key: str, value: str) -> bool:
    """Whether a value can be what its key says: a date has a digit (or a template's braces), an author is no sentence.

    A program that writes headers puts a sentence into double quotation marks.
    """
    field = _FIELD.get(_normal(key))
    is_quoted = len(value) > 1 and value[0] == value[-1] == '"'
    if field == "date":
        value = _unquoted(value)
        return not value or any(map(str.isdigit, value)) or "{" in value
    return field not in ("author", "language", "kind", "source") or is_quoted or not _is_sentence(_unquoted(value))


def _is_sentence(value: str) -> bool:
    return bool(_SENTENCE_END.search(value)) and len(value.split()) > 2 and not value.startswith(("[", "{"))


def _header(block: tuple[list[str], str], pairs: Iterable[tuple[str, str]] | None, key_line: re.Pattern[str]) -> Header:
    """The header of a block, by what its parser read, else line by line."""
    lines, rest = block
    read = list(pairs) if pairs is not None else list(_by_line(lines, key_line))
    return Header(_fields(read), tuple(key for key, _ in read), len(lines) + 2, pairs is None, rest)


def _by_line(lines: list[str], key_line: re.Pattern[str]) -> Iterable[tuple[str, str]]:
    for line in lines:
        if pair := _key(line.strip(), key_line):
            key, value = pair
            is_list = value.startswith("[") and value.endswith("]") and not value.startswith("[[")
            yield key, ", ".join(_unquoted(item.strip()) for item in value[1:-1].split(",")) if is_list else value


def _yaml_pairs(node: yaml.Node | None) -> list[tuple[str, str]] | None:
    """The values of a YAML mapping as text by their keys; None for another node."""
    if node is None:
        return []
    if not isinstance(node, yaml.MappingNode):
        return None
    return [(str(key.value), _node_text(value)) for key, value in node.value if isinstance(key, yaml.ScalarNode)]


def _node_text(node: yaml.Node, depth: int = 3) -> str:
    """A YAML value as text: a list's items joined, of a mapping its `name`, nothing for what is nested deeper."""
    if isinstance(node, yaml.ScalarNode):
        return "" if str(node.tag).endswith(":null") else str(node.value)
    if isinstance(node, yaml.SequenceNode) and depth:
        return ", ".join(filter(None, (_node_text(item, depth - 1) for item in node.value[:MAX_HEADER_LINES])))
    if isinstance(node, yaml.MappingNode):
        names = [value.value for key, value in node.value if isinstance(value, yaml.ScalarNode) and key.value == "name"]
        return str(names[0]) if names else ""
    return ""


def _as_text(value: Any) -> str:
    """A TOML or JSON value as text: a list's items joined, nothing for what is nested deeper."""
    if isinstance(value, list):
        return ", ".join(filter(None, map(_as_text, value)))
    if isinstance(value, dict):
        return _as_text(value.get("name"))
    return "" if value is None else str(value)


def _fields(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The fields that an essay uses, by their own names; of two keys for one field the first that has a value counts."""
    fields: dict[str, str] = {}
    for key, value in pairs:
        name = "summary" if _normal(key) in _SUMMARY_NAMES else _FIELD.get(_normal(key))
        value = _WIKI_LINK.sub(r"\1", _unquoted(" ".join(value.split())))
        if name and value and name not in fields:
            fields[name] = value
    return fields


def _normal(key: str) -> str:
    return re.sub(r"\s+", "_", key.strip().strip("\"'").casefold())


def _unquoted(value: str) -> str:
    """The value without a pair of quotation marks round the whole of it."""
    return (
        value[1:-1] if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'" and value[0] not in value[1:-1] else value
    )

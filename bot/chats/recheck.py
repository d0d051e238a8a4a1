"""Check the quotations of an export against the essays of today: each still stands at its place, elsewhere, or nowhere."""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from bot.chats.export_reader import quotations
from bot.errors import BotError
from bot.schema import Citation, Essay
from bot.text.normalize import UndecodableError, clean, decode
from bot.text.sentences import sentences

State = Literal["holds", "moved", "changed", "gone"]
MAX_FILE_BYTES = 20_000_000
MAX_SEARCHED_CHARACTERS = 400_000  # of an essay in which the most similar sentence is looked for
MIN_SIMILARITY = 0.3  # of that sentence, as `difflib` measures it, 0 to 1


@dataclass(frozen=True, slots=True)
class Checked:
    """A quotation and its state in today's essay.

    States: `holds` and `moved` (`start` and `end` are its span, in characters), `changed` (the essay does not have it; `nearest` is its
    most similar sentence, if any), `gone` (there is no such essay).
    """

    citation: Citation
    state: State
    start: int = 0
    end: int = 0
    nearest: str = ""

    def to_dict(self) -> dict[str, Any]:
        """The quotation and its state as plain JSON."""
        return {**self.citation.to_dict(), "state": self.state, "now": [self.start, self.end], "nearest": self.nearest}


def check_file(path: Path, essays: Sequence[Essay]) -> list[Checked]:
    """Check every quotation of an export. Raises `BotError` for a file that cannot be read or is not an export."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)  # not its size, which a pipe or a device does not have
        if len(data) > MAX_FILE_BYTES:
            raise BotError(
                f"{path} has more than {MAX_FILE_BYTES:,} bytes. Give an exported chat (.md, .html, .json).",
                f"{path} 파일이 {MAX_FILE_BYTES:,}바이트를 넘습니다. 내려받은 대화 파일(.md, .html, .json)을 지정하세요.",
            )
        text = clean(decode(data)).text
    except (OSError, UndecodableError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        korean_reason = error.korean if isinstance(error, UndecodableError) else error.strerror
        raise BotError(
            f"{path} cannot be read: {reason}. Give an exported chat (.md, .html, .json).",
            f"{path} 파일을 읽을 수 없습니다: {korean_reason}. 내려받은 대화 파일(.md, .html, .json)을 지정하세요.",
        ) from None
    essays_by_id = {essay.id: essay for essay in essays}
    return [check(citation, essays_by_id) for citation in quotations(text)]


def check(citation: Citation, essays: Mapping[str, Essay]) -> Checked:
    """Check one quotation against the essays, given by id."""
    essay, quote = essays.get(citation.essay), citation.quote
    if essay is None:
        return Checked(citation, "gone")
    if 0 <= citation.start < citation.end and essay.text[citation.start : citation.end] == quote:
        return Checked(citation, "holds", citation.start, citation.end)
    start = essay.text.find(quote) if quote.strip() else -1
    if start >= 0:
        return Checked(citation, "moved", start, start + len(quote))
    return Checked(citation, "changed", nearest=_most_similar_sentence(quote, essay.text))


def _most_similar_sentence(quote: str, text: str) -> str:
    """The sentence of `text` that is most similar to the quotation; empty where none is similar."""
    spans = sentences(text) if len(text) <= MAX_SEARCHED_CHARACTERS else []
    # 2 × the shorter length / both lengths limits the ratio: a longer quotation is not similar to any, and need not be indexed.
    if not spans or len(quote) > max(end - start for start, end in spans) * 2 / MIN_SIMILARITY:
        return ""
    matcher = difflib.SequenceMatcher(b=quote, autojunk=False)

    def similarity(span: tuple[int, int]) -> float:
        matcher.set_seq1(text[slice(*span)])
        return matcher.ratio() if matcher.real_quick_ratio() > MIN_SIMILARITY else 0.0

    best = max(spans, key=similarity)
    return text[slice(*best)] if similarity(best) > 0 else ""

"""Comparisons: both sides are searched, and each is quoted with its essay; an answer that lacks one of them says so."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.answers import subject
from bot.answers.selection import SelectedSentence
from bot.answers.turn import Line, Turn
from bot.messages import answers as texts
from bot.messages.text import Text
from bot.schema import Essay, Hit
from bot.text.tokenize import kiwi, morphemes, needs_kiwi

if TYPE_CHECKING:
    from bot.text.tokenize import Token

MAX_SIDES = 3
SENTENCES = 4  # in all
HITS = 4  # that are searched for each side
CONSIDERED = 8  # sentences of each side that are looked through
_SEPARATOR = re.compile(r"\s*,\s*(?:and\s+|or\s+)?|\s+(?:vs\.?|versus|and|or|with|to|than|from)\s+", re.IGNORECASE)
_STRONG_SEPARATOR = re.compile(r"\s+(?:vs\.?|versus|compared (?:to|with)|as opposed to|rather than|unlike)\s+", re.IGNORECASE)
# Words of the question around the things that are compared: a run of words between them is a side.
_FRAME = re.compile(
    r"\b(?:how|what|where|which|who|when|why|is|are|was|were|do|does|did|has|have|had|can|could|would|should|the|a|an|of|in|on|at|by|for|as|both|each|them"
    r"|it|these|those|two|three|differ\w*|differences?|similar\w*|same|alike|between|compare[sd]?|comparing|contrast\w*|disagree\w*|agree\w*|clash\w*|common"
    r"|please|you|me|tell|more|less|better|worse|turn|out|go|went|say|says|said|according|their|his|her|its|there|about|view|views|one)\b",
    re.IGNORECASE,
)
_ASKS = re.compile(r"\s*(?:what|how|where|which|who|when|why|do|does|did|is|are|was|were|according)\b", re.IGNORECASE)
_ESSAY = re.compile(
    r"\b(?:essays?|posts?|notes?|pieces?|articles?|texts?|entry|entries|one)\b(?:\s+(?:on|about|of)\b)?|\s*(?:글|에세이|노트|메모|포스트)$",
    re.IGNORECASE,
)
_YEAR = re.compile(r"(?:in )?((?:19|20)\d\d)\s?년?", re.IGNORECASE)
_KOREAN_PAIR = re.compile(
    r"(\S+?)(?:하고|이랑|랑|와|과)\s+(\S+?)(?:에게|에서|에|은|는|이|가|을|를|도|의)?(?=\s|$)"
)  # where Kiwi sees no nouns
_JOINERS = {"JC", "SP"}  # Kiwi's tags of 와, 과, 랑, 하고 and of commas between nouns
_JOINING = {"vs", "대", "vs."}
_NOUNS = {"NNG", "NNP", "NR", "SL", "SN", "SH", "XPN", "XSN", "NNB", "XR", "SSO", "SSC"}


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a comparison: how the question names it, and the ids of the essays that it is where it is one, or those of a year."""

    name: str
    essays: tuple[str, ...] = ()


def lines(turn: Turn) -> list[Line]:
    """What the essays say of each side; none where the question names no two sides or neither is found."""
    found = sides(turn)
    if len(found) < 2:
        return []
    parts = [(side, _about(turn, side, found)) for side in found]
    if not any(sentences for _, sentences in parts):
        return []
    made = [turn.notice(texts.BOTH_SIDES)]
    for side, sentences in parts:
        made += _of_side(turn, side, sentences)
    return made


def sides(turn: Turn) -> list[Side]:
    """The things, or essays, that the question sets beside each other, at most `MAX_SIDES`; fewer than two where it names none."""
    question = turn.draft.question
    names = _korean_sides(question) if needs_kiwi(question) else _english_sides(question)
    return [_side(turn, name, turn.in_scope()) for name in names if morphemes(name)][:MAX_SIDES]


def _side(turn: Turn, name: str, essays: Sequence[Essay]) -> Side:
    """The side of this name: an essay where it names one by its title, or as the essay on something."""
    if titled := subject.named(name, essays, turn.language):
        return Side(name, (titled,))
    if year := _YEAR.fullmatch(name):
        return Side(name, tuple(essay.id for essay in essays if essay.date.startswith(year[1])))
    about = _ESSAY.sub("", name).strip()
    if about and about != name:
        return Side(name, (subject.of_hits(turn.search(about, HITS, "rank", turn.essays)),))
    return Side(name)


def _about(turn: Turn, side: Side, all_sides: Sequence[Side]) -> list[SelectedSentence]:
    """The sentences about one side: of its essays, or of passages that hold its words or are near it; those that name it first."""
    question = turn.draft.question
    for other in all_sides:
        question = question.replace(other.name, side.name) if other is not side and not side.essays else question
    hits = turn.search(question, HITS, "answer", side.essays or turn.essays)
    if not side.essays:
        hits = [hit for hit in hits if _holds(turn, hit, side)]
    count = max(1, SENTENCES // len(all_sides))
    found = turn.pick(hits, CONSIDERED, question)
    found.sort(key=lambda sentence: not side.essays and not _names(turn, sentence, side))
    return _together(found[:count])


def _together(sentences: Sequence[SelectedSentence]) -> list[SelectedSentence]:
    """The sentences, those of one essay together in the order of its text."""
    order = {identity: place for place, identity in enumerate(dict.fromkeys(each.essay.id for each in sentences))}
    return sorted(sentences, key=lambda sentence: (order[sentence.essay.id], sentence.start))


def _names(turn: Turn, sentence: SelectedSentence, side: Side) -> bool:
    """Whether a sentence holds a word of the side."""
    return bool(set(turn.index.retriever.words(side.name)) & set(morphemes(sentence.essay.text[sentence.start : sentence.end])))


def _holds(turn: Turn, hit: Hit, side: Side) -> bool:
    """Whether a passage, or its essay's title, holds a word of the side; one in the other language cannot be told and counts."""
    words = set(turn.index.retriever.words(side.name))
    essay = turn.index.essays[hit.passage.essay]
    if essay.language != turn.language:
        return True
    return bool(words & {*morphemes(hit.passage.text), *morphemes(essay.title)})


def _of_side(turn: Turn, side: Side, sentences: Sequence[SelectedSentence]) -> list[Line]:
    if not sentences:
        return [turn.notice(texts.NO_SIDE.format(side=side.name))]
    made: list[Line] = []
    title = ""
    for sentence in sentences:
        if sentence.essay.title != title:
            title = sentence.essay.title
            date = Text(f", {sentence.essay.date}", f", {sentence.essay.date}") if sentence.essay.date else Text("", "")
            made.append(turn.notice(texts.SIDE.format(side=side.name, title=title, date=date)))
        made.append(turn.quoted(sentence))
    return made


def _english_sides(question: str) -> list[str]:
    """The runs of words around "versus", else around "and", "or", "with" and commas, without the words that ask."""
    text = question.strip(" ?.!")
    for separator in (_STRONG_SEPARATOR, _SEPARATOR):
        parts = [part for place, part in enumerate(separator.split(text)) if not place or not _ASKS.match(part)]
        names = [_core(part, is_last=place == len(parts) - 1) for place, part in enumerate(parts)]
        named = [name for name in names if name]
        if len(named) > 1:
            return named
    return []


def _core(part: str, *, is_last: bool) -> str:
    """What a part names: its last run of words that are none of the question's frame; of the last part the first run."""
    runs = [run.strip(" ,;:'\"’‘“”()-") for run in _FRAME.split(part)]
    named = [run for run in runs if run]
    return (named[0] if is_last else named[-1]) if named else ""


def _korean_sides(question: str) -> list[str]:
    """The noun phrases that are joined by 와, 과, 랑, 하고, 대, vs and commas."""
    tokens = kiwi().tokenize(question)
    for place in range(len(tokens)):
        names, end = _phrase(question, tokens, place)
        found = [names] if names else []
        while found and end < len(tokens) - 1 and _joins(tokens[end]):
            name, end = _phrase(question, tokens, end + 1)
            if not name:
                break
            found.append(name)
        if len(found) > 1:
            return found
    match = _KOREAN_PAIR.search(question)
    return [match[1], match[2]] if match else []


def _joins(token: "Token") -> bool:
    return token.tag in _JOINERS or token.form.casefold() in _JOINING


def _phrase(question: str, tokens: "Sequence[Token]", start: int) -> tuple[str, int]:
    """The nouns from a token on, as they are written, and the place after them."""
    end = start
    while end < len(tokens) and tokens[end].tag.split("-")[0] in _NOUNS and not _joins(tokens[end]):
        end += 1
    return (question[tokens[start].start : tokens[end - 1].end].strip() if end > start else ""), end

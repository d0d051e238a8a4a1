"""The spans of the sentences of one paragraph in Korean or English.

Korean is split by Kiwi (kiwipiepy), English by sentencex (Wikimedia). Both read the text without its inline marks. Their cuts are corrected
where they are known to be wrong: Kiwi cuts behind a bracket that opens the next sentence and behind endings without a full stop.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import pairwise

from bot.text.inline import Span, bare
from bot.text.tokenize import kiwi, needs_kiwi, weighted_length

MAX_KIWI_CHARACTERS = 10_000  # in one call; Kiwi's time grows with the square of the length
MAX_QUOTATION_CHARACTERS = 300  # an opening mark that is not closed within them does not start a quotation
MIN_WRAP_WEIGHT = 56  # `weighted_length` of a line from which on a program may have wrapped it
WRAP_SLACK = 6  # by which a wrapped line may be shorter than the next word allows

_FACE = (  # atomic, and its repetitions possessive: otherwise a row of emoji takes exponential time
    r"(?>[\u2600-\u27bf\U0001f000-\U0001faff][\ufe0f\u200d\U0001f3fb-\U0001f3ff\u2640\u2642\U0001f000-\U0001faff]*"
    r"|[:;=]-?[()DPp](?!\w)|:[a-z_]{2,20}:|[ㅋㅎㅠㅜㅡㄷ]{2,}|\^\^;?|T_T|;;)"
)
_FACES = re.compile(rf"(?:[ ]?{_FACE})++(?=\s|$)")  # emoji and emoticons
_CLOSING = r"[\"”’'」』〉》»)\]]"
_STOP = re.compile(rf"(?<![.!?…。？！])(?P<stop>[.!?…。？！]++)(?P<close>{_CLOSING}*)(?P<faces>(?:[ ]?{_FACE})*+)\s+(?=\S)")
# Emoji and emoticons end a sentence without a full stop: "맛있어요 ㅋㅋㅋ 근데 비싸요", "I love it 😊 We go again".
_FACE_STOP = re.compile(rf"(?P<before>\S)(?:[ ]?{_FACE}|[ ]?~{{2,}})++\s+(?=\S)")
_STOP_AT_END = re.compile(rf"(?P<stop>[.!?…。？！]+){_CLOSING}*(?:\s?{_FACE})*+$")
_KOREAN_LINE_END = re.compile(rf"[가-힣](?:\.\.|~+|[!?.…。]*(?:[ ]?{_FACE})++)$")  # of a line that nobody wrapped
_CLOSING_MARKS_AND_SPACE = re.compile(rf"{_CLOSING}+\s+")
_SPACE = re.compile(r"\s*")
_SENTENCE_OPENING = re.compile(r"[〈《「『<\[(‘“\"'→※①-⑳•▶◆○●…—–\-\u4e00-\u9fff0-9A-Za-z#@$€£₩&+~]|\.\.\.")
_ENGLISH_OPENING = re.compile(r"[A-Z“\"(\[]")
_FINAL_SYLLABLE = re.compile(r"[다요죠까네지임음함야아어]$")  # of the verb that ends a Korean sentence
_PLAIN_FINAL_SYLLABLE = re.compile(r"[다요죠까네임음함]$")
_ATTACHED = re.compile(
    r"(?:이?라고|이?라는|이?라며|이?란|하고|하며|하는|하면서|하던|고(?! 씨| 님)|며|는|은|이|가|을|를|의|에|로|으로|만|도)\s"
)
_REPORTING = re.compile(r"(?:하는|라는|라고|하고)\s")
_KOREAN_ABBREVIATION = re.compile(r"(?:^|[\s(])(?:등|예|단|즉|제\s?\d+[장절조항권부화회]|\d+[장절])$")
_HANGUL = re.compile("[\u3131-\u318e\uac00-\ud7a3]")
_DATE = re.compile(
    r"(?<![\d.])(?:\d{4}|[’']\d{2})\.(?:\s?\d{1,2}\.(?:\s?\d{1,2}\.)?)?(?=\s?\S|\s*$)"
    r"|(?<![\d.])(?:1[0-2]|[1-9])\.\s?(?:3[01]|[12]\d|[1-9])\.(?=\s)"
)
_WHOLE_DATE = re.compile(r"(?<![\d.])\d{4}\. ?\d{1,2}\. ?\d{1,2}\.")
_CLOSING_MARKS = {"“": "”", "‘": "’", "「": "」", "『": "』", "〈": "〉", "《": "》", "(": ")", "（": "）", "[": "]"}
_OPENING_MARK = re.compile("[“‘「『〈《(（\\[]")
_APOSTROPHE = re.compile("[A-Za-z]’[A-Za-z]")
# Kiwi's tags of particles, endings, copulas and suffixes: a piece that begins with one continues the sentence before it.
_CONTINUATION_TAGS = ("J", "E", "VCP", "XS")
_ENUMERATOR = re.compile(
    r"\(?(?:\d{1,3}|[A-Za-z]|[ivxIVX]{1,4}|[가나다라마바사아자차카타파하])[.)]"
    r"|(?:Step|Chapter|Table|Fig\.|Figure|Part|Section|Act|Book|Vol\.|No\.|Lesson|Q|A)\s?\d{0,3}\.|N\.B\.|P\.S\."
    r"|제\s?\d+[장절조항권부화회]\."
)
_BULLETS = re.compile(r"[•·▪※→▶◆○●—–-]+")
_SOURCE = re.compile(r"[—–] .*(?:[^.!?…]|[,:] [A-Z][^.!…]*\?)", re.DOTALL)  # "… — Author, Title (2019)" at the end of a paragraph
_ENGLISH_REPORT = re.compile(
    r"(?:I|[A-Z][\w’'-]+|[a-z]+)(?: [A-Z]\w+)? (?:said|asked|shouted|cried|whispered|replied|answered|muttered|yelled|called|added"
    r"|snapped|sighed|murmured|says|asks|went|told)\b"
)
_LINE_OF_ITS_OWN = re.compile(
    r"[•·▪◦‣※→▶○●◆■□☐☑✓✔*+–—-](?:\s|(?=\S))|\(?\d{1,3}[.)]\s|[IVX]{1,4}\.\s|#{1,6}\s|[“\"‘「『]|\[\d{1,2}:\d{2}\]"
    r"|[A-Za-z가-힣]{1,12}:\s|[\u2600-\u27bf\U0001f300-\U0001faff]"
)
_CAPITALISED = re.compile(r"[^\w]*[A-Z]")
_NEVER_LAST = re.compile(
    r"\b(?:approx|vs|vols?|trans|eds?|Ft|Mt|Pt|incl|excl|Acct|Phil|cf|viz|Rev|Hon|Capt|Lt|Col|Maj|Sgt|Gov|Sen|Prof|Dr|Mr|Mrs|Ms)\.$"
)
_LATIN_END = re.compile(rf"[A-Za-z’']{{2,}}{_CLOSING}*[.!?…]+{_CLOSING}*$")
_ENGLISH_END = re.compile(r"[A-Za-z’']+,? [a-z’']{2,}$")  # of an English sentence in a Korean text
_BEFORE_NUMBER = re.compile(  # abbreviations that a number follows
    r"\b(?:Mon|Tues?|Weds?|Thurs?|Fri|Sat|Sun|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec|[Cc]h|chap|est|nos|pp?|hrs?|yrs?|mins?|secs?"
    r"|ext|[Ff]igs?|sec|para|bk|pt|ca?|al)\.$"
)
# Words that end a sentence and that sentencex takes for abbreviations (Missouri, Maine, Illinois, number, article, …).
_WHOLE_WORD = re.compile(r"(?:^|[\s“‘(])(?:art|ill|may|me|miss|no|ore|pa|May)$")
_LOWER_CASE_WORD = re.compile(r"[a-z]+(?![A-Z\w])")  # not iPhone


def split_paragraph(text: str) -> list[Span]:
    """The spans of the sentences of a paragraph, without the white space around them. Its lines are joined where a program wrapped them."""
    return [(start + first, start + last) for start, end in _runs(text) for first, last in split_line(text[start:end])]


def split_line(text: str) -> list[Span]:
    """The spans of the sentences of a text in which a line break ends no sentence."""
    without_marks = bare(text)
    return [without_marks.span(*span) for span in _Splitter(without_marks.text).spans()]


def _runs(text: str) -> list[Span]:
    """The lines of a paragraph as the spans that are split together.

    Lines are joined where a program wrapped them, inside a quotation, after an abbreviation, and after a long line before one in lower
    case. Any other line stands alone.
    """
    lines: list[Span] = []
    start = 0
    for line in text.split("\n"):
        if line.strip():
            lines.append((start, start + len(line)))
        start += len(line) + 1
    is_wrapped = _is_wrapped([text[slice(*line)].strip() for line in lines])
    quotations = _Cover(_pairs(text) if len(lines) > 1 else iter(()))
    is_capitalised = _CAPITALISED.match(text) is not None
    runs: list[Span] = []
    for first, last in lines:
        line, before = text[first:last].lstrip(), text[slice(*runs[-1])].rpartition("\n")[2] if runs else ""
        continues = runs and (
            quotations.contains(first)
            or (is_wrapped and not _LINE_OF_ITS_OWN.match(line))
            or _NEVER_LAST.search(before)
            or (is_capitalised and _LOWER_CASE_WORD.match(line) and weighted_length(before) >= MIN_WRAP_WEIGHT)
        )
        if continues:
            runs[-1] = (runs[-1][0], last)
        else:
            runs.append((first, last))
    return runs


def _is_wrapped(lines: Sequence[str]) -> bool:
    """Whether a program broke the lines at a fixed width: after each the next word would not have fitted into the widest."""
    limit = max(map(weighted_length, lines), default=0)
    return limit >= MIN_WRAP_WEIGHT and all(
        _KOREAN_LINE_END.search(line) is None
        and weighted_length(line) + 1 + weighted_length(following.split(maxsplit=1)[0]) > limit - WRAP_SLACK
        for line, following in pairwise(lines)
    )


class _Splitter:
    """A text without marks, and where its sentences may end."""

    def __init__(self, text: str) -> None:
        self._text = text.replace("\n", " ")  # the libraries end a sentence at an abbreviation before a line break
        self._is_korean = needs_kiwi(text)

    def spans(self) -> list[Span]:
        text = self._text
        cuts = {*self._sentencex_cuts(), *(self._kiwi_cuts() if self._is_korean else ()), *self._stops()}
        unbreakable = _Cover(self._unbreakable())
        spans: list[Span] = []
        start = 0
        for cut in [*sorted(cuts), len(text)]:
            if cut <= start or (cut < len(text) and unbreakable.contains(cut)):
                continue
            piece = text[start:cut]
            left, right = len(piece) - len(piece.lstrip()), len(piece.rstrip())
            if left < right:
                spans.append((start + left, start + right))
            start = cut
        return self._rejoined(spans)

    def _stops(self) -> Iterator[int]:
        """Cuts behind a full stop, an emoji or an emoticon that the libraries miss."""
        for match in _FACE_STOP.finditer(self._text):
            if _FINAL_SYLLABLE.search(match["before"]) or _ENGLISH_OPENING.match(self._text, match.end()):
                yield match.end()
        for match in _STOP.finditer(self._text):
            is_after_hangul = self._is_korean and match.start() and _HANGUL.match(self._text, match.start() - 1)
            ends = self._ends_korean(match) if is_after_hangul else self._ends_english(match)
            if ends:
                yield match.end()

    def _ends_korean(self, stop: re.Match[str]) -> bool:
        before = self._text[max(0, stop.start() - 12) : stop.start()]
        if _KOREAN_ABBREVIATION.search(before) or _ATTACHED.match(self._text, stop.end()):
            return False
        if stop["stop"].startswith(("..", "…")) and not _FINAL_SYLLABLE.search(before):
            return False
        if stop["faces"] or _SENTENCE_OPENING.match(self._text, stop.end()) or stop["stop"][-1] in "?!。？！":
            return True
        return not stop["close"] and bool(_PLAIN_FINAL_SYLLABLE.search(before))

    def _ends_english(self, stop: re.Match[str]) -> bool:
        if stop["faces"]:
            return True
        if self._is_korean:
            before = self._text[max(0, stop.start() - 40) : stop.start()]
            return bool(_ENGLISH_END.search(before) and _HANGUL.match(self._text, stop.end()))
        closes = stop["close"] or stop["stop"].startswith(("…", "...")) or stop["stop"][-1] in "!?"
        closes = closes or _WHOLE_WORD.search(self._text, max(0, stop.start() - 6), stop.start())
        return bool(closes and _ENGLISH_OPENING.match(self._text, stop.end()))

    def _sentencex_cuts(self) -> Iterator[int]:
        import sentencex

        for boundary in sentencex.get_sentence_boundaries("en", self._text):
            cut = boundary["start_index"]
            if cut and (not self._is_korean or self._is_between_english(cut)):
                yield self._after_marks(cut)

    def _is_between_english(self, cut: int) -> bool:
        """Whether an English sentence ends before a cut in a Korean paragraph, and another begins there."""
        before = self._text[max(0, cut - 40) : cut].rstrip()
        return bool(_LATIN_END.search(before) and _CAPITALISED.match(self._text, cut))

    def _kiwi_cuts(self) -> Iterator[int]:
        for start, end in self._kiwi_inputs():
            for number, sentence in enumerate(kiwi().split_into_sents(self._text[start:end], return_tokens=True)):
                is_first = not number and not start
                continues = bool(sentence.tokens) and sentence.tokens[0].tag.startswith(_CONTINUATION_TAGS)
                if not is_first and not continues and self._follows_stop(start + sentence.start):
                    yield self._after_marks(start + sentence.start)

    def _follows_stop(self, cut: int) -> bool:
        """Whether a cut of Kiwi is behind a full stop, and not behind dots that only pause."""
        before = self._text[max(0, cut - 40) : cut].rstrip()
        stop = _STOP_AT_END.search(before)
        return stop is not None and not (
            stop["stop"].startswith(("..", "…")) and not _FINAL_SYLLABLE.search(before[: stop.start()])
        )

    def _kiwi_inputs(self) -> Iterator[Span]:
        """The spans to give to Kiwi, each cut after a sentence, else after a space, else at the limit."""
        text, start = self._text, 0
        while len(text) - start > MAX_KIWI_CHARACTERS:
            limit = start + MAX_KIWI_CHARACTERS
            cut = max(text.rfind(mark, start, limit) + 2 for mark in (". ", "? ", "! "))
            cut = cut if cut > start + 1 else text.rfind(" ", start, limit) + 1
            cut = cut if cut > start else limit
            yield start, cut
            start = cut
        yield start, len(text)

    def _after_marks(self, cut: int) -> int:
        """The cut behind the closing marks or the emoji that stand at `cut` and belong to the sentence before."""
        faces = _FACES.match(self._text, cut)
        if faces and re.search(r"[.!?…]", self._text[max(0, cut - 40) : cut].rstrip()[-2:]):
            space = _SPACE.match(self._text, faces.end())
            return space.end() if space else faces.end()
        marks = _CLOSING_MARKS_AND_SPACE.match(self._text, cut)
        return marks.end() if marks else cut

    def _unbreakable(self) -> Iterator[Span]:
        """The spans that no sentence ends inside: dates, quotations, brackets. Straight quotation marks are paired from the left."""
        text = self._text
        yield from (match.span() for match in _WHOLE_DATE.finditer(text))
        if self._is_korean:
            yield from ((match.start(), match.end() + text.startswith(" ", match.end())) for match in _DATE.finditer(text))
        straight = [match.start() for match in re.finditer('"', text)]
        for first, last in zip(straight[::2], straight[1::2], strict=False):
            if last - first < MAX_QUOTATION_CHARACTERS:
                yield first, last
        yield from _pairs(text)

    def _rejoined(self, spans: Sequence[Span]) -> list[Span]:
        """Join an enumerator, a bullet, a reporting clause, an attached particle and a source with the sentence that they belong to."""
        is_capitalised = _CAPITALISED.match(self._text) is not None
        joined: list[Span] = []
        for start, end in spans:
            sentence = self._text[start:end]
            previous = self._text[slice(*joined[-1])] if joined else ""
            if joined and (_leads(previous) or self._continues(previous, sentence, is_capitalised)):
                joined[-1] = (joined[-1][0], end)
            else:
                joined.append((start, end))
        if len(joined) > 1 and _SOURCE.fullmatch(self._text, *joined[-1]):
            joined[-2:] = [(joined[-2][0], joined[-1][1])]
        return joined

    def _continues(self, previous: str, sentence: str, is_capitalised: bool) -> bool:
        if _NEVER_LAST.search(previous) or (_BEFORE_NUMBER.search(previous) and re.match(r"[\[(]?\d", sentence)):
            return True
        return (
            _continues_korean(previous, sentence) if self._is_korean else _continues_english(previous, sentence, is_capitalised)
        )


def _pairs(text: str) -> Iterator[Span]:
    """The spans from an opening mark to before the mark that closes it."""
    for match in _OPENING_MARK.finditer(text):
        if end := _closing_offset(text, match.start()):
            yield match.start(), end


def _closing_offset(text: str, start: int) -> int:
    """The offset of the mark that closes the one at `start`, or 0. An apostrophe inside a word is not a closing mark."""
    opening, closing, depth = text[start], _CLOSING_MARKS[text[start]], 0
    for offset in range(start + 1, min(len(text), start + MAX_QUOTATION_CHARACTERS)):
        if text[offset] == closing and not (closing == "’" and _APOSTROPHE.match(text, offset - 1)):
            if not depth:
                return offset
            depth -= 1
        elif text[offset] == opening:
            depth += 1
    return 0


class _Cover:
    """Spans, possibly nested, and the question whether a cut lies inside one."""

    def __init__(self, spans: Iterator[Span]) -> None:
        merged: list[Span] = []
        for start, end in sorted(spans):
            if merged and start < merged[-1][1]:
                merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
            else:
                merged.append((start, end))
        self._merged = merged
        self._starts = [start for start, _ in merged]

    def contains(self, cut: int) -> bool:
        index = bisect_right(self._starts, cut - 1) - 1
        return index >= 0 and cut <= self._merged[index][1]


def _leads(previous: str) -> bool:
    """Whether a piece is only an enumerator or a bullet of what follows."""
    return bool(_ENUMERATOR.fullmatch(previous) or _BULLETS.fullmatch(previous))


def _continues_korean(previous: str, sentence: str) -> bool:
    if re.search(r"[!?.,…][\"”’'」』〉》*]$", previous) and _ATTACHED.match(sentence):
        return True
    if re.search(r"[〈《「『][^〈《「『]*[!?.…][〉》」』]$", previous):  # a title such as 《왜 쓰는가?》
        return True
    return bool(re.search(r"[?!]$", previous) and _REPORTING.match(sentence))


def _continues_english(previous: str, sentence: str, is_capitalised: bool) -> bool:
    is_quotation = re.match(r"[“\"‘]", previous) and re.search(r"[!?.,…][\"”’]$", previous)
    if is_quotation and (_ENGLISH_REPORT.match(sentence) or sentence[:1].islower()):
        return True
    return bool(is_capitalised and (_LOWER_CASE_WORD.match(sentence) or (previous[-1] in "!?" and sentence[0] in "—–")))

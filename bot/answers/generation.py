"""What a model says about an answer's passages: cut into sentences as it comes, each checked before anyone sees it.

What passes joins the answer as an `essay` sentence, with the essay's own sentence that bears it out as its citation, or as the bot's
`reading`; what fails is taken out and listed with its reason.
"""

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import cached_property

from bot.answers import prompts, wording
from bot.errors import ModelError
from bot.grounding import quotations
from bot.grounding.checker import Evidence, Similar
from bot.models.chat import ChatModel
from bot.models.streaming import StreamFault, stream_text
from bot.schema import Answer, Citation, Essay, Language, Passage, Refusal, Sentence
from bot.text.normalize import language_of
from bot.text.sentences import sentences
from bot.text.tokenize import morphemes

# The reasons for a refusal that the check of the words against the passages does not know.
REWRITE_TURNS, REWRITE_SECONDS, REWRITE_LONGEST = 2, 20.0, 300  # turns that are read, seconds that are waited, characters
CITATION, LANGUAGE, REPEATED, FRAGMENT = "citation", "language", "repeated", "fragment"

_NUMBERS = re.compile(r"\s*[\[［(]\s*(?:대목|passages?)?\s*(\d{1,3}(?:\s*[,·]\s*\d{1,3})*)\s*[\]］)]", re.IGNORECASE)
_NAMED = re.compile(r"(?:대목|\bpassage)\s*(\d{1,3})", re.IGNORECASE)  # "In Passage 2, …" says where it comes from, too
_BEHIND = re.compile(r"([.!?。…][\"”’」』)]*)((?:\s*\[\d{1,3}\])+)")  # "… was moved. [1]": the number belongs to what it follows
_MARKUP = re.compile(r"^\s*(?:#{1,6}|[-*•]|\d{1,2}[.)])\s+|\*\*|__|`", re.MULTILINE)
_LABEL = re.compile(
    r"^(?:답변?|대답|answer)\s*[:：]\s*", re.IGNORECASE
)  # what the prompt's frame tempts small models to begin with
_HANGUL = re.compile("[가-힣]")
_HAN_OR_KANA = re.compile("[\u3040-\u30ff\u4e00-\u9fff]")
_LETTER = re.compile(r"[^\W\d_]")
_ASIDE = re.compile(r"“[^”]*”|\"[^\"]*\"|「[^」]*」|\([^)]*\)")  # a quotation or an original name may be in the other language


def generate(
    answer: Answer,
    passages: Sequence[Passage],
    essays: Mapping[str, Essay],
    voice: ChatModel,
    similar: Similar | None = None,
    heard: Callable[[], None] | None = None,
) -> Iterator[Answer]:
    """`answer`, made of quotations, as it grows by what the model says of `passages`; as it stands, too, while the model is silent.

    `heard` is called at every piece of the model's words.
    Never raises for what the model or its server does: then the answer is not `complete`, and its last sentence says what happened.
    """
    asked = prompts.messages(
        answer.standalone, [(essays[one.essay].title, one.text) for one in passages], answer.language, answer.mode
    )
    desk = _Draft(answer, passages, essays, similar, voice.reads)
    fault, rest = "", ""
    try:
        with closing(stream_text(voice.chat, asked, voice.limits)) as pieces:
            for piece in pieces:
                if piece and heard:
                    heard()
                whole, rest = complete_sentences(rest + piece) if piece else ([], rest)
                for sentence in whole:
                    desk.take(sentence)
                yield desk.answer
    except StreamFault as error:
        fault = error.fault
    except ModelError as error:
        yield desk.unopened(error)
        return
    if not fault:
        for sentence in split_sentences(rest):
            desk.take(sentence)
    yield desk.closed(fault)


def condense_with_model(question: str, talk: Sequence[tuple[str, str]], voice: ChatModel) -> str:
    """The question as the model writes it to stand without the talk; empty where the model fails or takes too long."""
    asked = prompts.rewriting(question, talk[-REWRITE_TURNS:], language_of(question))
    limits = replace(voice.limits, total=min(voice.limits.total, REWRITE_SECONDS), characters=REWRITE_LONGEST)
    try:
        return "".join(stream_text(voice.chat, asked, limits)).strip(' \n"“”')
    except (StreamFault, ModelError):
        return ""


def warm_up(voice: ChatModel) -> None:
    """Load a local model and let it read the rules of both languages, which stand at the head of every prompt."""
    for language in prompts.RULES:
        asked = prompts.messages("?", [], language, "answer")
        try:
            with closing(stream_text(voice.chat, asked, replace(voice.limits, characters=0))) as pieces:
                next(pieces, "")
        except (StreamFault, ModelError):
            return  # it comes up again, with its remedy, when a question is asked


def complete_sentences(text: str) -> tuple[list[str], str]:
    """The sentences of `text` that are whole, and the rest, which more words may go on with.

    A sentence is whole when another has begun; what begins with a bracket may be the number that belongs to it.
    """
    found = split_sentences(text)
    begun = 2 if found and found[-1][0] in "[［(" else 1
    if len(found) <= begun:
        return [], text
    gathered = _gathered(text)
    at = len(gathered)
    for sentence in reversed(found[-begun:]):
        at = gathered.rindex(sentence, 0, at)
    return found[:-begun], gathered[at:]


def split_sentences(text: str) -> list[str]:
    """The sentences of a model's text, each with the numbers that stand behind it; list marks and bold type are taken off.

    A quotation of several sentences is one: cut up, none of its parts would look like a quotation any more.
    """
    found: list[str] = []
    for line in _gathered(text).split("\n"):
        start = 0
        for at, end in sentences(line):
            if not _is_open(line[start:end]):
                found.append(line[start:end].strip())
                start = end
            elif not line[start:at].strip():
                start = at
        if line[start:].strip():
            found.append(line[start:].strip())
    return [sentence for sentence in found if sentence]


def _is_open(text: str) -> bool:
    """Whether a quotation begins in `text` and does not end there."""
    return text.count("“") > text.count("”") or text.count("「") > text.count("」") or text.count('"') % 2 == 1


def _gathered(text: str) -> str:
    """The text with the numbers behind a full stop drawn in front of it, so that they stay with their sentence."""
    return _MARKUP.sub("", _BEHIND.sub(lambda match: match[2] + match[1], text)).replace("。", "。\n")


@dataclass
class _Draft:
    """An answer in the making, and what its sentences are held against."""

    answer: Answer
    passages: Sequence[Passage]
    essays: Mapping[str, Essay]
    similar: Similar | None
    free: bool  # whether the model may say what no passage bears out
    _kept: int = 0
    _seen: set[str] = field(default_factory=set)

    @cached_property
    def _known(self) -> str:
        """What may be named although no passage holds it: the question and the titles."""
        return "\n".join([self.answer.question, self.answer.standalone, *(self.essays[one.essay].title for one in self.passages)])

    @cached_property
    def _all(self) -> Evidence:
        return Evidence([one.text for one in self.passages], self._known, self.similar)

    @cached_property
    def _each(self) -> list[Evidence]:
        return [Evidence([one.text], self._known, self.similar) for one in self.passages]

    def take(self, sentence: str) -> None:
        """Put the sentence into the answer, or among what was refused."""
        text = _LABEL.sub("", " ".join(_NUMBERS.sub("", sentence).split()))
        if not text or text.strip(" .") == wording.ABSTAIN[self.answer.language].strip(" ."):
            self._add(Sentence(wording.DOUBTS[self.answer.language], "notice"), once=True) if text else None
            return
        numbers = _cited(sentence) or self._quoting(text) or self._borne_out(text)
        if reason := self._reason(text, numbers):
            self.answer = replace(self.answer, refused=(*self.answer.refused, Refusal(sentence, reason)))
        elif numbers:
            self._add(Sentence(text, "essay", self._citations(text, numbers)))
        else:
            self._add(Sentence(text, "reading"))

    def unopened(self, error: ModelError) -> Answer:
        """The answer where the model could not even be opened."""
        language = self.answer.language
        return self._noticed(wording.SETUP[language].format(error=error.korean if language == "ko" else error))

    def closed(self, fault: str) -> Answer:
        """The answer at the end of the stream, with a word on how it ended where it did not end well."""
        language = self.answer.language
        if fault:
            return replace(self._noticed(wording.ended(fault, language)), complete=False)
        return self.answer if self._kept else self._noticed(wording.NOTHING_LEFT[language])

    def _noticed(self, text: str) -> Answer:
        return replace(self.answer, sentences=(*self.answer.sentences, Sentence(text, "notice")))

    def _add(self, sentence: Sentence, *, once: bool = False) -> None:
        if once and sentence in self.answer.sentences:
            return
        self._kept += 1
        self._seen.add(sentence.text)
        self.answer = replace(self.answer, sentences=(*self.answer.sentences, sentence))

    def _reason(self, text: str, numbers: Sequence[int]) -> str:
        """Why the sentence may not be shown; empty where it may."""
        if any(not 1 <= number <= len(self.passages) for number in numbers):
            return CITATION
        if _is_open(text):
            return "quotation"
        if not _is_in(self.answer.language, text):
            return LANGUAGE
        if len(_LETTER.findall(text)) < 2:
            return FRAGMENT
        if text in self._seen or set(morphemes(text)) <= set(morphemes(self.answer.standalone)):  # the question itself, say
            return REPEATED
        if not numbers:
            return self._all.reads(text) or ("" if self.free else "support")
        if len(numbers) == 1:
            return self._each[numbers[0] - 1].check(text)
        return Evidence([self.passages[number - 1].text for number in numbers], self._known, self.similar).check(text)

    def _quoting(self, text: str) -> list[int]:
        """The passages that a sentence without a number quotes."""
        held = [
            next((number for number, one in enumerate(self.passages, 1) if quotations.locate(quote, one.text)), 0)
            for quote in quotations.quotations(text)
        ]
        return sorted(set(held)) if held and all(held) else []

    def _borne_out(self, text: str) -> list[int]:
        """The passage that a sentence without a number repeats all the same: models forget numbers."""
        at = self._all.support(text)
        return [at[0] + 1] if at and not self._each[at[0]].check(text) else []

    def _citations(self, text: str, numbers: Sequence[int]) -> tuple[int, ...]:
        """The numbers, in the answer, of the essay sentences that bear `text` out, new ones added."""
        found = []
        for number in numbers:
            passage = self.passages[number - 1]
            if at := self._each[number - 1].support(text):
                found.append(self._cite(self.essays[passage.essay], passage.start + at[1], passage.start + at[2]))
        return tuple(dict.fromkeys(found))

    def _cite(self, essay: Essay, start: int, end: int) -> int:
        for one in self.answer.citations:
            if one.essay == essay.id and one.start <= start and end <= one.end:
                return one.number
        made: Citation = quotations.cite(essay, start, end, len(self.answer.citations) + 1)
        self.answer = replace(self.answer, citations=(*self.answer.citations, made))
        return made.number


def _cited(sentence: str) -> list[int]:
    """The numbers that a sentence gives for where it comes from, each once."""
    given = [*_NUMBERS.findall(sentence), *_NAMED.findall(sentence)]
    return list(dict.fromkeys(int(number) for match in given for number in re.findall(r"\d+", match)))


def _is_in(language: Language, text: str) -> bool:
    """Whether a sentence is in the language, quotations and what stands in brackets left aside."""
    said = _ASIDE.sub("", text)
    if language == "ko":
        return bool(_HANGUL.search(said)) or not _LETTER.search(said)
    return not _HANGUL.search(said) and not _HAN_OR_KANA.search(said)


TRIAL_QUESTION = "Say the word yes."
TRIAL_LONGEST = 200  # characters that are waited for; a model that is cut off there works


def first_word_seconds(voice: ChatModel) -> float:
    """Seconds until the model's first word. Raises `ModelError`, which says what is wrong and what to do."""
    started = time.perf_counter()
    try:
        with closing(
            stream_text(voice.chat, [("user", TRIAL_QUESTION)], replace(voice.limits, characters=TRIAL_LONGEST))
        ) as pieces:
            for piece in pieces:
                if piece.strip():
                    return time.perf_counter() - started
        raise StreamFault("empty")
    except StreamFault as error:
        told = wording.FAULTS[error.fault]
        raise ModelError(f"{voice.name}: {told['en']}", f"{voice.name}: {told['ko']}") from None

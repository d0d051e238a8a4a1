"""Generate the text of an answer with a chat model: split it into sentences as it streams, and check each before it is shown.

A supported sentence joins the answer as kind `essay`, with the essay sentence that supports it as its citation; one without a citation
joins as kind `reading`. A sentence that fails the check is listed as refused, with the reason. What stands where the model writes no
answer is given by the caller: `Otherwise`.
"""

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

from bot.answers import prompts, prompts_capable, prompts_small
from bot.answers.chat_turns import chat_lines
from bot.answers.context import Context
from bot.answers.segmentation import cited_numbers, complete_sentences, has_open_quotation, split_sentences, without_citations
from bot.answers.tokens import TOKENS_PER_HANGUL, TOKENS_PER_OTHER
from bot.errors import ModelError
from bot.grounding import markers, quotations
from bot.grounding.checker import Evidence
from bot.grounding.outcome import Outcome
from bot.grounding.support import Comparison, Similar
from bot.messages import model_errors, notices
from bot.messages.text import LANGUAGES, Text
from bot.models.chat import ChatModel, Limits
from bot.models.streaming import StreamFault, stream_text
from bot.schema import Answer, Citation, Essay, Language, Message, Passage, Refusal, Sentence, is_quotation
from bot.text.language import language_of
from bot.text.tokenize import morphemes

if TYPE_CHECKING:
    from langchain_core.runnables import RunnableConfig

# Reasons for refusal beside those of `bot.grounding.checker`.
CITATION, LANGUAGE, REPEATED, FRAGMENT = "citation", "language", "repeated", "fragment"

MAX_ANSWER_TOKENS = 900  # of a capable model's prose
CONDENSE_TURNS = 6  # of the chat that the model reads to condense a follow-up
CONDENSE_TOKENS = {"capable": 1_200, "small": 300}
CONDENSE_SECONDS, CONDENSE_CHARACTERS = 20.0, 300
TRIAL_QUESTION = "Say the word yes."
TRIAL_CHARACTERS = 200  # more than the first word needs; a model that is cut off here works

_ABSTENTIONS = {notices.ABSTAIN.of(language).strip(" .") for language in LANGUAGES}  # a model may answer in the other language
_LABEL = re.compile(r"^(?:답변?|대답|answer)\s*[:：]\s*", re.IGNORECASE)  # small models begin with it
_HAN_OR_KANA = re.compile("[\u3040-\u30ff\u4e00-\u9fff]")
_LETTER = re.compile(r"[^\W\d_]")
_QUOTED_OR_BRACKETED = re.compile(r"“[^”]*”|\"[^\"]*\"|「[^」]*」|\([^)]*\)")  # may be in the other language


@dataclass(frozen=True, slots=True)
class Otherwise:
    """What stands in place of a model's prose: `quotations` where it fails, `abstention` where it says that the essays do not answer."""

    quotations: Answer
    abstention: Answer


def generate(
    answer: Answer,
    context: Context,
    essays: Mapping[str, Essay],
    chat_model: ChatModel,
    similar: Similar | Comparison | None = None,
    on_text: Callable[[], None] | None = None,
    config: "RunnableConfig | None" = None,
    otherwise: Otherwise | None = None,
) -> Iterator[Answer]:
    """`answer`, extended by the model's checked sentences about the passages of `context`; one answer per streamed piece.

    Without `otherwise`, `answer` holds the quotations, and the model's sentences follow them. With it, the model's prose is the answer: its
    readings and notices are held back until one of its sentences is supported, and where none is, the answer is one of `otherwise`.
    The current answer is also yielded while the model is silent, so that the caller can stop. `on_text` is called for each piece of text.
    `config` is LangChain's, for the model's run, which is named `generate`. Of a capable model sentences that the check can neither
    confirm nor refuse are shown, marked.
    Errors of the model or its server are not raised: the answer is then not `complete`, and its last sentence names the fault.
    """
    prompt = answer_messages(answer, context, essays, chat_model)
    draft = _Draft(answer, context.passages, essays, similar, chat_model.may_add_readings, otherwise, chat_model.is_capable)
    fault, rest = "", ""
    try:
        with closing(stream_text(chat_model.model, prompt, _limits(chat_model, answer), _named("generate", config))) as pieces:
            for piece in pieces:
                if piece and on_text:
                    on_text()
                complete, rest = complete_sentences(rest + piece) if piece else ([], rest)
                for sentence in complete:
                    draft.add_sentence(sentence)
                yield draft.answer
    except StreamFault as error:
        fault = error.fault
    except ModelError as error:
        yield replace(draft.without_model(error), reading=None)
        return
    if not fault:
        for sentence in split_sentences(rest):
            draft.add_sentence(sentence)
    yield replace(draft.finish(fault), reading=None)


def answer_messages(
    answer: Answer, context: Context, essays: Mapping[str, Essay], chat_model: ChatModel, marker: str = ""
) -> list[tuple[str, str]]:
    """The prompt for an answer, as (role, text): that for capable models or that for small ones; without a `marker` with a new one."""
    messages = prompts_capable.messages if chat_model.is_capable else prompts_small.messages
    return messages(answer, context, essays, marker)


def _limits(chat_model: ChatModel, answer: Answer) -> Limits:
    """The model's limits; a capable one's prose has at most `MAX_ANSWER_TOKENS` and half as many again, since tokens are estimated."""
    if not chat_model.is_capable:
        return chat_model.limits
    each = TOKENS_PER_HANGUL if answer.language == "ko" else TOKENS_PER_OTHER
    most = int(1.5 * MAX_ANSWER_TOKENS / each)
    return replace(chat_model.limits, max_characters=min(most, chat_model.limits.max_characters))


def condense_with_model(
    question: str, history: Sequence[Message], chat_model: ChatModel, config: "RunnableConfig | None" = None
) -> str:
    """The follow-up as the model condenses it into a standalone question; empty where the model fails or takes too long.

    It reads the last turns of the chat, without notices, within `CONDENSE_TOKENS`.
    `config` is LangChain's, for the model's run, which is named `condense`.
    """
    language = language_of(question)
    chat = chat_lines(history, CONDENSE_TURNS, CONDENSE_TOKENS[chat_model.model_class], language)
    prompt = prompts.condense_messages(question, chat, language)
    seconds = min(chat_model.limits.total_seconds, CONDENSE_SECONDS)
    limits = replace(chat_model.limits, total_seconds=seconds, max_characters=CONDENSE_CHARACTERS)
    try:
        return "".join(stream_text(chat_model.model, prompt, limits, _named("condense", config))).strip(' \n"“”')
    except (StreamFault, ModelError):
        return ""


def warm_up(chat_model: ChatModel) -> None:
    """Load a local model and have it read the rules of both languages, with which every prompt begins, into its cache."""
    for language in LANGUAGES:
        prompt = answer_messages(Answer("?", "?", language, "answer", chat_model.name), Context(), {}, chat_model)
        try:
            with closing(stream_text(chat_model.model, prompt, replace(chat_model.limits, max_characters=0))) as pieces:
                next(pieces, "")
        except (StreamFault, ModelError):
            return  # reported, with its remedy, when a question is asked


def first_word_seconds(chat_model: ChatModel) -> float:
    """Seconds until the model's first word. Raises `ModelError`, which says what is wrong and what to do."""
    started = time.perf_counter()
    limits = replace(chat_model.limits, max_characters=TRIAL_CHARACTERS)
    try:
        with closing(stream_text(chat_model.model, [("user", TRIAL_QUESTION)], limits)) as pieces:
            for piece in pieces:
                if piece.strip():
                    return time.perf_counter() - started
        raise StreamFault("empty")
    except StreamFault as error:
        fault = notices.FAULTS[error.fault]
        raise ModelError(model_errors.TRIAL_FAILED.format(name=chat_model.name, fault=fault)) from None


def _named(name: str, config: "RunnableConfig | None") -> "RunnableConfig":
    """The configuration of a run with this name."""
    return {**(config or {}), "run_name": name}


@dataclass
class _Draft:
    """An answer that is being generated, and the passages that its sentences are checked against."""

    answer: Answer
    passages: Sequence[Passage]
    essays: Mapping[str, Essay]
    similar: Similar | Comparison | None
    may_add_readings: bool  # whether sentences that no passage supports are accepted as readings
    otherwise: Otherwise | None = None  # what stands in place of prose; None where the model's sentences follow the quotations
    is_capable: bool = False  # whether sentences that the check can neither confirm nor refuse are shown
    _accepted: int = 0
    _abstains: bool = False
    _held: list[Sentence] = field(default_factory=list)  # until a sentence is supported
    _seen: set[str] = field(default_factory=set)

    @cached_property
    def _known(self) -> str:
        """Text whose names and figures a sentence that speaks of the question may use although no passage has them."""
        return "\n".join([self.answer.question, self.answer.standalone])

    @cached_property
    def _titles(self) -> list[str]:
        return list(dict.fromkeys(self.essays[passage.essay].title for passage in self.passages))

    @cached_property
    def _all_passages(self) -> Evidence:
        return self._evidence(self.passages)

    @cached_property
    def _each_passage(self) -> list[Evidence]:
        return [self._evidence([passage]) for passage in self.passages]

    def _evidence(self, passages: Sequence[Passage]) -> Evidence:
        return Evidence([passage.text for passage in passages], self._known, self.similar, self._titles)

    def add_sentence(self, sentence: str) -> None:
        """Check a sentence of the model, then append it to the answer or to its refusals."""
        text = _LABEL.sub("", without_citations(sentence))
        if not text:
            return
        if text.strip(" .") in _ABSTENTIONS:
            self._abstain()
            return
        if self.is_capable and markers.says_what_is_absent(text) and not self._form_reason(text):
            self._append(Sentence(text, "notice"))
            return
        numbers = cited_numbers(sentence) or self._quoted_passages(text) or self._supporting_passage(text)
        if self.is_capable and not self._form_reason(text) and not self._wrong_number(numbers):
            self._add_outcome(sentence, text, numbers)
        elif reason := self._refusal_reason(text, numbers):
            self.answer = replace(self.answer, refused=(*self.answer.refused, Refusal(sentence, reason)))
        elif numbers:
            self._append(self._supported(text, self._citation_numbers(text, numbers)))
        else:
            self._append(Sentence(text, "reading"))

    def _add_outcome(self, sentence: str, text: str, numbers: Sequence[int]) -> None:
        """Append a capable model's sentence by its outcome: against the passages that it cites, or against all where that is better.

        One that is not confirmed, cites nothing and does not speak of an essay is the model's own reading.
        """
        cited = self._evidence([self.passages[number - 1] for number in numbers])
        if numbers and cited.outcome(text).state == "supported":
            self._append(self._supported(text, self._citation_numbers(text, numbers)))
            return
        outcome = self._all_passages.outcome(text)
        unknown = "" if numbers else self._all_passages.check_reading(text)
        is_reading = not numbers and self.may_add_readings and not markers.is_attributed(text)
        if outcome.state == "supported":
            self._append(self._supported(text, self._cite_place(outcome)))
        elif is_reading and not unknown:
            self._append(Sentence(text, "reading"))
        elif outcome.state == "unconfirmed" and not unknown:
            self._append(Sentence(text, "unconfirmed", self._cite_place(outcome)))
        else:
            self.answer = replace(self.answer, refused=(*self.answer.refused, Refusal(sentence, unknown or outcome.reason)))

    def _cite_place(self, outcome: Outcome) -> tuple[int, ...]:
        passage = self.passages[outcome.passage]
        return (self._cite(self.essays[passage.essay], passage.start + outcome.start, passage.start + outcome.end),)

    def _supported(self, text: str, numbers: tuple[int, ...]) -> Sentence:
        cited = [citation for citation in self.answer.citations if citation.number in numbers]
        return Sentence(text, "essay", numbers, is_quotation(text, cited))

    def without_model(self, error: ModelError) -> Answer:
        """The answer where the model cannot be opened: the quotations, and a notice with the error."""
        return self._with_notice(self._without_prose(), notices.MODEL_UNAVAILABLE.format(error=error.message))

    def finish(self, fault: str) -> Answer:
        """The answer at the end of the stream, with a notice where there was a fault or no sentence was accepted."""
        shown = self.answer if self._accepted else self._without_prose()
        if fault:
            return replace(self._with_notice(shown, notices.ENDED_EARLY[fault]), complete=False)
        if self._accepted:
            return shown
        if self.otherwise and self._abstains:
            return self._in_place_of_prose(self.otherwise.abstention)
        return shown if shown.abstained else self._with_notice(shown, notices.ALL_REFUSED)

    def _without_prose(self) -> Answer:
        """The quotations, where the model's prose would have been the answer."""
        return self._in_place_of_prose(self.otherwise.quotations) if self.otherwise else self.answer

    def _in_place_of_prose(self, other: Answer) -> Answer:
        """Another answer with what was refused; no passage supports what was held back."""
        held = (Refusal(sentence.text, "support") for sentence in self._held if sentence.kind != "notice")
        return replace(other, refused=(*self.answer.refused, *held), suggestions=self.answer.suggestions)

    def _with_notice(self, answer: Answer, text: Text) -> Answer:
        notice = Sentence(text.of(answer.language), "notice")
        return replace(answer, sentences=(*answer.sentences, notice))

    def _abstain(self) -> None:
        """Note that the model says that the essays do not answer: a notice after the quotations, or in its own prose."""
        self._abstains = True
        told = notices.ABSTAIN if self.otherwise else notices.MODEL_ABSTAINS
        notice = Sentence(told.of(self.answer.language), "notice")
        if notice not in (*self.answer.sentences, *self._held):
            self._append(notice)

    def _append(self, sentence: Sentence) -> None:
        """Add a sentence to the answer; in prose a notice or a reading only after a sentence that the essays support."""
        self._seen.add(sentence.text)
        if self.otherwise and not self._accepted and not sentence.citations:
            self._held.append(sentence)
            return
        self._accepted += 1
        self.answer = replace(self.answer, sentences=(*self.answer.sentences, *self._held, sentence), reading=None)
        self._held.clear()

    def _refusal_reason(self, text: str, numbers: Sequence[int]) -> str:
        """Why the sentence may not be shown; empty where it may."""
        if self._wrong_number(numbers):
            return CITATION
        if reason := self._form_reason(text):
            return reason
        if not numbers:
            return self._all_passages.check_reading(text) or ("" if self.may_add_readings else "support")
        return self._evidence([self.passages[number - 1] for number in numbers]).check(text)

    def _wrong_number(self, numbers: Sequence[int]) -> bool:
        return any(not 1 <= number <= len(self.passages) for number in numbers)

    def _form_reason(self, text: str) -> str:
        """Why the sentence may not be shown, whatever it says; empty where it may."""
        if has_open_quotation(text):
            return "quotation"
        if not _is_in_language(self.answer.language, text):
            return LANGUAGE
        if len(_LETTER.findall(text)) < 2:
            return FRAGMENT
        if text in self._seen or set(morphemes(text)) <= set(morphemes(self.answer.standalone)):  # or it repeats the question
            return REPEATED
        return ""

    def _quoted_passages(self, text: str) -> list[int]:
        """The numbers of the passages that a sentence without a citation quotes; empty unless every quotation is found."""
        found = [
            next((number for number, passage in enumerate(self.passages, 1) if quotations.locate(quote, passage.text)), 0)
            for quote in quotations.quotations(text)
        ]
        return sorted(set(found)) if found and all(found) else []

    def _supporting_passage(self, text: str) -> list[int]:
        """The number of the passage that supports a sentence without a citation: models forget to cite."""
        support = self._all_passages.best_support(text)
        return [support[0] + 1] if support and not self._each_passage[support[0]].check(text) else []

    def _citation_numbers(self, text: str, numbers: Sequence[int]) -> tuple[int, ...]:
        """The citation numbers, in the answer, of the essay sentences that support `text`; new citations are added."""
        cited = []
        for number in numbers:
            passage = self.passages[number - 1]
            if support := self._each_passage[number - 1].best_support(text):
                cited.append(self._cite(self.essays[passage.essay], passage.start + support[1], passage.start + support[2]))
        return tuple(dict.fromkeys(cited))

    def _cite(self, essay: Essay, start: int, end: int) -> int:
        for citation in self.answer.citations:
            if citation.essay == essay.id and citation.start <= start and end <= citation.end:
                return citation.number
        added: Citation = quotations.cite(essay, start, end, len(self.answer.citations) + 1)
        self.answer = replace(self.answer, citations=(*self.answer.citations, added))
        return added.number


def _is_in_language(language: Language, text: str) -> bool:
    """Whether a sentence is in the language; quotations and text in brackets do not count."""
    own_words = _QUOTED_OR_BRACKETED.sub("", text)
    if language == "ko":
        return language_of(own_words) == "ko" or not _LETTER.search(own_words)
    return language_of(own_words) == "en" and not _HAN_OR_KANA.search(own_words)

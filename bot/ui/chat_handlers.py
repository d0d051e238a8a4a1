"""One turn of the chat: from a question and the chat so far to the steps of its answer. Errors become notices in the chat."""

import logging
import traceback
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from gradio import Request

from bot.chats.history import ChatHistory, Turn
from bot.errors import BotError, QuestionError, TooManyRequests
from bot.models.chat import QUOTES
from bot.pipeline import checked_question
from bot.schema import Answer, Essay, Language, Sentence
from bot.ui.catalogue import MESSAGES, language_for
from bot.ui.history import Message, chat_message, chat_messages
from bot.ui.markup import notice, paragraph
from bot.ui.message import answer_markup
from bot.ui.rate_limit import RateLimiter
from bot.ui.sources import sources_markup
from bot.ui.visitor import Visitor, visitor_of
from bot.uploads import Uploads

if TYPE_CHECKING:
    from bot.pipeline import Bot

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ReplyStep:
    """What the page shows after one step of an answer.

    `messages` is the whole chat and `sources` the HTML of the answer's sources. `chat_id` is empty if the chat could not be saved.
    `turns` are the chat's turns, in the last step of an answer only. `turns_if_stopped` are the turns if the answer ended here.
    `chat_name` is the name of the saved chat, in the first step only. `declined` says that the question was not asked; then the
    text in the question box should stay.
    """

    messages: list[Message]
    sources: str
    chat_id: str
    turns: tuple[Turn, ...] | None = None
    declined: bool = False
    turns_if_stopped: tuple[Turn, ...] = ()
    chat_name: str = ""


@dataclass(frozen=True, slots=True)
class _PendingTurn:
    """A turn whose answer is being written: in which chat and at which place, when it was asked, and the turns before it."""

    visitor: Visitor
    chat_id: str
    place: int
    asked: str
    earlier: tuple[Turn, ...]

    def turns_with(self, answer: Answer) -> tuple[Turn, ...]:
        """The turns of the chat with `answer` as the last."""
        return (*self.earlier, Turn(self.place, answer, self.asked))


class ChatHandlers:
    """Answers the questions of the chat. It has no state between questions, so that chats cannot mix."""

    def __init__(self, uploads: Uploads, history: ChatHistory, limiter: RateLimiter | None = None) -> None:
        """All three are shared by all readers and safe between threads. Without a `limiter` the default limits apply."""
        self._uploads = uploads
        self._history = history
        self._limiter = limiter or RateLimiter()

    def reply(
        self,
        question: str,
        mode: str,
        chat_id: str,
        replace_from: int,
        page_turns: Sequence[Turn],
        request: Request | None,
    ) -> Generator[ReplyStep, None, None]:
        """The steps of the answer to a question in a chat; `chat_id` is empty for a new one.

        If `replace_from` is not 0, the question replaces the turns from that place on. `page_turns` are the turns that the page holds;
        they are used if the reader has no cookie or the saved chat cannot be read.
        """
        visitor = visitor_of(request)
        question = str(question or "")
        language = language_for(question, visitor.accepted)
        turns = self.turns(visitor.reader, chat_id, page_turns)
        earlier = [turn for turn in turns if not replace_from or turn.place < replace_from]
        if not question.strip():
            yield ReplyStep(chat_messages(turns), "", chat_id, tuple(turns), declined=True)
            return
        try:
            question = checked_question(question, mode)
            with self._limiter.slot(visitor.caller):
                yield from self._answer(question, mode, chat_id, replace_from, earlier, visitor)
        except (QuestionError, TooManyRequests) as error:  # raised before any step of the answer
            reason = chat_message("assistant", notice(_text(error, language)))
            yield ReplyStep([*chat_messages(turns), reason], "", chat_id, tuple(turns), declined=True)

    def _answer(
        self, question: str, mode: str, chat_id: str, replace_from: int, earlier: list[Turn], visitor: Visitor
    ) -> Iterator[ReplyStep]:
        """The steps of an answer. It is saved when it is asked, whenever a model adds a sentence, and when it is complete."""
        language = language_for(question, visitor.accepted)
        texts = MESSAGES[language]
        shown = [*chat_messages(earlier), chat_message("user", paragraph(question))]
        answer, panel = Answer(question, question, language, mode, QUOTES), ""
        turn, not_saved = self._begin(visitor, chat_id, replace_from, _stopped(answer), earlier)

        def step(markup: str, chat_name: str = "") -> ReplyStep:
            messages = [*shown, chat_message("assistant", markup)]
            turns = turn.turns_with(_stopped(answer))
            return ReplyStep(messages, panel, turn.chat_id, turns_if_stopped=turns, chat_name=chat_name)

        try:
            bot = self._uploads.bot_for(visitor.reader)
            waiting = notice(texts.searching if bot.ready else texts.model_loading)
            yield step(waiting, self.chat_name(visitor.reader, turn.chat_id))
            status = texts.model_reading if bot.model_name != QUOTES else ""
            for partial_answer in bot.stream(question, _context(earlier), mode):
                if status and len(partial_answer.sentences) > len(answer.sentences):
                    # Saved now, because the model may be stopped before this generator gets to run again.
                    self._save(turn, _stopped(partial_answer))
                answer = partial_answer
                panel = sources_markup(answer, essays_of(bot, answer))
                yield step(answer_markup(answer, turn.place, is_final=False, status=status))
        except GeneratorExit:  # the reader stopped the answer or closed the page
            self._save(turn, _stopped(answer))
            raise
        except BotError as error:
            answer = _ended(answer, _text(error, language))
        except Exception as error:  # an unexpected error must not end the chat
            log_traceback("A question could not be answered", error)
            answer = _ended(answer, texts.unexpected_error)
        not_saved = self._save(turn, answer) or not_saved
        turns = turn.turns_with(answer)
        if not not_saved:  # a rating or a turn may have been added in another tab
            turns = tuple(self.turns(visitor.reader, turn.chat_id, turns)) or turns
        messages = chat_messages(turns)
        messages[-1]["content"] += notice(texts.not_saved.format(reason=not_saved)) if not_saved else ""
        yield ReplyStep(messages, panel, turn.chat_id, turns)

    def turns(self, reader: str, chat_id: str, page_turns: Sequence[Turn]) -> list[Turn]:
        """The turns of a saved chat; none if the reader deleted it. `page_turns` if it was never saved or cannot be read."""
        if not (reader and chat_id):
            return list(page_turns)
        try:
            return list(self._history.get(reader, chat_id).turns)
        except QuestionError:
            return []
        except BotError:
            return list(page_turns)

    def chat_name(self, reader: str, chat_id: str) -> str:
        """The name of a saved chat for its box, empty if the reader has no such chat or it cannot be read.

        Gradio would translate a name that contains its marker of a translation; a zero-width space in the marker prevents it.
        """
        if not (reader and chat_id):
            return ""
        try:
            return self._history.get(reader, chat_id).name.replace("__i18n__", "__\u200bi18n__")
        except BotError:
            return ""

    def _begin(
        self, visitor: Visitor, chat_id: str, replace_from: int, answer: Answer, earlier: Sequence[Turn]
    ) -> tuple[_PendingTurn, str]:
        """Save a question before it is answered. Return its turn, and the reason if it could not be saved.

        A chat that could not be saved before is saved with all its turns. Its id is empty as long as only the page holds it.
        """
        place = earlier[-1].place + 1 if earlier else 1
        turn = _PendingTurn(visitor, chat_id or self._history.new(), place, now(), tuple(earlier))
        if not visitor.reader:
            return turn, ""
        try:
            for unsaved in earlier if not chat_id else ():
                self._history.add(visitor.reader, turn.chat_id, unsaved.answer, asked=unsaved.asked)
            place = self._history.add(visitor.reader, turn.chat_id, answer, replace_from=replace_from, asked=turn.asked)
            return replace(turn, place=place), ""
        except BotError as error:
            return replace(turn, chat_id=""), _text(error, answer.language)

    def _save(self, turn: _PendingTurn, answer: Answer) -> str:
        """Save the answer of a turn. Return the reason if that failed; empty also for a chat that is not saved at all."""
        if not (turn.visitor.reader and turn.chat_id):
            return ""
        try:
            self._history.update_answer(turn.visitor.reader, turn.chat_id, turn.place, turn.asked, answer)
        except BotError as error:
            return _text(error, answer.language)
        return ""


def essays_of(bot: "Bot", answer: Answer) -> dict[str, Essay]:
    """The essays that an answer cites or shows as nearest, by id, without those that have been removed since."""
    essays = {}
    for essay_id in {citation.essay for citation in answer.citations} | {passage.essay for passage in answer.nearest}:
        try:
            essays[essay_id] = bot.essay(essay_id)
        except BotError:
            continue
    return essays


def now() -> str:
    """The current time as it is saved: UTC, ISO 8601, in milliseconds, so that questions in quick succession differ."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def log_traceback(message: str, error: Exception) -> None:
    """Log where an error was raised, without the error's own message: it may contain the question."""
    frames = "".join(traceback.format_tb(error.__traceback__))
    log.error("%s: %s\n%s", message, type(error).__name__, frames)


def _context(turns: Sequence[Turn]) -> list[Answer]:
    """The answers of the turns that found something, oldest first."""
    return [turn.answer for turn in turns if turn.answer.citations]


def _stopped(answer: Answer) -> Answer:
    """A partial answer with the notice that it was stopped."""
    return _ended(answer, MESSAGES[answer.language].stopped)


def _ended(answer: Answer, reason: str) -> Answer:
    """A partial answer, marked as incomplete, with the reason as a notice at its end."""
    return replace(answer, sentences=(*answer.sentences, Sentence(reason, "notice")), complete=False)


def _text(error: BotError, language: Language) -> str:
    """The error's one line in the reader's language."""
    return error.korean if language == "ko" else str(error)

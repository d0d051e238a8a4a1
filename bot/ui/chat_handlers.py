"""One turn of the chat: from a question and the chat so far to the steps of its answer. Errors become notices in the chat."""

import logging
import traceback
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gradio import Request

from bot.chats.history import ChatHistory, Turn
from bot.chats.open_chats import ChatState, OpenChat, OpenChats, Writing
from bot.errors import BotError, QuestionError, TooManyRequests
from bot.messages import page
from bot.models.chat import QUOTES
from bot.pipeline import checked_question
from bot.schema import Answer, Essay, Sentence
from bot.ui.history import Message, chat_message, chat_messages
from bot.ui.markup import notice, paragraph
from bot.ui.message import answer_markup
from bot.ui.rate_limit import RateLimiter
from bot.ui.sources import sources_markup
from bot.ui.tabs import Tab, Tabs
from bot.ui.visitor import Visitor, language_for, visitor_of
from bot.uploads import Uploads

if TYPE_CHECKING:
    from bot.pipeline import Bot

MAX_HISTORY_TURNS = 6  # that are passed to the bot with a question
FOLLOW_SECONDS = (
    10.0  # after which the answer of another page is drawn again although it has not grown: Gradio then sees a closed page
)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ReplyStep:
    """What the page shows after one step of an answer: a version of the chat `chat_id`, which is empty for a new chat.

    `earlier` are the messages before `last`; they are the same object in all steps of a growing answer. `sources` is the HTML of the
    answer's sources, None where they stay as they are. `answering` is whether there is an answer to stop. `declined` says that the
    question was not asked; then the text in the question box should stay. `chat_name` is the name of a chat that has just begun,
    empty if it is not saved, and None in any other step.
    """

    chat_id: str
    version: int
    earlier: Sequence[Message]
    last: Sequence[Message]
    sources: str | None = None
    answering: bool = False
    declined: bool = False
    chat_name: str | None = None

    @property
    def messages(self) -> list[Message]:
        """The whole chat."""
        return [*self.earlier, *self.last]


class _ChatBusy(QuestionError):
    """An answer is being written in the chat."""


class ChatHandlers:
    """Answers the questions of the chats. What it knows of a chat is in `chats`, and what it knows of an open page in `tabs`."""

    def __init__(self, uploads: Uploads, history: ChatHistory, limiter: RateLimiter | None = None) -> None:
        """All three are shared by all readers and safe between threads. Without a `limiter` the default limits apply."""
        self.chats, self.tabs = OpenChats(history, _stopped), Tabs()
        self._uploads = uploads
        self._history = history
        self._limiter = limiter or RateLimiter()

    def tab(self, request: Request | None, chat_id: str, opening: int = 0) -> Tab:
        """The page that sent a request. If nothing is known of it, it shows the chat `chat_id`."""
        tab = self.tabs.tab(str(getattr(request, "session_hash", None) or ""))
        tab.starts(chat_id, opening)
        return tab

    def reply(
        self,
        question: str,
        mode: str,
        chat_id: str,
        replace_from: int,
        request: Request | None,
        draft: int = 0,
        opening: int = 0,
        collection: str | None = None,
    ) -> Generator[ReplyStep, None, None]:
        """The steps of the answer to a question in a chat, from the collection that the page has chosen; `chat_id` is empty for a new one.

        If `replace_from` is not 0, the question replaces the turns from that place on. `draft` is the number of the text in the question
        box, 0 for a question from elsewhere: a text that was entered twice is asked once. `opening` is the number of the command with
        which the page opened the chat. If it is later than the last one that has arrived, that chat is shown; if it is earlier, because
        the question waited in Gradio's queue, the question is declined.
        """
        visitor, tab = visitor_of(request, collection), self.tab(request, chat_id, opening)
        if opening > tab.opening:
            tab.show(chat_id, opening)
        shown = str(tab.chat_id)  # the page may not have been told yet which chat it has begun
        chat = self.chats.find(visitor.reader, shown) or self.chats.new(visitor.reader)
        if opening < tab.opening:
            yield from self._decline(chat, tab, "")
        elif tab.claims(draft):
            yield from self._reply(chat, tab, str(question or ""), mode, replace_from, visitor)

    def stop(self, chat_id: str, request: Request | None) -> Iterator[ReplyStep]:
        """Stop the answer that is being written in a chat, and show what there is of it."""
        tab = self.tab(request, chat_id)
        chat = self.chats.find(visitor_of(request).reader, chat_id or str(tab.chat_id))
        if chat:
            chat.stop()
            yield from _sent(tab, _step(chat.id, chat.state()))

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

    def _reply(
        self, chat: OpenChat, tab: Tab, question: str, mode: str, replace_from: int, visitor: Visitor
    ) -> Generator[ReplyStep, None, None]:
        """The steps of the answer to a question, or the reason why it is declined."""
        language = language_for(question, visitor.accepted)
        try:
            question = checked_question(question, mode) if question.strip() else ""
            if question:
                with self._limiter.slot(visitor.caller):
                    yield from self._answer(chat, tab, Answer(question, question, language, mode, QUOTES), replace_from, visitor)
            else:
                yield from self._decline(chat, tab, "")
        except _ChatBusy as error:
            tab.is_declined()
            yield from self._follow(chat, tab, error.text(language))
        except (QuestionError, TooManyRequests) as error:  # raised before any step of the answer
            tab.is_declined()
            yield from self._decline(chat, tab, notice(error.text(language)))

    def _answer(
        self, chat: OpenChat, tab: Tab, answer: Answer, replace_from: int, visitor: Visitor
    ) -> Generator[ReplyStep, None, None]:
        """The steps of an answer until it is complete or stopped."""
        writing = chat.begin(answer, replace_from)
        if writing is None:
            raise _ChatBusy(page.BUSY)
        self.chats.hold(chat)
        is_new = tab.chat_id != chat.id
        tab.asks(chat, writing)
        try:
            panel, failure = yield from self._write(chat, tab, writing, visitor, is_new=is_new)
        finally:
            chat.stop(writing)  # where the page was closed
            tab.is_answered(writing)
        if not tab.is_asking_in(chat):  # it was stopped, and the next question has been asked
            yield from _sent(tab, _last_step(chat, writing, panel, failure))

    def _write(
        self, chat: OpenChat, tab: Tab, writing: Writing, visitor: Visitor, *, is_new: bool
    ) -> Generator[ReplyStep, None, tuple[str, BotError | None]]:
        """The steps of an answer while it grows. Returns the HTML of its sources, and why it is not saved.

        It is saved when it is asked, whenever a model adds a sentence, and when it is complete.
        """
        answer, panel, language = writing.partial, "", writing.partial.language
        earlier = [*chat_messages(writing.earlier), chat_message("user", paragraph(answer.question))]

        def step(markup: str, chat_name: str | None = None) -> ReplyStep:
            last = [chat_message("assistant", markup)]
            return ReplyStep(chat.id, writing.version, earlier, last, panel, answering=True, chat_name=chat_name)

        try:
            bot = self._uploads.bot_for(visitor.reader, visitor.collection)
            waiting = notice((page.SEARCHING if bot.ready else page.MODEL_LOADING).of(language))
            yield from _sent(tab, step(waiting, self.chat_name(visitor.reader, chat.id) if is_new else None))
            has_model = bot.model_name != QUOTES
            for piece in bot.stream(answer.question, _context(writing.earlier), answer.mode):
                has_grown = len(piece.sentences) > len(answer.sentences)
                answer = piece
                if not chat.write(writing, answer, save=has_model and has_grown):
                    break
                panel = sources_markup(answer, essays_of(bot, answer))
                status = _status(answer) if has_model else ""
                yield from _sent(tab, step(answer_markup(answer, writing.turn.place, is_final=False, status=status)))
        except BotError as error:
            answer = _ended(answer, error.text(answer.language))
        except Exception as error:  # an unexpected error must not end the chat
            log_traceback("A question could not be answered", error)
            answer = _ended(answer, page.UNEXPECTED_ERROR.of(language))
        return panel, chat.end(writing, answer)

    def _decline(self, chat: OpenChat, tab: Tab, reason: str) -> Iterator[ReplyStep]:
        """The chat as it is, with the reason why a question was not asked below it, if there is one."""
        state = chat.state()
        last = [chat_message("assistant", reason)] if reason else []
        messages, answering = chat_messages(state.turns), tab.is_asking_in(chat)
        yield from _sent(tab, ReplyStep(str(tab.chat_id), state.version, messages, last, answering=answering, declined=True))

    def _follow(self, chat: OpenChat, tab: Tab, reason: str) -> Iterator[ReplyStep]:
        """The answer because of which a question was declined, until it has ended: another page asked for it, but this one may stop it."""
        if tab.is_asking_in(chat):
            return
        state = chat.state()
        while state.partial and tab.chat_id == chat.id:
            markup = answer_markup(state.partial, state.turns[-1].place, is_final=False, status=reason)
            step = replace(_step(chat.id, state), last=[chat_message("assistant", markup)])
            yield from _sent(tab, replace(step, answering=True, declined=True))
            chat.wait(state.version, FOLLOW_SECONDS)
            state = chat.state()
        yield from _sent(tab, replace(_step(chat.id, state), declined=True))


def _status(answer: Answer) -> str:
    """What the chat model is doing: how much it is reading, or that it is writing."""
    if answer.reading is None:
        return page.MODEL_WRITING.of(answer.language)
    passages, essays = answer.reading
    return page.MODEL_READING.format(passages=passages, essays=essays).of(answer.language)


def essays_of(bot: "Bot", answer: Answer) -> dict[str, Essay]:
    """The essays that an answer cites or shows as nearest, by id, without those that have been removed since."""
    essays = {}
    for essay_id in {citation.essay for citation in answer.citations} | {passage.essay for passage in answer.nearest}:
        try:
            essays[essay_id] = bot.essay(essay_id)
        except BotError:
            continue
    return essays


def log_traceback(message: str, error: Exception) -> None:
    """Log where an error was raised, without the error's own message: it may contain the question."""
    frames = "".join(traceback.format_tb(error.__traceback__))
    log.error("%s: %s\n%s", message, type(error).__name__, frames)


def _sent(tab: Tab, step: ReplyStep) -> Iterator[ReplyStep]:
    """The step, if the page still shows its chat and no later version of it."""
    with tab.sending(step.chat_id, step.version) as is_wanted:
        if is_wanted:
            yield step


def _step(chat_id: str, state: ChatState) -> ReplyStep:
    """The step that shows a chat as it is."""
    messages = chat_messages(state.turns)
    return ReplyStep(chat_id, state.version, messages[:-1], messages[-1:])


def _last_step(chat: OpenChat, writing: Writing, panel: str, failure: BotError | None) -> ReplyStep:
    """The step that shows a chat after an answer has ended. A rating or a turn may have been added in another tab."""
    state = chat.state()
    if failure and all(turn.asked != writing.turn.asked for turn in state.turns):
        state = replace(state, turns=(*writing.earlier, writing.turn))  # the chat was deleted in another tab
    step = _step(chat.id, state)
    if failure and step.last:
        language = writing.turn.answer.language
        reason = notice(page.NOT_SAVED.format(reason=failure.message).of(language))
        step = replace(step, last=[chat_message("assistant", step.last[0]["content"] + reason)])
    return replace(step, sources=panel)


def _context(turns: Sequence[Turn]) -> list[Answer]:
    """The answers of the last `MAX_HISTORY_TURNS` turns that found something, oldest first."""
    return [turn.answer for turn in turns if turn.answer.citations][-MAX_HISTORY_TURNS:]


def _stopped(answer: Answer) -> Answer:
    """A partial answer with the notice that it was stopped."""
    return _ended(answer, page.STOPPED.of(answer.language))


def _ended(answer: Answer, reason: str) -> Answer:
    """A partial answer, marked as incomplete, with the reason as a notice at its end."""
    return replace(answer, sentences=(*answer.sentences, Sentence(reason, "notice")), complete=False, reading=None)

"""One turn of the chat: a question and the talk so far in, markup out. It never raises, for that would end the reader's talk."""

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
from bot.schema import Answer, Essay, Sentence
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

LONGEST_HISTORY = 12  # messages that go along with a question

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ReplyStep:
    """The page after a piece of an answer: the whole chat, the sources, the talk's id; at the end of the answer its turns, too.

    Where `declined`, nothing was asked, and what was typed should stay where it is. `if_stopped` is what the turns come to where
    the rest of the answer is not wanted. `name` is the name of the saved chat, in the first step of an answer only.
    """

    chat: list[Message]
    sources: str
    talk: str
    turns: tuple[Turn, ...] | None = None
    declined: bool = False
    if_stopped: tuple[Turn, ...] = ()
    name: str = ""


class ChatHandlers:
    """Answers the chat's questions. Keeps nothing in memory between questions, so that talks cannot mix."""

    def __init__(self, library: Uploads, conversations: ChatHistory, rate: RateLimiter | None = None) -> None:
        """All three are shared by all who talk; they are safe to. `rate` says how often one may ask."""
        self._library = library
        self._conversations = conversations
        self._rate = rate or RateLimiter()

    def reply(
        self, question: str, mode: str, talk: str, cut: int, held: Sequence[Turn], request: Request | None
    ) -> Generator[ReplyStep, None, None]:
        """Ask the essays in a talk. From turn `cut` on, if it is not 0, the question takes the place of what was there.

        `held` are the turns as this tab knows them: they speak where the reader has no cookie or the disk cannot be read.
        """
        who = visitor_of(request)
        question = str(question or "")
        language = language_for(question, who.accepted)
        turns = self.turns(who.reader, talk, held)
        earlier = [turn for turn in turns if not cut or turn.place < cut]
        if not question.strip():
            yield ReplyStep(chat_messages(turns), "", talk, tuple(turns), declined=True)
            return
        try:
            question = checked_question(question, mode)
            with self._rate.slot(who.caller):
                yield from self._answered(question, mode, talk, cut, earlier, who)
        except (QuestionError, TooManyRequests) as error:  # of what was asked nothing was begun
            told = chat_message("assistant", notice(error.korean if language == "ko" else str(error)))
            yield ReplyStep([*chat_messages(turns), told], "", talk, tuple(turns), declined=True)

    def _answered(self, question: str, mode: str, talk: str, cut: int, earlier: list[Turn], who: Visitor) -> Iterator[ReplyStep]:
        """The steps of an answer. It is kept when it is asked, whenever a model adds to it, and when it is whole."""
        language = language_for(question, who.accepted)
        shown = [*chat_messages(earlier), chat_message("user", paragraph(question))]
        answer, asked = Answer(question, question, language, mode, QUOTES), now()
        talk, place, unkept = self._begin(who, talk, cut, _stopped(answer), asked, earlier)
        panel = ""
        try:
            bot = self._library.bot_for(who.reader)
            words = MESSAGES[language].searching if bot.ready else MESSAGES[language].model_loading
            so_far = (*earlier, Turn(place, _stopped(answer), asked))
            waiting = [*shown, chat_message("assistant", notice(words))]
            yield ReplyStep(waiting, panel, talk, if_stopped=so_far, name=self.chat_name(who.reader, talk))
            going = MESSAGES[language].model_reading if bot.model_name != QUOTES else ""
            for grown in bot.stream(question, _history(earlier), mode):
                if going and len(grown.sentences) > len(answer.sentences):  # a stop may be heard only when the model next speaks
                    self._put(who, talk, place, asked, _stopped(grown))
                answer = grown
                panel = sources_markup(answer, essays_of(bot, answer))
                so_far = (*earlier, Turn(place, _stopped(answer), asked))
                said = chat_message("assistant", answer_markup(answer, place, is_final=False, status=going))
                yield ReplyStep([*shown, said], panel, talk, if_stopped=so_far)
        except GeneratorExit:  # the reader pressed stop, or left
            self._put(who, talk, place, asked, _stopped(answer))
            raise
        except BotError as error:
            answer = _ended(answer, error.korean if language == "ko" else str(error))
        except Exception as error:  # whatever it is, the reader's talk must go on
            log_place("A question could not be answered", error)
            answer = _ended(answer, MESSAGES[language].unexpected_error)
        unkept = self._put(who, talk, place, asked, answer) or unkept
        turns = whole = (*earlier, Turn(place, answer, asked))
        if not unkept:  # with what was rated or asked in another tab meanwhile
            turns = tuple(self.turns(who.reader, talk, whole)) or whole
        chat = chat_messages(turns)
        chat[-1]["content"] += notice(MESSAGES[language].not_saved.format(reason=unkept)) if unkept else ""
        yield ReplyStep(chat, panel, talk, turns)

    def turns(self, reader: str, talk: str, held: Sequence[Turn]) -> list[Turn]:
        """The turns of a talk, from the disk where it can be read; none where the reader deleted it in another tab."""
        if not (reader and talk):
            return list(held)
        try:
            return list(self._conversations.get(reader, talk).turns)
        except QuestionError:
            return []
        except BotError:
            return list(held)

    def chat_name(self, reader: str, talk: str) -> str:
        """The name of a saved chat for its box, empty where the reader has no such chat or it cannot be read.

        Gradio would translate a name that contains its marker of a translation; a zero-width space in the marker prevents it.
        """
        if not (reader and talk):
            return ""
        try:
            return self._conversations.get(reader, talk).name.replace("__i18n__", "__\u200bi18n__")
        except BotError:
            return ""

    def _begin(
        self, who: Visitor, talk: str, cut: int, answer: Answer, asked: str, earlier: Sequence[Turn]
    ) -> tuple[str, int, str]:
        """Write a question down before it is answered, in the place of what it replaces.

        Returns the talk's id, which is empty where nothing could be kept (then this tab alone remembers), the turn's place, and why it
        could not. A talk that could not be kept before is begun with what was said in it.
        """
        place = earlier[-1].place + 1 if earlier else 1
        identity = talk or self._conversations.new()
        if not who.reader:
            return identity, place, ""
        try:
            for missed in earlier if not talk else ():
                self._conversations.add(who.reader, identity, missed.answer, asked=missed.asked)
            return identity, self._conversations.add(who.reader, identity, answer, cut=cut, asked=asked), ""
        except BotError as error:
            return "", place, error.korean if answer.language == "ko" else str(error)

    def _put(self, who: Visitor, talk: str, place: int, asked: str, answer: Answer) -> str:
        """Write down what an answer came to. Returns why it could not be; nothing where all is well or nothing is kept."""
        if not (who.reader and talk):
            return ""
        try:
            self._conversations.update_answer(who.reader, talk, place, asked, answer)
        except BotError as error:
            return error.korean if answer.language == "ko" else str(error)
        return ""


def essays_of(bot: "Bot", answer: Answer) -> dict[str, Essay]:
    """The essays that an answer shows, but for those that left the shelf meanwhile."""
    found = {}
    for identity in {citation.essay for citation in answer.citations} | {passage.essay for passage in answer.nearest}:
        try:
            found[identity] = bot.essay(identity)
        except BotError:
            continue
    return found


def now() -> str:
    """The time, as it is kept: UTC, ISO 8601, to the millisecond, so that of two questions each has its own."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _history(turns: Sequence[Turn]) -> list[tuple[str, str]]:
    """What was said as (role, text), oldest first, the last twelve; turns that found nothing left out."""
    said = [
        message
        for turn in turns
        if turn.answer.citations
        for message in (("user", turn.answer.question), ("assistant", turn.answer.text))
    ]
    return said[-LONGEST_HISTORY:]


def _stopped(answer: Answer) -> Answer:
    """An answer as it stands if nobody hears the rest of it."""
    return _ended(answer, MESSAGES[answer.language].stopped)


def _ended(answer: Answer, words: str) -> Answer:
    """An answer that came to no good end, and why; what it had stays."""
    return replace(answer, sentences=(*answer.sentences, Sentence(words, "notice")), complete=False)


def log_place(what: str, error: Exception) -> None:
    """Log what failed and where, without the error's own words: they may hold the question."""
    places = "".join(traceback.format_tb(error.__traceback__))
    log.error("%s: %s\n%s", what, type(error).__name__, places)

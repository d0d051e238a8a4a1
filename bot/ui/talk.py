"""One turn of the chat: a question and the talk so far in, markup out. It never raises, for that would end the reader's talk."""

import logging
import traceback
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from gradio import Request

from bot.errors import BotError
from bot.schema import Answer, Essay
from bot.ui.bubble import bubble
from bot.ui.markup import bare, notice
from bot.ui.sources import sources
from bot.ui.words import WORDS, language_for

if TYPE_CHECKING:
    from bot.pipeline import Bot

LONGEST_HISTORY = 12  # turns that go along with a question

log = logging.getLogger(__name__)


class Talk:
    """Answers the chat's questions with one bot. Keeps nothing between questions, so that talks cannot mix."""

    def __init__(self, bot: "Bot") -> None:
        """The bot is shared by all who talk; it is safe to."""
        self._bot = bot

    def reply(self, message: str, history: list[dict[str, Any]], request: Request) -> Iterator[tuple[str, str]]:
        """Ask the essays. Each step holds the markup of the answer so far and of its sources."""
        question = str(message or "")
        language = language_for(question, _accepted(request))
        shown = panel = ""
        try:
            if not self._bot.ready:
                yield notice(WORDS[language].waiting), panel
            turn = 1 + sum(entry.get("role") == "user" for entry in history)
            for answer in self._bot.stream(question, turns(history)):
                shown, panel = bubble(answer, turn), sources(answer, self._essays(answer), turn)
                yield shown, panel
        except BotError as error:
            yield shown + notice(error.korean if language == "ko" else str(error)), panel
        except Exception as error:  # whatever it is, the reader's talk must go on
            _log(error)
            yield shown + notice(WORDS[language].trouble), panel

    def _essays(self, answer: Answer) -> dict[str, Essay]:
        """The essays that an answer shows, but for those that left the shelf meanwhile."""
        found = {}
        for identity in {citation.essay for citation in answer.citations} | {passage.essay for passage in answer.nearest}:
            try:
                found[identity] = self._bot.essay(identity)
            except BotError:
                continue
        return found


def turns(history: Iterable[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """Gradio's history as (role, text), oldest first, the last twelve. Content may be a string, or blocks of text."""
    spoken = [
        (str(entry["role"]), bare(_text(entry.get("content"))))
        for entry in history
        if entry.get("role") in ("user", "assistant") and not (entry.get("metadata") or {}).get("title")
    ]
    return [(role, text) for role, text in spoken if text][-LONGEST_HISTORY:]


def _text(content: str | Sequence[Any] | None) -> str:
    if content is None or isinstance(content, str):
        return content or ""
    return "\n".join(str(block.get("text") or "") for block in content if isinstance(block, dict))


def _accepted(request: Request | None) -> str:
    """The reader's languages as the browser names them."""
    return str(request.headers.get("accept-language", "")) if request is not None else ""


def _log(error: Exception) -> None:
    """Where it happened, without the error's own words: they may hold the question."""
    places = "".join(traceback.format_tb(error.__traceback__))
    log.error("A question could not be answered: %s\n%s", type(error).__name__, places)

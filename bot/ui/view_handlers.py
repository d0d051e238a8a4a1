"""Everything on the page beside the chat: the reader, the shelf, the map, own essays, kept talks, ratings and the voice. Never raises."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from gradio import Request

from bot.chats.history import ChatHistory, Turn
from bot.errors import BotError, QuestionError
from bot.models.chat import LOCAL, QUOTES
from bot.schema import Essay, Language, Report
from bot.store import Progress
from bot.ui import reader
from bot.ui.catalogue import MESSAGES
from bot.ui.chat_handlers import ChatHandlers, essays_of, log_place
from bot.ui.history import Message, chat_list, messages
from bot.ui.map import analogy_map
from bot.ui.markup import notice, plain
from bot.ui.sources import sources
from bot.ui.visitor import Visitor, visitor_of
from bot.uploads import Uploads

FOUND = 8  # passages that a search of the shelf shows
LONGEST_SEARCH = 200  # characters
LONGEST_MARKED = 300_000  # characters of an essay whose sentences are marked off: Kiwi reads about as many in a second

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class OpenedChat:
    """A talk as it stands on the page: its chat, the sources of its last answer, its id, its turns and its name."""

    chat: list[Message]
    sources: str
    talk: str
    turns: tuple[Turn, ...]
    name: str


class ViewHandlers:
    """The handlers of the page's views. They keep nothing between calls: who asks is told by the request each time."""

    def __init__(self, library: Uploads, conversations: ChatHistory, talk: ChatHandlers, folder: Path) -> None:
        """`folder` is where talks are kept, as the reader is told."""
        self._library = library
        self._conversations = conversations
        self._talk = talk
        self._folder = folder

    def read(self, fragment: str, opening: int, request: Request | None) -> str:
        """The essay that a `read_link` points to, as a page, or that there is none. `opening` tells one opening from the next."""
        who = visitor_of(request)
        at = reader.parse_location(str(fragment or ""))
        if at is None:
            return reader.missing_essay(who.language, opening)

        def work() -> str:
            bot = self._library.bot_for(who.reader)
            try:
                essay = bot.essay(at.essay)
            except QuestionError:
                return reader.missing_essay(who.language, opening)
            marked = bot.sentences(essay.id) if len(essay.text) <= LONGEST_MARKED else ()
            return reader.article(essay, marked, at, who.language, opening)

        shown = _safely(work, who.language)
        return shown if "<article" in shown else f"{reader.back_links(who.language)}{shown}"

    def shelf(self, search: str, request: Request | None) -> str:
        """The shelf, or what a search of it finds."""
        who = visitor_of(request)
        search = str(search or "").strip()[:LONGEST_SEARCH]

        def work() -> str:
            bot = self._library.bot_for(who.reader)
            own = [essay.id for essay in self._own(who)]
            essays = bot.essays()
            if not search:
                return reader.essay_list(essays, own, who.language)
            by_id = {essay.id: essay for essay in essays}
            return reader.search_results(search, by_id, bot.search(search, FOUND), own, who.language)

        return _safely(work, who.language)

    def map(self, request: Request | None) -> str:
        """The analogy map."""
        who = visitor_of(request)

        def work() -> str:
            bot = self._library.bot_for(who.reader)
            return analogy_map(bot.analogies(), {essay.id: essay for essay in bot.essays()}, who.language)

        return _safely(work, who.language)

    def own(self, request: Request | None) -> str:
        """The reader's own essays."""
        who = visitor_of(request)
        return _safely(lambda: reader.own_essays(self._own(who), who.language), who.language)

    def add(self, files: Sequence[str], request: Request | None, progress: Progress) -> str:
        """Put files on the reader's shelf. Returns what came of it. The uploaded copies are removed."""
        who = visitor_of(request)
        paths = [Path(file) for file in files]
        try:
            return _safely(
                lambda: _told(self._library.add(who.reader, [(path.name, path) for path in paths], progress), who), who.language
            )
        finally:
            for path in paths:
                path.unlink(missing_ok=True)

    def remove(self, button: str, request: Request | None) -> str:
        """Take the essay of a button `remove-NUMBER-SHA256` off the reader's shelf. Returns what came of it."""
        who = visitor_of(request)
        wanted = str(button or "").rpartition("-")[2]

        def work() -> str:
            essay = next((one for one in self._own(who) if wanted and one.sha256.startswith(wanted)), None)
            if essay is None:
                return ""
            self._library.remove(who.reader, essay.id)
            return notice(MESSAGES[who.language].uploads_removed.format(title=essay.title))

        return _safely(work, who.language)

    def open(self, talk: str, held: Sequence[Turn], request: Request | None) -> OpenedChat:
        """A kept talk, opened; an empty one where there is none of this reader's by that id."""
        who = visitor_of(request)
        turns = tuple(self._talk.turns(who.reader, str(talk or ""), held))
        if not turns:
            return OpenedChat([], "", "", (), "")
        try:
            panel = sources(turns[-1].answer, essays_of(self._library.bot_for(who.reader), turns[-1].answer))
        except BotError:
            panel = ""
        return OpenedChat(messages(turns), panel, talk, turns, self._name(who, talk))

    def kept(self, search: str, talk: str, request: Request | None) -> str:
        """The reader's talks, newest first."""
        who = visitor_of(request)
        search = str(search or "")[:LONGEST_SEARCH]
        words = MESSAGES[who.language]
        if not who.reader:
            return notice(words.cookies_blocked)
        where = notice(words.history_location.format(folder=self._folder.name))
        return _safely(
            lambda: chat_list(self._conversations.list(who.reader, search), search, talk, who.language) + where, who.language
        )

    def name(self, talk: str, request: Request | None) -> str:
        """The name of a talk; empty where there is none."""
        return self._name(visitor_of(request), talk)

    def rename(self, talk: str, name: str, request: Request | None) -> tuple[str | None, str]:
        """Give a talk another name. Returns the name that it has then, None where that is what it was, and why it could not be changed."""
        who = visitor_of(request)
        held, wanted = self._name(who, talk), " ".join(str(name or "").split())
        if not talk or wanted == held:
            return None, ""
        try:
            if wanted:
                self._conversations.rename(who.reader, talk, wanted)
        except BotError as error:
            return held, notice(error.korean if who.language == "ko" else str(error))
        return self._name(who, talk), ""

    def delete(self, talk: str, request: Request | None) -> None:
        """Delete a talk of this reader's."""
        who = visitor_of(request)
        try:
            self._conversations.delete(who.reader, talk)
        except BotError as error:
            log.warning("%s", error)

    def rate(self, talk: str, turn: int, good: bool, reason: str, request: Request | None) -> str:
        """Write a rating down. Returns a word of thanks, or why it could not be written."""
        who = visitor_of(request)

        words = MESSAGES[who.language]

        def work() -> str:
            if not who.reader:
                return notice(words.cookies_blocked)
            self._conversations.rate(who.reader, talk, turn, good, str(reason or ""))
            return notice(words.reason_saved if str(reason or "").strip() else words.rating_saved)

        return _safely(work, who.language)

    def voice(self, request: Request | None) -> str:
        """Which voice speaks, in a word or two."""
        who = visitor_of(request)
        words, name = MESSAGES[who.language], self._library.bot_for("").model_name
        if name == QUOTES:
            return words.model_quotes
        return f"{words.model_local} ({name})" if name.partition(":")[0] == LOCAL else words.model_other.format(name=name)

    def test_voice(self, request: Request | None) -> str:
        """Whether the voice works, in words."""
        who = visitor_of(request)

        def work() -> str:
            bot = self._library.bot_for("")
            seconds = bot.try_model()
            words = MESSAGES[who.language]
            if bot.model_name == QUOTES:
                return notice(words.model_works_quotes)
            return notice(words.model_works.format(name=bot.model_name, seconds=f"{seconds:.1f}"))

        return _safely(work, who.language)

    def _own(self, who: Visitor) -> list[Essay]:
        return list(self._library.essays(who.reader)) if who.reader else []

    def _name(self, who: Visitor, talk: str) -> str:
        return self._talk.chat_name(who.reader, talk)


def _told(report: Report, who: Visitor) -> str:
    """What an upload came to: what was put on the shelf, and what could not be read and why."""
    words = MESSAGES[who.language]
    count = report.added + report.changed
    lines = [notice(words.uploads_added.format(count=count))] if count else []
    korean = who.language == "ko"
    skipped = [words.uploads_skipped.format(name=one.path, reason=one.korean if korean else one.reason) for one in report.skipped]
    noted = [words.uploads_note.format(name=one.path, text=one.korean if korean else one.text) for one in report.notes]
    return "".join([*lines, *map(notice, [*skipped, *noted])])


def _safely(work: Callable[[], str], language: Language) -> str:
    """What `work` returns; where it fails, one line that says why."""
    try:
        return work()
    except BotError as error:
        return f'<p class="notice wrong">{plain(error.korean if language == "ko" else str(error))}</p>'
    except Exception as error:  # whatever it is, the page must go on
        log_place("A view could not be made", error)
        return notice(MESSAGES[language].unexpected_error)

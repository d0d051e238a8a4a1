"""The handlers of the views: essays, analogy map, uploads, saved chats, ratings and the chat model. Errors become messages."""

import logging
import re
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from gradio import Request

from bot.chats.history import ChatHistory
from bot.chats.open_chats import OpenChat
from bot.errors import BotError, QuestionError, SettingsError
from bot.messages import page
from bot.messages.index_errors import DEFAULT_COLLECTION
from bot.models import gemma
from bot.models.chat import LOCAL, QUOTES
from bot.models.embeddings import E5_SMALL
from bot.schema import Answer, Essay, Language, Progress, Report
from bot.settings import collection_name
from bot.ui import reader
from bot.ui.chat_handlers import ChatHandlers, essays_of, log_traceback
from bot.ui.history import Message, chat_list, chat_messages
from bot.ui.map import analogy_map
from bot.ui.markup import escape, notice
from bot.ui.sources import sources_markup
from bot.ui.tabs import Tab
from bot.ui.visitor import Visitor, visitor_of
from bot.uploads import Uploads

MAX_HITS = 8  # passages in the results of a search of the essays
MAX_SEARCH_CHARACTERS = 200
MAX_SPLIT_CHARACTERS = 300_000  # of an essay that is split into sentences when it is opened; Kiwi reads about as many in a second
MAX_PASTED_NAME = 60  # characters of a pasted text's first line that make its name
_NO_NAME = re.compile(r"[^\w\s-]")  # characters that the name of a pasted text leaves out

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class OpenedChat:
    """A chat as the page shows it. `sources` is the HTML of its last answer's sources. The fields are empty for a new chat.

    `answering` is whether the answer to a question of this page is being written in it.
    """

    messages: list[Message]
    sources: str
    chat_id: str
    name: str
    answering: bool


class ViewHandlers:
    """The handlers of the page's views. They have no state; each call identifies the reader by the request."""

    def __init__(self, uploads: Uploads, history: ChatHistory, chat: ChatHandlers, folder: Path) -> None:
        """`folder` contains the saved chats; the page shows its name."""
        self._uploads = uploads
        self._history = history
        self._chat = chat
        self._folder = folder

    def essay(self, fragment: str, opening: int, request: Request | None, collection: str | None = None) -> str:
        """The HTML of the essay that a `read_link` points to, or a notice that there is none. `opening` differs each time."""
        visitor = visitor_of(request, collection)
        location = reader.parse_location(str(fragment or ""))
        if location is None:
            return reader.missing_essay(visitor.language, opening)

        def render() -> str:
            bot = self._uploads.bot_for(visitor.reader, visitor.collection)
            try:
                essay = bot.essay(location.essay)
            except QuestionError:
                return reader.missing_essay(visitor.language, opening)
            sentences = bot.sentences(essay.id) if len(essay.text) <= MAX_SPLIT_CHARACTERS else ()
            return reader.article(essay, sentences, location, visitor.language, opening)

        markup = _safely(render, visitor.language)
        return markup if "<article" in markup else f"{reader.back_links(visitor.language)}{markup}"

    def essays(self, search: str, request: Request | None, collection: str | None = None) -> str:
        """The HTML of the list of essays, or of the results of a search."""
        visitor = visitor_of(request, collection)
        search = str(search or "").strip()[:MAX_SEARCH_CHARACTERS]

        def render() -> str:
            bot = self._uploads.bot_for(visitor.reader, visitor.collection)
            uploads = [essay.id for essay in self._essays_of(visitor)]
            essays = bot.essays()
            if not search:
                return reader.essay_list(essays, uploads, visitor.language)
            by_id = {essay.id: essay for essay in essays}
            return reader.search_results(search, by_id, bot.search(search, MAX_HITS), uploads, visitor.language)

        return _safely(render, visitor.language)

    def map(self, request: Request | None, collection: str | None = None) -> str:
        """The HTML of the analogy map."""
        visitor = visitor_of(request, collection)

        def render() -> str:
            bot = self._uploads.bot_for(visitor.reader, visitor.collection)
            return analogy_map(bot.analogies(), {essay.id: essay for essay in bot.essays()}, visitor.language)

        return _safely(render, visitor.language)

    def uploads(self, request: Request | None) -> str:
        """The HTML of the list of the reader's own essays."""
        visitor = visitor_of(request)
        return _safely(lambda: reader.upload_list(self._essays_of(visitor), visitor.language), visitor.language)

    def paste(self, text: str, request: Request | None, progress: Progress) -> str:
        """Add a pasted text to the reader's own essays, under its first line. Returns messages as `upload` does; none without a word."""
        first = next((line for line in text.splitlines() if any(map(str.isalnum, line))), "")
        if not first:
            return ""
        name = " ".join(_NO_NAME.sub(" ", first).split())[:MAX_PASTED_NAME].strip(" .")
        name = name or page.UPLOADS_PASTE_NAME.of(visitor_of(request).language)
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / f"{name}.md"
            file.write_text(text, encoding="utf-8", errors="ignore")
            return self.upload([str(file)], request, progress)

    def upload(self, files: Sequence[str], request: Request | None, progress: Progress) -> str:
        """Add files to the reader's own essays, and delete the uploaded copies. Returns messages about what was added and skipped."""
        visitor = visitor_of(request)
        paths = [Path(file) for file in files]

        def add() -> str:
            report = self._uploads.add(visitor.reader, [(path.name, path) for path in paths], progress)
            return _upload_messages(report, visitor.language)

        try:
            return _safely(add, visitor.language)
        finally:
            for path in paths:
                path.unlink(missing_ok=True)

    def remove_upload(self, button: str, request: Request | None) -> str:
        """Remove the reader's essay of a button with the id `remove-NUMBER-SHA256`. Returns a message."""
        visitor = visitor_of(request)
        prefix = str(button or "").rpartition("-")[2]

        def remove() -> str:
            essay = next((essay for essay in self._essays_of(visitor) if prefix and essay.sha256.startswith(prefix)), None)
            if essay is None:
                return ""
            self._uploads.remove(visitor.reader, essay.id)
            return notice(page.UPLOADS_REMOVED.format(title=essay.title).of(visitor.language))

        return _safely(remove, visitor.language)

    def open_chat(
        self, chat_id: str, request: Request | None, opening: int = 0, collection: str | None = None
    ) -> Iterator[OpenedChat]:
        """Open a saved chat, or a new one if the reader has no chat with this id. An answer in the chat before is stopped.

        `opening` is the number of the page's command. If a question of that chat has arrived before it, the chat is shown with it.
        The sources of its last answer are shown as far as they are in `collection`.
        """
        reader = visitor_of(request).reader
        tab = self._chat.tab(request, "")
        tab.show(chat_id if self._chat.chats.find(reader, chat_id) else "", opening)
        yield from self._shown(self._chat.chats.find(reader, str(tab.chat_id)), tab, visitor_of(request, collection))

    def rated_chat(self, chat_id: str, request: Request | None) -> Iterator[OpenedChat]:
        """A chat after one of its answers was rated; nothing while an answer is being written, whose last step shows the rating."""
        chat, tab = self._chat.chats.find(visitor_of(request).reader, chat_id), self._chat.tab(request, chat_id)
        if chat and not tab.is_asking_in(chat):
            yield from self._shown(chat, tab, visitor_of(request))

    def _shown(self, chat: OpenChat | None, tab: Tab, visitor: Visitor) -> Iterator[OpenedChat]:
        """The chat, or a new one, if the page shows it and no later version of it."""
        state = chat.state() if chat else self._chat.chats.empty()
        opened = OpenedChat([], "", "", "", answering=False)
        if chat and state.turns:
            name, answering = self._chat.chat_name(visitor.reader, chat.id), tab.is_asking_in(chat)
            panel = self._sources(visitor, state.turns[-1].answer)
            opened = OpenedChat(chat_messages(state.turns), panel, chat.id, name, answering)
        with tab.sending(chat.id if chat else "", state.version) as is_wanted:
            if is_wanted:
                yield opened

    def _sources(self, visitor: Visitor, answer: Answer) -> str:
        try:
            return sources_markup(answer, essays_of(self._uploads.bot_for(visitor.reader, visitor.collection), answer))
        except BotError:
            return ""

    def history(self, search: str, chat_id: str, request: Request | None) -> str:
        """The HTML of the list of the reader's chats, newest first. `chat_id` is the open chat."""
        visitor = visitor_of(request)
        search = str(search or "")[:MAX_SEARCH_CHARACTERS]
        if not visitor.reader:
            return notice(page.COOKIES_BLOCKED.of(visitor.language))

        def render() -> str:
            summaries = self._history.list(visitor.reader, search)
            location = notice(page.HISTORY_LOCATION.format(folder=self._folder.name).of(visitor.language))
            return chat_list(summaries, search, chat_id, visitor.language) + location

        return _safely(render, visitor.language)

    def chat_name(self, chat_id: str, request: Request | None) -> str:
        """The name of a chat; empty if there is none."""
        return self._chat.chat_name(visitor_of(request).reader, chat_id)

    def rename_chat(self, chat_id: str, name: str, request: Request | None) -> tuple[str | None, str]:
        """Rename a chat. Returns its name, or None if it has not changed, and a message if it could not be changed."""
        visitor = visitor_of(request)
        current, wanted = self._chat.chat_name(visitor.reader, chat_id), " ".join(str(name or "").split())
        if not chat_id or wanted == current:
            return None, ""
        try:
            if wanted:
                self._history.rename(visitor.reader, chat_id, wanted)
        except BotError as error:
            return current, notice(error.text(visitor.language))
        return self._chat.chat_name(visitor.reader, chat_id), ""

    def delete_chat(self, chat_id: str, request: Request | None) -> None:
        """Delete one of the reader's chats. An error is logged."""
        try:
            self._chat.chats.delete(visitor_of(request).reader, chat_id)
        except BotError as error:
            log.warning("%s", error)

    def rate(self, chat_id: str, turn: int, good: bool, reason: str, request: Request | None) -> str:
        """Save a rating. Returns a message that it was saved, or why it was not."""
        visitor = visitor_of(request)
        reason = str(reason or "")

        def save() -> str:
            if not visitor.reader:
                return notice(page.COOKIES_BLOCKED.of(visitor.language))
            self._history.rate(visitor.reader, chat_id, turn, good, reason)
            return notice((page.REASON_SAVED if reason.strip() else page.RATING_SAVED).of(visitor.language))

        return _safely(save, visitor.language)

    def collections(self, request: Request | None) -> list[tuple[str, str]]:
        """The collections that can be chosen: how the page calls each, and its name as `chosen_collection` gives it."""
        language = visitor_of(request).language
        return [(name or DEFAULT_COLLECTION.of(language), _choice(name)) for name in self._uploads.collections()]

    def chosen_collection(self, shown: str) -> str:
        """The collection that the page called so before it was loaded again; that of the bot where there is none of this name."""
        try:
            name = collection_name(shown) if shown else self._uploads.collection
        except SettingsError:
            name = self._uploads.collection
        return _choice(name if name in self._uploads.collections() else self._uploads.collection)

    def model_label(self, request: Request | None) -> str:
        """The name of the chat model, as text."""
        language, name = visitor_of(request).language, self._uploads.bot_for("").model_name
        if name == QUOTES:
            return page.MODEL_QUOTES.of(language)
        if name.partition(":")[0] == LOCAL:
            return f"{page.MODEL_LOCAL.of(language)} ({name})"
        return page.MODEL_OTHER.format(name=name).of(language)

    def embedder_note(self, request: Request | None, collection: str | None = None) -> str:
        """Which embedder a collection was made with, and what the other one would bring."""
        visitor = visitor_of(request, collection)

        def render() -> str:
            name = self._uploads.bot_for("", visitor.collection).embedder.name
            known = {E5_SMALL: page.EMBEDDER_E5, gemma.NAME: page.EMBEDDER_GEMMA}
            return notice(known.get(name, page.EMBEDDER_OTHER.format(name=name)).of(visitor.language))

        return _safely(render, visitor.language)

    def test_model(self, request: Request | None) -> str:
        """Send a short prompt to the chat model. Returns a message on whether it works."""
        visitor = visitor_of(request)

        def test() -> str:
            bot = self._uploads.bot_for("")
            seconds = bot.try_model()
            if bot.model_name == QUOTES:
                return notice(page.MODEL_WORKS_QUOTES.of(visitor.language))
            return notice(page.MODEL_WORKS.format(name=bot.model_name, seconds=f"{seconds:.1f}").of(visitor.language))

        return _safely(test, visitor.language)

    def _essays_of(self, visitor: Visitor) -> list[Essay]:
        return list(self._uploads.essays(visitor.reader, visitor.collection)) if visitor.reader else []


def _choice(name: str) -> str:
    """A collection's name as the value of a choice, which cannot be empty."""
    return name or DEFAULT_COLLECTION.en


def _upload_messages(report: Report, language: Language) -> str:
    """The messages after an upload: how many essays were added, which files were skipped and why, and notes on how one was read."""
    count = report.added + report.changed
    lines = [page.UPLOADS_ADDED.format(count=count)] if count else []
    for skipped in report.skipped:
        lines.append(page.UPLOADS_SKIPPED.format(name=skipped.path, reason=skipped.reason))
    for note in report.notes:
        lines.append(page.UPLOADS_NOTE.format(name=note.path, text=note.text))
    return "".join(notice(line.of(language)) for line in lines)


def _safely(render: Callable[[], str], language: Language) -> str:
    """The result of `render`, or a message if it raises."""
    try:
        return render()
    except BotError as error:
        return f'<p class="notice wrong">{escape(error.text(language))}</p>'
    except Exception as error:  # the page must go on whatever the error
        log_traceback("A view could not be rendered", error)
        return notice(page.UNEXPECTED_ERROR.of(language))

"""Several pages and several questions at once, without a browser: which steps reach which page, and which questions are asked."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from bot.messages import page as texts
from bot.schema import Answer
from bot.ui.chat_events import parse_chat_id
from bot.ui.chat_handlers import ReplyStep
from bot.ui.tabs import Tab, Tabs
from bot.ui.view_handlers import OpenedChat, ViewHandlers
from bot.uploads import Uploads
from tests.conversation import READER, Conversation, conversation, handlers_of
from tests.pages import ScriptedBot, quoting, wait_for


def views(chat: Conversation, bot: ScriptedBot) -> ViewHandlers:
    uploads: Any = bot
    return ViewHandlers(Uploads(uploads), chat.handlers._history, chat.handlers, bot.settings.data)


def opened(views: ViewHandlers, chat: Conversation, chat_id: str, opening: int = 0) -> list[OpenedChat]:
    return list(views.open_chat(chat_id, chat.request, opening))


@pytest.fixture(autouse=True)
def _no_step_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """A generator that a test does not continue looks like a step that is being sent."""
    monkeypatch.setattr("bot.ui.tabs.SENDING_SECONDS", 0.05)


@pytest.fixture(params=["", READER], ids=["without a cookie", "with a cookie"])
def reader(request: pytest.FixtureRequest) -> str:
    return str(request.param)


# Which steps are shown


def test_no_step_comes_over_a_chat_that_was_opened_meanwhile(reader: str) -> None:
    bot = ScriptedBot(quoting)
    chat = conversation(bot, reader)
    chat.ask("하나?")
    first = chat.chat_id
    (empty,) = opened(views(chat, bot), chat, "")
    assert (empty.messages, empty.chat_id) == ([], "")
    chat.chat_id = ""
    answering: Any = chat.asking("둘?")
    next(answering)
    second = chat.chat_id
    (shown,) = opened(views(chat, bot), chat, first)
    assert (len(shown.messages), shown.chat_id, shown.answering) == (2, first, False)
    assert list(answering) == []
    left = chat.handlers.chats.find(reader, second)
    assert left is not None
    assert left.state().turns[0].answer.sentences[-1].text == texts.STOPPED.of("ko")


def test_a_step_that_is_being_sent_is_waited_for_before_another_chat_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.ui.tabs.SENDING_SECONDS", 60)
    tab = Tab()
    tab.show("a")
    with tab.sending("a", 1) as is_wanted:
        assert is_wanted
        opening = threading.Thread(target=tab.show, args=("b",))
        opening.start()
        wait_for(lambda: tab.chat_id == "b")
        assert opening.is_alive()
    opening.join(2)
    assert not opening.is_alive()


def test_an_earlier_version_never_comes_after_a_later_one() -> None:
    tab = Tab()
    tab.show("a")
    for version, expected in ((3, True), (2, False), (3, True), (4, True)):
        with tab.sending("a", version) as is_wanted:
            assert is_wanted is expected
    tab.show("b")  # the versions of another chat may be lower
    with tab.sending("b", 1) as is_wanted:
        assert is_wanted


def test_opening_the_chat_that_is_shown_does_not_stop_its_answer(reader: str) -> None:
    bot = ScriptedBot(quoting)
    chat = conversation(bot, reader)
    answering: Any = chat.asking("왜?")
    next(answering)
    (shown,) = opened(views(chat, bot), chat, chat.chat_id)
    assert shown.answering
    list(answering)
    assert chat.turns[0].answer.complete


def test_a_page_does_not_stop_the_answer_that_another_page_asked_for() -> None:
    bot = ScriptedBot(quoting)
    chat = conversation(bot, READER)
    answering: Any = chat.asking("왜?")
    next(answering)
    other = Conversation(chat.handlers, READER, chat.chat_id, session="other")
    assert [shown.answering for shown in opened(views(chat, bot), other, chat.chat_id)] == [False]
    opened(views(chat, bot), other, "")
    list(answering)
    assert chat.turns[0].answer.complete


def test_stop_shows_what_there_is_and_the_answer_ends(reader: str) -> None:
    chat = conversation(ScriptedBot(quoting, model_name="scripted"), reader)
    answering: Any = chat.asking("왜?")
    before = [next(answering) for _ in range(3)][-1]
    (stopped,) = chat.stop()
    assert texts.STOPPED.of("ko") in stopped.messages[-1]["content"]
    assert (before.answering, stopped.answering) == (True, False)
    assert [step.messages for step in answering] == [stopped.messages]


def test_stopping_a_chat_in_which_nothing_is_written_shows_it() -> None:
    chat = conversation(ScriptedBot(quoting))
    *_, last = chat.ask("왜?")
    assert [step.messages for step in chat.stop()] == [last.messages]


def test_a_rating_is_shown_at_once_but_not_over_a_growing_answer() -> None:
    bot = ScriptedBot(quoting)
    chat = conversation(bot, READER)
    chat.ask("하나?")
    page = views(chat, bot)
    page.rate(chat.chat_id, 1, True, "", chat.request)
    (rated,) = page.rated_chat(chat.chat_id, chat.request)
    assert 'class="act on" id="turn-1-good"' in rated.messages[1]["content"]
    answering: Any = chat.asking("둘?")
    next(answering)
    page.rate(chat.chat_id, 1, False, "", chat.request)
    assert list(page.rated_chat(chat.chat_id, chat.request)) == []
    *_, last = answering
    assert 'class="act on" id="turn-1-bad"' in last.messages[1]["content"]


# Which questions are asked


def test_a_text_that_is_entered_twice_is_asked_once(reader: str) -> None:
    bot = ScriptedBot(quoting)
    chat = conversation(bot, reader)
    answering: Any = chat.asking("왜?", draft=3)
    twin = Conversation(chat.handlers, reader)  # the same page, before it was told the id of the chat
    first = next(answering)
    assert twin.ask("왜?", draft=3) == []
    list(answering)
    assert twin.ask("왜?", draft=3) == []
    assert [turn.answer.question for turn in chat.turns] == ["왜?"]
    chat.ask("왜?", draft=4)
    assert len(bot.asked) == 2
    assert first.chat_id == chat.chat_id


def test_many_enters_at_the_same_time_ask_once() -> None:
    bot = ScriptedBot(quoting)
    chat = conversation(bot, READER)
    threads = [threading.Thread(target=Conversation(chat.handlers, READER).ask, args=("왜?", 0, 1)) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(bot.asked) == 1


def test_a_declined_text_can_be_entered_again() -> None:
    bot = ScriptedBot(quoting)
    chat = conversation(bot)
    for _ in range(2):
        assert [step.declined for step in chat.ask("가" * 4_001, draft=5)] == [True]
    assert bot.asked == []
    assert chat.chat_id == ""


def test_a_question_can_be_asked_as_soon_as_the_last_step_is_shown() -> None:
    """Before the generator of the first answer has ended."""
    bot = ScriptedBot(quoting)
    chat = conversation(bot, READER)
    answering = chat.asking("왜?")
    for step in answering:
        if not step.answering:
            break
    chat.ask("또?")
    assert [turn.answer.question for turn in chat.turns] == ["왜?", "또?"]


def test_a_question_that_waited_while_another_chat_was_opened_is_declined() -> None:
    bot = ScriptedBot(quoting)
    chat = conversation(bot, READER)
    chat.ask("하나?")
    first = chat.chat_id
    opened(views(chat, bot), chat, "", opening=5)
    chat.chat_id = first  # what the page showed when the question was asked
    assert [(step.declined, step.messages, step.chat_id) for step in chat.ask("둘?", opening=2)] == [(True, [], "")]
    assert len(bot.asked) == 1


@pytest.mark.parametrize("is_new", [True, False])
def test_a_question_that_arrives_before_its_chat_was_opened_is_asked_there(is_new: bool, reader: str) -> None:
    bot = ScriptedBot(quoting)
    chat = conversation(bot, reader)
    chat.ask("하나?")
    first = chat.chat_id
    opened(views(chat, bot), chat, "", opening=2)
    chat.chat_id = ""
    chat.ask("둘?", opening=2)
    second = chat.chat_id
    chat.chat_id = "" if is_new else first  # what page.js has opened
    chat.ask("셋?", opening=3)
    assert [turn.answer.question for turn in chat.turns] == (["셋?"] if is_new else ["하나?", "셋?"])
    (late,) = opened(views(chat, bot), chat, "" if is_new else first, opening=3)
    assert (late.chat_id, len(late.messages)) == (chat.chat_id, 2 if is_new else 4)
    assert chat.chat_id != second


def test_another_page_is_told_that_the_chat_is_busy_and_sees_the_answer_end() -> None:
    asked, may_end = threading.Event(), threading.Event()

    def script(question: str) -> Iterator[Answer]:
        yield [*quoting(question)][-1]
        asked.set()
        wait_for(may_end.is_set)

    bot = ScriptedBot(script)
    chat = conversation(bot, READER)
    writer = threading.Thread(target=chat.ask, args=("왜?",))
    writer.start()
    wait_for(asked.is_set)
    other = Conversation(chat.handlers, READER, chat.chat_id, session="other")
    following: Any = other.asking("또?")
    step = next(following)
    assert texts.BUSY.of("ko") in step.messages[-1]["content"]
    assert "고인돌은 힘을 보여 준다." in step.messages[-1]["content"]
    assert (step.declined, step.answering) == (True, True)
    may_end.set()
    *_, last = following
    writer.join(10)
    assert (last.declined, last.answering, "turn-1-edit" in last.messages[-1]["content"]) == (True, False, True)
    assert len(bot.asked) == 1
    other.ask("또?")
    assert [turn.answer.question for turn in chat.turns] == ["왜?", "또?"]


def test_another_page_can_stop_the_answer() -> None:
    chat = conversation(ScriptedBot(quoting), READER)
    answering: Any = chat.asking("왜?")
    next(answering)
    other = Conversation(chat.handlers, READER, chat.chat_id, session="other")
    other.stop()
    steps: list[ReplyStep] = list(answering)
    assert texts.STOPPED.of("ko") in steps[-1].messages[-1]["content"]
    assert not chat.turns[0].answer.complete


def test_after_a_restart_a_page_continues_with_the_chat_that_it_shows() -> None:
    bot = ScriptedBot(quoting)
    chat = conversation(bot, READER)
    chat.ask("하나?")
    again = Conversation(handlers_of(bot), READER, chat.chat_id)
    again.ask("둘?")
    assert (again.chat_id, [turn.answer.question for turn in again.turns]) == (chat.chat_id, ["하나?", "둘?"])


def test_a_page_of_which_nothing_is_known_can_stop_and_rate() -> None:
    bot = ScriptedBot(quoting)
    chat = conversation(bot, READER)
    chat.ask("하나?")
    again = Conversation(handlers_of(bot), READER, chat.chat_id)
    assert len(again.stop()) == 1
    assert len(list(views(again, bot).rated_chat(chat.chat_id, again.request))) == 1


def test_the_remembered_pages_are_bounded() -> None:
    tabs = Tabs(max_tabs=2)
    first = tabs.tab("a")
    assert tabs.tab("a") is first
    for session in ("b", "a", "c"):
        tabs.tab(session)
    assert (len(tabs), tabs.tab("a") is first) == (2, True)
    assert tabs.tab("") is not tabs.tab("")


@pytest.mark.parametrize("text", ["", None, "<img src=x>", "a b", "한글", "x" * 65, "a\n"])
def test_what_is_no_id_of_a_chat_opens_a_new_one(text: Any) -> None:
    assert parse_chat_id(text) == ""
    assert parse_chat_id("aB3_-") == "aB3_-"

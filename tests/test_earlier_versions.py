"""What version 0.1.0 wrote still opens: its index, saved chats, ratings, own essays and exports.

tests/fixtures/v0.1.0.tar.gz was made by version 0.1.0 with its bundled embedder: an index of the four essays of tests/essays, and a data
folder with two chats of one reader (three turns with two ratings; one renamed) and one essay of the reader's own.
"""

import tarfile
from contextlib import suppress
from pathlib import Path

import pytest

from bot.chats.history import ChatHistory
from bot.chats.recheck import check_file
from bot.errors import IndexMismatch
from bot.indexing.build import build_index
from bot.indexing.repair import embedder_for, repair
from bot.pipeline import Bot
from bot.settings import Settings
from bot.uploads import Uploads
from tests.places import ROOT

READER = "v010reader" + "0" * 33  # the cookie of the reader whose data it is


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """The settings for a folder as version 0.1.0 left it."""
    with tarfile.open(ROOT / "tests" / "fixtures" / "v0.1.0.tar.gz") as archive:
        archive.extractall(tmp_path, filter="data")
    return Settings.load(
        corpus=tmp_path / "essays", index=tmp_path / "index", data=tmp_path / "data", llm="quotes", embedding_model=None
    )


def rebuilt(settings: Settings) -> Bot:
    """A bot over the old index, rebuilt where the version asks for it, as the error's one line says."""
    with suppress(IndexMismatch):
        bot = Bot(settings)
        bot.essays()
        return bot
    build_index(settings)
    return Bot(settings)


def test_saved_chats_and_ratings_are_read(settings: Settings) -> None:
    history = ChatHistory(settings.data)
    renamed, three = history.list(READER)
    assert (renamed.name, renamed.turns, three.name, three.turns) == ("종 이야기", 1, "등대는 언제 꺼졌나?", 3)
    turns = history.get(READER, three.id).turns
    assert [turn.answer.question for turn in turns] == [
        "등대는 언제 꺼졌나?",
        "What did the hut keeper lend us?",
        "Who carried the salt?",
    ]
    assert [turn.rating and (turn.rating.good, turn.rating.reason) for turn in turns] == [
        (False, ""),
        (True, "exactly the sentence"),
        None,
    ]
    assert "The hut keeper lent us a lamp with a green shade." in [one.quote for one in turns[1].answer.citations]


def test_a_saved_chat_goes_on(settings: Settings) -> None:
    history = ChatHistory(settings.data)
    chat = history.list(READER, "salt")[0].id
    before = history.get(READER, chat).turns
    assert history.add(READER, chat, before[0].answer) == 4
    assert [turn.answer for turn in history.get(READER, chat).turns] == [turn.answer for turn in (*before, before[0])]


@pytest.mark.slow
def test_the_index_answers_or_is_rebuilt_in_one_step_and_the_essays_keep_their_ids(settings: Settings) -> None:
    bot = rebuilt(settings)
    assert [essay.id for essay in bot.essays()] == ["bees.ko", "bell-tower.ko", "lighthouse.en", "salt-road"]
    quotes = [citation.quote for citation in bot.ask("How did the salt come to Brannick before the railway?").citations]
    assert "Before the railway, salt came to Brannick on the backs of mules." in quotes


@pytest.mark.slow
def test_the_repair_makes_the_index_anew_from_what_it_holds(settings: Settings) -> None:
    """Version 0.1.0 did not write down which folder it was."""
    line = str(repair(settings, embedder_for(settings)))
    assert "\n" not in line
    assert "essays: 4, embedded again: " in line
    bot = Bot(settings)
    assert [essay.id for essay in bot.essays()] == ["bees.ko", "bell-tower.ko", "lighthouse.en", "salt-road"]
    quotes = [citation.quote for citation in bot.ask("How did the salt come to Brannick before the railway?").citations]
    assert "Before the railway, salt came to Brannick on the backs of mules." in quotes


@pytest.mark.slow
def test_the_reader_s_own_essay_is_still_quoted(settings: Settings) -> None:
    uploads = Uploads(rebuilt(settings))
    assert [essay.id for essay in uploads.essays(READER)] == ["mine-mountain-diary"]
    answer = uploads.bot_for(READER).ask("What did the hut keeper lend us?")
    assert "The hut keeper lent us a lamp with a green shade." in [citation.quote for citation in answer.citations]
    uploads.remove(READER, "mine-mountain-diary")
    assert uploads.essays(READER) == []


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["md", "html", "json"])
def test_the_quotations_of_an_old_export_still_hold(kind: str, settings: Settings, tmp_path: Path) -> None:
    uploads = Uploads(rebuilt(settings))
    found = check_file(tmp_path / f"chat.{kind}", uploads.bot_for(READER).essays())
    assert len(found) >= 5
    assert {quotation.state for quotation in found} == {"holds"}

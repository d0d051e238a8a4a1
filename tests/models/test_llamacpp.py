"""The real thing: llama.cpp in this process, the real model, the real embedder and the shelf that comes along, end to end."""

import json
import os
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from dataclasses import replace
from pathlib import Path

import pytest

from bot.answers import wording
from bot.models import llamacpp
from bot.models.chat import open_chat_model
from bot.pipeline import Bot
from bot.schema import Answer
from bot.settings import Keys, Settings
from tests.places import ROOT
from tests.test_pipeline import assert_sound, shelf_of

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def bot(real_index: Settings, local_model: Path) -> Bot:
    """The clocks are those of readers times ten: this machine is shared."""
    voice = open_chat_model("local", Keys.load(), local_model.parent)
    assert voice is not None
    voice.limits = replace(voice.limits, first_seconds=600.0, gap_seconds=200.0, total_seconds=1800.0)
    bot = Bot(real_index, chat_model=voice)
    bot.warm()
    return bot


def hangul(text: str) -> int:
    return sum("가" <= letter <= "힣" for letter in text)


@pytest.mark.parametrize(
    ("question", "mode"),
    [
        ("고인돌 하나를 옮기는 데 몇 사람이 필요했나요?", "answer"),
        ("Why did Rome last?", "answer"),
        ("Is Rome like a platform?", "counter"),
    ],
)
def test_it_answers_and_nothing_unchecked_is_shown(question: str, mode: str, bot: Bot) -> None:
    answers = list(bot.stream(question, mode=mode))
    first, last = answers[0], answers[-1]
    assert first.citations
    assert not first.sentences
    assert last.voice == "local"
    assert last.complete
    plain = Bot(bot.settings, bot.embedder).ask(question, mode=mode)
    assert last.sentences[: len(plain.sentences)] == plain.sentences
    own = last.sentences[len(plain.sentences) :]
    assert own or last.refused
    assert_sound(last, shelf_of(bot))
    for sentence in own:
        assert bool(hangul(sentence.text)) == (last.language == "ko")
        assert sentence.citations or sentence.kind == "notice"  # what no passage bears out is not this model's to say
    for one, later in zip(answers, answers[1:], strict=False):
        assert later.sentences[: len(one.sentences)] == one.sentences


def test_what_the_essays_do_not_say_is_not_even_asked_of_it(bot: Bot) -> None:
    answer = bot.ask("Who won the 1998 football world cup?")
    assert answer.abstained
    assert answer.refused == ()


def test_its_server_listens_on_loopback_to_those_who_hold_the_key(bot: Bot, local_model: Path) -> None:
    address, key = llamacpp.serve(local_model)
    assert address.startswith("http://127.0.0.1:")
    for path in ("/models", "/chat/completions", "/../slots"):
        request = urllib.request.Request(
            address + path, data=b"{}" if "chat" in path else None, headers={"Origin": "http://evil.example"}
        )
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(request, timeout=30)
        assert refused.value.code in (401, 404, 501)
        assert refused.value.headers.get("Access-Control-Allow-Origin") in (None, "")
        assert key not in str(refused.value.read())
    port = int(address.split(":")[2].split("/")[0])
    with socket.socket() as outside, pytest.raises(OSError, match="in use"):
        outside.bind(("127.0.0.1", port))


def test_one_server_serves_every_bot_of_the_process(bot: Bot, local_model: Path) -> None:
    assert llamacpp.serve(local_model) == llamacpp.serve(local_model)


def test_the_command_line_speaks_with_it(real_index: Settings, local_model: Path) -> None:
    told = subprocess.run(
        [sys.executable, "-m", "bot", "ask", "Who built the Pantheon?", "--json"],
        cwd=ROOT,
        env=os.environ | {"BOT_INDEX": str(real_index.index), "BOT_LLM": f"local:{local_model}"},
        capture_output=True,
        text=True,
        check=True,
    )
    answer = json.loads(told.stdout)
    assert answer["voice"] == f"local:{local_model.name}"  # not where it lies
    assert answer["citations"]


def test_stopping_it_frees_it_for_the_next_question(bot: Bot) -> None:
    stream = bot.stream("Why did Rome last?")
    for count, answer in enumerate(stream):
        if count > 4 or answer.refused:
            break
    stream.close()  # type: ignore[attr-defined]
    after: Answer = bot.ask("로마는 왜 오래갔나요?")
    assert after.complete
    assert wording.FAULTS["slow"]["ko"] not in after.text

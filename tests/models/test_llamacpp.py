"""The real local model: llama.cpp in this process. Short prompts prove the wiring; whole answers over corpus/ are in the full set."""

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

from bot.indexing.build import build_index
from bot.messages import notices
from bot.models import chat, gguf, llamacpp
from bot.models.chat import ChatModel, open_chat_model
from bot.models.streaming import stream_text
from bot.pipeline import Bot
from bot.schema import Answer, Essay
from bot.settings import Keys, Settings
from tests.places import ROOT
from tests.test_pipeline import assert_sound
from tests.toys import ToyEmbedder

pytestmark = pytest.mark.slow
full = pytest.mark.full


def opened(gguf: Path) -> ChatModel:
    """The local chat model, with ten times the usual time limits, because other processes may share the cores."""
    chat_model = open_chat_model("local", Keys.load(), gguf.parent)
    assert chat_model is not None
    chat_model.limits = replace(chat_model.limits, first_seconds=600.0, gap_seconds=200.0, total_seconds=1800.0)
    return chat_model


@pytest.fixture(scope="module")
def short_model(local_model: Path) -> ChatModel:
    """The local model, cut off after 40 tokens."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chat, "MAX_ANSWER_TOKENS", 40)
        chat_model = opened(local_model)
        _ = chat_model.model
    return chat_model


@pytest.fixture(scope="module")
def bot(real_index: Settings, local_model: Path) -> Bot:
    """A bot over corpus/ with the real embedder and the local model."""
    bot = Bot(real_index, chat_model=opened(local_model))
    bot.warm()
    return bot


def hangul(text: str) -> int:
    return sum("가" <= letter <= "힣" for letter in text)


def essays_of(bot: Bot) -> dict[str, Essay]:
    return {essay.id: essay for essay in bot.essays()}


def assert_checked(answers: list[Answer], quotations: Answer, essays: dict[str, Essay]) -> None:
    """The quotations come first and stay; what the model adds is checked, cited and in the language of the question."""
    first, last = answers[0], answers[-1]
    assert first.citations
    assert not first.sentences
    assert last.voice == "local"
    assert last.sentences[: len(quotations.sentences)] == quotations.sentences
    added = last.sentences[len(quotations.sentences) :]
    assert added or last.refused
    assert_sound(last, essays)
    for sentence in added:
        assert bool(hangul(sentence.text)) == (last.language == "ko")
        assert sentence.citations or sentence.kind == "notice"  # the local model may not add readings
    for earlier, later in zip(answers, answers[1:], strict=False):
        assert later.sentences[: len(earlier.sentences)] == earlier.sentences


@pytest.mark.parametrize(
    ("question", "language"), [("사과는 무슨 색인가요? 짧게 답하세요.", "ko"), ("What colour is an apple? Be brief.", "en")]
)
def test_short_answer_is_in_the_language_of_the_question(question: str, language: str, short_model: ChatModel) -> None:
    text = "".join(stream_text(short_model.model, [("user", question)], short_model.limits))
    assert text.strip()
    assert bool(hangul(text)) == (language == "ko")


def test_answer_over_a_short_essay_is_checked(short_model: ChatModel, tmp_path: Path) -> None:
    (tmp_path / "bell.md").write_text("# The bell\n\nThe bell of Ardmore is rung at noon. It was cast in the year 1763.")
    settings = Settings.load(corpus=tmp_path / "bell.md", index=tmp_path / "index")
    build_index(settings, embedder=ToyEmbedder())
    bot = Bot(settings, ToyEmbedder(), short_model)
    question = "When is the bell of Ardmore rung?"
    assert_checked(list(bot.stream(question)), Bot(settings, ToyEmbedder()).ask(question), essays_of(bot))


def test_closed_stream_frees_the_model_for_the_next_request(short_model: ChatModel) -> None:
    limits = replace(short_model.limits, max_characters=10**6)
    stream = stream_text(short_model.model, [("user", "Count to a thousand.")], limits)
    assert next(piece for piece in stream if piece)
    stream.close()
    assert "".join(stream_text(short_model.model, [("user", "Say yes.")], limits)).strip()


def test_server_listens_on_loopback_and_requires_its_key(local_model: Path) -> None:
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
    with socket.socket() as other, pytest.raises(OSError, match="in use"):
        other.bind(("127.0.0.1", port))


def test_its_file_says_that_it_is_small(local_model: Path) -> None:
    assert 1.5e9 < gguf.parameters(local_model) < 1.9e9
    assert opened(local_model).model_class == "small"


def test_one_server_serves_the_whole_process(local_model: Path) -> None:
    assert llamacpp.serve(local_model) == llamacpp.serve(local_model)


# Whole answers over corpus/


@full
@pytest.mark.parametrize(
    ("question", "mode"),
    [
        ("고인돌 하나를 옮기는 데 몇 사람이 필요했나요?", "answer"),
        ("Why did Rome last?", "answer"),
        ("Is Rome like a platform?", "counter"),
    ],
)
def test_answer_over_the_corpus_is_complete_and_checked(question: str, mode: str, bot: Bot) -> None:
    answers = list(bot.stream(question, mode=mode))
    assert answers[-1].complete
    assert_checked(answers, Bot(bot.settings, bot.embedder).ask(question, mode=mode), essays_of(bot))


@full
def test_what_the_essays_do_not_say_is_abstained_from_whatever_the_model_writes(bot: Bot) -> None:
    answer = bot.ask("Who won the 1998 football world cup?")
    assert answer.abstained
    assert_sound(answer, essays_of(bot))


@full
def test_command_line_answers_with_a_local_file(real_index: Settings, local_model: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bot", "ask", "Who built the Pantheon?", "--json"],
        cwd=ROOT,
        env=os.environ | {"BOT_INDEX": str(real_index.index), "BOT_LLM": f"local:{local_model}"},
        capture_output=True,
        text=True,
        check=True,
    )
    answer = json.loads(done.stdout)
    assert answer["voice"] == f"local:{local_model.name}"  # without its folder
    assert answer["citations"]


@full
def test_stopped_answer_frees_the_model_for_the_next_question(bot: Bot) -> None:
    stream = bot.stream("Why did Rome last?")
    for count, answer in enumerate(stream):
        if count > 4 or answer.refused:
            break
    stream.close()  # type: ignore[attr-defined]
    after: Answer = bot.ask("로마는 왜 오래갔나요?")
    assert after.complete
    assert notices.FAULTS["slow"].ko not in after.text

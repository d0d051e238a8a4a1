"""Test doubles of the embedder and of chat models, which record their calls. Child processes may import them."""

import asyncio
import gc
import time
import zlib
from collections.abc import AsyncIterator, Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult

from bot.indexing import intents
from bot.models.chat import ChatModel, Limits
from bot.models.embeddings import Embedder
from bot.retrieval.weights import Weights
from bot.schema import Essay, Language, Progress, no_progress

BUCKETS = 1024
# What ranks with the toy's vectors: plain numbers, which no fit changes. A question is answered where half of its words are found.
TOY_WEIGHTS = Weights(
    centroid=0.0,
    passages={"whole": 0.5, "sentence": 1.0, "bm25": 0.5, "coverage": 4.0, "back_matter": -5.0},
    sentences={"passage": 0.5, "nearness": 0.5, "neighbour": 0.5, "coverage": 4.0, "reason": 2.0, "source": -3.0},
    gap=3.0,
    evidence={"coverage": 1.0},
    answered=0.4,
    related=0.2,
)


class ToyEmbedder(Embedder):
    """An embedder without a model: the vector of a text counts its words and their character bigrams, hashed into `BUCKETS`.

    Texts that share words have a high cosine, in Korean and in English. The same text has the same vector in every process.
    It inherits from `Embedder` for the type only; every method that would load a model is overridden.
    """

    def __init__(self, revision: str = "1", cache: Path = Path(__file__) / "no-cache") -> None:
        """Nothing can be kept in a cache below a file."""
        super().__init__("toy", cache)
        self.revision = revision
        self.passages: list[str] = []
        self.queries: list[str] = []
        self.loads = 0

    @property
    def embedded(self) -> int:
        """The number of passages that were embedded so far."""
        return len(self.passages)

    @property
    def fingerprint(self) -> dict[str, str]:
        return {"model": "toy", "revision": self.revision, "query": "", "document": "", "normalised": "true"}

    @property
    def ready(self) -> bool:
        return self.loads > 0

    def load(self) -> None:
        self.loads += 1

    @cached_property
    def dimension(self) -> int:
        return BUCKETS

    def encode_passages(self, texts: Sequence[str], progress: Progress = no_progress) -> np.ndarray:
        self.load()
        self.passages += texts
        progress("embed", len(texts), len(texts))
        return np.array([_vector(text) for text in texts], np.float32).reshape(len(texts), BUCKETS)

    def encode_query(self, text: str) -> np.ndarray:
        self.load()
        self.queries.append(text)
        return _vector(text)

    def encode_turns(self, turns: Sequence[str]) -> np.ndarray:
        return np.array([_vector(turn) for turn in turns], np.float32).reshape(len(turns), BUCKETS)

    def encode_question(self, text: str) -> tuple[np.ndarray, np.ndarray]:
        vector = self.encode_query(text)
        return vector, vector


def _intents_of(embedder: Embedder) -> intents.Intents:
    """With a toy every turn is a question of content: its vectors hold no meaning to tell intents by."""
    return CONTENT_ONLY if isinstance(embedder, ToyEmbedder) else _real_intents_of(embedder)


CONTENT_ONLY = intents.Intents((intents.CONTENT,), np.zeros((1, BUCKETS + intents.LETTERS), np.float32), np.zeros(1, np.float32))
_real_intents_of, intents.of_embedder = intents.of_embedder, _intents_of


def essay_of(
    text: str, identity: str = "essay", language: Language = "en", title: str = "An Essay", source: str = "essay.md"
) -> Essay:
    """An essay with this text, without a file."""
    return Essay(identity, title, "Somebody", "2020-01-02", language, source, "essay", text)


def _vector(text: str) -> np.ndarray:
    """The vector of a text, float32 of length 1; a text without words has all its weight in the last bucket."""
    vector = np.zeros(BUCKETS, np.float32)
    for word in "".join(c.lower() if c.isalnum() else " " for c in text).split():
        features = [word, *(f"{a}{b}" for a, b in zip(word, word[1:], strict=False))]
        for feature in features:
            vector[zlib.crc32(feature.encode()) % (BUCKETS - 1)] += 1
    if not vector.any():
        vector[-1] = 1
    return np.asarray(vector / np.linalg.norm(vector), np.float32)


def growth(work: Callable[[int], object], size: int) -> float:
    """The factor by which processor time grows from `size` to four times `size`: about 4 for linear work, 16 for quadratic.

    Times below 0.02 s count as 0.02 s, so that the result does not depend on the resolution of the clock.
    """

    def seconds(amount: int) -> float:
        gc.disable()  # a collection takes longer the more objects there are
        started = time.process_time()
        work(amount)
        elapsed = time.process_time() - started
        gc.enable()
        return elapsed

    seconds(size // 10)  # whatever is built on first use is built now
    small = min(seconds(size) for _ in range(3))
    return min(seconds(4 * size) for _ in range(2)) / max(small, 0.02)


class ScriptedModel:
    """A chat model that streams a given text in pieces of `size` characters and records its prompts in `asked`.

    `reply` is the text, or a function of the prompt, a list of (role, text); `ends` is the finish reason, empty for none.
    """

    def __init__(self, reply: str | Callable[[list[tuple[str, str]]], str], *, ends: str = "stop", size: int = 3) -> None:
        self.reply = reply
        self.ends = ends
        self.size = size
        self.asked: list[list[tuple[str, str]]] = []
        self.sent_characters = 0

    async def astream(self, prompt: list[tuple[str, str]], config: object = None) -> AsyncIterator[AIMessageChunk]:
        self.asked.append(prompt)
        text = self.reply if isinstance(self.reply, str) else self.reply(prompt)
        for start in range(0, len(text), self.size):
            self.sent_characters = start + self.size
            yield AIMessageChunk(content=text[start : start + self.size])
        if self.ends:
            yield AIMessageChunk(content="", response_metadata={"finish_reason": self.ends})

    def chat_model(self, limits: Limits | None = None, *, may_add_readings: bool = True) -> ChatModel:
        """The `ChatModel` whose LangChain model is this one: a capable one, or a small one, which may add no readings."""
        return ChatModel("scripted", lambda: self, limits, forced_class="capable" if may_add_readings else "small")  # type: ignore[arg-type, return-value]


class TalkingModel(BaseChatModel):
    """A LangChain chat model, with its runs and callbacks, that says `reply`, and then nothing for `silence` seconds.

    `ended` holds for each of its streams whether that was cancelled.
    """

    reply: str
    silence: float = 0.0
    ended: list[bool] = []

    @property
    def _llm_type(self) -> str:
        return "talking"

    async def _astream(self, messages: list[BaseMessage], *_: Any, **__: Any) -> AsyncIterator[ChatGenerationChunk]:
        cancelled = True
        try:
            yield ChatGenerationChunk(message=AIMessageChunk(content=self.reply))
            await asyncio.sleep(self.silence)
            cancelled = False
            yield ChatGenerationChunk(message=AIMessageChunk(content="", response_metadata={"finish_reason": "stop"}))
        finally:
            self.ended.append(cancelled)

    def _generate(self, *_: Any, **__: Any) -> ChatResult:
        raise NotImplementedError("it is streamed only")

    def chat_model(self) -> ChatModel:
        """The `ChatModel` whose LangChain model is this one."""
        return ChatModel("talking", lambda: self)

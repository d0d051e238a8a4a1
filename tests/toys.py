"""Stand-ins that behave like the real parts and remember what they were asked; child processes may import them."""

import time
import zlib
from collections.abc import AsyncIterator, Callable, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
from langchain_core.messages import AIMessageChunk

from bot.models.chat import ChatModel, Limits
from bot.models.embeddings import Embedder, Progress
from bot.schema import Essay, Language

BUCKETS = 1024


class ToyEmbedder(Embedder):
    """An embedder without a model: a text's vector counts its words and their character bigrams, hashed into `BUCKETS` places.

    Texts with words in common lie near each other, in Korean and in English; the same text has the same vector in every process.
    An `Embedder` by type alone: nothing of the real one runs.
    """

    def __init__(self, revision: str = "1") -> None:
        super().__init__("toy", Path("no-cache"))
        self.revision = revision
        self.passages: list[str] = []
        self.queries: list[str] = []
        self.loads = 0

    @property
    def embedded(self) -> int:
        """How many passages were embedded so far."""
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

    def encode_passages(self, texts: Sequence[str], progress: Progress | None = None) -> np.ndarray:
        self.load()
        self.passages += texts
        if progress:
            progress(len(texts), len(texts))
        return np.array([_vector(text) for text in texts], np.float32).reshape(len(texts), BUCKETS)

    def encode_query(self, text: str) -> np.ndarray:
        self.load()
        self.queries.append(text)
        return _vector(text)


def essay_of(
    text: str, identity: str = "essay", language: Language = "en", title: str = "An Essay", source: str = "essay.md"
) -> Essay:
    """An essay with this text, for tests that need no file."""
    return Essay(identity, title, "Somebody", "2020-01-02", language, source, "essay", text)


def _vector(text: str) -> np.ndarray:
    """The text's vector, float32 of length 1; a text without words points to the last bucket."""
    vector = np.zeros(BUCKETS, np.float32)
    for word in "".join(c.lower() if c.isalnum() else " " for c in text).split():
        features = [word, *(f"{a}{b}" for a, b in zip(word, word[1:], strict=False))]
        for feature in features:
            vector[zlib.crc32(feature.encode()) % (BUCKETS - 1)] += 1
    if not vector.any():
        vector[-1] = 1
    return np.asarray(vector / np.linalg.norm(vector), np.float32)


def growth(work: Callable[[int], object], size: int) -> float:
    """By what factor the processor's time grows from `size` to four times `size`: about 4 where it is linear, 16 where square.

    Times too small to tell apart count as alike, so that the answer does not hang on the clock.
    """

    def cost(amount: int) -> float:
        begun = time.process_time()
        work(amount)
        return time.process_time() - begun

    cost(size // 10)  # whatever is made on first use is made now
    small = min(cost(size) for _ in range(3))
    return min(cost(4 * size) for _ in range(2)) / max(small, 0.02)


class ScriptedModel:
    """A chat model that says what it is told to, a few characters at a time, and remembers what it was asked.

    `reply` is what it says, or a function of the prompt (role, text); `ends` is the reason it gives for ending, empty for none.
    """

    def __init__(self, reply: str | Callable[[list[tuple[str, str]]], str], *, ends: str = "stop", size: int = 3) -> None:
        self.reply = reply
        self.ends = ends
        self.size = size
        self.asked: list[list[tuple[str, str]]] = []
        self.said = 0

    async def astream(self, prompt: list[tuple[str, str]]) -> AsyncIterator[AIMessageChunk]:
        self.asked.append(prompt)
        text = self.reply if isinstance(self.reply, str) else self.reply(prompt)
        for start in range(0, len(text), self.size):
            self.said = start + self.size
            yield AIMessageChunk(content=text[start : start + self.size])
        if self.ends:
            yield AIMessageChunk(content="", response_metadata={"finish_reason": self.ends})

    def chat_model(self, limits: Limits | None = None, *, reads: bool = True) -> ChatModel:
        """The voice that speaks with this model."""
        return ChatModel("scripted", lambda: self, limits, reads=reads)  # type: ignore[arg-type, return-value]

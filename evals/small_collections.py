"""Answers on small collections of people's own texts: notes of a family in Korean, the diary of a brewing laboratory in English.

The texts and the questions were written by a language model that saw nothing else of this project. They stand in evals/small.
"""

import json
import tempfile
from pathlib import Path
from typing import Any

from bot.indexing.build import build_index
from bot.models.embeddings import Embedder
from bot.pipeline import Bot
from bot.schema import Answer
from bot.settings import Settings

FOLDER = Path(__file__).parent / "small"


def measure(embedder: Embedder) -> dict[str, Any]:
    """For each collection: the questions, the answerable ones whose sentence is quoted, and the others that are not answered.

    `wrong` lists the questions that went wrong.
    """
    figures: dict[str, Any] = {}
    wrong: list[str] = []
    for file in sorted(FOLDER.glob("*.jsonl")):
        rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
        with tempfile.TemporaryDirectory() as place:
            settings = Settings.load(index=Path(place), llm="quotes", embedding_model=embedder.name)
            build_index(settings, [FOLDER / file.stem], embedder=embedder)
            bot = Bot(settings, embedder)
            answers = [bot.ask(row["question"]) for row in rows]
        right = [_is_right(row, answer) for row, answer in zip(rows, answers, strict=True)]
        figures[file.stem] = {
            "questions": len(rows),
            "right": sum(right),
            "answerable": sum(row["answerable"] for row in rows),
            "quoted": sum(flag for row, flag in zip(rows, right, strict=True) if row["answerable"]),
            "not answered": sum(flag for row, flag in zip(rows, right, strict=True) if not row["answerable"]),
        }
        wrong += [f"{file.stem}: {row['question']}" for row, flag in zip(rows, right, strict=True) if not flag]
    return {**figures, "wrong": wrong}


def _is_right(row: dict[str, Any], answer: Answer) -> bool:
    """Whether the answer quotes a part of the sentence that answers, or is no answer where there is none."""
    if not row["answerable"]:
        return answer.abstained
    return any(citation.quote in row["quote"] or row["quote"] in citation.quote for citation in answer.citations)

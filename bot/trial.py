"""Tries a voice: a few words to the model and a few back, so that a reader hears what is wrong before a question is wasted."""

import time
from contextlib import closing
from dataclasses import replace

from bot import prompt
from bot.errors import ModelError
from bot.llm import Voice
from bot.stream import StreamFault, words

QUESTION = "Say the word yes."
LONGEST = 200  # characters that are waited for; a model that is cut off there works


def heard(voice: Voice) -> float:
    """Seconds until the model's first word. Raises `ModelError`, which says what is wrong and what to do."""
    started = time.perf_counter()
    try:
        with closing(words(voice.chat, [("user", QUESTION)], replace(voice.limits, characters=LONGEST))) as pieces:
            for piece in pieces:
                if piece.strip():
                    return time.perf_counter() - started
        raise StreamFault("empty")
    except StreamFault as error:
        told = prompt.FAULTS[error.fault]
        raise ModelError(f"{voice.name}: {told['en']}", f"{voice.name}: {told['ko']}") from None

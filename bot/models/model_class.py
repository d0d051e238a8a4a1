"""Tells a capable chat model from a small one by the number of its parameters. Pure."""

import re

from bot.schema import ModelClass

CAPABLE: ModelClass = "capable"
SMALL: ModelClass = "small"
MIN_CAPABLE_BILLIONS = 7  # rounded, as models are named: a model called 7B may have 6.7 billion parameters
_SIZE = re.compile(r"(?:(\d+)\s*x\s*)?(\d+(?:\.\d+)?)\s*([KMBT])", re.IGNORECASE)
_FACTORS = {"K": 1e3, "M": 1e6, "B": 1e9, "T": 1e12}


def of_parameters(count: float) -> ModelClass:
    """The class of a model with this many parameters; 0 where that is not known, which counts as small."""
    return CAPABLE if round(count / 1e9) >= MIN_CAPABLE_BILLIONS else SMALL


def parameters_in(label: str) -> float:
    """The number of parameters that a label of metadata gives (`7.6B`, `494.03M`, `8x7B`); 0 for any other text."""
    match = _SIZE.fullmatch(label.strip())
    return int(match[1] or 1) * float(match[2]) * _FACTORS[match[3].upper()] if match else 0.0

"""What the check says of a sentence: one of three states, with the reason and the span to compare it with. Pure."""

from dataclasses import dataclass
from typing import Literal

State = Literal["supported", "unconfirmed", "refused"]
REASONS = ("quotation", "figure", "name", "negation", "support")  # for a refusal; see `Outcome`


@dataclass(frozen=True, slots=True)
class Outcome:
    """The state of a sentence against passages.

    `supported`: a passage bears it out. `unconfirmed`: nothing in the passages speaks against it, and the check cannot confirm it.
    `refused`: it has a quotation that is not verbatim (`quotation`), a figure or a name that stands in no passage (`figure`, `name`), the
    opposite of what a passage says (`name`, `negation`), or no passage is about it (`support`); `reason` is that code and is empty
    otherwise. `passage` is the index of the passage that bears it out, or of the nearest one, and `start` to `end` the span in that
    passage, in characters; -1 where the passages have no sentence.
    """

    state: State
    reason: str = ""
    passage: int = -1
    start: int = 0
    end: int = 0

    @property
    def rank(self) -> int:
        """2 for supported, 1 for unconfirmed, 0 for refused: the higher of two outcomes is the better one."""
        return {"refused": 0, "unconfirmed": 1, "supported": 2}[self.state]

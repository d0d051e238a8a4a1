"""Every way the bot can fail, as one tree.

BotError                 shown to the reader as it stands; exit code 1
├── SettingsError        a setting has a value that cannot be used
├── CorpusError          no essay could be read from the paths given
├── EmbedderError        the embedding model cannot be made or loaded
├── ModelError           the language model cannot be reached or used
├── QuestionError        the question is empty or too long
├── CitationError        a quotation does not stand in its essay
├── TooManyRequests      a caller of the page asks too often
└── StoreError           the index cannot be used
    ├── IndexMissing     there is no index yet
    ├── IndexMismatch    the index was made with other settings
    ├── IndexDamaged     the index is not what its manifest says
    └── IndexBusy        another process is writing the index; exit code 75 (EX_TEMPFAIL)

A message is one line: the fact, the value, the remedy. `korean` is the same line for Korean readers of the page.
"""

from typing import ClassVar


class BotError(Exception):
    """The base of every error that a user can mend. `str(error)` is one English line, `error.korean` one Korean line."""

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, korean: str = "") -> None:
        """Keep both wordings on one line each, whatever was put into them."""
        super().__init__(" ".join(message.split()))
        self.korean = " ".join((korean or message).split())


class SettingsError(BotError):
    """A setting has a value that cannot be used."""


class CorpusError(BotError):
    """No essay could be read from the paths given."""


class EmbedderError(BotError):
    """The embedding model cannot be made or loaded."""


class ModelError(BotError):
    """The language model cannot be reached or used."""


class QuestionError(BotError):
    """The question is empty or too long."""


class CitationError(BotError):
    """A quotation does not stand, character for character, in its essay."""


class TooManyRequests(BotError):
    """A caller asks more often, or more at once, than one may."""


class StoreError(BotError):
    """The index cannot be used."""


class IndexMissing(StoreError):
    """There is no index yet."""


class IndexMismatch(StoreError):
    """The index was made with another embedder, splitter or version."""


class IndexDamaged(StoreError):
    """A file of the index is missing or is not what its manifest says."""


class IndexBusy(StoreError):
    """Another process is writing the index."""

    exit_code: ClassVar[int] = 75

"""The errors of the bot, as one tree.

BotError                 shown to users as it is; exit code 1
├── SettingsError        a setting has a value that cannot be used
├── CorpusError          no essay could be read from the given paths
├── EmbedderError        the embedding model cannot be loaded or used
├── ModelError           a chat model cannot be reached or used, or a model's files cannot be fetched
├── QuestionError        the question, or what it refers to, cannot be used
├── CitationError        a quotation is not in its essay
├── TooManyRequests      a client of the page asks too often
└── StoreError           the index, or the data folder, cannot be used
    ├── IndexMissing     there is no index yet
    ├── IndexMismatch    the index was built with other settings
    ├── IndexDamaged     the index is not what its manifest says
    └── IndexBusy        another process is writing the index; exit code 75 (EX_TEMPFAIL)

A message is one line with the fact, the value and the remedy, in English and Korean. The lines stand in `bot.messages`.
"""

from typing import ClassVar

from bot.messages.text import Language, Text


class BotError(Exception):
    """The base of all errors that a user can fix. `str(error)` is one line in English, `error.text(language)` the line in a language."""

    exit_code: ClassVar[int] = 1

    def __init__(self, message: Text) -> None:
        """White space, line breaks included, is collapsed."""
        super().__init__(message)
        self.message = message.on_one_line()

    def __str__(self) -> str:
        return self.message.en

    def text(self, language: Language) -> str:
        """The line in one language."""
        return self.message.of(language)


class SettingsError(BotError):
    """A setting has a value that cannot be used."""


class CorpusError(BotError):
    """No essay could be read from the given paths."""


class EmbedderError(BotError):
    """The embedding model cannot be loaded or used."""


class ModelError(BotError):
    """A chat model cannot be reached or used, or a model's files cannot be fetched."""


class QuestionError(BotError):
    """The question is empty or too long, or its mode, history, essay or chat is unknown."""


class CitationError(BotError):
    """A quotation is not in its essay, character for character."""


class TooManyRequests(BotError):
    """A client sends more requests, per minute or at once, than the limit."""


class StoreError(BotError):
    """The index, or the data folder, cannot be read or written."""


class IndexMissing(StoreError):
    """There is no index yet."""


class IndexMismatch(StoreError):
    """The index was built with another embedder, splitter or version."""


class IndexDamaged(StoreError):
    """A file of the index is missing or is not what its manifest says."""


class IndexBusy(StoreError):
    """Another process is writing the index."""

    exit_code: ClassVar[int] = 75

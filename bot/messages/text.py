"""A text in English and Korean, and the languages that there are."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal, get_args

Language = Literal["ko", "en"]

LANGUAGES: tuple[Language, ...] = get_args(Language)


@dataclass(frozen=True, slots=True)
class Text:
    """The same text in both languages. As a string it is the English, as in logs and on the command line."""

    en: str
    ko: str

    def __str__(self) -> str:
        return self.en

    def of(self, language: Language) -> str:
        """The text in one language."""
        return self.ko if language == "ko" else self.en

    def format(self, **values: Any) -> "Text":
        """The text with its placeholders filled in, as `str.format` does. A value that is a `Text` is taken in the language around it."""
        return Text(
            self.en.format(**{name: _in(value, "en") for name, value in values.items()}),
            self.ko.format(**{name: _in(value, "ko") for name, value in values.items()}),
        )

    def on_one_line(self) -> "Text":
        """The text with white space, line breaks included, collapsed in both languages."""
        return Text(" ".join(self.en.split()), " ".join(self.ko.split()))


def _in(value: Any, language: Language) -> Any:
    """The value, in the language where it is a `Text`."""
    return value.of(language) if isinstance(value, Text) else value


def joined(separator: str, texts: Iterable[Text]) -> Text:
    """The texts as one."""
    parts = tuple(texts)
    return Text(separator.join(part.en for part in parts), separator.join(part.ko for part in parts))

"""A text in English and Korean, and the languages that there are."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal, get_args

Language = Literal["ko", "en"]

_AFTER_VOWEL = {"은": "는", "이": "가", "을": "를", "과": "와", "이라는": "라는"}
_DIGITS_IN_CONSONANT = "013678"  # 영, 일, 삼, 육, 칠, 팔

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
        """The text with its placeholders filled in, as `str.format` does. A value that is a `Text` is taken in the language around it.

        In Korean a placeholder may name a particle in its longer form, which follows the value in the form that fits it: `{title:을}`.
        """
        korean = {name: _in(value, "ko") for name, value in values.items()}
        return Text(
            self.en.format(**{name: _in(value, "en") for name, value in values.items()}),
            self.ko.format(**{name: _WithParticle(value) if type(value) is str else value for name, value in korean.items()}),
        )

    def on_one_line(self) -> "Text":
        """The text with white space, line breaks included, collapsed in both languages."""
        return Text(" ".join(self.en.split()), " ".join(self.ko.split()))


class _WithParticle(str):
    """A Korean value that takes a particle as its format: after a consonant as it is written, after a vowel in its other form."""

    __slots__ = ()

    def __format__(self, particle: str) -> str:
        if particle not in _AFTER_VOWEL:
            return super().__format__(particle)
        last = next((character for character in reversed(self) if character.isalnum()), "")
        ends_in_consonant = "가" <= last <= "힣" and (ord(last) - ord("가")) % 28 > 0 or last in _DIGITS_IN_CONSONANT
        return self + (particle if ends_in_consonant else _AFTER_VOWEL[particle])


def _in(value: Any, language: Language) -> Any:
    """The value, in the language where it is a `Text`."""
    return value.of(language) if isinstance(value, Text) else value


def joined(separator: str, texts: Iterable[Text]) -> Text:
    """The texts as one."""
    parts = tuple(texts)
    return Text(separator.join(part.en for part in parts), separator.join(part.ko for part in parts))

"""The words of a collection: which of a question's words it knows, as they are written, misspelt, or in the other script. Pure."""

import unicodedata
from collections.abc import Iterable, Mapping
from functools import cached_property

from rapidfuzz import process
from rapidfuzz.distance import OSA

from bot.grounding.transliteration import may_be_same_name, sound_keys
from bot.text.rarity import is_listed, rarity
from bot.text.tokenize import is_verb, morphemes

MIN_LETTERS = 4  # a shorter word is as near to many others as to the one that was meant
LETTERS_PER_ERROR = 4  # one wrong letter for every four
NAME_RARITY = 0.5  # a common word of one language hardly names the same thing as one of the other that sounds alike


class Vocabulary:
    """The words of a collection. Threads may share it: what is computed on first use does not depend on who asks."""

    def __init__(self, words: Iterable[str]) -> None:
        """`words` are as `morphemes` gives them."""
        self._words = frozenset(words)

    def __contains__(self, word: str) -> bool:
        """Whether a passage or a title holds the word as it is."""
        return word in self._words

    def weights(self, question: str) -> dict[str, float]:
        """The content words of a question, misspelt ones as the collection spells them, each with its rarity, 0 to 1."""
        words = [self.corrected(word) for word in morphemes(question)]
        return {word: rarity(word) for word in words}

    def corrected(self, word: str) -> str:
        """The word of the collection that a misspelt one is nearest to; any other word as it is."""
        if word in self._words or is_verb(word) or is_listed(word) or not word.isalpha():
            return word
        letters = unicodedata.normalize("NFD", word)
        errors = len(letters) // LETTERS_PER_ERROR
        if len(letters) < MIN_LETTERS:
            return word
        nearest = process.extractOne(letters, self._spellings, scorer=OSA.distance, score_cutoff=min(errors, 2), processor=None)
        return str(nearest[2]) if nearest else word

    def knows(self, word: str) -> bool:
        """Whether the collection holds the word, or a rare word of the other script that sounds alike (chinchilla and 친칠라)."""
        return word in self._words or bool(self.other_spelling(word))

    def other_spelling(self, word: str) -> str:
        """The rare word of the other script that sounds like one that the collection does not hold; empty where there is none."""
        if word in self._words or is_verb(word):
            return ""
        return next(
            (other for key in sound_keys(word) for other in self._by_sound.get(key, ()) if may_be_same_name(word, other)), ""
        )

    @cached_property
    def _spellings(self) -> Mapping[str, str]:
        """The letters of each word of some length, Hangul as jamo, by the word."""
        forms = ((word, unicodedata.normalize("NFD", word)) for word in sorted(self._words) if word.isalpha())
        return {word: letters for word, letters in forms if len(letters) >= MIN_LETTERS}

    @cached_property
    def _by_sound(self) -> Mapping[str, list[str]]:
        """The rare words by the keys of their sound."""
        by_sound: dict[str, list[str]] = {}
        for word in sorted(self._words):
            if word.isalpha() and rarity(word) >= NAME_RARITY:
                for key in sound_keys(word):
                    by_sound.setdefault(key, []).append(word)
        return by_sound

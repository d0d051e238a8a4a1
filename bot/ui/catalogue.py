"""The page's texts by language, for the handlers and the layout until they read `bot.messages.page`."""

from dataclasses import dataclass, make_dataclass

from bot.messages import page
from bot.messages.text import LANGUAGES, Language
from bot.text.language import language_of


@dataclass(frozen=True)
class Messages:
    """The page's texts in one language, each as a field."""

    def __getattr__(self, name: str) -> str:
        """Tell the type of a field; there is no other attribute."""
        raise AttributeError(name)


_Messages = make_dataclass("_Messages", page.by_name("en"), bases=(Messages,), frozen=True)
MESSAGES: dict[Language, Messages] = {language: _Messages(**page.by_name(language)) for language in LANGUAGES}
EXAMPLE_QUESTIONS: dict[Language, tuple[str, ...]] = {
    language: tuple(question.of(language) for question in page.EXAMPLE_QUESTIONS) for language in LANGUAGES
}


def language_for(question: str, accepted: str = "") -> Language:
    """The language of the page's messages before there is an answer: the question's, else the first of `accepted` (Accept-Language)."""
    if any(character.isalpha() for character in question):
        return language_of(question)
    return "ko" if accepted.strip().lower().startswith("ko") else "en"

"""Kept for the measurements until they read `bot.messages.notices`."""

from bot.messages import notices
from bot.messages.text import LANGUAGES

MODEL_ABSTAINS = {language: notices.MODEL_ABSTAINS.of(language) for language in LANGUAGES}

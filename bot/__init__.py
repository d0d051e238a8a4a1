"""Dolmen: discuss essays with a chatbot that shows only checked quotations.

    from bot import Bot
    answer = Bot.open().ask("고인돌은 왜 지었나요?")

The public names load on first use, so that `import bot` imports nothing heavy.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bot.errors import BotError
    from bot.pipeline import Bot
    from bot.schema import Answer, Citation

__version__ = "0.1.0"
__all__ = ["Answer", "Bot", "BotError", "Citation"]

_MODULES = {"Answer": "bot.schema", "Bot": "bot.pipeline", "BotError": "bot.errors", "Citation": "bot.schema"}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module 'bot' has no attribute {name!r}; it has {', '.join(__all__)}")
    return getattr(import_module(_MODULES[name]), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]

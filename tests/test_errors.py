"""The tree of errors: as drawn in the docstring of `bot.errors`, with one-line messages and exit codes."""

import pickle
import re

import pytest

from bot import errors
from bot.errors import BotError, IndexBusy, StoreError
from bot.messages.text import Text

TREE = re.compile(r"^(?P<branch>[│├└─ ]*)(?P<name>[A-Z]\w+)  +\S", re.MULTILINE)


def error_classes() -> list[type[BotError]]:
    return [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, BotError)]


def test_the_tree_in_the_docstring_is_the_tree_in_the_code() -> None:
    drawn: dict[str, str] = {}
    line: list[str] = []
    for match in TREE.finditer(errors.__doc__ or ""):
        depth = len(match["branch"]) // 4
        line[depth:] = [match["name"]]
        drawn[match["name"]] = line[depth - 1] if depth else "Exception"
    assert drawn == {kind.__name__: kind.__base__.__name__ for kind in error_classes() if kind.__base__}


@pytest.mark.parametrize("kind", error_classes(), ids=lambda kind: kind.__name__)
def test_both_messages_of_every_error_are_one_line(kind: type[BotError]) -> None:
    error = kind(Text("A fact,\n a value\t.\r\n Run: this", "사실,\n 값.\u2028 명령"))
    assert str(error) == error.text("en") == "A fact, a value . Run: this"
    assert error.text("ko") == "사실, 값. 명령"
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


@pytest.mark.parametrize("kind", error_classes(), ids=lambda kind: kind.__name__)
def test_exit_codes(kind: type[BotError]) -> None:
    assert kind(Text("x", "x")).exit_code == (75 if kind is IndexBusy else 1)


@pytest.mark.parametrize("kind", error_classes(), ids=lambda kind: kind.__name__)
def test_every_error_has_its_own_docstring(kind: type[BotError]) -> None:
    assert kind.__doc__
    assert kind.__doc__ != getattr(kind.__base__, "__doc__", "")


def test_a_store_error_is_the_base_of_the_index_errors() -> None:
    with pytest.raises(StoreError):
        raise IndexBusy(Text("Busy.", "바쁩니다."))

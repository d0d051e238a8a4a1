"""The scripts of examples/ run on the bundled essays without a key, and what they print as a quotation stands in an essay."""

import re
import subprocess
import sys

import pytest

from bot import Bot
from bot.settings import Settings
from tests.places import ROOT

ENGLISH, KOREAN = "How many people did it take to move the stone of a dolmen?", "고인돌의 덮개돌은 몇 사람이 옮겼나요?"
PLACE = re.compile(r"([\w.-]+), characters (\d+) to (\d+)")


def printed(script: str, question: str, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The lines that a script prints for a question about the bundled essays."""
    monkeypatch.setenv("BOT_CORPUS", str(settings.corpus))
    monkeypatch.setenv("BOT_INDEX", str(settings.index))
    command = [sys.executable, str(ROOT / "examples" / script), question]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.splitlines()


@pytest.mark.parametrize(
    ("script", "question"),
    [("chain.py", ENGLISH), ("agent.py", KOREAN), ("stream.py", ENGLISH)],
    ids=["chain", "agent", "stream"],
)
def test_what_an_example_quotes_stands_in_an_essay(
    script: str, question: str, real_index: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    bot = Bot.open(index=real_index.index, corpus=real_index.corpus)
    texts = {essay.id: essay.text for essay in bot.essays()}
    lines = printed(script, question, real_index, monkeypatch)
    quotations = [line.removeprefix("> ") for line in lines if line.startswith("> ")]
    assert quotations
    assert all(len(quotation) > 20 and any(quotation in text for text in texts.values()) for quotation in quotations)
    places = [match.groups() for line in lines if (match := PLACE.search(line))]
    if script == "agent.py":
        assert [(essay, int(start), int(end)) for essay, start, end in places] == [
            (hit.passage.essay, hit.passage.start, hit.passage.end) for hit in bot.search(question, 3)
        ]
    if script == "stream.py":
        assert [texts[essay][int(start) : int(end)] for essay, start, end in places] == quotations
        assert all(any(quotation in line for line in lines if not line.startswith("> ")) for quotation in quotations)


def test_every_example_is_run() -> None:
    scripts = {path.name for path in (ROOT / "examples").glob("*.py")}
    assert scripts == {"chain.py", "agent.py", "stream.py", "stand_in.py"}

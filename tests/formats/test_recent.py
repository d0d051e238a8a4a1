"""What was read a short time ago is not parsed again, and what was used longest ago is forgotten first."""

import pytest

from bot.formats import Document, Failed, Found, read, recent
from bot.formats.limits import Limits
from bot.formats.recent import Recent
from bot.messages.text import Text

LIMITS = Limits()


def _documents(text: str) -> tuple[Document, ...]:
    return (Document(text),)


def test_what_was_used_longest_ago_goes_first() -> None:
    kept = Recent(10)
    first, second, third = ((".rtf", name, LIMITS) for name in (b"1", b"2", b"3"))
    kept.add(first, _documents("aaaa"))
    kept.add(second, _documents("bbbb"))
    assert kept.get(first) == _documents("aaaa")
    kept.add(third, _documents("cccc"))
    assert [kept.get(key) for key in (first, second, third)] == [_documents("aaaa"), None, _documents("cccc")]


def test_a_key_that_is_added_again_counts_once_and_too_long_a_text_is_not_kept() -> None:
    kept = Recent(10)
    key, other = (".rtf", b"1", LIMITS), (".rtf", b"2", LIMITS)
    for text in ("aaaa", "aaaaaa", "aaaa"):
        kept.add(key, _documents(text))
    kept.add(other, _documents("bbbbbb"))
    assert kept.get(key) == _documents("aaaa")
    kept.add(other, _documents("b" * 11))
    assert [kept.get(key), kept.get(other)] == [None, None]


def test_a_file_is_parsed_once_and_a_failure_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def parse(suffix: str, data: bytes, limits: Limits) -> Found | Failed:
        asked.append((suffix, data, limits))
        return Found(_documents(f"the text of {suffix}")) if data == b"whole" else Failed(Text("broken", "깨짐"))

    monkeypatch.setattr(recent, "_recent", Recent())
    monkeypatch.setattr("bot.formats.worker.read", parse)
    small = Limits(seconds=1)
    results = [read(".rtf", b"whole", LIMITS), read(".rtf", b"whole", LIMITS), read(".docx", b"whole", LIMITS)]
    results += [read(".rtf", b"whole", small), read(".rtf", b"broken", LIMITS), read(".rtf", b"broken", LIMITS)]
    assert [type(result) for result in results] == [Found] * 4 + [Failed] * 2
    assert results[0] == results[1] == results[3] == Found(_documents("the text of .rtf"))
    assert asked == [
        (".rtf", b"whole", LIMITS),
        (".docx", b"whole", LIMITS),
        (".rtf", b"whole", small),
        (".rtf", b"broken", LIMITS),
        (".rtf", b"broken", LIMITS),
    ]

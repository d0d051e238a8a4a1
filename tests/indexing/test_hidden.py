"""What a writer hid from readers is taken out of a note; what only looks like it stays."""

import pytest

from bot.indexing.hidden import without_hidden
from tests.toys import growth


@pytest.mark.parametrize(("text", "visible", "removed"), [
    ("앞 %% 수술비는 형이 냈다. %% 뒤", "앞  뒤", 1),
    ("%%\n숨긴 문단.\n\n둘째 문단.\n%%\n\n본문.", "\n\n본문.", 1),
    ("%%한 줄%%\n본문.\n%%또 한 줄%%\n끝.", "\n본문.\n\n끝.", 2),
    ("%%c1%% 글 %%c2%%", " 글 ", 2),
    ("A <!-- note\n\nto self --> B", "A  B", 1),
    ("`<!-- x -->`는 주석이다. <!-- y -->", "`<!-- x -->`는 주석이다. ", 1),
    ("앞\n\n```dataview\nTABLE 값\n```\n\n뒤", "앞\n\n뒤", 1),
    ("```html\n<!-- an example -->\n```\n", "```html\n<!-- an example -->\n```\n", 0),
    ("값은 `= this.file.name`이다.", "값은 이다.", 1),
    ("문장이다. ^id-1\n다음.", "문장이다.\n다음.", 0),
    ("{% comment %}\nhidden\n{% endcomment %}\nA", "\nA", 1),
    ("A {# hidden #} B {/* hidden */} C", "A  B  C", 2),
    ("[//]: # (hidden)\nA", "\nA", 1),
    ("^block\n본문", "\n본문", 0),
])  # fmt: skip
def test_what_was_hidden_is_taken_out(text: str, visible: str, removed: int) -> None:
    found = without_hidden(text)
    assert (found.text, found.removed) == (visible, removed)


@pytest.mark.parametrize("text", [
    "할인율은 50%%와 30%%였다.", 'printf("%%d and %%s");', "<!-- not closed\n본문", "%% 혼자\n본문", "x^2와 2^10.", "a --> b <!-- c",
    "```\n%% code %%\n```", "```dataview\nnot closed", "^_^ 웃었다", "a\n\n\n\nb",
    "#{x} and {#id}", "{% comment %} not closed",
])  # fmt: skip
def test_what_only_looks_hidden_stays(text: str) -> None:
    assert without_hidden(text).text == text


@pytest.mark.parametrize("piece", ["%%", "%% a", "<!--", "```\n", "`", "\n%% a\n", "-->", "^a\n", "{% comment %}", "{/*"])
def test_time_is_proportional_to_the_length(piece: str) -> None:
    assert growth(lambda count: without_hidden(f"--> {piece * count} --> endcomment */}} " + piece * count), 10_000) < 8

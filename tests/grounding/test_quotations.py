"""Quotations: located exactly where they are or not at all, and citations made of them."""

import unicodedata
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.chats.recheck import check
from bot.errors import CitationError
from bot.grounding.quotations import cite, locate, quotations
from bot.schema import Citation, Essay
from tests.toys import essay_of

TEXT = (
    "# 종\n\n마을 사람들은 이렇게 말한다. “열두 번째 종은 각자 속으로 친다.”\n"
    "그 종은 ‘울지 않는’ 종이다 — 로마의 종이… 아니다.\n\n"
    'The café’s bell rang 3.14 times. She said, "It is not a bell," and left – at once. The Mongols came later.'
)
ESSAY = essay_of(TEXT, identity="bell", title="Bells", source="bell.md")

# Characters that are treated alike, one group a line.
SPELLINGS = [
    "'‘’‚‛′`´",
    '"“”„‟″«»「」『』',
    "-‐‑‒–—―−",
    " \t\n\u00a0\u3000\u2009",
]
ALIKE = {character: group for group in SPELLINGS for character in group}


def located(quote: str, text: str = TEXT) -> str | None:
    span = locate(quote, text)
    return text[span[0] : span[1]] if span else None


@pytest.mark.parametrize("quote", [
    "열두 번째 종은 각자 속으로 친다.", "그 종은 ‘울지 않는’ 종이다", TEXT, TEXT[:1], TEXT[-1], "3.14", "종이… 아니다.",
])  # fmt: skip
def test_a_verbatim_quotation_is_located(quote: str) -> None:
    assert located(quote) == quote


@pytest.mark.parametrize(("quote", "original"), [
    ("친다.”   그 종은", "친다.”\n그 종은"),
    ("친다.\"\t그 종은 '울지 않는' 종이다", "친다.”\n그 종은 ‘울지 않는’ 종이다"),
    ("「열두 번째 종은 각자 속으로 친다.」", "“열두 번째 종은 각자 속으로 친다.”"),
    ("종이다 - 로마의 종이... 아니다", "종이다 — 로마의 종이… 아니다"),
    ("종이다 ― 로마의", "종이다 — 로마의"),
    ("  The café's bell ", "The café’s bell"),
    ("“It is not a bell,” and left — at once", '"It is not a bell," and left – at once'),
    (unicodedata.normalize("NFD", "열두 번째 종은"), "열두 번째 종은"),
    (unicodedata.normalize("NFD", "café"), "café"),
    ("‹열두 번째 종은 각자 속으로 친다.›".replace("‹", "＂").replace("›", "＂"), "“열두 번째 종은 각자 속으로 친다.”"),
    ("종이⋯ 아니다", "종이… 아니다"),
    ("아니다. The", "아니다.\n\nThe"),
])  # fmt: skip
def test_white_space_and_the_style_of_marks_may_differ(quote: str, original: str) -> None:
    assert located(quote) == original


@pytest.mark.parametrize("quote", [
    "그 종은 ‘우는’ 종이다",  # without 않
    "It is a bell",  # without not
    "It is  a bell",
    "로마의 종이다",
    "몽골의 종이… 아니다.",  # another name
    "rang 3.15 times",
    "rang 314 times",
    "열두 번째 종은 … 친다.",  # with an omission
    "열두 번째 종은 친다.",
    "각자 속으로 친다. The Mongols came later.",  # two sentences joined
    "그 종은 ‘울지 않는’ 종이다. The Mongols",
    "the Mongols came",  # another case
    "고인돌",
    "열두번째 종은",  # another spacing
    "Cafe’s bell",
    "cafe’s bell",
    "", " ", "\n\t",
])  # fmt: skip
def test_an_altered_joined_or_empty_quotation_is_not_located(quote: str) -> None:
    assert locate(quote, TEXT) is None


def test_the_first_of_two_places_is_returned() -> None:
    assert locate("ab", "ab ab") == (0, 2)


@pytest.mark.parametrize("text", [unicodedata.normalize("NFD", "고인돌 café 끝"), "a\u0302x\u0302y\u0302z", "ㄱ\u0301각\u0301"])
def test_a_span_does_not_split_a_character_from_its_combining_marks(text: str) -> None:
    for start in range(len(text)):
        for end in range(start + 1, len(text) + 1):
            span = locate(text[start:end], text)
            if span:
                assert span[1] == len(text) or not (unicodedata.combining(text[span[1]]) or "\u1160" <= text[span[1]] <= "\u11ff")


def test_nothing_is_located_in_an_empty_text() -> None:
    assert locate("a", "") is None


@given(st.data())
def test_any_part_of_a_text_is_located_in_another_spelling(data: st.DataObject) -> None:
    text = data.draw(st.text(alphabet=TEXT + "".join(SPELLINGS) + "각힣ñü", min_size=1, max_size=80))
    text = unicodedata.normalize("NFC", text)
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    quote = "".join(data.draw(st.sampled_from(ALIKE[c])) if c in ALIKE else c for c in text[start:end])
    quote = data.draw(st.sampled_from(["", " ", "\n "])) + quote.replace("…", data.draw(st.sampled_from(["…", "..."])))
    quote = unicodedata.normalize(data.draw(st.sampled_from(["NFC", "NFD"])), quote)
    assume(quote.strip())
    span = locate(quote, text)
    assert span is not None
    assert span[0] <= start + len(quote) - len(quote.lstrip())
    assert _plain(text[span[0] : span[1]]) == _plain(quote) or "…" in text


@given(st.data())
def test_a_quotation_with_a_changed_letter_is_not_located(data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(TEXT) - 12))
    quote = TEXT[start : start + data.draw(st.integers(8, 40))]
    places = [place for place, character in enumerate(quote) if character.isalnum()]
    assume(places)
    place = data.draw(st.sampled_from(places))
    letter = data.draw(st.sampled_from("가힣Qz7漢"))
    changed = quote[:place] + letter + quote[place + 1 :]
    assume(letter not in TEXT)
    assert locate(changed, TEXT) is None


def test_ten_thousand_combining_marks_on_one_letter_are_handled() -> None:
    text = "a" + "\u0301" * 10_000 + " end."
    assert located("end.", text) == "end."


def test_a_citation_has_the_characters_of_the_essay() -> None:
    assert cite(ESSAY, 23, 43, 7) == Citation(7, "bell", "Bells", "bell.md", TEXT[23:43], 23, 43, ESSAY.sha256)


@given(st.integers(-200, 300), st.integers(-200, 300))
def test_a_citation_is_made_only_of_a_span_with_words(start: int, end: int) -> None:
    if 0 <= start < end <= len(TEXT) and TEXT[start:end].strip():
        citation = cite(ESSAY, start, end, 1)
        assert TEXT[citation.start : citation.end] == citation.quote
        assert _holds(citation, [ESSAY])
    else:
        with pytest.raises(CitationError):
            cite(ESSAY, start, end, 1)


def test_the_error_for_a_bad_span_gives_fact_value_and_remedy() -> None:
    with pytest.raises(CitationError) as caught:
        cite(essay_of("abc", identity="x"), 2, 9, 1)
    assert "3자" in caught.value.text("ko")
    assert str(caught.value) == "Characters 2 to 9 of x cannot be quoted: the essay has 3. Run ingest.py again."


@pytest.mark.parametrize("change", [
    {"essay": "other"}, {"quote": "열두 번째 종은 각자 속으로 친다"}, {"start": 22}, {"end": 44},
    {"start": 23 - len(TEXT), "end": 43 - len(TEXT)},
    {"start": 5, "end": 5, "quote": ""},
])  # fmt: skip
def test_a_citation_with_any_field_changed_does_not_hold(change: dict[str, object]) -> None:
    citation = cite(ESSAY, 23, 43, 1)
    assert _holds(citation, [essay_of("x", identity="a"), ESSAY])
    assert not _holds(replace(citation, **change), [ESSAY])  # type: ignore[arg-type]


def test_a_citation_does_not_hold_when_its_essay_was_changed_or_removed() -> None:
    citation = cite(ESSAY, 23, 43, 1)
    assert not _holds(citation, [])
    assert not _holds(citation, [replace(ESSAY, text="!" + TEXT)])
    assert not _holds(citation, [replace(ESSAY, id="moved")])


def _holds(citation: Citation, essays: Sequence[Essay]) -> bool:
    return check(citation, {essay.id: essay for essay in essays}).state == "holds"


def _plain(text: str) -> str:
    """The text with one style for each mark and one space for each run of white space."""
    styles = {character: group[0] for group in SPELLINGS for character in group}
    plain = "".join(styles.get(c, c) for c in unicodedata.normalize("NFC", text).replace("…", "..."))
    return " ".join(plain.split())


def test_quotations_are_longer_than_titles_and_terms() -> None:
    text = 'He says “one two three four” and "five six" and 「하나 둘 셋 넷이었다」.\n> six seven eight nine'
    assert quotations(text) == ["one two three four", "하나 둘 셋 넷이었다", "six seven eight nine"]

"""Input text: decoding, NFC, newlines, and the characters that are removed."""

import random
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.text.normalize import CleanText, UndecodableError, clean, decode

KOREAN = "고인돌은 권력의 위치에너지다. 사람들은 무거운 돌을 높은 곳에 올렸다. 그 돌은 경고였다.\n" * 3
ENGLISH = "The dolmen is potential energy — “so they say”. People raised heavy stones high.\n" * 4
JAPANESE = "ドルメンは権力の位置エネルギーである。人々は重い石を高い所に上げた。\n" * 5
FAMILY = "👨\u200d👩\u200d👧\u200d👦"
INVISIBLE = [
    "\x00", "\x07", "\x1b", "\x7f", "\x9f",  # controls
    "\u00ad", "\u034f", "\u115f", "\u1160", "\u180e", "\u3164", "\uffa0",  # soft hyphen, joiner, fillers
    "\u200b", "\u200c", "\u200d", "\u2060", "\ufeff",  # zero-width
    "\u061c", "\u200e", "\u200f", "\u202a", "\u202b", "\u202c", "\u202d", "\u202e", "\u2066", "\u2069",  # direction
    "\ud800", "\udfff", "\ufff9", "\U000e0001", "\U000e0041", "\U000e007f",  # lone surrogates, interlinear, tags
]  # fmt: skip


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949", "euc-kr", "utf-16", "utf-16-le", "utf-16-be"])
def test_korean_encodings_are_decoded(encoding: str) -> None:
    assert decode(KOREAN.encode(encoding)) == KOREAN


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le", "utf-16-be"])
def test_english_encodings_are_decoded(encoding: str) -> None:
    assert decode(ENGLISH.encode(encoding)) == ENGLISH


@pytest.mark.parametrize("encoding", ["utf-8", "shift_jis", "utf-16"])
def test_japanese_encodings_are_decoded(encoding: str) -> None:
    assert decode(JAPANESE.encode(encoding)) == JAPANESE


@pytest.mark.parametrize("order", ["utf-16-le", "utf-16-be"])
def test_utf16_with_a_byte_order_mark_is_decoded(order: str) -> None:
    assert decode(("\ufeff" + KOREAN).encode(order)) == KOREAN


def test_utf16_of_ascii_without_a_byte_order_mark_is_not_binary() -> None:
    assert decode("Plain words, and nothing else.".encode("utf-16-le")) == "Plain words, and nothing else."


def test_an_empty_file_is_an_empty_text() -> None:
    assert decode(b"") == ""


@pytest.mark.parametrize("data", [
    bytes.fromhex("89504e470d0a1a0a0000000d49484452") + bytes(range(256)) * 4,  # a picture
    b"\x00" * 5_000,
    b"\x7fELF\x02\x01\x01" + b"\x00" * 60 + b"code" * 8,
    random.Random(7).randbytes(4_000),
])  # fmt: skip
def test_binary_is_refused(data: bytes) -> None:
    with pytest.raises(UndecodableError, match="binary|encoding"):
        decode(data)


@pytest.mark.parametrize("data", [
    KOREAN.encode() + KOREAN.encode("cp949"),
    KOREAN.encode("cp949") + KOREAN.encode(),
    ENGLISH.encode() + KOREAN.encode("cp949"),
])  # fmt: skip
def test_mixed_encodings_are_refused(data: bytes) -> None:
    with pytest.raises(UndecodableError, match="unknown or mixed"):
        decode(data)


@given(st.binary(max_size=300))
def test_bytes_become_text_or_an_undecodable_error(data: bytes) -> None:
    try:
        text = clean(decode(data)).text
    except UndecodableError:
        return
    assert text.encode().decode() == text


def test_a_text_with_a_single_nul_is_not_binary() -> None:
    assert clean(decode(b"one\x00 nul" + ENGLISH.encode())) == CleanText("one nul" + ENGLISH, 1)


@pytest.mark.parametrize("character", INVISIBLE, ids=lambda character: f"U+{ord(character):04X}")
def test_invisible_characters_are_removed_and_counted(character: str) -> None:
    assert clean(f"고인{character}돌{character}") == CleanText("고인돌", 2)


@pytest.mark.parametrize(
    "character", ["é", "가", "\U0001f3fd", "\ufe0f", "\ue000", "\u0378", "㈜", "ｶ", "Ａ", "①", "ㄱ", "漢", " ", "\u3000"]
)
def test_visible_private_and_unassigned_characters_are_kept(character: str) -> None:
    assert clean(f"a{character}") == CleanText(f"a{character}", 0)


@pytest.mark.parametrize("emoji", [FAMILY, "👩🏽\u200d🚀", "❤️\u200d🔥", "🏳️\u200d🌈", "🐈\u200d⬛", "🧑\u200d⚖️", "🇰🇷"])
def test_joiners_inside_emoji_are_kept(emoji: str) -> None:
    assert clean(f"앞 {emoji} 뒤") == CleanText(f"앞 {emoji} 뒤", 0)


@pytest.mark.parametrize("newline", ["\r\n", "\r", "\n", "\x85", "\u2028", "\u2029", "\v", "\f"])
def test_every_newline_becomes_a_line_feed(newline: str) -> None:
    assert clean(f"한 줄{newline}두 줄") == CleanText("한 줄\n두 줄", 0)


def test_decomposed_hangul_and_letters_are_composed() -> None:
    assert clean(unicodedata.normalize("NFD", "고인돌 café")) == CleanText("고인돌 café", 0)


@given(st.text(alphabet=st.characters(exclude_categories=[]), max_size=60))
def test_clean_text_is_nfc_encodable_and_unchanged_by_a_second_pass(text: str) -> None:
    cleaned = clean(text).text
    assert unicodedata.is_normalized("NFC", cleaned)
    assert cleaned.encode().decode() == cleaned
    assert "\r" not in cleaned
    assert clean(cleaned) == CleanText(cleaned, 0)


@given(st.text(alphabet="각힣가 aé\u0301.\n👨\u200d\u200b", max_size=40))
def test_clean_gives_the_same_for_nfd_and_nfc(text: str) -> None:
    assert clean(unicodedata.normalize("NFD", text)).text == clean(unicodedata.normalize("NFC", text)).text

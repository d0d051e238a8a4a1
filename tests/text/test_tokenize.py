"""The words of Korean and English texts: morphemes, bigrams, names and nouns."""

import sys
import unicodedata
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.text import tokenize
from bot.text.normalize import clean
from bot.text.tokenize import bigrams, is_verb, morphemes, needs_kiwi, nouns, proper_names, weighted_length


@pytest.mark.parametrize(("text", "expected"), [
    ("고인돌은 무겁다", ["고인돌", "무겁-"]),
    ("고인돌을 지었다", ["고인돌", "짓-"]),
    ("The dolmens were raised by villages", ["dolmen", "rais", "villag"]),
    ("raising a dolmen in 1931", ["rais", "dolmen", "1931"]),
    ("1,000 ships and 3.14 litres", ["1000", "ship", "3.14", "litr"]),
    ("the of and", []),
    ("…!? — “”", []),
    ("", []),
])  # fmt: skip
def test_morphemes_are_the_stems_of_the_content_words(text: str, expected: list[str]) -> None:
    assert morphemes(text) == expected


def test_a_question_and_its_answer_share_morphemes() -> None:
    assert {"고인돌", "짓-"} <= set(morphemes("고인돌은 왜 지었나요?")) & set(morphemes("옛사람들은 고인돌을 지으며 노래했다."))


@pytest.mark.parametrize(("text", "expected"), [
    ("고인돌", ["고인", "인돌"]),
    ("돌 Stone", ["돌", "st", "to", "on", "ne"]),
    ("3.14", ["3.", ".1", "14"]),
    ("…!?", []),
    ("", []),
])  # fmt: skip
def test_bigrams_do_not_cross_words(text: str, expected: list[str]) -> None:
    assert bigrams(text) == expected


@pytest.mark.parametrize(
    "text", ["고인돌은 왜 지었나요?", "철학과 자유에 대한 각서", "café and naïve", "GPT-4의 매개변수는 1조 개", "큰 돌", "뷁이다"]
)
@pytest.mark.parametrize("form", ["NFD", "NFKD", "NFKC"])
def test_words_do_not_depend_on_the_unicode_form_of_the_input(text: str, form: str) -> None:
    cleaned = clean(unicodedata.normalize(form, text)).text  # type: ignore[arg-type]
    assert morphemes(cleaned) == morphemes(text)
    assert bigrams(cleaned) == bigrams(text)


@given(st.text(max_size=50))
def test_the_words_of_any_text_are_not_empty_and_have_no_white_space(text: str) -> None:
    assert all(word and not any(map(str.isspace, word)) for word in morphemes(clean(text).text) + bigrams(clean(text).text))


@pytest.mark.parametrize(("text", "weight"), [("", 0), ("abc", 3), ("가나", 4), ("é", 2), ("a 1.\n", 5), ("👍", 2)])
def test_a_character_beyond_ascii_counts_twice(text: str, weight: int) -> None:
    assert weighted_length(text) == weight


def test_the_first_word_of_a_sentence_is_a_name_before_a_verb_or_another_name() -> None:
    assert proper_names("Kublai began it. Railways are long. Cassius Dio wrote.") == ["Dio"]
    assert proper_names("Kublai began it. Railways carried much. The end was near. Cassius Dio wrote.", openers=True) == [
        "Kublai", "Railways", "Cassius", "Dio",
    ]  # fmt: skip


def test_nouns_include_pairs_of_capitalised_words() -> None:
    assert nouns("Then Guo Shoujing came.") == ["Then", "Guo", "Shoujing", "Then Guo", "Guo Shoujing"]


def test_nouns_of_korean_include_the_beginnings_of_words() -> None:
    assert {"딥마인드", "친칠라"} <= set(nouns("딥마인드는 친칠라를 학습시켰다."))


@pytest.mark.parametrize(
    ("text", "expected"), [("돌", True), ("The word 돌", True), ("The stone", False), ("漢字", False), ("", False)]
)
def test_kiwi_is_needed_wherever_there_is_hangul(text: str, expected: bool) -> None:
    assert needs_kiwi(text) is expected


def test_korean_verbs_are_told_from_other_morphemes() -> None:
    assert [is_verb(word) for word in morphemes("고인돌을 지었다")] == [False, True]
    assert not any(is_verb(word) for word in morphemes("They raised dolmens"))


def test_threads_may_stem_at_the_same_time() -> None:
    """A stemmer keeps the word that it works on; a thread that stems in between would give both a wrong stem, or none."""
    words = [
        f"{head}{tail}"
        for head in ("nation", "relat", "organ", "gener", "hope", "form")
        for tail in ("ational", "izations", "fulness")
    ]
    expected = [tokenize.stem.__wrapped__(word) for word in words]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(lambda _: [tokenize.stem.__wrapped__(word) for word in words], range(60)))
    finally:
        sys.setswitchinterval(interval)
    assert all(stems == expected for stems in found)

"""The check: a quotation is found exactly where it stands, or not at all."""

import unicodedata
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.errors import CitationError
from bot.grounding.checker import Similar, check
from bot.grounding.quotations import cite, locate, quotations, still_holds
from bot.schema import Citation
from tests.toys import essay_of

TEXT = (
    "# 종\n\n마을 사람들은 이렇게 말한다. “열두 번째 종은 각자 속으로 친다.”\n"
    "그 종은 ‘울지 않는’ 종이다 — 로마의 종이… 아니다.\n\n"
    'The café’s bell rang 3.14 times. She said, "It is not a bell," and left – at once. The Mongols came later.'
)
ESSAY = essay_of(TEXT, identity="bell", title="Bells", source="bell.md")

# What counts as the same, each written in some of its ways.
SPELLINGS = [
    "'‘’‚‛′`´",
    '"“”„‟″«»「」『』',
    "-‐‑‒–—―−",
    " \t\n\u00a0\u3000\u2009",
]
SAME = {character: group for group in SPELLINGS for character in group}


def found(quote: str, text: str = TEXT) -> str | None:
    span = locate(quote, text)
    return text[span[0] : span[1]] if span else None


@pytest.mark.parametrize("quote", [
    "열두 번째 종은 각자 속으로 친다.", "그 종은 ‘울지 않는’ 종이다", TEXT, TEXT[:1], TEXT[-1], "3.14", "종이… 아니다.",
])  # fmt: skip
def test_a_verbatim_quotation_is_found_as_it_stands(quote: str) -> None:
    assert found(quote) == quote


@pytest.mark.parametrize(("quote", "stands"), [
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
def test_only_white_space_and_the_shapes_of_marks_may_differ(quote: str, stands: str) -> None:
    assert found(quote) == stands


@pytest.mark.parametrize("quote", [
    "그 종은 ‘우는’ 종이다",  # 않 dropped
    "It is a bell",  # not dropped
    "It is  a bell",
    "로마의 종이다",
    "몽골의 종이… 아니다.",  # another name
    "rang 3.15 times",
    "rang 314 times",
    "열두 번째 종은 … 친다.",  # left out in the middle
    "열두 번째 종은 친다.",
    "각자 속으로 친다. The Mongols came later.",  # stitched together
    "그 종은 ‘울지 않는’ 종이다. The Mongols",
    "the Mongols came",  # another case
    "고인돌",
    "열두번째 종은",  # another spacing
    "Cafe’s bell",
    "cafe’s bell",
    "", " ", "\n\t",
])  # fmt: skip
def test_altered_stitched_and_empty_quotations_are_not_found(quote: str) -> None:
    assert locate(quote, TEXT) is None


def test_the_first_of_two_places_is_given() -> None:
    assert locate("ab", "ab ab") == (0, 2)


@pytest.mark.parametrize("text", [unicodedata.normalize("NFD", "고인돌 café 끝"), "a\u0302x\u0302y\u0302z", "ㄱ\u0301각\u0301"])
def test_a_span_never_cuts_a_character_from_its_marks(text: str) -> None:
    for start in range(len(text)):
        for end in range(start + 1, len(text) + 1):
            span = locate(text[start:end], text)
            if span:
                assert span[1] == len(text) or not (unicodedata.combining(text[span[1]]) or "\u1160" <= text[span[1]] <= "\u11ff")


def test_a_needle_in_an_empty_text_is_not_found() -> None:
    assert locate("a", "") is None


@given(st.data())
def test_any_stretch_re_spelled_is_found_where_it_reads_the_same(data: st.DataObject) -> None:
    text = data.draw(st.text(alphabet=TEXT + "".join(SPELLINGS) + "각힣ñü", min_size=1, max_size=80))
    text = unicodedata.normalize("NFC", text)
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    quote = "".join(data.draw(st.sampled_from(SAME[c])) if c in SAME else c for c in text[start:end])
    quote = data.draw(st.sampled_from(["", " ", "\n "])) + quote.replace("…", data.draw(st.sampled_from(["…", "..."])))
    quote = unicodedata.normalize(data.draw(st.sampled_from(["NFC", "NFD"])), quote)
    assume(quote.strip())
    span = locate(quote, text)
    assert span is not None
    assert span[0] <= start + len(quote) - len(quote.lstrip())
    assert _plain(text[span[0] : span[1]]) == _plain(quote) or "…" in text


@given(st.data())
def test_a_changed_letter_is_never_found(data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(TEXT) - 12))
    quote = TEXT[start : start + data.draw(st.integers(8, 40))]
    places = [place for place, character in enumerate(quote) if character.isalnum()]
    assume(places)
    place = data.draw(st.sampled_from(places))
    other = data.draw(st.sampled_from("가힣Qz7漢"))
    changed = quote[:place] + other + quote[place + 1 :]
    assume(other not in TEXT)
    assert locate(changed, TEXT) is None


def test_ten_thousand_marks_on_one_letter_are_handled() -> None:
    text = "a" + "\u0301" * 10_000 + " end."
    assert found("end.", text) == "end."


# --- cite and holds


def test_a_citation_holds_the_essays_own_characters() -> None:
    assert cite(ESSAY, 23, 43, 7) == Citation(7, "bell", "Bells", "bell.md", TEXT[23:43], 23, 43, ESSAY.sha256)


@given(st.integers(-200, 300), st.integers(-200, 300))
def test_a_citation_can_only_be_made_of_a_span_with_words(start: int, end: int) -> None:
    if 0 <= start < end <= len(TEXT) and TEXT[start:end].strip():
        citation = cite(ESSAY, start, end, 1)
        assert TEXT[citation.start : citation.end] == citation.quote
        assert still_holds(citation, [ESSAY])
    else:
        with pytest.raises(CitationError):
            cite(ESSAY, start, end, 1)


def test_a_span_that_is_no_quotation_gives_fact_value_and_remedy() -> None:
    with pytest.raises(CitationError) as caught:
        cite(essay_of("abc", identity="x"), 2, 9, 1)
    assert str(caught.value) == "Characters 2 to 9 of x cannot be quoted: the essay has 3. Run ingest.py again."


@pytest.mark.parametrize("change", [
    {"essay": "other"}, {"quote": "열두 번째 종은 각자 속으로 친다"}, {"start": 22}, {"end": 44},
    {"start": 23 - len(TEXT), "end": 43 - len(TEXT)},
    {"start": 5, "end": 5, "quote": ""},
])  # fmt: skip
def test_a_citation_with_anything_changed_does_not_hold(change: dict[str, object]) -> None:
    citation = cite(ESSAY, 23, 43, 1)
    assert still_holds(citation, [essay_of("x", identity="a"), ESSAY])
    assert not still_holds(replace(citation, **change), [ESSAY])  # type: ignore[arg-type]


def test_a_citation_does_not_hold_when_the_essay_has_changed_or_gone() -> None:
    citation = cite(ESSAY, 23, 43, 1)
    assert not still_holds(citation, [])
    assert not still_holds(citation, [replace(ESSAY, text="!" + TEXT)])
    assert not still_holds(citation, [replace(ESSAY, id="moved")])


def _plain(text: str) -> str:
    """A text as a reader would compare it: one shape for each mark, one space for each run of white space."""
    shapes = {character: group[0] for group in SPELLINGS for character in group}
    plain = "".join(shapes.get(c, c) for c in unicodedata.normalize("NFC", text).replace("…", "..."))
    return " ".join(plain.split())


# A sentence of a model against the passages that it cites


ROMAN = "서기 80년, 로마는 콜로세움을 열었다. 관중은 5만 명을 넘었다. 몽골은 성벽을 남기지 않았다."
ENGLISH = "In 2022 DeepMind trained Chinchilla, a model of 70 billion parameters. It read 1.4 trillion tokens. Gopher was not retrained."


def near(_: str, others: Sequence[str]) -> list[float]:
    return [0.5] * len(others)


def far(_: str, others: Sequence[str]) -> list[float]:
    return [0.1] * len(others)


@pytest.mark.parametrize(
    ("sentence", "passage", "reason"),
    [
        ("로마는 서기 80년에 콜로세움을 열었다 [1].", ROMAN, ""),
        ("관중은 5만 명을 넘었다 [1].", ROMAN, ""),
        ("관중은 6만 명을 넘었다 [1].", ROMAN, "figure"),
        ("로마는 서기 81년에 콜로세움을 열었다 [1].", ROMAN, "figure"),
        ("구글은 서기 80년에 콜로세움을 열었다 [1].", ROMAN, "name"),
        ("몽골은 성벽을 남겼다 [1].", ROMAN, "negation"),
        ("“몽골은 성벽을 남기지 않았다.” [1]", ROMAN, ""),
        ("“몽골은 성벽을 하나도 남기지 않았다.” [1]", ROMAN, "quotation"),
        ("“로마는 콜로세움을 열었다. 몽골은 성벽을 남기지 않았다.” [1]", ROMAN, "quotation"),
        ("DeepMind trained Chinchilla with 70 billion parameters in 2022 [1].", ENGLISH, ""),
        ("DeepMind trained Chinchilla with 71 billion parameters in 2022 [1].", ENGLISH, "figure"),
        ("Gopher was retrained [1].", ENGLISH, "negation"),
        ("딥마인드는 2022년에 매개변수가 700억 개인 친칠라를 학습시켰다 [1].", ENGLISH, ""),
        ("딥마인드는 2022년에 매개변수가 7000억 개인 친칠라를 학습시켰다 [1].", ENGLISH, "figure"),
        ("네이버는 2022년에 매개변수가 700억 개인 모델을 학습시켰다 [1].", ENGLISH, "name"),
        ("Gopher trained Chinchilla, a model of 70 billion parameters, in 2022 [1].", ENGLISH, "name"),
        ("Gopher was not retrained [1].", ENGLISH, ""),
        ("몽골은 성벽을 남기지 않았다 [1].", ROMAN, ""),
        ("몽골은 서기 80년에 콜로세움을 열었다 [1].", ROMAN, "name"),
        ("In AD 80 the Roman Empire opened the Colosseum [1].", ROMAN, ""),
        ("In AD 80 the Spolsky Empire opened the Colosseum [1].", ROMAN, "name"),
        ("들개는 1988년에 가젤을 골랐다 [1].", "In 1988 wild dogs picked out some gazelles.", ""),
        ("로마는 오백 년 동안 이어졌다 [1].", "The Roman state in the West lasted five centuries.", ""),
        ("로마는 육백 년 동안 이어졌다 [1].", "The Roman state in the West lasted five centuries.", "figure"),
        ("The stone is 3.5 metres long [1].", "The stone is 3.5 m long.", ""),
        ("그 돌은 길이가 3.5미터다 [1].", "The stone is 3.5 m long.", ""),
        ("The stone is 3.5 million metres long [1].", "The stone is 3.5 m long.", "figure"),
        ("Rome lost two thirds of its walls [1].", "로마는 성벽의 3분의 2를 잃었다.", ""),
        ("로마는 성벽의 3분의 1을 잃었다 [1].", "Rome lost two thirds of its walls.", "figure"),
    ],
)
def test_a_sentence_stands_or_falls_with_its_passage(sentence: str, passage: str, reason: str) -> None:
    assert check(sentence, [passage], similar=near) == reason


def test_what_is_far_from_every_sentence_is_not_supported() -> None:
    assert check("바다에는 고래가 많이 산다 [1].", [ROMAN], similar=far) == "support"
    assert check("고래는 새끼를 낳는다.", [ENGLISH], similar=far) == "support"
    assert check("무엇이든 [1].", []) == "support"


RAIN = "King Sejong (세종) had iron gauges set up in every county of the kingdom."
GAUGES = "세종은 고을마다 쇠로 만든 측우기를 두게 했다."


def test_a_korean_name_in_an_english_passage_does_not_lower_the_threshold_of_support() -> None:
    claim = "The monarch wished to count every drop that fell on the farmers."
    assert check(claim, [RAIN.replace(" (세종)", "")], similar=near) == "support"
    assert check(claim, [RAIN], similar=near) == "support"
    assert check("The monarch wished to count every drop that fell.", [GAUGES], similar=near) == ""


def test_the_threshold_is_that_of_the_passage_with_the_nearest_sentence() -> None:
    def nearest_is(passage: str) -> Similar:
        return lambda _, others: [0.5 if other == passage else 0.1 for other in others]

    claim = "The monarch wished to count every drop that fell on the farmers."
    assert check(claim, [GAUGES, RAIN], similar=nearest_is(RAIN)) == "support"
    assert check(claim, [GAUGES, RAIN], similar=nearest_is(GAUGES)) == ""
    claim = "임금은 농부에게 내린 물방울까지 헤아리려 했다."
    assert check(claim, [GAUGES, RAIN], similar=nearest_is(GAUGES)) == "support"
    assert check(claim, [GAUGES, RAIN], similar=nearest_is(RAIN)) == ""


def test_the_question_may_be_repeated_in_an_answer() -> None:
    said = "In 1999 Nokia asked how many saw the Colosseum: 관중은 5만 명을 넘었다 [1]."
    assert check(said, [ROMAN], similar=near) == "figure"
    assert check(said, [ROMAN], known="What did Nokia ask in 1999 of the Colosseum?", similar=near) != "figure"


def test_what_counts_as_a_quotation() -> None:
    text = 'He says “one two three four” and "five six" and 「하나 둘 셋 넷 다섯」.\n> six seven eight nine'
    assert quotations(text) == ["one two three four", "하나 둘 셋 넷 다섯", "six seven eight nine"]

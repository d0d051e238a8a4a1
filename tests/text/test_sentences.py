"""The spans of sentences and headings, in Korean, English and texts of both."""

import re
import unicodedata
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.text.normalize import clean
from bot.text.sentences import outline, place_of, sentences
from bot.text.tokenize import weighted_length
from tests.toys import growth

FAMILY = "👨\u200d👩\u200d👧\u200d👦"
# What may stand between two sentences: what is no word, the number of an item, the column heads of a table.
GAP = re.compile(r"(?:[^\w]|_|\d{1,3}[.)](?=\s)|\| a \| b \|)*")
PIECES = [
    "고인돌은 무겁다.", "그 돌은 3.4배였다.", "왜 지었을까?", "The stone is 3.14 m long.", "Dr. Kim came.", "GPT-4는 크다.",
    "“하나다. 둘이다.”", '"One. Two."', "‘그런가.’", "(정말 그렇다.)", "「책. 둘」",
    "“", "”", '"', "‘", "’", "(", ")", "…", "...", "?!", ".", "。",
    " ", " ", " ", "\n", "\n", "\n\n", "\n \n", "\u3000", "- ", "* ", "# ", "## ", "> ",
    "12. ", "3) ", "---", "| a | b |", "`code`",
    "a", "가", "7", "U.S.", "e.g.", FAMILY, "é", "e\u0301", "漢字",
]  # fmt: skip
texts = st.lists(st.sampled_from(PIECES), max_size=14).map("".join)


def split(text: str) -> list[str]:
    return [text[start:end] for start, end in sentences(text)]


@pytest.mark.parametrize("text", ["", " ", "\n\n", " \n\t\n ", "---", "* * *", "# ", "- \n- \n", "|---|---|"])
def test_a_text_without_words_has_no_sentences(text: str) -> None:
    assert split(text) == []


@pytest.mark.parametrize(("text", "expected"), [
    ("돌이다.", ["돌이다."]),
    ("끝이 없는 말", ["끝이 없는 말"]),
    ("고인돌은 무겁다. 그 돌은 경고였다.", ["고인돌은 무겁다.", "그 돌은 경고였다."]),
    ("왜 지었을까? 힘을 보이려고! 그렇다…", ["왜 지었을까?", "힘을 보이려고!", "그렇다…"]),
    ("무게는 3.4배였다. 길이는 2.5미터였다.", ["무게는 3.4배였다.", "길이는 2.5미터였다."]),
    ("가격은 1,000원이다. v1.5에서 바뀌었다.", ["가격은 1,000원이다.", "v1.5에서 바뀌었다."]),
    ("2020. 3. 4. 발표했다. 끝이다.", ["2020. 3. 4. 발표했다.", "끝이다."]),
    ("GPT-4는 크다. The model is large. 그래서 비싸다.", ["GPT-4는 크다.", "The model is large.", "그래서 비싸다."]),
    ("“그런가?”라고 물었다. 답은 없었다.", ["“그런가?”라고 물었다.", "답은 없었다."]),
    ("그렇다(정말 그렇다. 아주 그렇다). 다음 문장이다.", ["그렇다(정말 그렇다. 아주 그렇다).", "다음 문장이다."]),
    ("『책. 둘째 권』을 읽었다. 좋았다.", ["『책. 둘째 권』을 읽었다.", "좋았다."]),
])  # fmt: skip
def test_korean_is_split_into_sentences(text: str, expected: list[str]) -> None:
    assert split(text) == expected


@pytest.mark.parametrize(("text", "expected"), [
    ("Dr. Hale met Mr. Kim in the U.S. yesterday. They talked.", ["Dr. Hale met Mr. Kim in the U.S. yesterday.", "They talked."]),
    ("See e.g. the map, i.e. Fig. 3. It is old.", ["See e.g. the map, i.e. Fig. 3.", "It is old."]),
    ("He paid 3.14 dollars for v1.5 of it. Then he left.", ["He paid 3.14 dollars for v1.5 of it.", "Then he left."]),
    ("J. R. R. Tolkien wrote it. He smiled.", ["J. R. R. Tolkien wrote it.", "He smiled."]),
    ("At 5 p.m. we left. The end.", ["At 5 p.m. we left.", "The end."]),
    ("See No. 5 of vol. 2. It is there.", ["See No. 5 of vol. 2.", "It is there."]),
    ("Lives, vol. X, trans. Perrin, ed. Page. He slept.", ["Lives, vol. X, trans. Perrin, ed. Page.", "He slept."]),
    ("Really?! Yes... It is. Sure…", ["Really?!", "Yes...", "It is.", "Sure…"]),
    ("Is it so? No. It is not.", ["Is it so?", "No.", "It is not."]),
    ("It grew by 5%. Then (in 1931) it fell. 48 did.", ["It grew by 5%.", "Then (in 1931) it fell.", "48 did."]),
    ("It’s “fine”. “No” is a word. OK.", ["It’s “fine”.", "“No” is a word.", "OK."]),
    ("The dogs’ bowls. The cat’s too. It’s so.", ["The dogs’ bowls.", "The cat’s too.", "It’s so."]),
    ('A 5" pipe. A 6" pipe. Next.', ['A 5" pipe. A 6" pipe.', "Next."]),  # straight quotes pair up: one sentence
])  # fmt: skip
def test_english_is_split_into_sentences(text: str, expected: list[str]) -> None:
    assert split(text) == expected


@pytest.mark.parametrize("quotation", [
    "“하나다. 둘이다.”", "“하나다. 둘이다. 셋이다. 넷이다.”", "‘하나다. 둘이다.’", "‘하나다. 둘이다. 셋이다.’",
    "「하나다. 둘이다. 셋이다.」",
    '"하나다. 둘이다. 셋이다."', "(하나다. 둘이다. 셋이다.)", "“그가 ‘가자. 어서.’라고 했다. 갔다. 왔다.”",
    "“One thing. Another thing.”", "“One thing. Two things. Three things. Four.”", "‘One thing. Another thing.’",
    "‘It’s one. It isn’t two. So.’",
    '"One thing. Two things. Three things."', "(One thing. Two things. Three things.)",
    "“He said ‘Go. Now.’ and left. Then. There.”",
    "“First thing.\nSecond thing.\nThird thing.”", "“첫째다.\n둘째다.\n셋째다.”",
])  # fmt: skip
@pytest.mark.parametrize(
    "frame", ["{}", "그는 말했다. {} 그리고 떠났다.", "He spoke. He said, {} Then he left.", "앞이다.\n\n{}\n\n뒤다."]
)
def test_a_quotation_is_not_split(quotation: str, frame: str) -> None:
    assert sum(quotation in sentence for sentence in split(frame.format(quotation))) == 1


@given(st.lists(st.sampled_from(["그렇다.", "왜 그런가?", "It is so.", "돌은 3.4톤이다.", "No!"]), min_size=1, max_size=12))
def test_a_quotation_of_any_number_of_sentences_is_not_split(quoted: list[str]) -> None:
    quotation = f"“{' '.join(quoted)}”"
    assert sum(quotation in sentence for sentence in split(f"그가 말했다. {quotation} 그리고 갔다.")) == 1


def test_a_quotation_mark_that_is_not_closed_has_no_effect() -> None:
    following = [f"문장 {number}번이다." for number in range(30)]
    assert split(f"그는 “여기라고 했다. {' '.join(following)}")[-29:] == following[1:]


WRAPPED = [
    "This paragraph is hard-wrapped and goes on here. It then ends. And another sentence follows it, longer than a line. He met "
    "Dr. Hale there. They spoke (at length, and of nothing) before the bell. Then she called it “the old road” and smiled.",
    "이 글은 편집기가 줄을 바꾸어 놓은 글이다. 그래도 문장은 그대로다. 줄(괄호가 있는 줄)이 바뀌어도 문장은 이어진다. 인용도 “그렇다. 정말 "
    "그렇다.”처럼 이어진다. 길이가 일정한 줄은 사람이 나눈 것이 아니라 프로그램이 나눈 것이기 때문이다.",
]


@pytest.mark.parametrize("text", WRAPPED)
@pytest.mark.parametrize("width", [60, 72, 80])
def test_lines_that_a_program_wrapped_do_not_split_sentences(text: str, width: int) -> None:
    lines = [""]
    for word in text.split():
        candidate = f"{lines[-1]} {word}".strip()
        if weighted_length(candidate) > width:
            lines.append(word)
        else:
            lines[-1] = candidate
    assert len(lines) > 2
    assert [sentence.replace("\n", " ") for sentence in split("\n".join(lines))] == split(text)


def test_a_line_in_lower_case_continues_a_long_line() -> None:
    text = "A sentence that somebody broke by hand where its second half begins,\nand that goes on. Then it ends.\nAnother line."
    assert split(text) == [text[: text.index(" Then")], "Then it ends.", "Another line."]


@pytest.mark.parametrize(
    "text",
    [
        "그 봄을 기억한다\n우리는 걸었다\n다시 오지 않을",
        "I remember that spring\nWe walked\nand did not stop",
        "우산\n장갑\n물 두 병",
    ],
)
def test_lines_of_a_poem_or_of_notes_stand_alone(text: str) -> None:
    assert split(text) == text.split("\n")


@pytest.mark.parametrize(("text", "expected"), [
    ("- first item\n- second item\n* third item. With two.\n", ["first item", "second item", "third item.", "With two."]),
    ("1. 하나\n2. 둘\n\n3) 셋이다.", ["하나", "둘", "셋이다."]),
    ("> 인용문이다.\n> 둘째 줄이다.\n\n다음이다.", ["인용문이다.", "둘째 줄이다.", "다음이다."]),
    ("# Title\n\nWords. More.\n\n## Sub\n\nEnd.", ["Title", "Words.", "More.", "Sub", "End."]),
    ("# 제목\n본문이다. 둘째다.\n## 둘\n셋이다.", ["제목", "본문이다.", "둘째다.", "둘", "셋이다."]),
    ("# Title\nWords follow at once.\n", ["Title", "Words follow at once."]),
    ("#hashtag is no heading. Two.", ["#hashtag is no heading.", "Two."]),
    ("Before.\n\n---\n\nAfter.", ["Before.", "After."]),
    ("Before.\n\n* * *\n\nAfter.", ["Before.", "After."]),
    ("제목 같은 줄\n\n본문이다", ["제목 같은 줄", "본문이다"]),
    ("한 문단\n\u00a0\n다른 문단", ["한 문단", "다른 문단"]),
    ("# Only\n\n## Headings\n", ["Only", "Headings"]),
])  # fmt: skip
def test_markdown_markers_and_empty_lines_separate_sentences(text: str, expected: list[str]) -> None:
    assert split(text) == expected


@pytest.mark.parametrize("emoji", [FAMILY, "👩🏽\u200d🚀", "🇰🇷", "❤️\u200d🔥", "e\u0301"])
def test_a_grapheme_cluster_is_not_split(emoji: str) -> None:
    text = f"가족 {emoji}이다. 다음은 {emoji}. A {emoji} here. {emoji} Then."
    assert sum(sentence.count(emoji) for sentence in split(text)) == 4


@given(texts)
def test_sentences_are_ordered_and_disjoint_and_leave_out_only_gaps(text: str) -> None:
    spans = sentences(text)
    previous_end = 0
    for start, end in spans:
        assert previous_end <= start < end
        assert GAP.fullmatch(text, previous_end, start), text[previous_end:start]
        assert text[start:end] == text[start:end].strip()
        previous_end = end
    assert previous_end <= len(text)
    assert GAP.fullmatch(text, previous_end), text[previous_end:]


@given(st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n\t"), max_size=60))
def test_the_sentences_of_any_text_cover_its_letters(text: str) -> None:
    spans = sentences(text)
    outside = "".join(text[a:b] for (_, a), (b, _) in zip([(0, 0), *spans], [*spans, (len(text), 0)], strict=True))
    assert not any(character.isalpha() for character in outside)
    assert all(span[1] <= following[0] for span, following in zip(spans, spans[1:], strict=False))


def test_sentences_do_not_depend_on_the_unicode_form_of_the_input() -> None:
    text = "고인돌은 무겁다. Café is near. “왜 그런가?”라고 물었다."
    assert split(clean(unicodedata.normalize("NFD", text)).text) == split(text)


def test_kiwi_is_given_a_long_text_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Kiwi's time grows with the square of the length: 1.7 s for 50,000 characters, 18 s for 200,000."""
    sizes: list[int] = []

    def split_into_sents(block: str, **_: object) -> list[SimpleNamespace]:
        sizes.append(len(block))
        return [SimpleNamespace(start=0, end=len(block), tokens=[])]

    monkeypatch.setattr("bot.text.boundaries.kiwi", lambda: SimpleNamespace(split_into_sents=split_into_sents))
    sentences("고인돌은 무거운 돌이다. 그 돌은 경고였다. " * 10_000)
    sentences("가나다라" * 50_000)
    assert max(sizes, default=0) <= 20_000


@pytest.mark.parametrize("piece", [
    "abcd", "Dr. ", "A.", "a. B ", "“a. B ", '"A. ', "\n", "\n\u3000", "\n\u00a0", " ", "# ", "# h\n", "- \n", "a) \n",
    "1. ", "(", "...", "!?", "|", "\n\t",
])  # fmt: skip
def test_time_is_proportional_to_the_length(piece: str) -> None:
    def work(count: int) -> None:
        outline.cache_clear()
        sentences(piece * count + "x")

    assert growth(work, 2_000) < 8


def test_time_is_proportional_to_the_length_of_a_text_without_spaces() -> None:
    assert growth(lambda count: outline.__wrapped__("abcde" * count), 250_000) < 8


@pytest.mark.parametrize(("text", "expected"), [
    ("# One\n\nWords.\n\n### 셋\n", [("One", 1), ("셋", 3)]),
    ("Words # no heading\n#hashtag\n####### seven\n", []),
    ("C # sharp\n# Real", [("Real", 1)]),
    ("# 닫는 표시 #\n", [("닫는 표시", 1)]),
    ("오래된 집\n=====\n\n둘째\n---\n", [("오래된 집", 1), ("둘째", 2)]),
    ("이 문단 바로 밑에 줄이 있다.\n---\n다음.", []),
    ("```sh\n# a comment\n```\n", []),
    ("    # a comment\n    x = 1\n", []),
    ("<!--\n-->\n# Real", [("Real", 1)]),
    ("", []),
])  # fmt: skip
def test_headings_are_those_of_commonmark(text: str, expected: list[tuple[str, int]]) -> None:
    assert [(text[start:end], level) for (start, end), level in outline(text).headings.items()] == expected


# Places

PLACES = "Opening words.\n\nMore words.\n\n# One\n\nFirst. Second.\n\n## Two\n\nThird.\n \nFourth.\n"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("Opening", ("", 1)),
        ("words.\n\nMore", ("", 1)),
        ("More", ("", 2)),
        ("# One", ("", 3)),  # the mark of a heading is not yet under it
        ("One", ("One", 3)),
        ("Second", ("One", 4)),
        ("Third", ("Two", 6)),
        ("Fourth", ("Two", 7)),  # a line of spaces parts paragraphs, too
    ],
)
def test_a_place_is_the_heading_above_and_the_number_of_the_paragraph(words: str, expected: tuple[str, int]) -> None:
    assert place_of(PLACES, PLACES.index(words)) == expected


def test_a_place_at_the_end_is_in_the_last_paragraph() -> None:
    assert place_of(PLACES + "\n\n", len(PLACES) + 2) == ("Two", 7)
    assert place_of("", 0) == ("", 1)

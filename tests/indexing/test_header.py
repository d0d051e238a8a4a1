"""Headers as people write them: what is taken for one, what stays text, and what each says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.indexing.header import split_header

# A header's text, and the fields that it gives; "Body." follows each.
HEADERS: list[tuple[str, dict[str, str]]] = [
    ("---\ntitle: 바다\nauthor: 한서린\n---\n", {"title": "바다", "author": "한서린"}),
    ("---\ntitle: 바다: 값이 없는 것에 대하여\ndate: 2023-04-05\n---\n", {"title": "바다: 값이 없는 것에 대하여", "date": "2023-04-05"}),
    ('---\ntitle: "Bread" and other debts\nauthor: Mira Olsen\n---\n', {"title": '"Bread" and other debts', "author": "Mira Olsen"}),
    ("---\ntitle: 느린 우체국\nup: [[글 모음]], [[우체국]]\n---\n", {"title": "느린 우체국"}),
    (
        "---\nauthor:\n  - 한서린\n  - 오민재\nlang: ko\nurl: https://example.com/a\ncreated: 2023. 4. 5.\n---\n",
        {"author": "한서린, 오민재", "language": "ko", "source": "https://example.com/a", "date": "2023. 4. 5."},
    ),
    ("---\nTitle: Ladder\nAUTHORS: [Mira, Tobias]\nDate: Apr 5 2023\n...\n", {"title": "Ladder", "author": "Mira, Tobias", "date": "Apr 5 2023"}),
    ("---\n제목: 우물\n글쓴이: 한서린\n날짜: 2022/08/01\n---\n", {"title": "우물", "author": "한서린", "date": "2022/08/01"}),
    ("---\ntags: [가족, 병원]\naliases: 어머니 이야기\n---\n", {}),
    ("---\nmood: good\nweather-in-town: rain\n---\n", {}),
    ("---\n# written on the train\ntitle: Notes\n---\n", {"title": "Notes"}),
    ("---\ntitle: Nothing\nauthor:\n---\n", {"title": "Nothing"}),
    ("---\ntitle: [never closed\nauthor: x\n---\n", {"title": "[never closed", "author": "x"}),
    ("---\n---\n", {}),
    ("---\ndate: 2021. 4. 5.\n---\n", {"date": "2021. 4. 5."}),
    ("---\nauthor:\n  - name: Ada Pike\n    orcid: 1\n  - name: Bo Lund\n---\n", {"author": "Ada Pike, Bo Lund"}),
    ('---\nauthor: "[[Jane Park]]"\ncreated: [[2023-04-05]]\n---\n', {"author": "Jane Park", "date": "2023-04-05"}),
    ("---\n작가: 이바람\n---\n", {"author": "이바람"}),
    ("---\n제목:빈칸 없음\n글쓴이:김서연\n날짜:2023.4.5\n---\n", {"title": "빈칸 없음", "author": "김서연", "date": "2023.4.5"}),
    ("---\n제목：전각\n---\n", {"title": "전각"}),
    ("---\ntitle: A Sea\ndescription: It is about the sea.\n---\n", {"title": "A Sea", "summary": "It is about the sea."}),
    (
        "---\ntitle: A Sea\nsummary:\n  - The sea is wide.\n  - Nobody\n    owns it.\n---\n",
        {"title": "A Sea", "summary": "The sea is wide., Nobody owns it."},
    ),
    ("---\ntitle: A Sea\ndate: 2023-04-05\nmood: I was glad that day.\n---\n", {"title": "A Sea", "date": "2023-04-05"}),
    ('+++\ntitle = "A move"\ndate = 2023-11-05\ntags = [\n "a",\n]\n[cover]\nimage = "x.png"\n+++\n', {"title": "A move", "date": "2023-11-05"}),
    ('+++\ntitle = Unquoted\nauthors = ["Jane", "Bo"]\n+++\n', {"title": "Unquoted", "author": "Jane, Bo"}),
    ("From: Colin Abara\nTo: Ann\nSubject: Re: fence\n\n", {"author": "Colin Abara", "title": "Re: fence"}),
    (
        '+++\ntitle = "우물의 깊이"\ndate = 2022-08-01\nauthor = "한서린"\ndescription = "초고."\ntags = ["a"]\n+++\n',
        {"title": "우물의 깊이", "date": "2022-08-01", "author": "한서린", "summary": "초고."},
    ),
    ("+++\ntitle = 우물\n+++\n", {"title": "우물"}),
    ('{"title": "JSON", "authors": ["A", "B"], "extra": {"deep": 1}}\n', {"title": "JSON", "author": "A, B"}),
    ("% The Ladder\n% Mira Olsen; Tobias Berg\n% 2020-02-02\n", {"title": "The Ladder", "author": "Mira Olsen, Tobias Berg", "date": "2020-02-02"}),
    ("% The Ladder\n", {"title": "The Ladder"}),
    ("Title: The Sea\nAuthor: Mira Olsen\nDate: 2019-01-02\n\n", {"title": "The Sea", "author": "Mira Olsen", "date": "2019-01-02"}),
    ("제목: 바다\n글쓴이: 한서린\n\n", {"title": "바다", "author": "한서린"}),
]  # fmt: skip

# Texts that only look like a header: every word of them stays.
TEXTS = [
    "---\n\n첫 배: 나는 열두 살에 배를 탔다. 뱃삯은 달걀 세 알이었다.\n\n---\n\n둘째 배.",
    "---\nQ: Why did you leave the sea?\nA: Because the print shop paid on Fridays.\n---\n\nAfter that we walked.",
    "---\nAUTHOR: I never wrote that scene.\nCRITIC: Then who did?\n---\nCurtain.",
    "---\nStatus: we had lost.\nDate: nobody remembers.\n---\nThat was it.",
    "---\n장소: 부산역\n시간: 새벽 네 시\n인물: 늙은 역무원\n---\n막이 오른다.",
    "---\n날씨: 비가 오다 그쳤고 나는 울었다.\n---\n끝.",
    "---\nDescription: a man stands in the rain.\n---\nThe end.",
    "Title: I never had one, only a name.\n\nIt was enough.",
    "Date: a sweet fruit of the desert palm.\n\nWe ate them.",
    "Author: a word that I hate, and rightly so.\n\nI do.",
    "# T\n\nQ: why?\nA: because\n\nWords.",
    "---\nme: hi there.\nyou: hello.\n---\nThey talked on.",
    "---\n어제: 눈이 왔다\n오늘: 비가 온다\n---\n내일은 모른다.",
    "---\ntitle: never closed\n\nText that goes on.",
    "---\nJust a rule above a paragraph.\n---\nAnd one below.",
    "Text first.\n\n---\ntitle: not a header\n---\n",
    "+++\nplus signs\n+++\ntext",
    "{not json}\ntext",
    '{"a": 1}\nA data file without a known key.',
    "%% hidden %%\ntext",
    "Note: the bus was late\n\nWe walked.",
    "Dear Mira: hello\n\nText.",
    "Title: a title without text behind it",
    "",
    "\n---\ntitle: second line\n---\n",
]


@pytest.mark.parametrize(("header", "fields"), HEADERS, ids=[header[:30] for header, _ in HEADERS])
def test_a_header_gives_its_fields_and_leaves_the_text(header: str, fields: dict[str, str]) -> None:
    found = split_header(f"{header}Body.\n\nMore.")
    assert dict(found.fields) == fields
    assert found.text.strip("\n") == "Body.\n\nMore."
    assert found.lines == header.rstrip("\n").count("\n") + 1


@pytest.mark.parametrize("text", TEXTS, ids=[repr(text[:30]) for text in TEXTS])
def test_what_only_looks_like_a_header_stays_text(text: str) -> None:
    found = split_header(text)
    assert (dict(found.fields), found.lines, found.text) == ({}, 0, text)


def test_a_header_that_its_parser_cannot_read_is_marked() -> None:
    assert split_header("---\ntitle: a: b\n---\nx").by_line
    assert not split_header("---\ntitle: a\n---\nx").by_line


def test_an_alias_to_a_tree_of_lists_does_not_unfold() -> None:
    levels = "".join(f"a{number}: &a{number} [{','.join([f'*a{number - 1}'] * 9)}]\n" for number in range(1, 9))
    found = split_header(f"---\na0: &a0 [x]\n{levels}title: Laughs\n---\ntext")
    assert found.fields["title"] == "Laughs"
    assert len(found.fields["title"]) < 100


@given(st.text(alphabet="-+%{}: \n제목title=\"'[]#x", max_size=80))
def test_no_text_is_lost_whatever_it_begins_with(text: str) -> None:
    found = split_header(text)
    assert text.endswith(found.text)
    assert bool(found.lines) or found.text == text

"""Each format with a whole expected text, worked out by hand."""

import zipfile
from io import BytesIO
from pathlib import Path

import pytest

from bot.formats import Document, Failed, Found, read
from bot.formats.limits import Limits
from evals.writers import hangul, office, web
from evals.writers.pdf import Look, document, pdf
from evals.writers.texts import Block, Piece

FILES = Path(__file__).parent / "files"
LIMITS = Limits()
PIECE = Piece(
    "돌과 길",
    "김하늘",
    "2021-03-04",
    "ko",
    (
        Block("paragraph", ("돌은 강이 놓아둔 자리에 있었다.",), note="돌에 대한 주석이다."),
        Block("heading", ("길이 난 뒤",), level=2),
        Block("items", ("마흔 명이 끌었다.", "두 명은 노래했다.")),
        Block("table", ("연도", "무게", "1962", "12톤"), columns=2),
        Block("quotation", ("길은 나중에 났다.",)),
        Block("numbered", ("첫째 날", "둘째 날")),
        Block("paragraph", ("아무도 묻지 않았다.",), note="두 번째 주석이다."),
    ),
    "https://example.org/posts/1",
)
TEXT = """돌은 강이 놓아둔 자리에 있었다.[^1]

## 길이 난 뒤

- 마흔 명이 끌었다.
- 두 명은 노래했다.

| 연도 | 무게 |
| --- | --- |
| 1962 | 12톤 |

> 길은 나중에 났다.

1. 첫째 날
2. 둘째 날

아무도 묻지 않았다.[^2]

[^1]: 돌에 대한 주석이다.

[^2]: 두 번째 주석이다."""


def one(suffix: str, data: bytes) -> Document:
    """The only document of a file."""
    found = read(suffix, data, LIMITS)
    assert isinstance(found, Found), found
    (only,) = found.documents
    return only


def text_of(html: str) -> str:
    return one(".html", f"<!doctype html><body>{html}</body>".encode()).text


# --- files that other programs made

PROGRAMS_TEXT = """# Before the road

Nobody asked who had wanted the stone moved.[^1] It lay where the river had left it, flat and grey.

- Forty people pulled.
- Two of them sang.

## 도로 이후

돌은 강가에 그대로 있었고, 아무도 묻지 않았다.

| Year | Weight |
| --- | --- |
| 1962 | 12 t |
| 1986 | 300 t |

> The road came later.

[^1]: A note on the stone."""


@pytest.mark.parametrize("name", ["pandoc.docx", "libreoffice.docx", "pandoc.epub"])
def test_files_of_pandoc_and_libreoffice(name: str) -> None:
    found = one(Path(name).suffix, (FILES / name).read_bytes())
    assert (found.title, found.author, found.text) == ("The Stone and the Road", "Ada Penrose", PROGRAMS_TEXT)


def test_an_rtf_file_of_libreoffice_shows_its_title_page_and_no_quotation() -> None:
    found = one(".rtf", (FILES / "libreoffice.rtf").read_bytes())
    title_page = "The Stone and the Road\n\nAda Penrose\n\n2021-03-04\n\n"
    assert (found.title, found.author, found.text) == (
        "The Stone and the Road",
        "Ada Penrose",
        title_page + PROGRAMS_TEXT.replace("> ", ""),
    )


def test_a_pdf_of_libreoffice() -> None:
    found = one(".pdf", (FILES / "libreoffice.pdf").read_bytes())
    assert (found.title, found.author, found.pages) == ("The Stone and the Road", "Ada Penrose", ((0, 1),))
    assert found.text == (
        "# The Stone and the Road\n\nAda Penrose\n\n"
        "Nobody asked who had wanted the stone moved.[^1] It lay where the river had left it, flat and grey, and the road that came later "
        "went round it in a wide bow.\n\n- Forty people pulled.\n- Two of them sang.\n\nThe road came later.\n\n[^1]: A note on the stone."
    )


# --- the same text in each format


@pytest.mark.parametrize("layout", web.LAYOUTS)
def test_a_page_of_each_layout_is_the_text_and_nothing_else(layout: str) -> None:
    found = one(".html", web.page(PIECE, layout).encode())
    assert (found.text, found.title, found.author, found.date) == (TEXT, "돌과 길", "김하늘", "2021-03-04")
    if layout not in ("notion",):
        assert found.address == "https://example.org/posts/1"


@pytest.mark.parametrize("layout", [name for name in web.LAYOUTS if name not in ("notion", "medium_export")])
def test_raw_a_page_holds_more_than_its_text(layout: str) -> None:
    assert any(word in web.page(PIECE, layout) for word in web.NOISE_WORDS)


@pytest.mark.parametrize(("suffix", "data", "says_date"), [
    (".docx", office.docx(PIECE), True),
    (".epub", office.epub(PIECE), True),
    (".xml", office.wordpress([PIECE]), True),
    (".rtf", office.rtf(PIECE), True),
    (".hwpx", hangul.hwpx(PIECE), True),
    (".hwp", hangul.hwp(PIECE), True),
    (".hwp", hangul.hwp(PIECE, flags=0), True),
], ids=["docx", "epub", "wordpress", "rtf", "hwpx", "hwp", "hwp not compressed"])  # fmt: skip
def test_a_file_of_each_format_is_the_text_and_what_it_says(suffix: str, data: bytes, says_date: bool) -> None:
    found = one(suffix, data)
    expected = TEXT
    if suffix == ".rtf":  # has no style for quotations
        expected = TEXT.replace("> ", "")
    if suffix in (".hwp", ".hwpx"):  # has lists as paragraphs with marks
        expected = (
            TEXT.replace("> ", "").replace("- 마흔", "• 마흔").replace("- 두", "\n• 두").replace("\n2. 둘째", "\n\n2. 둘째")
        )
    assert found.text == expected
    assert (found.title, found.author, found.date) == ("돌과 길", "김하늘", "2021-03-04" if says_date else "")


# --- HTML


@pytest.mark.parametrize(("html", "text"), [
    ("<p>앞</p><h1>하나</h1><h4>둘 <small>셋</small></h4>", "앞\n\n# 하나\n\n#### 둘 셋"),
    ("<p>글 <b>굵게</b> <i>기울여</i> <a href=x>링크</a>.</p>", "글 굵게 기울여 링크."),
    ("첫 줄<br>둘째 줄<br><br>새 문단<br/>\n<br/>또 하나", "첫 줄\n둘째 줄\n\n새 문단\n\n또 하나"),
    ("<div>바로<div>안에 <span>있는</span> 글</div>뒤에</div>", "바로\n\n안에 있는 글\n\n뒤에"),
    ("<span><p>안쪽 문단</p></span>", "안쪽 문단"),
    ("<ul><li>가<ul><li>나</li></ul></li><li><p>다</p><p>라</p></li></ul>", "- 가\n  - 나\n- 다\n  라"),
    ("<ol start=3><li>셋</li><li>넷</li></ol>", "3. 셋\n4. 넷"),
    ("<ul><li>가</li><ul><li>나</li></ul></ul>", "- 가\n  - 나"),
    ("<blockquote><p>한 줄</p><p>두 줄<br>세 줄</p></blockquote>", "> 한 줄\n>\n> 두 줄\n> 세 줄"),
    ("<pre><code>a = 1\n  b</code></pre>", "```\na = 1\n  b\n```"),
    ("<p>앞</p><hr><p>뒤</p>", "앞\n\n* * *\n\n뒤"),
    ("<p>그는 <q>간다</q>고 했다. 물<sup>2</sup></p>", "그는 “간다”고 했다. 물<sup>2</sup>"),
    ("<table><tr><th>가<th>나<th>다<tr><td colspan=2>1<td>2<tr><td rowspan=2>3<td>4<td>5|6<tr><td>7<td>8</table>",
     "| 가 | 나 | 다 |\n| --- | --- | --- |\n| 1 |  | 2 |\n| 3 | 4 | 5\\|6 |\n|  | 7 | 8 |"),
    ("<table><tr><td><h2>제목</h2><p>배치</p></td><td>옆</td></tr><tr><td>x</td><td>y</td></tr></table>", "## 제목\n\n배치\n\n옆\n\nx\n\ny"),
    ("<table><tr><td>한 칸</td></tr></table>", "한 칸"),
    ("<figure><img src=x alt=숨은말><figcaption>사진 설명</figcaption></figure><p>글.</p>", "사진 설명\n\n글."),
    ("<p>글<sup><a href='#note-1' id='back-1'>[1]</a></sup>.</p><div id=note-1><p><a href='#back-1'>^</a> 주석이다.</p></div>",
     "글[^1].\n\n[^1]: 주석이다."),
    ("<p>&nbsp;</p><p>글&nbsp;하나</p><p> </p>", "글 하나"),
    ("<p>A &lt;b&gt; &amp; c</p>", "A <b> & c"),
])  # fmt: skip
def test_html_becomes_markdown(html: str, text: str) -> None:
    assert text_of(html) == text


@pytest.mark.parametrize("hidden", [
    "<p style='display:none'>{}</p>",
    "<p style='DISPLAY : NONE'>{}</p>",
    "<p style='visibility:hidden'>{}</p>",
    "<p style='opacity:0'>{}</p>",
    "<p style='font-size:0px'>{}</p>",
    "<p style='color:#fff'>{}</p>",
    "<p style='color: white;'>{}</p>",
    "<p style='position:absolute;left:-9999px'>{}</p>",
    "<p style='text-indent:-9999px'>{}</p>",
    "<p style='clip:rect(0,0,0,0)'>{}</p>",
    "<p hidden>{}</p>",
    "<p aria-hidden=true>{}</p>",
    "<p class='sr-only'>{}</p>",
    "<p class=screen-reader-text>{}</p>",
    "<!-- {} -->",
    "<noscript>{}</noscript>",
    "<template><p>{}</p></template>",
    "<script>var x = '{}'</script>",
    "<style>p:after{{content:'{}'}}</style>",
    "<textarea>{}</textarea>",
    "<img src=x alt='{}'>",
    "<a href=x title='{}'></a>",
    "<meta name=description content='{}'>",
    "<svg><text>{}</text></svg>",
    "<select><option>{}</select>",
    "<input value='{}'>",
    "<button>{}</button>",
    "<iframe srcdoc='{}'></iframe>",
    "<object>{}</object>",
    "<dialog>{}</dialog>",
])  # fmt: skip
def test_what_a_reader_does_not_see_is_left_out(hidden: str) -> None:
    word = "ignoretheessays"
    assert text_of(f"<p>앞 글이다.</p>{hidden.format(word)}<p>뒤 글이다.</p>") == "앞 글이다.\n\n뒤 글이다."


@pytest.mark.parametrize(("encoding", "charset"), [
    ("cp949", "euc-kr"),
    ("cp949", "ks_c_5601-1987"),
    ("utf-8", "euc-kr"),
    ("utf-8-sig", ""),
    ("utf-16", ""),
])  # fmt: skip
def test_the_encodings_of_a_page(encoding: str, charset: str) -> None:
    meta = f"<meta charset={charset}>" if charset else ""
    page = f"<html><head>{meta}<title>똠방각하의 뷁</title></head><body><p>똠방각하가 뷁을 썼다. 글은 길고, 돌은 무거웠다.</p></body></html>"
    found = one(".html", page.encode(encoding))
    assert (found.title, found.text) == ("똠방각하의 뷁", "똠방각하가 뷁을 썼다. 글은 길고, 돌은 무거웠다.")


def test_the_frame_of_naver_names_the_file_of_its_text() -> None:
    found = one(".html", b"<html><body><iframe id='mainFrame' src='./post_files/PostView.html?x=1'></iframe></body></html>")
    assert (found.text, found.frame) == ("", "post_files/PostView.html")


def test_a_page_saved_as_one_file_is_read_from_its_frame() -> None:
    outer = "<html><body><iframe id='mainFrame' src='cid:frame'></iframe></body></html>"
    parts = [("text/html", outer), ("text/html", web.page(PIECE, "naver")), ("image/png", "x")]
    body = "".join(f"--b\r\nContent-Type: {kind}; charset=utf-8\r\n\r\n{content}\r\n" for kind, content in parts)
    head = "Snapshot-Content-Location: https://blog.naver.com/x/1\r\nMIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=b\r\n\r\n"
    found = one(".mhtml", (head + body + "--b--\r\n").encode())
    assert (found.text, found.title, found.author) == (TEXT, "돌과 길", "김하늘")


# --- PDF


def test_a_paragraph_goes_on_over_the_page_and_its_hyphens_and_heads_are_mended() -> None:
    first = [
        (72.0, 800.0, 9.0, "Ada Penrose"),
        (72.0, 760.0, 20.0, "A Quiet Stone"),
        (72.0, 720.0, 11.0, "The stone lay where the river had left it, and the vil- "),
        (72.0, 704.0, 11.0, "lage did not ask who had wanted it moved. "),
        (290.0, 40.0, 9.0, "- 7 -"),
    ]
    first[2] = (72.0, 720.0, 11.0, "The stone lay where the river had left it, and the whole vil-")
    first[3] = (72.0, 704.0, 11.0, "lage did not ask who had wanted it moved there in spring and ")
    second = [
        (72.0, 800.0, 9.0, "Ada Penrose"),
        (72.0, 760.0, 11.0, "who had paid."),
        (72.0, 728.0, 11.0, "Nobody knew."),
        (290.0, 40.0, 9.0, "- 8 -"),
    ]
    third = [(72.0, 800.0, 9.0, "Ada Penrose"), (72.0, 760.0, 11.0, "The end came in autumn."), (290.0, 40.0, 9.0, "- 9 -")]
    found = one(".pdf", document([first, second, third], PIECE))
    expected = (
        "# A Quiet Stone\n\nThe stone lay where the river had left it, and the whole village did not ask who had wanted it moved there in spring "
        "and who had paid.\n\nNobody knew.\n\nThe end came in autumn."
    )
    assert found.text == expected
    assert found.pages == ((0, 1), (expected.index("who had paid"), 2), (expected.index("The end"), 3))
    assert [note.en for note in found.notes] == ["left out lines of running heads and page numbers: 6"]


def test_two_columns_are_read_one_after_the_other() -> None:
    left = [(72.0, 700.0 - 16 * row, 11.0, f"left column line {row} is full of words") for row in range(8)]
    right = [(320.0, 700.0 - 16 * row, 11.0, f"right column line {row} is full of it") for row in range(8)]
    mixed = [part for pair in zip(left, right, strict=True) for part in pair]
    found = one(".pdf", document([mixed], PIECE))
    words = [text for _, _, _, text in [*left, *right]]
    assert found.text.split() == " ".join(words).split()


def test_raw_the_order_in_which_they_are_drawn_is_another() -> None:
    left = [(72.0, 700.0 - 16 * row, 11.0, f"left {row}") for row in range(8)]
    right = [(320.0, 700.0 - 16 * row, 11.0, f"right {row}") for row in range(8)]
    from pypdf import PdfReader

    drawn = (
        PdfReader(BytesIO(document([[part for pair in zip(left, right, strict=True) for part in pair]], PIECE)))
        .pages[0]
        .extract_text()
    )
    assert drawn.split()[:4] == ["left", "0", "right", "0"]


@pytest.mark.parametrize("number", range(4))
def test_a_korean_text_is_whole_whatever_its_look(number: int) -> None:
    look = [Look(), Look(breaks_words=True), Look(columns=2), Look(indents=True, draws_spaces=False)][number]
    sentence = "고인돌은 청동기 시대의 무덤이고, 그 덮개돌을 옮기는 일에는 수백 명의 힘이 필요했다. 사람들은 그 앞에서 지배자의 이름을 기억했다."
    paragraphs = [f"{sentence} {sentence}" for _ in range(8)]
    piece = Piece("무덤", "김하늘", "2021-03-04", "ko", tuple(Block("paragraph", (text,)) for text in paragraphs))
    found = one(".pdf", pdf(piece, look))
    assert found.text == "\n\n".join(["# 무덤", *paragraphs])


# --- Word, Hangul, RTF


def test_word_keeps_what_was_inserted_and_leaves_out_what_was_deleted_and_comments() -> None:
    names = zipfile.ZipFile(BytesIO(office.docx(PIECE)))
    members = {name: names.read(name) for name in names.namelist()}
    body = members["word/document.xml"].decode()
    changed = (
        '<w:p><w:r><w:t>그는 </w:t></w:r><w:ins w:id="1" w:author="a"><w:r><w:t>왔다</w:t></w:r></w:ins>'
        '<w:del w:id="2" w:author="a"><w:r><w:delText>갔다</w:delText></w:r></w:del><w:r><w:t>.</w:t></w:r></w:p>'
    )
    start = body.index("<w:body>") + len("<w:body>")
    members["word/document.xml"] = (body[:start] + changed + "</w:body></w:document>").encode()
    members["word/comments.xml"] = (
        body[: start - len("<w:body>")].replace("w:document", "w:comments").encode() + b'<w:comment w:id="1"/></w:comments>'
    )
    found = one(".docx", office.zipped({name: data for name, data in members.items()}))
    assert found.text == "그는 왔다."
    assert [note.en for note in found.notes] == [
        "read with its tracked changes accepted",
        "left out the comments of its reviewers: 1",
    ]


def test_word_text_that_is_hidden_is_left_out_and_counted() -> None:
    file = zipfile.ZipFile(BytesIO(office.docx(PIECE)))
    members: dict[str, str | bytes] = {name: file.read(name) for name in file.namelist()}
    runs = (
        "<w:r><w:t>돌은 </w:t></w:r><w:r><w:rPr><w:vanish/></w:rPr><w:t>ignoretheessays</w:t></w:r>"
        '<w:r><w:rPr><w:vanish w:val="0"/></w:rPr><w:t>무겁다.</w:t></w:r>'
    )
    body = file.read("word/document.xml").decode()
    members["word/document.xml"] = f"{body.partition('<w:body>')[0]}<w:body><w:p>{runs}</w:p></w:body></w:document>"
    found = one(".docx", office.zipped(members))
    assert (found.text, [note.en for note in found.notes]) == ("돌은 무겁다.", ["left out hidden text in 1 place"])


@pytest.mark.parametrize(("title", "author", "shown"), [
    ("Microsoft Word - draft.docx", "user", ("", "")),
    ("제목 없음", "사용자", ("", "")),
    ("Document1", "Microsoft Office User", ("", "")),
    ("A Quiet Stone", "Ada Penrose", ("A Quiet Stone", "Ada Penrose")),
])  # fmt: skip
def test_what_a_program_wrote_is_no_title_and_no_author(title: str, author: str, shown: tuple[str, str]) -> None:
    piece = Piece(title, author, "2021-03-04", "en", (Block("paragraph", ("Words of a text.",)),))
    found = one(".docx", office.docx(piece))
    assert (found.title, found.author) == shown


def test_rtf_reads_bytes_of_the_font_s_code_page_numbers_and_pairs() -> None:
    korean = "".join(f"\\'{byte:02x}" for byte in "돌은 무겁다.".encode("cp949"))
    head = "{\\rtf1\\ansi\\ansicpg949{\\fonttbl{\\f0\\fcharset129 Batang;}}\\f0 "
    data = head + korean + "\\par \\u48152?\\u-10179?\\u-9088?\\line caf\\u233? \\{x\\}\\par}"
    assert one(".rtf", data.encode("ascii")).text == "돌은 무겁다.\n\n반\U0001f480\ncafé {x}"


def test_hangul_reads_tabs_breaks_boxes_and_outline_shapes() -> None:
    section = (
        '<hp:p styleIDRef="0" paraPrIDRef="3"><hp:run><hp:t>큰 제목</hp:t></hp:run></hp:p>'
        "<hp:p><hp:run><hp:t>앞<hp:tab/>뒤<hp:lineBreak/>다음<hp:nbSpace/>줄</hp:t>"
        "<hp:rect><hp:drawText><hp:subList><hp:p><hp:run><hp:t>글상자</hp:t></hp:run></hp:p></hp:subList></hp:drawText></hp:rect>"
        "<hp:t>끝</hp:t></hp:run></hp:p>"
    )
    spaces = 'xmlns:hp="p" xmlns:hs="s" xmlns:hh="h"'
    header = f'<hh:head {spaces}><hh:paraPr id="3"><hh:heading type="OUTLINE" level="0"/></hh:paraPr></hh:head>'
    data = office.zipped({"Contents/section0.xml": f"<hs:sec {spaces}>{section}</hs:sec>", "Contents/header.xml": header})
    assert one(".hwpx", data).text == "# 큰 제목\n\n앞 뒤\n다음 줄\n\n글상자\n\n끝"


# --- exports


def test_an_export_of_wordpress_gives_each_post_and_names_what_it_leaves_out() -> None:
    second = Piece("둘째", "김하늘", "2022-05-06", "ko", (Block("paragraph", ("둘째 글이다.",)),), "https://example.org/posts/2")
    found = read(".xml", office.wordpress([PIECE, second]), LIMITS)
    assert isinstance(found, Found)
    assert [(post.name, post.title, post.date, post.address) for post in found.documents] == [
        ("1-post-1", "돌과 길", "2021-03-04", "https://example.org/posts/1"),
        ("2-post-2", "둘째", "2022-05-06", "https://example.org/posts/2"),
    ]
    assert [note.en for note in found.documents[0].notes] == [
        "left out 2 entries that are no published posts (attachment 1, draft 1)"
    ]


def test_a_post_without_paragraphs_is_read_as_wordpress_shows_it() -> None:
    data = office.wordpress([PIECE]).decode()
    start, end = data.index("<content:encoded>"), data.index("</content:encoded>")
    classic = (
        '<content:encoded><![CDATA[첫 문단\n둘째 줄\n\n[caption id="1"]<img src=x> 설명[/caption]\n\n<h2>제목</h2>\n\n끝 문단]]>'
    )
    assert one(".xml", (data[:start] + classic + data[end:]).encode()).text == "첫 문단\n둘째 줄\n\n설명\n\n## 제목\n\n끝 문단"


def test_an_archive_names_its_members_in_korean_too() -> None:
    data = BytesIO()
    with zipfile.ZipFile(data, "w") as file:
        file.writestr("글/하나.md", "하나다.")
    raw = data.getvalue()
    name = "글/하나.md".encode()
    old = "글/하나.md".encode("cp949").ljust(len(name), b"_")
    without_mark = raw.replace(b"\x00\x08", b"\x00\x00")  # the flag that says that the name is UTF-8
    found = read(".zip", without_mark.replace(name, old), LIMITS)
    assert isinstance(found, Found)
    assert found.members[0].name.startswith("글/하나.md")


def test_of_a_medium_export_only_the_posts_are_read() -> None:
    page = web.page(PIECE, "medium_export")
    members: dict[str, str | bytes] = {
        "posts/2021-03-04_x.html": page,
        "claps/claps-0001.html": "<p>x</p>",
        "profile/profile.html": "<p>y</p>",
    }
    found = read(".zip", office.zipped(members), LIMITS)
    assert isinstance(found, Found)
    assert [(member.name, member.refused is None) for member in found.members] == [
        ("claps/claps-0001.html", False),
        ("posts/2021-03-04_x.html", True),
        ("profile/profile.html", False),
    ]


def test_an_unknown_failure_names_the_format() -> None:
    found = read(".docx", b"PK\x03\x04broken", LIMITS)
    assert isinstance(found, Failed)
    assert found.reason.en.startswith("it is damaged or no .docx file (BadZipFile: File is not a zip file);")
    assert found.reason.ko.startswith("손상되었거나 .docx 파일이 아닙니다(BadZipFile")

"""Files that hold several texts, pages, frames and archives: which essays they become, under which ids, and what is said of the others."""

import shutil
import unicodedata
from pathlib import Path

import pytest

from bot.grounding.quotations import cite
from bot.indexing.loader import load_essays
from bot.schema import Essay
from evals.writers import hangul, office, web
from evals.writers.pdf import document
from evals.writers.texts import Block, Piece

PART_OF_PAGE = "it is a part of the saved page"


def piece(title: str, *paragraphs: str, author: str = "김하늘") -> Piece:
    return Piece(
        title, author, "2021-03-04", "ko", tuple(Block("paragraph", (text,)) for text in paragraphs), "https://example.org/1"
    )


STONE, ROAD, RIVER = piece("돌", "돌은 무겁다."), piece("길", "길은 나중에 났다."), piece("강", "강은 그대로 흐른다.")


def shown(essay: Essay) -> tuple[str, ...]:
    return (essay.id, essay.title, essay.author, essay.date, essay.source, essay.text)


def test_what_a_file_says_is_what_the_essay_has(tmp_path: Path) -> None:
    (tmp_path / "a.docx").write_bytes(office.docx(STONE))
    (tmp_path / "b.html").write_text(web.page(ROAD, "tistory"), encoding="utf-8")
    (tmp_path / "한글 글.hwp").write_bytes(hangul.hwp(RIVER))
    assert [shown(essay) for essay in load_essays([tmp_path]).essays] == [
        ("a", "돌", "김하늘", "2021-03-04", "a.docx", "돌은 무겁다."),
        ("b", "길", "김하늘", "2021-03-04", "https://example.org/1", "길은 나중에 났다."),
        ("한글-글", "강", "김하늘", "2021-03-04", "한글 글.hwp", "강은 그대로 흐른다."),
    ]


def test_a_pdf_keeps_its_pages_and_a_quotation_is_cited_with_its_page(tmp_path: Path) -> None:
    pages = [[(72.0, 700.0, 11.0, "돌은 무겁다.")], [(72.0, 700.0, 11.0, "길은 나중에 났다.")]]
    (tmp_path / "a.pdf").write_bytes(document(pages, STONE))
    (essay,) = load_essays([tmp_path]).essays
    assert (essay.text, essay.pages) == ("돌은 무겁다.\n\n길은 나중에 났다.", ((0, 1), (9, 2)))
    citations = [cite(essay, 0, 7, 1), cite(essay, 9, 19, 2)]
    assert [(citation.quote, citation.page, citation.place.en, citation.place.ko) for citation in citations] == [
        ("돌은 무겁다.", 1, "p. 1", "1쪽"),
        ("길은 나중에 났다.", 2, "p. 2", "2쪽"),
    ]


def test_each_text_of_an_archive_is_an_essay_with_an_id_of_its_own(tmp_path: Path) -> None:
    inner = office.zipped({"강.rtf": office.rtf(RIVER)})
    members: dict[str, str | bytes] = {
        "x/돌.docx": office.docx(STONE),
        "길.html": web.page(ROAD, "velog"),
        "inner.zip": inner,
        "사진.png": b"x",
    }
    (tmp_path / "모음.zip").write_bytes(office.zipped(members))
    collection = load_essays([tmp_path])
    assert [(essay.id, essay.title, essay.source) for essay in collection.essays] == [
        ("모음-inner.zip-강", "강", "모음.zip/inner.zip/강.rtf"),
        ("모음-x-돌", "돌", "모음.zip/x/돌.docx"),
        ("모음-길", "길", "https://example.org/1"),
    ]
    assert [(skipped.path, skipped.reason.en.split(",")[0]) for skipped in collection.skipped] == [
        (f"{tmp_path}/모음.zip/사진.png", "it is not read")
    ]
    assert load_essays([tmp_path], collection.paths) == collection
    assert collection.paths["모음-x-돌"] == f"{tmp_path}/모음.zip!/x/돌.docx"


def test_a_text_of_an_archive_keeps_its_id_when_another_takes_its_name(tmp_path: Path) -> None:
    (tmp_path / "z.zip").write_bytes(office.zipped({"a.md": "돌은 무겁다."}))
    (tmp_path / "z-a.md").write_text("길은 나중에 났다.", encoding="utf-8")
    first = load_essays([tmp_path])
    ids = {essay.text: essay.id for essay in first.essays}
    assert ids == {"길은 나중에 났다.": "z-a", "돌은 무겁다.": "z-a-2"}
    (tmp_path / "z-a.md").unlink()
    assert [essay.id for essay in load_essays([tmp_path], first.paths).essays] == ["z-a-2"]
    assert [essay.id for essay in load_essays([tmp_path]).essays] == ["z-a"]


def test_the_same_text_in_two_formats_is_one_essay(tmp_path: Path) -> None:
    (tmp_path / "a.docx").write_bytes(office.docx(STONE))
    (tmp_path / "b.rtf").write_bytes(office.rtf(STONE))
    collection = load_essays([tmp_path])
    assert [essay.id for essay in collection.essays] == ["a"]
    assert collection.skipped[0].reason.en == f"it has the same text as {tmp_path}/a.docx; remove one of the two"


def test_decomposed_hangul_becomes_composed_in_every_format(tmp_path: Path) -> None:
    decomposed = piece(
        *(unicodedata.normalize("NFD", text) for text in ("돌", "돌은 무겁다.")), author=unicodedata.normalize("NFD", "김하늘")
    )
    (tmp_path / "a.docx").write_bytes(office.docx(decomposed))
    (tmp_path / "b.zip").write_bytes(
        office.zipped({unicodedata.normalize("NFD", "길.md"): unicodedata.normalize("NFD", "길은 나중에 났다.")})
    )
    assert [shown(essay) for essay in load_essays([tmp_path]).essays] == [
        ("a", "돌", "김하늘", "2021-03-04", "a.docx", "돌은 무겁다."),
        ("b-길", "길", "", "", "b.zip/길.md", "길은 나중에 났다."),
    ]


def naver(folder: Path) -> None:
    """A page of Naver's blog as a browser saves it: the border, and a folder with the frame and other parts."""
    (folder / "글_files").mkdir(parents=True)
    (folder / "글.html").write_text("<iframe id='mainFrame' src='./글_files/PostView.html'></iframe>", encoding="utf-8")
    (folder / "글_files" / "PostView.html").write_text(web.page(STONE, "naver"), encoding="utf-8")
    (folder / "글_files" / "saved_resource.html").write_text("<p>advertisement</p>")
    (folder / "글_files" / "script.js").write_text("x")


def test_a_saved_page_of_naver_is_read_from_its_frame_and_its_parts_are_named_once(tmp_path: Path) -> None:
    naver(tmp_path)
    collection = load_essays([tmp_path])
    assert [shown(essay) for essay in collection.essays] == [
        ("글", "돌", "김하늘", "2021-03-04", "https://example.org/1", "돌은 무겁다.")
    ]
    assert [(skipped.path, skipped.reason.en.split(" 글")[0]) for skipped in collection.skipped] == [
        (f"{tmp_path}/글_files", PART_OF_PAGE)
    ]


def test_a_frame_is_not_followed_out_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "secret.html").write_text("<p>돌은 무겁다.</p>", encoding="utf-8")
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "a.md").write_text("길은 나중에 났다.", encoding="utf-8")
    for number, source in enumerate(["../secret.html", "/etc/passwd", "http://127.0.0.1:9/x.html", "link.html"]):
        (tmp_path / "notes" / f"{number}.html").write_text(f"<iframe id=mainFrame src='{source}'></iframe>")
    (tmp_path / "notes" / "link.html").symlink_to(tmp_path / "secret.html")
    collection = load_essays([tmp_path / "notes"])
    assert [essay.text for essay in collection.essays] == ["길은 나중에 났다."]
    assert len(collection.skipped) == 5


def test_raw_the_frame_is_there_to_be_read(tmp_path: Path) -> None:
    (tmp_path / "secret.html").write_text("<p>돌은 무겁다.</p>", encoding="utf-8")
    (tmp_path / "0.html").write_text("<iframe id=mainFrame src='secret.html'></iframe>")
    shutil.copy(tmp_path / "secret.html", tmp_path / "copy.html")
    assert "돌은 무겁다." in [essay.text for essay in load_essays([tmp_path]).essays]


def test_an_obsidian_vault_and_a_notion_export_are_read_as_they_are(tmp_path: Path) -> None:
    vault = tmp_path / "vault"
    (vault / ".obsidian").mkdir(parents=True)
    (vault / ".obsidian" / "app.json").write_text("{}")
    (vault / "메모.md").write_text("%% 숨김 %%\n돌은 무겁다.", encoding="utf-8")
    notion = office.zipped({"Page 0123456789abcdef0123456789abcdef.html": web.page(ROAD, "notion"), "Table 01.csv": "a,b"})
    (tmp_path / "Export.zip").write_bytes(office.zipped({"Export-Part-1.zip": notion}))
    collection = load_essays([tmp_path])
    assert [(essay.title, essay.text) for essay in collection.essays] == [("길", "길은 나중에 났다."), ("메모", "돌은 무겁다.")]
    assert [Path(skipped.path).name for skipped in collection.skipped] == ["Table 01.csv", ".obsidian"]


@pytest.mark.parametrize(("name", "reason"), [
    ("old.doc", ".doc files are not read; save it as .docx"),
    ("text.odt", ".odt files are not read; save it as .docx"),
    ("page.webarchive", ".webarchive files are not read; save it as .html"),
    ("~$report.docx", "it is the lock of a document that is open, and holds no text; remove it if no program has the document open"),
    ("empty.docx", "it contains no text; write some or remove the file"),
])  # fmt: skip
def test_a_file_that_is_not_read_is_named_with_what_to_do(name: str, reason: str, tmp_path: Path) -> None:
    (tmp_path / "good.md").write_text("돌은 무겁다.", encoding="utf-8")
    (tmp_path / name).write_bytes(b"")
    assert [skipped.reason.en for skipped in load_essays([tmp_path]).skipped] == [reason]

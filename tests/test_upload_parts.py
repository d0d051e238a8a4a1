"""Uploaded archives and exports: each text in them is a file of its own, with the same limits and reasons as one that is uploaded alone."""

from pathlib import Path

import pytest

from bot import upload_files
from bot.errors import CorpusError
from bot.upload_files import MAX_FILES, Changes
from evals.writers import hangul, office, web
from evals.writers.pdf import document
from evals.writers.texts import Block, Piece

STONE = Piece("돌", "김하늘", "2021-03-04", "ko", (Block("paragraph", ("돌은 무겁다.",)),), "https://example.org/1")
ROAD = Piece("길", "김하늘", "2022-05-06", "ko", (Block("paragraph", ("길은 나중에 났다.",)),), "https://example.org/2")


def upload(tmp_path: Path, **files: bytes) -> tuple[Changes, Path]:
    """Upload files, whose names are given with `_` for the dot, under names of Gradio's own; the changes and the staged folder."""
    staged = tmp_path / "staged"
    staged.mkdir()
    given = []
    for number, (name, data) in enumerate(files.items()):
        path = tmp_path / f"upload{number}"
        path.write_bytes(data)
        given.append((name.replace("_", "."), path))
    return upload_files.add_files(staged, given), staged


def test_each_format_is_stored_as_it_is_and_read_again(tmp_path: Path) -> None:
    pages = [[(72.0, 700.0, 11.0, "강은 흐른다.")], [(72.0, 700.0, 11.0, "강은 그대로 흐른다.")]]
    changes, staged = upload(tmp_path, a_docx=office.docx(STONE), b_hwp=hangul.hwp(ROAD), c_pdf=document(pages, STONE))
    assert (changes.added, changes.skipped) == (3, ())
    loaded = upload_files.load(staged, ())
    assert {name: (essay.id, essay.text) for name, essay in loaded.items()} == {
        "a.docx": ("mine-a", "돌은 무겁다."),
        "b.hwp": ("mine-b", "길은 나중에 났다."),
        "c.pdf": ("mine-c", "강은 흐른다.\n\n강은 그대로 흐른다."),
    }
    assert loaded["c.pdf"].pages == ((0, 1), (9, 2))


def test_the_members_of_a_zip_become_files_and_the_others_are_named(tmp_path: Path) -> None:
    inner = office.zipped({"deep.md": "깊은 글이다."})
    members: dict[str, str | bytes] = {
        "x/돌.docx": office.docx(STONE),
        "길.html": web.page(ROAD, "brunch"),
        "inner.zip": inner,
        "사진.png": b"x",
        "broken.docx": b"x",
        ".obsidian/app.md": "x",
    }
    changes, staged = upload(tmp_path, all_zip=office.zipped(members))
    assert sorted(path.name for path in staged.iterdir()) == ["deep.md", "길.html", "돌.docx"]
    assert changes.added == 3
    assert sorted((skipped.path, skipped.reason.en[:12]) for skipped in changes.skipped) == [
        ("all.zip/.obsidian/app.md", "it is hidden"),
        ("all.zip/사진.png", "it is not re"),
        ("broken.docx", "it is damage"),
    ]


def test_the_posts_of_an_export_become_files_with_what_the_export_says(tmp_path: Path) -> None:
    changes, staged = upload(tmp_path, blog_xml=office.wordpress([STONE, ROAD]))
    assert changes.added == 2
    loaded = upload_files.load(staged, ())
    assert {name: (e.title, e.author, e.date, e.source, e.text) for name, e in loaded.items()} == {
        "돌.txt": ("돌", "김하늘", "2021-03-04", "https://example.org/1", "돌은 무겁다."),
        "길.txt": ("길", "김하늘", "2022-05-06", "https://example.org/2", "길은 나중에 났다."),
    }


def test_a_broken_archive_and_another_xml_are_named(tmp_path: Path) -> None:
    changes, staged = upload(tmp_path, a_zip=b"no zip", b_xml=b"<svg/>", c_md="돌은 무겁다.".encode())
    assert [path.name for path in staged.iterdir()] == ["c.md"]
    assert [(skipped.path, skipped.reason.en.split(" (")[0].split(";")[0]) for skipped in changes.skipped] == [
        ("a.zip", "it is damaged or no .zip file"),
        ("b.xml", "it is XML, but no WordPress export"),
    ]


def test_a_zip_with_more_files_than_a_reader_may_have_is_refused_as_a_whole(tmp_path: Path) -> None:
    members: dict[str, str | bytes] = {f"{number}.md": f"글 {number}이다." for number in range(MAX_FILES + 1)}
    with pytest.raises(CorpusError, match=f"{MAX_FILES} files"):
        upload(tmp_path, all_zip=office.zipped(members))

"""Loading folders and files as essays: fields, front matter, encodings, and the files that are skipped with a reason."""

import os
import socket
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import CorpusError
from bot.indexing.loader import MAX_FILE_BYTES, MAX_LINE_CHARACTERS, MAX_TEXT_CHARACTERS, load_essays, slug
from bot.messages.text import Text
from bot.schema import Essay, Note, Skipped
from bot.text.language import language_of
from tests.places import ESSAYS
from tests.toys import growth

KOREAN = "고인돌은 권력의 위치에너지다. 사람들은 무거운 돌을 높은 곳에 올렸다. 그 돌은 경고였다.\n" * 3


def load_one(folder: Path, content: str | bytes, name: str = "essay.md") -> Essay:
    """The essay of a folder that contains only this file."""
    (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    collection = load_essays([folder])
    assert collection.skipped == ()
    (essay,) = collection.essays
    return essay


def skip_reason(folder: Path, content: bytes = b"", name: str = "essay.md") -> str:
    """The reason for which this file is skipped; a good file in the same folder is loaded."""
    if content:
        (folder / name).write_bytes(content)
    (folder / "good.md").write_text("A good essay.")
    collection = load_essays([folder])
    assert [essay.id for essay in collection.essays] == ["good"]
    (skipped,) = collection.skipped
    assert skipped.path == (folder / name).as_posix()
    assert language_of(skipped.reason.ko) == "ko"
    return skipped.reason.en


def test_every_field_of_the_test_essays_is_read(essays_folder: Path) -> None:
    collection = load_essays([essays_folder])
    fields = {e.id: (e.title, e.author, e.date, e.language, e.source, e.kind) for e in collection.essays}
    assert fields == {
        "bees.ko": ("벌통을 옮기는 밤", "", "", "ko", "bees.ko.md", "essay"),
        "bell-tower.ko": ("한 번 덜 치는 종", "시험 서가", "2021-03-02", "ko", "시험을 위해 쓴 글", "essay"),
        "lighthouse.en": ("The Keeper Who Counted Ships", "Test Shelf", "2020-05-17", "en", "lighthouse.en.md", "retelling"),
        "salt-road": ("The Salt Road", "", "", "en", "salt-road.txt", "essay"),
    }
    assert [essay.id for essay in collection.essays] == sorted(fields)
    assert collection.skipped == ()
    assert [(Path(note.path).name, note.text.en) for note in collection.notes] == [
        ("bell-tower.ko.md", "7 lines were taken for its header: title, author, date, language, source"),
        ("lighthouse.en.md", "7 lines were taken for its header: title, author, date, language, kind"),
    ]


def test_the_text_is_the_file_without_front_matter_and_outer_newlines(essays_folder: Path) -> None:
    texts = {essay.id: essay.text for essay in load_essays([essays_folder]).essays}
    bell = (essays_folder / "bell-tower.ko.md").read_text(encoding="utf-8")
    assert texts["bell-tower.ko"] == bell.split("---\n")[2].strip("\n")
    assert texts["salt-road"] == (essays_folder / "salt-road.txt").read_text(encoding="utf-8").strip("\n")


def test_a_file_given_by_name_with_a_suffix_that_is_not_read_is_refused(tmp_path: Path) -> None:
    for name in ("notes.rst", "talk.key", "no-suffix"):
        (tmp_path / name).write_text("Salt is heavy.")
        with pytest.raises(
            CorpusError, match=rf"{name} is not read: its suffix is none of \.docx, \.epub, \.htm, \.html, \.hwp, "
        ) as caught:
            load_essays([tmp_path / name])
        assert "\n" not in str(caught.value)
        assert "읽지 않습니다" in caught.value.text("ko")


def test_subfolders_are_read_and_are_part_of_the_id(tmp_path: Path) -> None:
    (tmp_path / "돌" / "ko").mkdir(parents=True)
    (tmp_path / "돌" / "ko" / "첫 글.md").write_text("첫 글이다.", encoding="utf-8")
    (essay,) = load_essays([tmp_path]).essays
    assert (essay.id, essay.source, essay.title) == ("돌-ko-첫-글", "돌/ko/첫 글.md", "첫 글")


def test_every_visible_file_is_loaded_or_reported_with_its_reason(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    names = [
        ".git/a.md",
        ".hidden.md",
        "README.md",
        "readme.txt",
        "README.ko.md",
        "picture.png",
        "notes.rst",
        "analogies.yaml",
    ]
    for name in [*names, "good.MD"]:
        (tmp_path / name).write_text(f"Words of {name}.")
    collection = load_essays([tmp_path])
    assert [essay.id for essay in collection.essays] == ["good"]
    reasons = {Path(skipped.path).name: skipped.reason.en for skipped in collection.skipped}
    readme, suffix = (
        "a README describes its folder; rename it to add it",
        "it is not read, only .docx, .epub, .htm, .html, .hwp, .hwpx, .markdown, .md, .mht, .mhtml, .pdf, .rtf, .text, .txt, .xhtml, "
        ".xml, .zip are; save its text in such a file to add it",
    )
    hidden = "it is hidden; rename it to add it"
    assert reasons == {
        ".git": hidden,
        ".hidden.md": hidden,
        "README.md": readme,
        "readme.txt": readme,
        "README.ko.md": readme,
        "picture.png": suffix,
        "notes.rst": suffix,
    }


@pytest.mark.parametrize(("path", "identity"), [
    ("a.md", "a"),
    ("Weight on Top.ko.md", "weight-on-top.ko"),
    ("x/y z.txt", "x-y-z"),
    ("고인돌, 로마!.md", "고인돌-로마"),
    (unicodedata.normalize("NFD", "고인돌.md"), "고인돌"),
    ("../../etc/passwd.md", "etc-passwd"),
    ("<img src=x onerror=alert(1)>.md", "img-src-x-onerror-alert-1"),
    ("a\u202eb\x00.md", "ab"),
    ("v1.5_notes.md", "v1.5_notes"),
    ("---.md", "essay"),
    ("C++.md", "cplusplus"),
    ("C#.md", "csharp"),
    ("On C and C++.md", "on-c-and-cplusplus"),
    ("tags #1 + 2.md", "tags-1-2"),
])  # fmt: skip
def test_ids_are_slugs_of_paths(path: str, identity: str) -> None:
    assert slug(Path(path)) == identity


def test_the_same_name_with_two_suffixes_gives_two_ids(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("First.")
    (tmp_path / "a.txt").write_text("Second.")
    assert [(essay.id, essay.text) for essay in load_essays([tmp_path]).essays] == [("a", "First."), ("a-2", "Second.")]


def test_ids_stay_when_another_folder_goes_or_comes(tmp_path: Path) -> None:
    for folder in ("first", "second"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "note.md").write_text(f"Words of the {folder}.")
    first, second = tmp_path / "first", tmp_path / "second"
    both = load_essays([first, second])
    assert {essay.id: essay.text for essay in both.essays} == {"note": "Words of the first.", "note-2": "Words of the second."}
    assert both.paths == {"note": str(first / "note.md"), "note-2": str(second / "note.md")}
    assert [essay.id for essay in load_essays([second], both.paths).essays] == ["note-2"]
    assert load_essays([second, first], both.paths) == both
    (first / "note.txt").write_text("A third one.")
    assert {essay.id: essay.text for essay in load_essays([first], {"note-2": str(first / "note.txt")}).essays} == {
        "note": "Words of the first.",
        "note-2": "A third one.",
    }


def test_ids_do_not_depend_on_the_order_of_the_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ["b.md", "a.txt", "a.md", "A.md"]:
        (tmp_path / name).write_text(f"Words of {name}.")
    listed = Path.rglob
    expected = load_essays([tmp_path])
    monkeypatch.setattr(Path, "rglob", lambda self, pattern: reversed(list(listed(self, pattern))))
    assert load_essays([tmp_path]) == expected


def test_a_second_file_with_the_same_text_is_skipped(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("The same.")
    (tmp_path / "b.md").write_text("---\ntitle: Another name\n---\nThe same.\n")
    collection = load_essays([tmp_path])
    assert [essay.id for essay in collection.essays] == ["a"]
    assert collection.skipped == (
        Skipped(
            f"{tmp_path}/b.md",
            Text(
                f"it has the same text as {tmp_path}/a.md; remove one of the two",
                f"{tmp_path}/a.md 파일과 내용이 같습니다. 둘 중 하나를 빼 주세요",
            ),
        ),
    )


def test_nfd_and_nfc_files_give_the_same_essay(tmp_path: Path) -> None:
    essays = []
    for form in ("NFC", "NFD"):
        folder = tmp_path / form
        folder.mkdir()
        text = unicodedata.normalize(form, f"---\ntitle: 고인돌\nauthor: 김가람\n---\n{KOREAN}")
        essays.append(load_one(folder, text, unicodedata.normalize(form, "고인돌.ko.md")))
    assert essays[0] == essays[1]
    assert unicodedata.is_normalized("NFC", "".join(map(str, essays[1].to_dict().values())))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949", "euc-kr", "utf-16", "utf-16-le", "utf-16-be"])
def test_every_encoding_gives_the_same_essay(encoding: str, tmp_path: Path) -> None:
    essay = load_one(tmp_path, f"---\r\ntitle: 첫 글\r\n---\r\n{KOREAN}".encode(encoding))
    assert (essay.title, essay.text) == ("첫 글", KOREAN.strip("\n"))


def test_a_file_with_a_guessed_encoding_is_noted(tmp_path: Path) -> None:
    (tmp_path / "old.md").write_bytes(KOREAN.encode("johab"))  # not detected: the decoded text is wrong
    (note,) = load_essays([tmp_path]).notes
    assert note.path == f"{tmp_path}/old.md"
    assert "cp949" in note.text.en
    assert "cp949" in note.text.ko
    assert str(note) == f"{note.path}: {note.text}"


def test_removed_invisible_characters_are_noted(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("고인\u200b돌은\x00 무겁\u202e다.\n" + KOREAN, encoding="utf-8")
    assert load_essays([tmp_path]).notes == (
        Note(f"{tmp_path}/a.md", Text("left out 3 invisible characters", "보이지 않는 글자 3개를 뺐습니다")),
    )


def test_a_file_with_lone_surrogates_is_skipped(tmp_path: Path) -> None:
    lone = "가나".encode("utf-16-le") + b"\x00\xd8" + KOREAN.encode("utf-16-le")
    assert skip_reason(tmp_path, lone) == "its encoding is unknown or mixed"


# --- front matter


def test_without_front_matter_the_title_is_the_first_heading_and_the_text_is_unchanged(tmp_path: Path) -> None:
    essay = load_one(tmp_path, "Before.\n\n## Small\n\n# The *Title* ##\n\nWords.\n\n# Second\n")
    assert (essay.title, essay.text) == ("The *Title*", "Before.\n\n## Small\n\n# The *Title* ##\n\nWords.\n\n# Second")


def test_without_a_heading_the_title_is_the_file_name(tmp_path: Path) -> None:
    assert load_one(tmp_path, "Words.", "salt-road_two.md").title == "salt road two"


@pytest.mark.parametrize(("line", "title"), [
    ("title: The Road", "The Road"),
    ('title: "What: a colon?"', "What: a colon?"),
    ("title: >\n  folded\n  lines", "folded lines"),
    ("title: 1984", "1984"),
    ("title: 3.10", "3.10"),
    ("title: 12:30", "12:30"),
    ("title: Yes", "Yes"),
    ("title: 2020-02-03", "2020-02-03"),
    ("title: ~", "essay"),
    ("title:", "essay"),
    ("title: [a, b]", "a, b"),
    ("title: {a: b}", "essay"),
])  # fmt: skip
def test_a_title_is_used_as_written(line: str, title: str, tmp_path: Path) -> None:
    assert load_one(tmp_path, f"---\n{line}\n---\nWords.").title == title


@pytest.mark.parametrize(("line", "date"), [
    ("date: 2020-02-03", "2020-02-03"),
    ("date: '2020-02-03'", "2020-02-03"),
    ("date: 2020-02-03 10:00:00", "2020-02-03"),
    ("date: 2020-02-03T10:00:00+09:00", "2020-02-03"),
    ("date: in spring", ""),
    ("date: 2020-02-30", ""),
    ("date: 2020-13-01", ""),
    ("author: nobody", ""),
])  # fmt: skip
def test_a_date_is_an_iso_date_or_empty(line: str, date: str, tmp_path: Path) -> None:
    assert load_one(tmp_path, f"---\n{line}\n---\nWords.").date == date


@pytest.mark.parametrize(("line", "language"), [
    ("language: ko", "ko"),
    ("language: en", "en"),
    ("language: ko-KR", "ko"),
    ("language: EN", "en"),
    ("language: Korean", "ko"),  # not a code: the language of the text is used
    ("language: fr", "ko"),
    ("title: none", "ko"),
])  # fmt: skip
def test_the_language_is_the_field_or_that_of_the_text(line: str, language: str, tmp_path: Path) -> None:
    assert load_one(tmp_path, f"---\n{line}\n---\n고인돌은 무겁다.").language == language


@pytest.mark.parametrize(
    ("yaml", "title", "keys"),
    [
        ("title: a: b", "a: b", "title"),
        ("title: fine\nauthor: [open", "fine", "title, author"),
        ("title: 'open", "'open", "title"),
        ("date: 2020-02-03\n\ttags: tab\ntitle: after a tab", "after a tab", "date, tags, title"),
    ],
)
def test_an_invalid_header_is_read_line_by_line_and_noted(yaml: str, title: str, keys: str, tmp_path: Path) -> None:
    (tmp_path / "essay.md").write_text(f"---\n{yaml}\n---\nWords.")
    collection = load_essays([tmp_path])
    assert [(essay.title, essay.text) for essay in collection.essays] == [(title, "Words.")]
    lines = yaml.count("\n") + 3
    assert [note.text.en for note in collection.notes] == [
        f"its header of {lines} lines is not valid and was read line by line: {keys}"
    ]


def test_a_date_in_the_file_s_name_is_the_essay_s_where_the_header_has_none(tmp_path: Path) -> None:
    assert load_one(tmp_path, "Words.", "2022-03-05 note.md").date == "2022-03-05"
    assert load_one(tmp_path, "---\ndate: 2021. 4. 5.\n---\nWords.", "2022-03-05 note.md").date == "2021-04-05"


@pytest.mark.parametrize("yaml", [
    "a: " + "[" * 20_000,
    "{a: " * 20_000,
    "n: " + "9" * 5_000,
    "n: 0x" + "f" * 5_000,
    "n: 0b_",
    "!!python/object/apply:os.system [id]",
    "b: !!binary '//4='",
    "<<: 3",
    "? [a]\n: b",
])  # fmt: skip
def test_hostile_front_matter_does_not_stop_other_files(yaml: str, tmp_path: Path) -> None:
    (tmp_path / "bad.md").write_text(f"---\n{yaml}\n---\nWords.")
    (tmp_path / "good.md").write_text("A good essay.")
    collection = load_essays([tmp_path])
    assert "good" in [essay.id for essay in collection.essays]
    assert len(collection.essays) + len(collection.skipped) == 2


def test_nested_yaml_aliases_are_not_expanded(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 30)]
    essay = load_one(tmp_path, "---\ntitle: Bomb\n" + "\n".join(lines) + "\n---\nWords.")
    assert (essay.title, essay.text) == ("Bomb", "Words.")


@pytest.mark.parametrize("yaml", ["- a\n- b", "just words", "# a comment"])
def test_yaml_that_is_not_a_mapping_is_part_of_the_text(yaml: str, tmp_path: Path) -> None:
    assert load_one(tmp_path, f"---\n{yaml}\n---\nWords.").text == f"---\n{yaml}\n---\nWords."


def test_empty_front_matter_is_removed(tmp_path: Path) -> None:
    assert load_one(tmp_path, "---\n---\nWords.").text == "Words."


def test_front_matter_without_an_end_is_text(tmp_path: Path) -> None:
    assert load_one(tmp_path, "---\ntitle: open\n\nWords.").text == "---\ntitle: open\n\nWords."


def test_a_rule_further_down_is_not_front_matter(tmp_path: Path) -> None:
    assert load_one(tmp_path, "Words.\n---\ntitle: x\n---\n").text == "Words.\n---\ntitle: x\n---"


def test_escapes_in_front_matter_are_cleaned(tmp_path: Path) -> None:
    essay = load_one(tmp_path, '---\ntitle: "a\\uD800\\u202E\\0b"\nauthor: "e\\u0301"\n---\nWords.')
    assert (essay.title, essay.author) == ("ab", "é")


# --- skipped, with a reason


@pytest.mark.parametrize("content", [b"\xef\xbb\xbf", b" \n\n \t", b"---\ntitle: x\n---\n\n", "\u200b\u200b".encode()])
def test_a_file_without_text_is_skipped(content: bytes, tmp_path: Path) -> None:
    assert skip_reason(tmp_path, content) == "it contains no text; write some or remove the file"


def test_a_binary_file_with_a_text_suffix_is_skipped(tmp_path: Path) -> None:
    assert skip_reason(tmp_path, b"\x00\x01\x02\x03" * 500) == "it is binary, not text"


def test_mixed_encodings_are_skipped(tmp_path: Path) -> None:
    assert skip_reason(tmp_path, KOREAN.encode() + KOREAN.encode("cp949")) == "its encoding is unknown or mixed"


def test_a_file_over_the_limit_is_skipped_without_being_read(tmp_path: Path) -> None:
    with (tmp_path / "essay.md").open("wb") as file:
        file.truncate(MAX_FILE_BYTES + 1)  # sparse: needs no disk space
    assert skip_reason(tmp_path) == "it has 20,000,001 bytes, more than 20,000,000; split it into smaller files"


def test_a_text_over_the_limit_is_skipped(tmp_path: Path) -> None:
    line = "a" * 99 + "\n"
    assert (
        skip_reason(tmp_path, (line * (MAX_TEXT_CHARACTERS // 100) + "bc").encode())
        == "it has 5,000,002 characters, more than 5,000,000; split it into smaller files"
    )


def test_a_line_over_the_limit_is_skipped(tmp_path: Path) -> None:
    long_line = skip_reason(tmp_path, b"short\n" + b"a" * (MAX_LINE_CHARACTERS + 1) + b"\nshort")
    assert long_line == "one of its lines has 1,000,001 characters, more than 1,000,000; break the line"


def _fifo(path: Path, _: Path) -> None:
    os.mkfifo(path)


def _socket(path: Path, _: Path) -> None:
    with socket.socket(socket.AF_UNIX) as end:
        end.bind(path.name)


def _dangling(path: Path, _: Path) -> None:
    path.symlink_to(path.with_name("nothing"))


def _to_itself(path: Path, _: Path) -> None:
    path.symlink_to(path)


def _outside(path: Path, secret: Path) -> None:
    path.symlink_to(secret)


def _dotted(path: Path, secret: Path) -> None:
    path.symlink_to(Path("..") / secret.parent.name / secret.name)


def _device(path: Path, _: Path) -> None:
    path.symlink_to("/dev/zero")


@pytest.mark.parametrize("make", [_fifo, _socket, _dangling, _to_itself, _outside, _dotted, _device])
def test_a_file_that_is_not_a_regular_file_in_the_folder_is_skipped(make: Callable[[Path, Path], None], tmp_path: Path) -> None:
    folder, elsewhere = tmp_path / "corpus", tmp_path / "elsewhere"
    folder.mkdir()
    elsewhere.mkdir()
    (elsewhere / "secret.md").write_text("The canary sings.")
    os.chdir(folder)  # a socket's name must be short
    make(folder / "essay.md", elsewhere / "secret.md")
    assert skip_reason(folder) in {
        "it is not a regular file; give a text file",
        "it is a link to a file outside the folder; copy that file into the folder",
        "it cannot be read: No such file or directory; check the file and its permissions",
        "it cannot be read: No such device or address; check the file and its permissions",
        "it cannot be read: Too many levels of symbolic links; check the file and its permissions",
    }


def test_a_link_inside_the_folder_is_read(tmp_path: Path) -> None:
    (tmp_path / "b.md").write_text("Words.")
    (tmp_path / "a.md").symlink_to(tmp_path / "b.md")
    collection = load_essays([tmp_path])
    assert [essay.text for essay in collection.essays] == ["Words."]
    assert [skipped.reason.en for skipped in collection.skipped] == [f"it is the same file as {tmp_path}/a.md, which is read"]


def test_a_file_replaced_by_a_link_between_check_and_open_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "corpus"
    folder.mkdir()
    (tmp_path / "secret.md").write_text("The canary sings.")
    (folder / "good.md").write_text("A good essay.")
    (folder / "swapped.md").write_text("Harmless.")
    original_open = os.open

    def swap_and_open(path: Any, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        file = Path(os.fsdecode(path))
        if file.name == "swapped.md" and not file.is_symlink():
            file.unlink()
            file.symlink_to(tmp_path / "secret.md")
        return original_open(path, flags, mode, dir_fd=dir_fd)

    monkeypatch.setattr(os, "open", swap_and_open)
    assert [essay.text for essay in load_essays([folder]).essays] == ["A good essay."]


def test_a_folder_with_a_text_suffix_is_a_folder(tmp_path: Path) -> None:
    (tmp_path / "x.md").mkdir()
    (tmp_path / "x.md" / "inner.md").write_text("Inner words.")
    collection = load_essays([tmp_path])
    assert [(essay.id, essay.source) for essay in collection.essays] == [("x.md-inner", "x.md/inner.md")]
    assert collection.skipped == ()


def test_a_file_without_read_permission_is_skipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    original_open = os.open

    def refuse(path: Any, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        if Path(os.fsdecode(path)).name == "essay.md":
            raise PermissionError(13, "Permission denied")
        return original_open(path, flags, mode, dir_fd=dir_fd)

    monkeypatch.setattr(os, "open", refuse)
    assert skip_reason(tmp_path, b"Words.") == "it cannot be read: Permission denied; check the file and its permissions"


@pytest.mark.parametrize(
    "name", [b"\xff\xfe.md", b"line\nbreak.md", b"-rf.md", b"trailing .md", b"a" * 252 + b".md", "\u202egnp.md".encode()]
)
def test_any_file_name_gives_a_printable_essay(name: bytes, tmp_path: Path) -> None:
    path = os.fsencode(tmp_path) + b"/" + name
    with open(path, "w") as file:  # noqa: PTH123  a Path cannot hold every name
        file.write("Words.")
    (essay,) = load_essays([tmp_path]).essays
    shown = f"{essay.id}{essay.title}{essay.source}"
    assert shown.encode().decode() == shown
    assert not set(shown) & {"\n", "\u202e", "\x00"}
    assert essay.id
    assert essay.title


# --- errors


def test_an_empty_folder_is_an_error_with_a_remedy(tmp_path: Path) -> None:
    with pytest.raises(CorpusError) as caught:
        load_essays([tmp_path])
    assert (
        str(caught.value)
        == f"No essay was found in {tmp_path}. Put .md, .txt, .pdf or .docx files there, or name another folder."
    )
    assert (
        caught.value.text("ko")
        == f"{tmp_path}에서 에세이를 찾지 못했습니다. .md, .txt, .pdf, .docx 같은 파일을 넣거나 다른 폴더를 지정하세요."
    )


def test_where_all_files_were_skipped_the_error_has_the_reason(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("")
    (tmp_path / "b.md").write_text(" ")
    with pytest.raises(CorpusError) as caught:
        load_essays([tmp_path])
    assert str(caught.value) == (
        f"No essay was found in {tmp_path}. Skipped {tmp_path}/a.md: it contains no text; write some or remove the file. And 1 more."
        " Put .md, .txt, .pdf or .docx files there, or name another folder."
    )
    assert f"{tmp_path}/a.md 파일은 제외했습니다: 내용이 없습니다." in caught.value.text("ko")
    assert "그 밖에 1개도 제외했습니다." in caught.value.text("ko")


@pytest.mark.parametrize("name", ["nothing", "n" * 300, "a\x00b", "line\nbreak", os.fsdecode(b"\xff")])
def test_a_path_that_does_not_exist_is_an_error_with_the_path(name: str, tmp_path: Path) -> None:
    with pytest.raises(CorpusError) as caught:
        load_essays([ESSAYS, tmp_path / name])
    message = str(caught.value)
    assert message.startswith(f"There is no {tmp_path}/")
    assert message.endswith(".md, .mht, .mhtml, .pdf, .rtf, .text, .txt, .xhtml, .xml, .zip).")
    assert message.encode().decode() == message


def test_a_device_is_refused_without_reading_it() -> None:
    with pytest.raises(CorpusError, match=r"/dev/zero: it is not a regular file;"):
        load_essays([Path("/dev/zero")])


# --- any input


@given(
    data=st.binary(max_size=400),
    head=st.sampled_from([b"", b"---\n", b"---\ntitle: ", b"# ", b"\xff\xfe", b"\xef\xbb\xbf---\n- "]),
)
def test_any_bytes_are_an_essay_or_skipped(data: bytes, head: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.getbasetemp() / "fuzz"
    folder.mkdir(exist_ok=True)
    (folder / "fuzz.md").write_bytes(head + data)
    (folder / "good.md").write_text("A good essay that nobody repeats.")
    collection = load_essays([folder])
    assert len(collection.essays) + len(collection.skipped) == 2
    for essay in collection.essays:
        assert essay.digest
        assert essay.text.strip()


@pytest.mark.parametrize("line", ["# a{}b", "# {} b", "---{}\n", "#{}"], ids=["marks", "words", "rule", "only marks"])
@pytest.mark.parametrize("filler", ["#", " ", "# "])
def test_time_is_linear_in_the_length_of_a_heading(line: str, filler: str, tmp_path: Path) -> None:
    def work(length: int) -> None:
        (tmp_path / "a.md").write_text(line.format(filler * length) + "\nWords.")
        load_essays([tmp_path])

    assert growth(work, 4_000) < 8


@pytest.mark.parametrize(("text", "title"), [
    ("The Salt Road\n\nIt was long.", "The Salt Road"),
    ("**할머니의 라디오**\n\n라디오는 낡았다.", "할머니의 라디오"),
    ("A line that is a sentence.\n\nMore.", "note"),
    ("비가 왔다\n\n우산이 없었다.", "note"),
    ("A first line\nof a paragraph.\n\nMore.", "note"),
    ("- an item\n\nMore.", "note"),
    ("Only a line", "note"),
    ("Words\n\n# The title\n\nMore.", "The title"),
    ("The title\n=========\n\nMore.", "The title"),
    ("```\n# a comment\n```\n\nMore.", "note"),
])  # fmt: skip
def test_the_title_is_the_first_heading_or_a_first_short_line(text: str, title: str, tmp_path: Path) -> None:
    (tmp_path / "note.md").write_text(text, "utf-8")
    (essay,) = load_essays([tmp_path]).essays
    assert (essay.title, essay.text) == (title, text)


def test_a_decomposed_file_name_has_the_same_date(tmp_path: Path) -> None:
    name = unicodedata.normalize("NFD", "2022년 3월 12일.md")
    assert load_one(tmp_path, "국수를 먹었다.", name).date == "2022-03-12"

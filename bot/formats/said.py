"""What office programs write into a file's properties: names and titles that nobody gave are told apart from real ones."""

import re

_NO_AUTHOR = re.compile(
    r"(?:user|users?\d*|admin(?:istrator)?|owner|pc|home|desktop|windows|microsoft(?: office)?(?: user)?|python-docx|unknown|anonymous|author|"
    r"hancom|hnc|한컴오피스|사용자|관리자|작성자|익명|libreoffice|openoffice|root|default|me)[-\d ]*",
    re.IGNORECASE,
)
_NO_TITLE = re.compile(
    r"(?:untitled.*|document\d*|no title|word document|제목 ?없음.*|무제.*|문서\d*|새 문서.*|빈 문서.*|powerpoint .*|\(anonymous\)|null)",
    re.IGNORECASE,
)
_PROGRAM_BEFORE = re.compile(r"^Microsoft (?:Word|PowerPoint) - ", re.IGNORECASE)
_FILE_SUFFIX = re.compile(r"\.(?:docx?|hwpx?|rtf|odt|pdf|txt|md|html?|pages|tex|dvi|indd)$", re.IGNORECASE)
_PDF_DATE = re.compile(r"(?:D:)?(\d{4})(\d{2})(\d{2})")


def author(words: str) -> str:
    """The author that a file's properties name; empty for the name of a program or a role."""
    words = " ".join(words.split())
    return "" if _NO_AUTHOR.fullmatch(words) or len(words) > 200 else words


def title(words: str) -> str:
    """The title that a file's properties name; empty for a file name and what programs write by themselves."""
    words = _PROGRAM_BEFORE.sub("", " ".join(words.split()))
    return "" if _NO_TITLE.fullmatch(words) or _FILE_SUFFIX.search(words) or len(words) > 300 else words


def date(words: str) -> str:
    """The day of a date in ISO form or in that of a PDF; empty for anything else."""
    compact = _PDF_DATE.match(words.strip())
    if compact:
        return "-".join(compact.groups())
    iso = re.match(r"\d{4}-\d{2}-\d{2}", words.strip())
    return iso[0] if iso else ""

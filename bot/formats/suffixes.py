"""The suffixes of the files that are read, by the format that each of them has."""

TEXT = frozenset({".md", ".markdown", ".txt", ".text"})  # read by the loader itself
WEB_PAGES = frozenset({".html", ".htm", ".xhtml"})
FORMATS = {
    **dict.fromkeys(WEB_PAGES, "web_page"),
    ".mhtml": "saved_page",
    ".mht": "saved_page",
    ".pdf": "pdf",
    ".docx": "docx",
    ".epub": "epub",
    ".rtf": "rtf",
    ".hwpx": "hwpx",
    ".hwp": "hwp",
    ".xml": "wordpress",
    ".zip": "archive",
}
SUFFIXES = TEXT | FORMATS.keys()

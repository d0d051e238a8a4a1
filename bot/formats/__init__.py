"""Reads the formats that people have their writing in: web pages, PDF, Word, EPUB, RTF, Hangul, blog exports and zips of any of these.

`read` is for the rest of the project. It gives a file's bytes to a worker process, where one parser a format turns them into documents.
"""

from bot.formats.document import Document as Document
from bot.formats.document import FormatError as FormatError
from bot.formats.recent import read as read
from bot.formats.suffixes import SUFFIXES as SUFFIXES
from bot.formats.worker import Failed as Failed
from bot.formats.worker import Found as Found

"""Where named collections are kept: in the folder of the index, or as databases of a Chroma server. The default one has no name.

<index>/CURRENT, gen-7/, …              the default collection, as in version 0.1.0
<index>/collections/notes/CURRENT, …    the collection `notes`
"""

from pathlib import Path

FOLDER = "collections"
DATABASE_PREFIX = "dolmen-"
ENCODED = "xn--"  # before a name in Punycode, since a database's name is ASCII; no collection's name has two hyphens together


def folder_of(index: Path, name: str) -> Path:
    """The folder of a collection's generations."""
    return index / FOLDER / name if name else index


def folders_in(index: Path) -> list[str]:
    """The names of the collections that have a folder."""
    try:
        return sorted(path.name for path in (index / FOLDER).iterdir() if path.is_dir())
    except OSError:  # there is no such folder, or it cannot be read
        return []


def database_of(name: str) -> str:
    """The name of a collection's database; empty for the default collection, which is in the server's default database."""
    encoded = name if name.isascii() else ENCODED + name.encode("punycode").decode("ascii")
    return DATABASE_PREFIX + encoded if name else ""


def name_of(database: str) -> str:
    """The name of the collection in a database; empty for a database of something else."""
    if not database.startswith(DATABASE_PREFIX):
        return ""
    encoded = database.removeprefix(DATABASE_PREFIX)
    try:
        return encoded.removeprefix(ENCODED).encode("ascii").decode("punycode") if encoded.startswith(ENCODED) else encoded
    except UnicodeError:
        return ""

"""The text of a PDF page as runs with their places, by pypdf. Texts of forms drawn on the page are included."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pypdf import PageObject
from pypdf._text_extraction._layout_mode._fixed_width_page import recurse_to_target_op
from pypdf._text_extraction._layout_mode._text_state_manager import TextStateManager
from pypdf.generic import ArrayObject, ContentStream, DictionaryObject, NameObject, StreamObject

from bot.text.normalize import clean

MAX_FORM_DEPTH = 5
MAX_RUNS = 100_000  # of a page
REPLACEMENT = "\ufffd"

Operation = tuple[list[Any], bytes]


@dataclass(slots=True)
class Run:
    """Characters shown in one go: from `x0` to `x1` on the baseline `y`, in points from the bottom left, in a font of this size."""

    text: str
    x0: float
    x1: float
    y: float
    size: float
    bold: bool


def runs(page: PageObject) -> list[Run]:
    """The runs of a page in the order in which they are drawn. Text that is turned against the page is left out."""
    fonts = dict(page._layout_mode_fonts())
    operations = _operations(page.get("/Contents"), page, fonts, page.get("/Resources"), depth=0, prefix="")
    closed = _closed(operations)
    _, shown = recurse_to_target_op(closed, TextStateManager(), b"Q", fonts, True)
    found = []
    for state in shown[:MAX_RUNS]:
        text = (
            clean(state.text.replace("\x00", "")).text.replace("\n", " ")
            if state.font.interpretable
            else REPLACEMENT * len(state.value)
        )
        if text and not state.rotated and state.font_height > 0.5:
            font_name = str(state.font.name).lower()
            is_bold = any(weight in font_name for weight in ("bold", "black", "heavy", "semibold", "demi"))
            found.append(Run(text, state.tx, max(state.displaced_tx, state.tx), state.ty, state.font_height, is_bold))
    return found


def has_images(page: PageObject) -> bool:
    """Whether the page draws images."""
    resources = _resolved(page.get("/Resources"))
    objects = _resolved(resources.get("/XObject")) if isinstance(resources, DictionaryObject) else None
    if not isinstance(objects, DictionaryObject):
        return False
    return any(
        isinstance(item := _resolved(value), DictionaryObject) and item.get("/Subtype") == "/Image" for value in objects.values()
    )


def _closed(operations: Iterator[Operation]) -> Iterator[Operation]:
    """The operations, with the end of the state that pypdf is told to wait for."""
    open_states = 0
    for operands, operator in operations:
        open_states += {b"q": 1, b"Q": -1}.get(operator, 0)
        if open_states < 0:  # more ends than beginnings: the text behind would be lost
            open_states = 0
            continue
        yield operands, operator
    for _ in range(open_states + 1):
        yield [], b"Q"


def _operations(
    contents: Any, page: PageObject, fonts: dict[str, Any], resources: Any, depth: int, prefix: str
) -> Iterator[Operation]:
    """The operations of a content stream, those of the forms that it draws in their places, with fonts renamed by the form."""
    contents, resources = _resolved(contents), _resolved(resources)
    if not isinstance(contents, ArrayObject | StreamObject):
        return
    for number, (operands, operator) in enumerate(ContentStream(contents, page.pdf, "bytes").operations):
        if operator == b"Tf" and prefix and operands:
            yield [prefix + str(operands[0]), *operands[1:]], operator
        elif operator == b"Do" and depth < MAX_FORM_DEPTH and operands:
            form = _form(resources, operands[0])
            if form is not None:
                name = f"{prefix}{number}/"
                inner = form.get("/Resources", resources)
                _add_fonts(fonts, _resolved(inner), name)
                yield [], b"q"
                matrix = _resolved(form.get("/Matrix"))
                if isinstance(matrix, ArrayObject) and len(matrix) == 6:
                    yield [float(value) for value in matrix], b"cm"
                yield from _operations(form, page, fonts, inner, depth + 1, name)
                yield [], b"Q"
        else:
            yield operands, operator


def _form(resources: Any, name: Any) -> StreamObject | None:
    objects = _resolved(resources.get("/XObject")) if isinstance(resources, DictionaryObject) else None
    form = _resolved(objects.get(NameObject(name))) if isinstance(objects, DictionaryObject) else None
    return form if isinstance(form, StreamObject) and form.get("/Subtype") == "/Form" else None


def _add_fonts(fonts: dict[str, Any], resources: Any, prefix: str) -> None:
    """Add the fonts of a form under names that begin with `prefix`."""
    from pypdf.generic._font import Font

    table: Any = _resolved(resources.get("/Font")) if isinstance(resources, DictionaryObject) else None
    for name in table if isinstance(table, DictionaryObject) else ():
        font = _resolved(table[name])
        if isinstance(font, DictionaryObject):
            fonts[f"{prefix}{name}"] = Font.from_font_resource(font)


def _resolved(value: Any) -> Any:
    return value.get_object() if value is not None else None

"""The text of a PDF page as runs with their places. Texts of forms that the page draws are included."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from pypdf import PageObject
from pypdf.generic import ArrayObject, ContentStream, DictionaryObject, StreamObject

from bot.formats.pdf_fonts import Font, Fonts, resolved

MAX_FORM_DEPTH = 5
MAX_RUNS = 100_000  # of a page
MIN_SIZE = 0.5  # of letters, in points: smaller ones are hidden

Matrix = tuple[float, float, float, float, float, float]

_UNIT: Matrix = (1, 0, 0, 1, 0, 0)


@dataclass(slots=True)
class Run:
    """Characters shown in one go: from `x0` to `x1` on the baseline `y`, in points from the bottom left, in a font of this size."""

    text: str
    x0: float
    x1: float
    y: float
    size: float
    bold: bool


@dataclass(frozen=True, slots=True)
class _State:
    """The graphics state as far as text depends on it. Sizes are in text space, `stretch` is 1 for letters of natural width."""

    matrix: Matrix = _UNIT
    font: Font | None = None
    size: float = 0
    character_space: float = 0
    word_space: float = 0
    stretch: float = 1
    leading: float = 0
    rise: float = 0


def runs(page: PageObject, fonts: Fonts) -> list[Run]:
    """The runs of a page in the order in which they are drawn. Text that is turned against the page is left out."""
    drawing = _Drawing(page, fonts)
    drawing.draw(page.get("/Contents"), page.get("/Resources"), depth=0)
    return drawing.runs


def has_images(page: PageObject) -> bool:
    """Whether the page draws images."""
    objects = _objects(resolved(page.get("/Resources")))
    return any(
        isinstance(item := resolved(value), DictionaryObject) and item.get("/Subtype") == "/Image" for value in objects.values()
    )


class _Drawing:
    """The operators of a page's content streams, carried out for their text."""

    def __init__(self, page: PageObject, fonts: Fonts) -> None:
        self.runs: list[Run] = []
        self._page, self._fonts = page, fonts
        self._state = _State()
        self._saved: list[_State] = []
        self._line, self._place = _UNIT, _UNIT  # the text matrices
        self._resources: Any = None
        self._operators: dict[bytes, Callable[..., None]] = {
            b"q": self._save,
            b"Q": self._restore,
            b"cm": self._transform,
            b"BT": self._begin,
            b"Tf": self._choose_font,
            b"Td": self._move,
            b"TD": self._move_and_lead,
            b"Tm": self._set_place,
            b"T*": self._next_line,
            b"Tj": self._show,
            b"TJ": self._show_all,
            b"'": self._show_on_next_line,
            b'"': self._show_spaced,
            b"Tc": lambda value: self._set(character_space=float(value)),
            b"Tw": lambda value: self._set(word_space=float(value)),
            b"Tz": lambda value: self._set(stretch=float(value) / 100),
            b"TL": lambda value: self._set(leading=float(value)),
            b"Ts": lambda value: self._set(rise=float(value)),
        }

    def draw(self, contents: Any, resources: Any, depth: int) -> None:
        """Carry out a content stream."""
        contents, outer = resolved(contents), self._resources
        if not isinstance(contents, ArrayObject | StreamObject):
            return
        self._resources = resolved(resources)
        for operands, operator in ContentStream(contents, self._page.pdf, "bytes").operations:
            if operator == b"Do" and depth < MAX_FORM_DEPTH and operands:
                self._draw_form(str(operands[0]), depth)
            elif (act := self._operators.get(operator)) and len(self.runs) < MAX_RUNS:
                try:
                    act(*operands)
                except (TypeError, ValueError, OverflowError):
                    continue  # an operator with operands that it does not have costs itself
        self._resources = outer

    def _draw_form(self, name: str, depth: int) -> None:
        form = resolved(_objects(self._resources).get(name))
        if not isinstance(form, StreamObject) or form.get("/Subtype") != "/Form":
            return
        saved, count = self._state, len(self._saved)
        matrix = resolved(form.get("/Matrix"))
        if isinstance(matrix, ArrayObject) and len(matrix) == 6:
            self._transform(*matrix)
        self.draw(form, form.get("/Resources", self._resources), depth + 1)
        self._state = saved
        del self._saved[count:]

    def _set(self, **changes: Any) -> None:
        self._state = replace(self._state, **changes)

    def _save(self) -> None:
        self._saved.append(self._state)

    def _restore(self) -> None:
        if self._saved:
            self._state = self._saved.pop()

    def _transform(self, *values: Any) -> None:
        self._set(matrix=_product(_matrix(values), self._state.matrix))

    def _begin(self) -> None:
        self._line = self._place = _UNIT

    def _choose_font(self, name: Any, size: Any) -> None:
        self._set(font=self._fonts.of(self._resources, str(name)), size=float(size))

    def _move(self, x: Any, y: Any) -> None:
        self._line = self._place = _product((1, 0, 0, 1, float(x), float(y)), self._line)

    def _move_and_lead(self, x: Any, y: Any) -> None:
        self._set(leading=-float(y))
        self._move(x, y)

    def _set_place(self, *values: Any) -> None:
        self._line = self._place = _matrix(values)

    def _next_line(self) -> None:
        self._move(0, -self._state.leading)

    def _show_on_next_line(self, text: Any) -> None:
        self._next_line()
        self._show(text)

    def _show_spaced(self, word_space: Any, character_space: Any, text: Any) -> None:
        self._set(word_space=float(word_space), character_space=float(character_space))
        self._show_on_next_line(text)

    def _show_all(self, parts: Any) -> None:
        for part in parts:
            if isinstance(part, bytes | str):
                self._show(part)
            else:
                self._advance(-float(part) / 1000 * self._state.size * self._state.stretch)

    def _show(self, text: Any) -> None:
        """Add a run, and go to its end."""
        state = self._state
        if state.font is None:
            return
        data = text if isinstance(text, bytes) else str(text).encode("latin-1", "replace")
        shown: list[str] = []
        width = 0.0
        for character, glyph_width, is_space in state.font.glyphs(data):
            shown.append(character)
            width += glyph_width / 1000 * state.size + state.character_space + (state.word_space if is_space else 0)
        a, b, c, d, x0, y = _product((1, 0, 0, 1, 0, state.rise), _product(self._place, state.matrix))
        self._advance(width * state.stretch)
        x1 = _product(self._place, state.matrix)[4]
        size = abs(state.size) * math.hypot(c, d)
        words = "".join(shown)
        is_upright = a > 0 and abs(b) < 0.2 * a
        if words and is_upright and size > MIN_SIZE:
            self.runs.append(Run(words, x0, max(x1, x0), y, size, state.font.is_bold))

    def _advance(self, width: float) -> None:
        self._place = _product((1, 0, 0, 1, width, 0), self._place)


def _objects(resources: Any) -> DictionaryObject:
    """The forms and images of resources."""
    objects = resolved(resources.get("/XObject")) if isinstance(resources, DictionaryObject) else None
    return objects if isinstance(objects, DictionaryObject) else DictionaryObject()


def _matrix(values: tuple[Any, ...]) -> Matrix:
    a, b, c, d, e, f = map(float, values)
    return a, b, c, d, e, f


def _product(one: Matrix, two: Matrix) -> Matrix:
    """The matrix that does first `one`, then `two`."""
    a, b, c, d, e, f = one
    g, h, i, j, k, m = two
    return a * g + b * i, a * h + b * j, c * g + d * i, c * h + d * j, e * g + f * i + k, e * h + f * j + m

"""Draws docs/architecture.svg from the imports of bot/: `python docs/architecture.py`. The order of the packages is that of tests/test_layers.py.

A box is a package, or a single module of bot/ itself, with the modules in it. An arc leads from a package to one that it imports;
arcs that follow from a chain of others are grey. Nothing imports upwards, so the boxes stand in the order in which they may be read.
"""

import ast
import sys
from html import escape
from pathlib import Path

ROOT = Path(__file__).parent.parent
SVG = Path(__file__).parent / "architecture.svg"
WIDTH, LEFT, BOX, ROW_HEIGHT, GAP = 900, 16, 560, 46, 10
CHARACTERS_A_LINE = 84  # of the small text in a box

Graph = dict[str, set[str]]


def package_of(path: Path) -> str:
    """The package of bot/ that a file belongs to, or its own name where it lies in bot/ itself."""
    return path.relative_to(ROOT / "bot").parts[0].removesuffix(".py")


def imports() -> Graph:
    """For each package of bot/ those that it imports, type checkers' imports included."""
    files = sorted((ROOT / "bot").rglob("*.py"))
    names = {package_of(path) for path in files}
    graph: Graph = {name: set() for name in names}
    for path in files:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "bot":
                parts = [*node.module.split("."), node.names[0].name]
                graph[package_of(path)] |= {parts[1]} & names
    return {name: targets - {name} for name, targets in graph.items()}


def direct(graph: Graph) -> Graph:
    """The graph without the imports that a chain of others implies (its transitive reduction)."""

    def reachable(name: str) -> set[str]:
        found: set[str] = set()
        for target in graph[name]:
            found |= {target} | reachable(target)
        return found

    return {name: {t for t in targets if not any(t in reachable(o) for o in targets - {t})} for name, targets in graph.items()}


def drawing(order: list[str]) -> str:
    """The SVG, with a row for each name of `order`, the most basic first."""
    graph = imports()
    chain = direct(graph)
    height = 2 * LEFT + len(order) * (ROW_HEIGHT + GAP)
    middle = {name: LEFT + row * (ROW_HEIGHT + GAP) + ROW_HEIGHT // 2 for row, name in enumerate(order)}
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="system-ui, sans-serif" role="img">',
        "<title>The packages of bot/ and their imports</title>",
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="6" markerHeight="6" orient="auto">'
        '<path d="M0,0 L8,4 L0,8 z" fill="context-stroke"/></marker></defs>',
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
    ]
    lines += [_box(name, middle[name] - ROW_HEIGHT // 2) for name in order]
    for wanted in (False, True):  # grey arcs first, so that the others lie over them
        for name in order:
            lines += [_arc(middle[name], middle[t], strong=wanted) for t in sorted(graph[name]) if (t in chain[name]) == wanted]
    return "\n".join([*lines, "</svg>"]) + "\n"


def _box(name: str, top: int) -> str:
    folder = ROOT / "bot" / name
    modules = sorted(path.stem for path in folder.glob("*.py") if path.stem != "__init__") if folder.is_dir() else []
    source = folder / "__init__.py" if modules else ROOT / "bot" / f"{name}.py"
    summary = (ast.get_docstring(ast.parse(source.read_text(encoding="utf-8"))) or "").split("\n")[0]
    label = f"{name}/" if modules else f"{name}.py"
    lines = [(19, 15, 600, "#1f2a24", label), (36, 11.5, 400, "#51605a", ", ".join(modules) or summary)]
    texts = [
        f'<text x="{LEFT + 12}" y="{top + y}" font-size="{size}" font-weight="{weight}" fill="{colour}">{escape(_cut(text))}</text>'
        for y, size, weight, colour, text in lines
    ]
    frame = f'<rect x="{LEFT}" y="{top}" width="{BOX}" height="{ROW_HEIGHT}" rx="6" fill="#eef3ef" stroke="#6f8f7c"/>'
    return "".join([frame, *texts])


def _cut(text: str) -> str:
    """The text, cut at a word where it is too long for a line."""
    return text if len(text) <= CHARACTERS_A_LINE else text[: CHARACTERS_A_LINE - 1].rsplit(" ", 1)[0] + " …"


def _arc(start: int, end: int, *, strong: bool) -> str:
    right = LEFT + BOX
    bulge = min(WIDTH - right - 20, 40 + abs(start - end) // 2)
    colour, width = ("#2f5d46", 1.6) if strong else ("#c3ccc7", 1)
    path = f"M{right},{start - 6} C{right + bulge},{start - 6} {right + bulge},{end + 6} {right + 2},{end + 6}"
    return f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="{width}" marker-end="url(#tip)"/>'


def order() -> list[str]:
    """The names of bot/'s packages in the order that the layer test holds, the public face last."""
    sys.path.insert(0, str(ROOT))
    from tests.test_layers import ORDER

    return [name for row in ORDER for name in row]


if __name__ == "__main__":
    SVG.write_text(drawing(order()), encoding="utf-8")

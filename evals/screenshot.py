"""Screenshots of the page in docs/, made by `make screenshots`: five views, light and dark, on a desktop and on a phone."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, Playwright, sync_playwright

from bot.messages.page import EXAMPLE_QUESTIONS

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "docs"
VIEWS = ("chat", "reader", "map", "mine", "kept")
SCHEMES: tuple[Any, ...] = ("light", "dark")
SIZES = {"desktop": (1440, 900), "phone": (390, 844)}
LOCALES = {  # both languages are shown
    "light": ("ko-KR", EXAMPLE_QUESTIONS[0].ko),
    "dark": ("en-US", EXAMPLE_QUESTIONS[0].en),
}
UPLOAD = "# A note of one's own\n\nA stone that nobody moved for two thousand years says little about those who moved it.\n"
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# No sandbox and no GPU inside containers; the other flags prevent requests of the browser itself.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def chromium() -> str | None:
    """The path of an installed Chromium; None where there is none."""
    return next((path for name in CHROMIUMS if (path := shutil.which(name))), None)


def launch(playwright: Playwright) -> Browser:
    """A headless browser with `FLAGS`; the tests use it, too."""
    return playwright.chromium.launch(executable_path=chromium(), args=FLAGS)


@contextmanager
def running(**settings: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Run `python app.py` on a free port with `settings` in its environment; yield its address and its process."""
    environment = {**os.environ, "BOT_PORT": "0", **settings}
    command = [sys.executable, "app.py"]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip(), process
        finally:
            process.terminate()


def main() -> None:
    """Make the screenshots and print their paths."""
    FOLDER.mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as data,
        running(BOT_DATA=f"{data}/data", BOT_LLM="quotes") as (address, _),
        sync_playwright() as playwright,
    ):
        browser = launch(playwright)
        for scheme in SCHEMES:
            for name, (width, height) in SIZES.items():
                locale, question = LOCALES[scheme]
                page = browser.new_page(
                    locale=locale, color_scheme=scheme, viewport={"width": width, "height": height}, device_scale_factor=1
                )
                page.goto(address)
                for view in _views(page, question):
                    page.wait_for_timeout(900)
                    path = FOLDER / f"{view}-{scheme}-{name}.png"
                    page.screenshot(path=path)
                    sys.stdout.write(f"{path.relative_to(ROOT)}\n")
                page.close()
        browser.close()


def _views(page: Page, question: str) -> Iterator[str]:
    """Open one view after the other, and yield its name once it is shown."""
    page.locator("body.ready").wait_for(timeout=60_000)
    page.locator("#question textarea").fill(question)
    page.keyboard.press("Enter")
    page.locator("#chat .foot").wait_for(timeout=120_000)
    yield "chat"
    page.locator("#chat .marker").first.click()
    page.locator("#here").wait_for()
    yield "reader"
    page.locator("#view-map-button").click()
    page.locator("#map a.line:visible").first.wait_for()
    yield "map"
    page.locator("#view-mine-button").click()
    note: Any = [{"name": "note.md", "mimeType": "text/markdown", "buffer": UPLOAD.encode()}]
    page.locator("#drop input[type=file]").set_input_files(note)
    page.locator("#own .title").wait_for(timeout=60_000)
    yield "mine"
    page.locator("#view-kept-button").click()
    page.locator("#kept .title").first.wait_for()
    yield "kept"


if __name__ == "__main__":
    main()

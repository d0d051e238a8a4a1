"""A picture of the page, answering a Korean question, for the README: `python -m evals.screenshot` makes docs/page.png."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Playwright, sync_playwright

from bot.ui.words import QUESTIONS

ROOT = Path(__file__).parent.parent
PICTURE = ROOT / "docs" / "page.png"
QUESTION = QUESTIONS[0]
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# No sandbox and no GPU inside containers; the rest keeps the browser from calling anyone by itself.
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
    """The path of the browser, if there is one."""
    return next((path for name in CHROMIUMS if (path := shutil.which(name))), None)


def launch(playwright: Playwright) -> Browser:
    """The browser, as the tests use it, too."""
    return playwright.chromium.launch(executable_path=chromium(), args=FLAGS)


@contextmanager
def running(**settings: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """`python app.py` on a free port, its address and its process; `settings` go into its environment."""
    environment = {**os.environ, "BOT_PORT": "0", **settings}
    command = [sys.executable, "app.py"]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip(), process
        finally:
            process.terminate()


def main() -> None:
    """Take the picture."""
    PICTURE.parent.mkdir(exist_ok=True)
    with running() as (address, _), sync_playwright() as playwright:
        browser = launch(playwright)
        page = browser.new_page(locale="ko-KR", color_scheme="light", viewport={"width": 1440, "height": 900})
        page.goto(address)
        page.get_by_role("button", name=QUESTION).click()
        page.locator("#sources mark").first.wait_for(timeout=120_000)
        page.locator("#chat blockquote").first.wait_for()
        page.wait_for_timeout(1_000)
        page.screenshot(path=PICTURE)
        browser.close()
    sys.stdout.write(f"{PICTURE}\n")


if __name__ == "__main__":
    main()

"""Who is asking: the reader's cookie and language, as a request tells them."""

import re
import secrets
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie

from gradio import Request

from bot.schema import Language

READER, LANGUAGE = "dolmen_reader", "dolmen_language"  # cookies; the first is set by guard.py, the second by the page's switch
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class Visitor:
    """A reader's token, empty where there is no cookie (a program, say: nothing is kept for it), and the page's language."""

    reader: str
    language: Language
    accepted: str


def visitor(request: Request | None) -> Visitor:
    """The visitor who sent a request; nobody in particular where there is none."""
    if request is None:
        return Visitor("", "en", "")
    accepted = str(request.headers.get("accept-language", ""))
    cookies = cookies_in(str(request.headers.get("cookie", "")))
    chosen = cookies.get(LANGUAGE, "")
    accepted = f"{chosen},{accepted}" if chosen in ("ko", "en") else accepted
    language: Language = "ko" if accepted.strip().lower().startswith("ko") else "en"
    return Visitor(token_in(cookies), language, accepted)


def token_in(cookies: dict[str, str]) -> str:
    """The reader's token; empty where there is none, or none of ours."""
    token = cookies.get(READER, "")
    return token if _TOKEN.fullmatch(token) else ""


def new_token() -> str:
    """256 random bits."""
    return secrets.token_urlsafe(32)


def cookies_in(header: str) -> dict[str, str]:
    """The cookies of a header; none where it cannot be read."""
    try:
        return {name: morsel.value for name, morsel in SimpleCookie(header).items()}
    except CookieError:
        return {}

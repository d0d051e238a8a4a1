"""Who is asking: the reader's cookie and language, as a request tells them."""

import re
import secrets
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie

from gradio import Request
from starlette.requests import HTTPConnection

from bot.schema import Language
from bot.ui.rate_limit import caller_of

READER, LANGUAGE = "dolmen_reader", "dolmen_language"  # cookies; the first is set by guard.py, the second by the page's switch
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who asks, and in which language the page speaks to them.

    `reader` is the token, empty where there is no cookie (a program, say: nothing is kept for it); `caller` is whom a call counts for.
    """

    reader: str
    language: Language
    accepted: str
    caller: str = ""


def visitor_of(request: Request | HTTPConnection | None) -> Visitor:
    """The visitor who sent a request; nobody in particular where there is none."""
    if request is None:
        return Visitor("", "en", "")
    accepted = str(request.headers.get("accept-language", ""))
    cookies = cookies_in(str(request.headers.get("cookie", "")))
    chosen = cookies.get(LANGUAGE, "")
    accepted = f"{chosen},{accepted}" if chosen in ("ko", "en") else accepted
    language: Language = "ko" if accepted.strip().lower().startswith("ko") else "en"
    reader = token_in(cookies)
    return Visitor(reader, language, accepted, caller_of(address_of(request), reader))


def address_of(request: Request | HTTPConnection) -> str:
    """The network address that a request came from; empty where it cannot be told."""
    return str(getattr(getattr(request, "client", None), "host", "") or "")


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

"""The visitor who sent a request: the reader's token and the language, from its cookies and headers."""

import re
import secrets
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie

from gradio import Request
from starlette.requests import HTTPConnection

from bot.schema import Language
from bot.text.language import language_of
from bot.ui.rate_limit import caller_of

READER, LANGUAGE = "dolmen_reader", "dolmen_language"  # cookies: the first is set by page_script.py, the second by page.js
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who sent a request.

    `reader` is the token in the cookie, empty without one (a program, for example; nothing is saved for it). `language` is the language
    of the page, `accepted` the `Accept-Language` header with the chosen language in front. `caller` is the key of the rate limits.
    `collection` is the one that is chosen on the page, None for that of the bot.
    """

    reader: str
    language: Language
    accepted: str
    caller: str = ""
    collection: str | None = None


def visitor_of(request: Request | HTTPConnection | None, collection: str | None = None) -> Visitor:
    """The visitor who sent a request, with the collection chosen on the page. Without a request: no reader, English."""
    if request is None:
        return Visitor("", "en", "", collection=collection)
    accepted = str(request.headers.get("accept-language", ""))
    cookies = cookies_in(str(request.headers.get("cookie", "")))
    chosen = cookies.get(LANGUAGE, "")
    accepted = f"{chosen},{accepted}" if chosen in ("ko", "en") else accepted
    reader = token_in(cookies)
    return Visitor(reader, language_for("", accepted), accepted, caller_of(address_of(request), reader), collection)


def language_for(question: str, accepted: str = "") -> Language:
    """The language of the page's messages before there is an answer: the question's, else the first of `accepted` (Accept-Language)."""
    if any(character.isalpha() for character in question):
        return language_of(question)
    return "ko" if accepted.strip().lower().startswith("ko") else "en"


def address_of(request: Request | HTTPConnection) -> str:
    """The network address that a request came from, empty where it is not known."""
    return str(getattr(getattr(request, "client", None), "host", "") or "")


def token_in(cookies: dict[str, str]) -> str:
    """The reader's token, empty where the cookie is missing or is not one that `new_token` made."""
    token = cookies.get(READER, "")
    return token if _TOKEN.fullmatch(token) else ""


def new_token() -> str:
    """A token of 256 random bits: 43 characters of base64url."""
    return secrets.token_urlsafe(32)


def cookies_in(header: str) -> dict[str, str]:
    """The cookies of a `Cookie` header by name; none where the header cannot be parsed."""
    try:
        return {name: morsel.value for name, morsel in SimpleCookie(header).items()}
    except CookieError:
        return {}

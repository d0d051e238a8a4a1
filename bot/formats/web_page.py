"""Reads a web page: the writer's text without menus, share buttons, comments and related posts, and who wrote it when and where."""

import copy
import json
import re
from collections.abc import Sequence
from urllib.parse import unquote, urlsplit

import trafilatura
from lxml import html

from bot.formats.document import Document, FormatError
from bot.formats.layouts import first_value, layout_of, take_out_noise
from bot.formats.limits import Budget
from bot.formats.markup import markdown, plain
from bot.formats.trees import Element, attribute, children, html_tree
from bot.messages import formats as messages

MAX_MORE = 1.4  # times what trafilatura finds, up to which an element holds the text and nothing else
MAX_ELEMENTS = 20_000  # of a page that is given to trafilatura, whose time grows faster than a page
MAX_LINKED = 0.05  # of the words of a page that is nothing but a text
MIN_LINE_CHARACTERS = 20  # of a line by which the element is found
MIN_FRAME_CHARACTERS = 200  # a page with a frame and less text than this is only the frame's border

_WRITTEN_DATE = re.compile(r"\d{4}\s*[-./년]\s*\d{1,2}\s*[-./월]\s*\d{1,2}")
_SITE_BEHIND = re.compile(r"\s+(?:[|·–—:-]|::)\s+(?P<site>[^|·–—]{1,40})$")
_MAIN_FRAME = "//iframe[@id='mainFrame' or @name='mainFrame'] | //frame[@name='mainFrame' or @id='mainFrame']"
_FURNITURE = ".//nav | .//footer | .//aside | .//form | .//header[.//nav or not(.//h1)]"
_SITES = ("og:site_name", "al:ios:app_name", "application-name")


def parse(data: bytes, _budget: Budget) -> Sequence[Document]:
    """The one document of a page. Raises `FormatError`."""
    return [page(html_tree(data))]


def page(root: Element) -> Document:
    """The document of a page's tree. Raises `FormatError` where it holds no text of a writer."""
    found = layout_of(root)
    if found:
        layout, body = found
        title = first_value(root, layout.title)
        author, date = first_value(root, layout.author), first_value(root, layout.date)
        body = copy.deepcopy(body)
        take_out_noise(body, layout)
        text = markdown(body)
    else:
        title, author, date = "", "", ""
        text = "" if _frame(root) else _main_text(root)
    frame = _frame(root) if len(text) < MIN_FRAME_CHARACTERS else ""
    if not text.strip() and not frame:
        raise FormatError(messages.ONLY_A_FRAME if root.xpath("//iframe | //frame") else messages.NO_TEXT)
    said = _metadata(root)
    title = title or said["title"]
    return Document(
        text=_without_title(text, title),
        title=title,
        author=author or said["author"],
        date=_date(date) or _date(said["date"]),
        language=said["language"],
        address=said["address"],
        frame=frame,
    )


def _main_text(root: Element) -> str:
    """The text of a page of no known layout: what trafilatura takes for the text, written from the page's own element around it.

    trafilatura loses footnotes and the nesting of lists. Where the element holds much more than it found, its own text is taken.
    """
    body = root.find(".//body")
    page = copy.deepcopy(root if body is None else body)
    for element in page.xpath(_FURNITURE):
        if element.getparent() is not None and element is not page:
            element.getparent().remove(element)
    extracted = _extracted(root) if sum(1 for _ in root.iter()) < MAX_ELEMENTS and _has_more(root) else ""
    place = _around(page, extracted)
    take_out_noise(place)
    is_all = not extracted or len("".join(plain(place).split())) < MAX_MORE * len("".join(extracted.split()))
    return markdown(place) if is_all else extracted


def _has_more(root: Element) -> bool:
    """Whether a page may hold more than one text: parts that say so, or links with many of its words."""
    if root.xpath("//nav | //header | //footer | //aside | //form | //*[@role]"):
        return True
    return sum(len(plain(link)) for link in root.xpath("//a")) > MAX_LINKED * len(plain(root))


def _extracted(root: Element) -> str:
    """What trafilatura takes for the text of a page, in Markdown."""
    content = trafilatura.extract(
        html.tostring(root, encoding="unicode"),
        output_format="html",
        include_comments=False,
        include_formatting=True,
        favor_recall=True,
    )
    return markdown(_without_noise(html.document_fromstring(content))) if content else ""


def _around(page: Element, extracted: str) -> Element:
    """The innermost element that holds nearly all lines of the extracted text."""
    lines = [
        "".join(line.split())
        for line in extracted.split("\n")
        if len(line) > MIN_LINE_CHARACTERS and "|" not in line and "[^" not in line
    ]
    place = page
    while lines:
        texts = [(child, "".join(plain(child).split())) for child in children(place)]
        inner = next((child for child, text in texts if sum(line in text for line in lines) >= 0.9 * len(lines)), None)
        if inner is None:
            break
        place = inner
    return place


def _without_noise(element: Element) -> Element:
    element = copy.deepcopy(element)
    take_out_noise(element)
    return element


def _metadata(root: Element) -> dict[str, str]:
    """What the page's head says: title, author, date, language and address, empty where it does not."""
    address = _address(root)
    title = (
        _meta(root, "og:title", "twitter:title")
        or first_value(root, "//article//h1 | //main//h1 | //h1")
        or first_value(root, "//title")
    )
    return {
        "title": _without_site(title, _meta(root, *_SITES)),
        "author": _author(root),
        "date": _meta(root, "article:published_time", "date", "dc.date", "dcterms.created", "datepublished", "pubdate")
        or first_value(root, "//time/@datetime | //*[@itemprop='datePublished']/@content | //*[@itemprop='datePublished']")
        or _linked_data(root, "datePublished"),
        "language": attribute(root, "lang") or _meta(root, "og:locale", "content-language"),
        "address": address,
    }


def _meta(root: Element, *names: str) -> str:
    """The content of the first of these `meta` elements that has one."""
    contents: dict[str, str] = {}
    for element in root.iter("meta"):
        for key in ("property", "name", "itemprop", "http-equiv"):
            name = attribute(element, key).lower()
            if name:
                contents.setdefault(name, " ".join(attribute(element, "content").split()))
    return next((contents[name] for name in names if contents.get(name)), "")


def _author(root: Element) -> str:
    """The author that the page names; an address is no name."""
    named = _meta(root, "author", "article:author", "og:article:author", "dc.creator", "dcterms.creator", "byl", "by")
    if named and not named.startswith(("http:", "https:", "/")):
        return re.sub(r"^(?:by|글쓴이|작성자)\s*:?\s+", "", named, flags=re.IGNORECASE)
    return _linked_data(root, "author") or first_value(
        root,
        "//*[@rel='author'] | //*[@itemprop='author']//*[@itemprop='name'] | //*[@itemprop='author']",
        lambda words: 0 < len(words) < 80,
    )


def _linked_data(root: Element, field: str) -> str:
    """A field of the first article in the page's JSON-LD; of an object or a list of them the names."""
    for script in root.xpath("//script[@type='application/ld+json']"):
        try:
            data = json.loads(script.text or "")
        except (ValueError, RecursionError):
            continue
        graph = data.get("@graph", [data]) if isinstance(data, dict) else data
        for node in graph if isinstance(graph, list) else []:
            if isinstance(node, dict) and field in node:
                return ", ".join(filter(None, map(_json_name, node[field] if isinstance(node[field], list) else [node[field]])))
    return ""


def _json_name(value: object) -> str:
    if isinstance(value, dict):
        value = value.get("name")
    return value.strip() if isinstance(value, str) and not value.startswith("http") else ""


def _address(root: Element) -> str:
    """The page's own address on the web; a saved page of a browser has it in a comment, which the parser drops."""
    candidates = [
        *root.xpath("//link[@rel='canonical']/@href"),
        _meta(root, "og:url"),
        *root.xpath("//a[contains(@class, 'p-canonical')]/@href"),
    ]
    return next((str(found).strip() for found in candidates if urlsplit(str(found)).scheme in ("http", "https")), "")


def _date(words: str) -> str:
    """The day in what a page shows as its date; empty where there is none."""
    found = _WRITTEN_DATE.search(words)
    return "-".join(f"{int(number):02}" for number in re.findall(r"\d+", found[0])) if found else words.strip()[:40]


def _without_site(title: str, site: str) -> str:
    """A title without the name of the site behind it."""
    behind = _SITE_BEHIND.search(title)
    return (
        title[: behind.start()]
        if behind and (not site or behind["site"].strip().casefold() in site.casefold()) and site
        else title
    )


def _without_title(text: str, title: str) -> str:
    """The text without a first heading that repeats the title."""
    first, _, rest = text.partition("\n")
    words = re.sub(r"^#+ ", "", first).strip()
    return rest.strip("\n") if first.startswith("#") and words and words == title and rest.strip() else text


def _frame(root: Element) -> str:
    """The relative path of the file that holds the page's main frame, as a browser saves it; empty without one."""
    for element in root.xpath(_MAIN_FRAME):
        source = unquote(attribute(element, "src").split("?")[0])
        if source and not urlsplit(source).scheme and not source.startswith("/"):
            return source.removeprefix("./")
    return ""

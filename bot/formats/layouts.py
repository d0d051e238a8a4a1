"""Where the text stands in the pages of blog services: Tistory, Naver, Brunch, Velog, WordPress, Medium, Substack, Notion.

Each layout names the element of the text, and where the page says title, author and date. What is not the writer's text (share buttons,
comments, related posts, subscription boxes) is taken out of it.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bot.formats.markup import plain
from bot.formats.trees import Element, attribute, local_name


def has_class(*names: str) -> str:
    """An XPath condition: the element has one of these classes."""
    return "(" + " or ".join(f"contains(concat(' ', normalize-space(@class), ' '), ' {name} ')" for name in names) + ")"


@dataclass(frozen=True, slots=True)
class Layout:
    """XPath expressions by what they find; those of `title`, `author` and `date` may give elements or attribute values."""

    body: str
    title: str = ""
    author: str = ""
    date: str = ""
    noise: str = ""


def _property(*names: str) -> str:
    """An XPath to the value of a page's property in Notion's export."""
    named = " or ".join(f"contains(., '{name}')" for name in names)
    return f"//table[@class='properties']//tr[th[{named}]]/td"


_VELOG_HEAD = f"//div[{has_class('head-wrapper')}]//*"
_MARKUP_BODY = f"//div[{has_class('body')} and {has_class('markup')}]"

LAYOUTS = (
    Layout(  # Notion's export
        body=f"//article[{has_class('page')}]//div[{has_class('page-body')}]",
        title=f"//h1[{has_class('page-title')}]",
        author=_property("Author", "author", "작성자", "글쓴이"),
        date=_property("Created", "Date", "date", "날짜", "작성일"),
    ),
    Layout(  # Medium's export
        body=f"//article[{has_class('h-entry')}]//section[@data-field='body']",
        title=f"//h1[{has_class('p-name')}]",
        author=f"//a[{has_class('p-author')}]",
        date=f"//time[{has_class('dt-published')}]/@datetime",
        noise=".//h3[contains(@class, 'graf--title')]",
    ),
    Layout(  # Tistory
        body=f"//div[{has_class('tt_article_useless_p_margin')}]",
        title=f"//*[{has_class('title-article', 'tit_post', 'hgroup')}]//h1 | //h1[{has_class('title-article', 'tit_post')}]",
        author="//meta[@property='og.article.author']/@content | //meta[@name='by']/@content | //meta[@property='article:author']/@content",
        date=f"//meta[@property='article:published_time']/@content | //*[{has_class('date', 'txt_date')}]",
        noise=f".//*[{has_class('container_postbtn', 'another_category', 'revenue_unit_wrap', 'wrap_btn_etc', 'tt-comment-cont')}]"
        " | .//figure[@data-ke-type='opengraph']",
    ),
    Layout(  # Naver's blog, since 2014
        body=f"//div[{has_class('se-main-container')}]",
        title=f"//div[{has_class('se-documentTitle')}]//*[{has_class('se-title-text')}] | //*[{has_class('se-title-text', 'htitle')}]",
        author=f"//meta[@property='naverblog:nickname']/@content | //*[{has_class('nick', 'blog_author')}]",
        date=f"//*[{has_class('se_publishDate', 'blog_date')}]",
        noise=f".//*[{has_class('se-oglink', 'se-module-oglink', 'se-sticker', 'se-placesMap', 'se-l-property', 'se-documentTitle')}]",
    ),
    Layout(  # Naver's blog, before
        body="//div[@id='postViewArea']",
        title=f"//*[{has_class('htitle')}]//*[{has_class('pcol1')}]",
        author=f"//meta[@property='naverblog:nickname']/@content | //*[{has_class('nick')}]",
        date=f"//*[{has_class('_postAddDate')}]",
    ),
    Layout(  # Brunch
        body=f"//div[{has_class('wrap_body')}]",
        title=f"//h1[{has_class('cover_title')}]",
        author="//meta[@name='og:article:author']/@content | //meta[@property='og:article:author']/@content"
        f" | //*[{has_class('author_name', 'txt_author')}]",
        date=f"//meta[@property='article:published_time']/@content | //*[{has_class('date')}]",
    ),
    Layout(  # Velog
        body=f"//div[{has_class('atom-one')}]",
        title=f"//div[{has_class('head-wrapper')}]//h1",
        author=f"{_VELOG_HEAD}[{has_class('username')}]//a | {_VELOG_HEAD}[{has_class('username')}]",
        date=f"{_VELOG_HEAD}[{has_class('information')}]/span[not(contains(@class, 'separator'))][last()]",
    ),
    Layout(  # Substack
        body=f"//div[{has_class('available-content')}]{_MARKUP_BODY} | {_MARKUP_BODY}",
        title=f"//h1[{has_class('post-title')}]",
        author="//meta[@name='author']/@content",
        date="//meta[@property='article:published_time']/@content | //time/@datetime",
        noise=f".//*[{has_class('subscription-widget-wrap', 'subscribe-widget', 'button-wrapper', 'digest-post-embed', 'paywall')}]",
    ),
    Layout(  # WordPress and what is like it
        body=f"//*[{has_class('entry-content', 'wp-block-post-content')}]",
        title=f"//h1[{has_class('entry-title', 'wp-block-post-title')}]",
        author=f"//*[{has_class('author', 'byline')}]//*[{has_class('fn', 'url')}]"
        f" | //*[{has_class('wp-block-post-author-name', 'wp-block-post-author__name')}]",
        date=f"//time[{has_class('entry-date', 'published')}]/@datetime | //div[{has_class('wp-block-post-date')}]/time/@datetime",
        noise=f".//*[{has_class('sharedaddy', 'jp-relatedposts', 'wp-block-buttons', 'wp-block-jetpack-subscriptions')}]",
    ),
)

# Parts of a page whose class or id says that the writer of the text did not write them.
_NOISE = re.compile(
    r"(?:^|[-_ ])(?:shares?|sharing|sns|social|related(?:posts?)?|recommend(?:ed|ation)?s?|comments?|repl(?:y|ies)|disqus|subscri\w*|"
    r"newsletter|promo|advert\w*|adsbygoogle|ads?|banner|breadcrumbs?|pagination|prev-?next|post-nav\w*|tag-?list|cookie\w*|popup|like-?(?:button|box)|toolbar|"
    r"another_category|author-?(?:box|card|bio)|footer-?nav|toc|ez-toc\w*)(?:$|[-_ ])",
    re.IGNORECASE,
)
_NOISE_HEADING = re.compile(
    r"(?:관련 ?글|관련 ?포스트|함께 (?:읽으면|보면) 좋은 글|이 글도 (?:읽어|추천).{0,8}|추천 ?글|다른 글|이전 글|다음 글|태그"
    r"|댓글 ?\d*|공유하기|이것이 좋아요.*|.*카테고리의 다른 글|related (?:posts?|articles?|reading)|you (?:may|might) also like.*"
    r"|read (?:more|next)|recommended (?:for you|posts?)|share this(?: post)?:?|leave a (?:comment|reply)|comments? ?\(?\d*\)?"
    r"|more from .*|like this:?|tags?:?)",
    re.IGNORECASE,
)
_LISTS = frozenset({"ul", "ol", "table", "dl"})


def layout_of(root: Element) -> tuple[Layout, Element] | None:
    """The layout of a page and the element of its text: the one with the most words; None for a page of another kind."""
    for layout in LAYOUTS:
        bodies = [body for body in root.xpath(layout.body) if plain(body)]
        if bodies:
            return layout, max(bodies, key=lambda body: len(plain(body)))
    return None


def first_value(root: Element, path: str, fits: Callable[[str], bool] = bool) -> str:
    """The first value on a path that fits, on one line; empty without one."""
    for found in root.xpath(path) if path else ():
        words = " ".join(found.split()) if isinstance(found, str) else plain(found)
        if fits(words):
            return words
    return ""


def take_out_noise(body: Element, layout: Layout | None = None) -> None:
    """Take out of the tree what the writer of the text did not write."""
    unwanted = list(body.xpath(layout.noise)) if layout and layout.noise else []
    unwanted += [element for element in body.iterdescendants() if _is_noise(element, body)]
    for heading in body.iterdescendants("h1", "h2", "h3", "h4", "h5", "h6", "p", "strong", "b", "div"):
        if _NOISE_HEADING.fullmatch(plain(heading)):
            unwanted += [heading, *_list_behind(heading)]
    for element in unwanted:
        _remove(element)


def _is_noise(element: Element, body: Element) -> bool:
    """Whether class, id or role name a part that is not the text. One with most of the words is the text, whatever it is called."""
    words = f"{attribute(element, 'class')} {attribute(element, 'id')}".strip()
    if attribute(element, "role") in ("button", "navigation", "complementary", "search"):
        return True
    if not words or not any(map(_NOISE.search, words.split())):
        return False
    return local_name(element) not in ("code", "pre") and len(plain(element)) * 2 < len(plain(body))


def _list_behind(heading: Element) -> Iterator[Element]:
    """The list that follows a heading; also where the heading stands alone in an element."""
    place = heading
    while place.getparent() is not None and plain(place.getparent()) == plain(place):
        place = place.getparent()
    following = place.getnext()
    if following is not None and (local_name(following) in _LISTS or all(local_name(child) in _LISTS for child in following)):
        yield following


def _remove(element: Element) -> None:
    """Remove an element but not the text behind it."""
    parent = element.getparent()
    if parent is None:
        return
    if element.tail:
        previous = element.getprevious()
        if previous is not None:
            previous.tail = (previous.tail or "") + element.tail
        else:
            parent.text = (parent.text or "") + element.tail
    parent.remove(element)

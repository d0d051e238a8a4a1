"""The analogy map: each analogy with its drawing, and the quotations and questions that a line of the drawing opens. Pure."""

from collections.abc import Mapping, Sequence

from bot.indexing.analogies import Analogy, Break, DomainWords, Pair, Quotation
from bot.messages import map as texts
from bot.messages import page
from bot.messages.text import Text
from bot.schema import Essay, Language
from bot.ui.map_drawing import NARROW, WIDE, anchor, drawing
from bot.ui.markup import ask_link, escape, label, link, notice, read_link


def analogy_map(analogies: Sequence[Analogy], essays: Mapping[str, Essay], language: Language) -> str:
    """The HTML of the map. The first analogy is unfolded. `essays` maps ids to the essays that are quoted."""
    if not analogies:
        return notice(texts.NONE.of(language))
    figures = "".join(_figure(analogy, essays, language, is_open=number == 0) for number, analogy in enumerate(analogies))
    return f'<div class="map"><p class="count">{escape(texts.COUNT.format(count=len(analogies)).of(language))}</p>{figures}</div>'


def _figure(analogy: Analogy, essays: Mapping[str, Essay], language: Language, *, is_open: bool) -> str:
    """One analogy: its name, two drawings of which the style sheet shows one, and a section for each of their lines."""
    pairs = "".join(_pair(analogy, pair, number, essays, language) for number, pair in enumerate(analogy.pairs, 1))
    breaks = "".join(_break(analogy, broken, number, essays, language) for number, broken in enumerate(analogy.breaks, 1))
    name = escape(analogy.name.of(language))
    return (
        f'<details class="analogy" id="{anchor(analogy)}"{" open" if is_open else ""}><summary>{name}</summary>'
        f'<p class="shows">{label(texts.SHOWS.of(language))}{escape(analogy.shows.of(language))}</p>'
        f"{drawing(analogy, language, WIDE)}{drawing(analogy, language, NARROW)}{pairs}{breaks}"
        f'<p class="unmapped">{label(texts.UNMAPPED.of(language))}{escape(analogy.unmapped.of(language))}</p></details>'
    )


def _pair(analogy: Analogy, pair: Pair, number: int, essays: Mapping[str, Essay], language: Language) -> str:
    """The section that a click on a pair's line opens."""
    a, b = pair.source.of(language), pair.target.of(language)
    question = texts.PAIR_QUESTION.format(a=a, b=b, **_domain_names(analogy, language)).of(language)
    return (
        f'<section class="more" id="{anchor(analogy, "pair", number)}" tabindex="-1">{_close_link(language)}'
        f"<h4>{escape(f'{a} — {b}')}</h4>"
        f"{_quotations(pair.quotes, essays, language)}{_ask_links(question, language)}</section>"
    )


def _break(analogy: Analogy, broken: Break, number: int, essays: Mapping[str, Essay], language: Language) -> str:
    """The section that a click on a break opens."""
    text = broken.text.of(language)
    heading = texts.BREAK.format(number=number, move=texts.MOVES[broken.move]).of(language)
    reply = ""
    if broken.reply:
        quotations = _quotations(broken.reply_quotes, essays, language)
        reply = f"<p>{label(texts.REPLY.of(language))}{escape(broken.reply.of(language))}</p>{quotations}"
    question = texts.BREAK_QUESTION.format(text=text, **_domain_names(analogy, language)).of(language)
    return (
        f'<section class="more break" id="{anchor(analogy, "break", number)}" tabindex="-1">{_close_link(language)}'
        f"<h4>{escape(heading)}</h4>"
        f"<p>{label(texts.RAISED_BY[broken.by].of(language))}{escape(text)}</p>"
        f"{_quotations(broken.quotes, essays, language)}{reply}{_ask_links(question, language)}</section>"
    )


def _close_link(language: Language) -> str:
    return link("#view/map", texts.CLOSE.of(language), "close")


def _quotations(quotes: Sequence[Quotation], essays: Mapping[str, Essay], language: Language) -> str:
    """Each quotation with a link that opens its essay there; those in the reader's language come first."""
    available = [(quotation, essays[quotation.essay]) for quotation in quotes if quotation.essay in essays]
    ordered = sorted(available, key=lambda item: item[1].language != language)
    return "".join(
        f'<blockquote lang="{essay.language}">“{escape(quotation.quote)}” '
        f"{link(read_link(essay.id, quotation.start, quotation.end, essay.sha256), essay.title, 'open')}</blockquote>"
        for quotation, essay in ordered
    )


def _ask_links(question: str, language: Language) -> str:
    """The links that ask `question` for an answer and for a counter-argument."""
    return (
        f'<p class="asks">{link(ask_link("answer", question), texts.ASK.of(language), "act")} '
        f"{link(ask_link('counter', question), page.COUNTER_SENTENCE.of(language), 'act')}</p>"
    )


def _domain_names(analogy: Analogy, language: Language) -> dict[str, str]:
    """The names of the two domains in a question. They contain a word by which the bot recognizes the analogy."""
    return {
        "source": _domain_name(analogy.source, analogy.words.source, language),
        "target": _domain_name(analogy.target, analogy.words.target, language),
    }


def _domain_name(domain: Text, words: DomainWords, language: Language) -> str:
    name, nouns = domain.of(language), words.of(language)
    return name if any(noun.rstrip("-") in name for noun in nouns) else f"{name}({nouns[0]})"

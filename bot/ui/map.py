"""The analogy map: each analogy with its drawing, and the quotations and questions that a line of the drawing opens. Pure."""

from collections.abc import Mapping, Sequence

from bot.indexing.analogies import Analogy, Bilingual, Break, Domains, Pair, Quotation
from bot.schema import Essay, Language
from bot.ui.map_drawing import NARROW, WIDE, anchor, drawing
from bot.ui.map_messages import MAP_MESSAGES, in_language
from bot.ui.markup import ask_link, escape, label, link, notice, read_link


def analogy_map(analogies: Sequence[Analogy], essays: Mapping[str, Essay], language: Language) -> str:
    """The HTML of the map. The first analogy is unfolded. `essays` maps ids to the essays that are quoted."""
    messages = MAP_MESSAGES[language]
    if not analogies:
        return notice(messages.none)
    figures = "".join(_figure(analogy, essays, language, is_open=number == 0) for number, analogy in enumerate(analogies))
    return f'<div class="map"><p class="count">{escape(messages.count.format(count=len(analogies)))}</p>{figures}</div>'


def _figure(analogy: Analogy, essays: Mapping[str, Essay], language: Language, *, is_open: bool) -> str:
    """One analogy: its name, two drawings of which the style sheet shows one, and a section for each of their lines."""
    messages = MAP_MESSAGES[language]
    pairs = "".join(_pair(analogy, pair, number, essays, language) for number, pair in enumerate(analogy.pairs, 1))
    breaks = "".join(_break(analogy, broken, number, essays, language) for number, broken in enumerate(analogy.breaks, 1))
    name = escape(in_language(analogy.name, language))
    return (
        f'<details class="analogy" id="{anchor(analogy)}"{" open" if is_open else ""}><summary>{name}</summary>'
        f'<p class="shows">{label(messages.shows)}{escape(in_language(analogy.shows, language))}</p>'
        f"{drawing(analogy, language, WIDE)}{drawing(analogy, language, NARROW)}{pairs}{breaks}"
        f'<p class="unmapped">{label(messages.unmapped)}{escape(in_language(analogy.unmapped, language))}</p></details>'
    )


def _pair(analogy: Analogy, pair: Pair, number: int, essays: Mapping[str, Essay], language: Language) -> str:
    """The section that a click on a pair's line opens."""
    messages = MAP_MESSAGES[language]
    a, b = in_language(pair.source, language), in_language(pair.target, language)
    question = messages.pair_question.format(a=a, b=b, **_domain_names(analogy, language))
    return (
        f'<section class="more" id="{anchor(analogy, "pair", number)}" tabindex="-1">{_close_link(language)}'
        f"<h4>{escape(messages.pair_label.format(a=a, b=b))}</h4>"
        f"{_quotations(pair.quotes, essays, language)}{_ask_links(question, language)}</section>"
    )


def _break(analogy: Analogy, broken: Break, number: int, essays: Mapping[str, Essay], language: Language) -> str:
    """The section that a click on a break opens."""
    messages = MAP_MESSAGES[language]
    raised_by = messages.by_essay if broken.by == "essay" else messages.by_reader
    text = in_language(broken.text, language)
    reply = ""
    if broken.reply:
        quotations = _quotations(broken.reply_quotes, essays, language)
        reply = f"<p>{label(messages.reply)}{escape(in_language(broken.reply, language))}</p>{quotations}"
    question = messages.break_question.format(text=text, **_domain_names(analogy, language))
    return (
        f'<section class="more break" id="{anchor(analogy, "break", number)}" tabindex="-1">{_close_link(language)}'
        f"<h4>{escape(messages.break_label.format(number=number, move=messages.moves[broken.move]))}</h4>"
        f"<p>{label(raised_by)}{escape(text)}</p>"
        f"{_quotations(broken.quotes, essays, language)}{reply}{_ask_links(question, language)}</section>"
    )


def _close_link(language: Language) -> str:
    return link("#view/map", MAP_MESSAGES[language].close, "close")


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
    messages = MAP_MESSAGES[language]
    return (
        f'<p class="asks">{link(ask_link("answer", question), messages.ask_answer, "act")} '
        f"{link(ask_link('counter', question), messages.ask_counter, 'act')}</p>"
    )


def _domain_names(analogy: Analogy, language: Language) -> dict[str, str]:
    """The names of the two domains in a question. They contain a word by which the bot recognizes the analogy."""
    return {
        "source": _domain_name(analogy, analogy.source, "source", language),
        "target": _domain_name(analogy, analogy.target, "target", language),
    }


def _domain_name(analogy: Analogy, domain: Bilingual, side: str, language: Language) -> str:
    name, words = in_language(domain, language), _domain_words(analogy.words, side, language)
    return name if any(word.rstrip("-") in name for word in words) else f"{name}({words[0]})"


def _domain_words(words: Domains, side: str, language: Language) -> tuple[str, ...]:
    of_side = words.source if side == "source" else words.target
    return of_side.ko if language == "ko" else of_side.en

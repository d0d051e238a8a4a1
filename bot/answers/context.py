"""Select what a chat model reads for an answer, within a token budget: the chat, a card of each essay, the map's entry, passages. Pure.

The passages are whole ones of several essays, the best first; for a summary they are the essay itself.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice

from bot.answers import debate, summary
from bot.answers.chat_turns import chat_lines
from bot.answers.tokens import cut, estimate_tokens
from bot.answers.turn import Turn
from bot.messages.text import Text
from bot.retrieval import map_search
from bot.retrieval.hybrid import work_of
from bot.schema import Answer, Citation, Essay, Language, Passage
from bot.text.sentences import outline

SEARCHED = 30  # passages that are looked through, so that those of several essays are among them
RESERVED_TOKENS = 1_700  # of a server's room for prompt and answer: the rules, the question, and the answer
SUMMARY_SHARE = 4 / 3  # of the budget, for an essay that is to be summarised: 8,000 tokens for 6,000
HEADING_TOKENS = 30  # for the line above a part: its marker, number and words; a title beside them is counted as it is
CARD = Text("“{title}”{author}{date}. {sentence}", "«{title}»{author}{date}. {sentence}")


@dataclass(frozen=True, slots=True)
class Reach:
    """How much of everything a model reads: tokens in all, or of an essay to be summarised, passages, of one essay among them, turns.

    `chat`, `cards` and `analogy` are the largest shares of the tokens that these take.
    """

    tokens: int
    summary: int
    passages: int
    per_essay: int
    turns: int
    chat: float
    cards: float
    analogy: float

    @classmethod
    def of_model(cls, tokens: int, *, is_capable: bool, room: int = 0) -> "Reach":
        """That of a capable or a small model; `tokens` is `BOT_CONTEXT`, 0 for the default, which has to fit into the server's `room`."""
        fitting = room - RESERVED_TOKENS if room and not tokens else 1_000_000
        most = min(tokens or (6_000 if is_capable else 700), fitting)
        summary = min(round(most * SUMMARY_SHARE), fitting)
        if is_capable:
            return cls(most, summary, 12, 4, 6, 0.25, 0.12, 0.12)
        return cls(most, summary, 4, 2, 2, 0.2, 0.0, 0.0)  # small models confuse more passages


@dataclass(frozen=True, slots=True)
class Context:
    """What a model reads beside the rules and the question. All of it is untrusted text.

    `chat` holds a line a message, `cards` a line an essay, `analogy` the lines of the map's entry; a sentence cites the `passages` by
    their numbers, from 1.
    """

    passages: tuple[Passage, ...] = ()
    chat: tuple[str, ...] = ()
    cards: tuple[str, ...] = ()
    analogy: tuple[str, ...] = ()

    @property
    def size(self) -> tuple[int, int]:
        """How many passages there are, and from how many essays."""
        return len(self.passages), len({passage.essay for passage in self.passages})


def select_context(turn: Turn, answer: Answer, reach: Reach) -> Context:
    """What a model reads for a turn; `answer` is the one in quotations, whose passages are read first."""
    chat = chat_lines(turn.history, reach.turns, reach.tokens * reach.chat, turn.language)
    summarised = summary.essay_of(turn) if turn.draft.intent == "summary" and turn.draft.mode == "answer" else ""
    analogy = () if summarised else _analogy(turn, reach)
    spent = sum(map(estimate_tokens, (*chat, *analogy))) + HEADING_TOKENS * (bool(chat) + bool(analogy))
    cards = reach.tokens * reach.cards
    if summarised:
        passages = whole_essay(turn.index.passages, turn.index.essays[summarised], reach.summary - spent - cards)
    else:
        passages = best_passages(_candidates(turn, answer), turn.index.essays, reach, reach.tokens - spent - cards)
    if not passages:
        passages = _part_of_the_best(turn, reach.tokens - spent - cards)
    return Context(tuple(passages), chat, tuple(_cards(turn, passages, cards)), analogy)


def best_passages(candidates: Iterable[Passage], essays: dict[str, Essay], reach: Reach, tokens: float) -> list[Passage]:
    """Those of the candidates, best first, that fit into `tokens`: first at most `per_essay` of each essay, then others.

    No text is among them twice, and of the editions of one essay only the one that comes first.
    """
    fresh = list(_without_repeats(candidates))
    rank = {passage.id: place for place, passage in enumerate(fresh)}
    counts: Counter[str] = Counter()
    first: list[Passage] = []
    later: list[Passage] = []
    for passage in fresh:
        counts[passage.essay] += 1
        (first if counts[passage.essay] <= reach.per_essay else later).append(passage)
    chosen: list[Passage] = []
    for passage in (*first, *later):
        cost = _cost(passage, essays[passage.essay])
        if cost <= tokens and len(chosen) < reach.passages:
            chosen.append(passage)
            tokens -= cost
    return sorted(chosen, key=lambda passage: rank[passage.id])


def whole_essay(passages: Sequence[Passage], essay: Essay, tokens: float) -> list[Passage]:
    """The passages of an essay in the order of its text; of one that has more than `tokens`, as many of each section.

    Each section gives its first passage, then each its second, until the tokens are spent.
    """
    own = sorted((passage for passage in passages if passage.essay == essay.id), key=lambda passage: passage.start)
    chosen: list[Passage] = []
    for passage in _by_turns(_sections(own, essay)):
        cost = _cost(passage, essay)
        if cost <= tokens:
            chosen.append(passage)
            tokens -= cost
    return sorted(chosen, key=lambda passage: passage.start)


def _sections(passages: Sequence[Passage], essay: Essay) -> list[list[Passage]]:
    """The passages by the section that they begin in; of a text without headings each is its own."""
    starts = sorted(start for start, _ in outline(essay.text).headings)
    if len(starts) < 2:
        return [list(passages)]
    sections: dict[int, list[Passage]] = {}
    for passage in passages:
        section = sum(start < passage.end for start in starts)  # a heading stands at the beginning of its passage
        sections.setdefault(section, []).append(passage)
    return list(sections.values())


def _by_turns(sections: Sequence[Sequence[Passage]]) -> Iterator[Passage]:
    """The first of each section, then the second of each, and so on; those of a single section spread over its length."""
    if len(sections) == 1:
        yield from _spread(sections[0])
        return
    for place in range(max(map(len, sections), default=0)):
        yield from (section[place] for section in sections if place < len(section))


def _spread(passages: Sequence[Passage]) -> Iterator[Passage]:
    """All passages: the first, the last, then always those in the middle of the widest gaps."""
    seen: set[int] = set()
    parts = 1
    while len(seen) < len(passages):
        for number in range(parts + 1):
            place = round(number * (len(passages) - 1) / parts)
            if place not in seen:
                seen.add(place)
                yield passages[place]
        parts *= 2


def _candidates(turn: Turn, answer: Answer) -> Iterator[Passage]:
    """The passages that the answer in quotations is made of, then all that were found for the question, best first."""
    hits = turn.more_hits(SEARCHED) or turn.hits
    found = [hit.passage for hit in hits]
    for citation in answer.citations:
        yield from islice((passage for passage in chain(found, turn.index.passages) if _holds(passage, citation)), 1)
    yield from found


def _holds(passage: Passage, citation: Citation) -> bool:
    return passage.essay == citation.essay and passage.start <= citation.start < passage.end


def _without_repeats(candidates: Iterable[Passage]) -> Iterator[Passage]:
    taken: list[Passage] = []
    editions: dict[str, str] = {}  # the id of the essay by that of the work
    for passage in candidates:
        text = " ".join(passage.text.split())
        overlaps = any(each.essay == passage.essay and each.start < passage.end and passage.start < each.end for each in taken)
        is_new = not overlaps and all(text != " ".join(each.text.split()) for each in taken)
        if text and is_new and editions.setdefault(work_of(passage.essay), passage.essay) == passage.essay:
            taken.append(passage)
            yield passage


def _part_of_the_best(turn: Turn, tokens: float) -> list[Passage]:
    """The whole sentences at the beginning of the best passage that fit into the tokens, the first one in any case."""
    if not turn.hits:
        return []
    best = turn.hits[0].passage
    essay = turn.index.essays[best.essay]
    spans = [span for span in turn.index.sentence_spans(essay) if best.start <= span[0] and span[1] <= best.end]
    if not spans:
        return [best]
    end = spans[0][1]
    for _, stop in spans:
        if _cost(Passage.of(essay, spans[0][0], stop), essay) <= tokens:
            end = stop
    return [Passage.of(essay, spans[0][0], end)]


def _cost(passage: Passage, essay: Essay) -> float:
    return estimate_tokens(passage.text.strip()) + estimate_tokens(essay.title) + HEADING_TOKENS


def _analogy(turn: Turn, reach: Reach) -> tuple[str, ...]:
    """The lines of the map's entry for the analogy that the question touches, as many as fit; none where it touches none."""
    if not reach.analogy:
        return ()
    about = map_search.analogies_about(turn.question, turn.analogies)
    if not about and turn.draft.mode != "answer":
        about = map_search.analogies_mentioning(turn.question, turn.analogies)
    lines: list[str] = []
    left = reach.tokens * reach.analogy
    for line in debate.entry(about[0], turn.question, turn.language) if about else ():
        left -= estimate_tokens(line)
        if left < 0:
            break
        lines.append(line)
    return tuple(lines)


def _cards(turn: Turn, passages: Sequence[Passage], tokens: float) -> Iterator[str]:
    """A card of each essay that the passages are from, as many as fit: title, author, date, and its first key sentence."""
    for identity in dict.fromkeys(passage.essay for passage in passages):
        line = _card(turn, turn.index.essays[identity], turn.language)
        tokens -= estimate_tokens(line) + HEADING_TOKENS / 2
        if tokens < 0:
            return
        yield line


def _card(turn: Turn, essay: Essay, language: Language) -> str:
    keys = turn.index.key_sentences(essay.id, 1)
    sentence = cut(essay.text[slice(*keys[0])], 80) if keys else ""
    author, date = (f", {value}" if value else "" for value in (essay.author, essay.date))
    return " ".join(CARD.of(language).format(title=essay.title, author=author, date=date, sentence=sentence).split())

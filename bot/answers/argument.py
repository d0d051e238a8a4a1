"""Arguments: what the essays say for and against a claim, one sentence an essay where possible, without quoting the claim back."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from bot.answers import debate
from bot.answers.selection import SelectedSentence
from bot.answers.summary import count_in
from bot.answers.turn import Line, Turn
from bot.grounding import quotations
from bot.indexing.analogies import Quotation
from bot.messages import answers as texts
from bot.messages.text import Text
from bot.retrieval.hybrid import work_of
from bot.text.tokenize import morphemes

DEFAULT, MOST = 4, 5  # sentences
MOST_OBJECTORS = 3  # sentences against one sentence
HITS = 8
CONSIDERED = 10  # sentences that arguments are chosen from
ECHO = 0.8  # share of the claim's words, by their rarity, above which a sentence only says the claim again
CONTRAST = 1.0  # in the scores of sentences
_CONTRAST = re.compile(
    r"않|아니|없|못하|못했|그러나|하지만|그런데|다만|오히려|도리어|반대|\b(?:but|however|yet|not|no|never|nor|none|nothing|instead|unlike|rather|hardly|although)\b|n[’']t\b",
    re.IGNORECASE,
)
# What a claim is searched for with, beside itself: an objection is near to the claim that it answers and to such words.
_OBJECTING = Text("An objection: it is not so, because … {claim}", "반론: 그렇지 않다. {claim}")
_OWN_VIEW = re.compile(
    r"\b(?:do|are|would) you\b|\byour (?:view|opinion|take)\b|\byou (?:think|agree|believe)\b"
    r"|(?:^|\s)(?:넌|너는|너도|네|니|당신은?)\s|동의해|동의하(?:니|나|세요|십니까)",
    re.IGNORECASE,
)


def lines(turn: Turn) -> list[Line]:
    """The sentences that bear on the claim, best first; none where the essays do not speak of it."""
    objecting = turn.search(_OBJECTING.of(turn.language).format(claim=turn.question), HITS, "answer", turn.essays)
    if turn.outcome() == "absent" or not objecting:
        return []
    hits = list({hit.passage.id: hit for hit in (*objecting, *turn.hits)}.values())
    fresh = [sentence for sentence in turn.pick(hits, CONSIDERED) if not _echoes(turn, sentence)]
    chosen = _diverse([replace(sentence, score=sentence.score + _objects(sentence)) for sentence in fresh])[
        : min(count_in(turn.draft.question) or DEFAULT, MOST)
    ]
    if not chosen:
        return []
    counted = texts.ARGUMENTS if len(chosen) > 1 else texts.ONE_ARGUMENT
    heading = texts.FOR_AND_AGAINST if _OWN_VIEW.search(turn.draft.question) else counted
    return [turn.notice(heading.format(count=len(chosen))), *turn.quotations(_by_essay(chosen))]


def quoted_claim(turn: Turn) -> Quotation | None:
    """The sentence of an essay that the question quotes; None where it quotes none."""
    for quote in quotations.quotations(turn.draft.question):
        for essay in turn.index.essays.values():
            if span := quotations.locate(quote, essay.text):
                return Quotation(essay.id, essay.text[slice(*span)], *span)
    return None


def objections(turn: Turn) -> list[Line]:
    """What speaks against the sentence that the question quotes: the objection of the map to it, else what other essays say, by meaning.

    Empty where the question quotes no essay, or no other essay is near to the sentence.
    """
    claim = quoted_claim(turn)
    if claim is None:
        return []
    for analogy in turn.analogies:
        if any(_overlaps(quote, claim) for pair in analogy.pairs for quote in pair.quotes):
            return debate.counter([analogy], turn.question, turn.language)
    others = tuple(essay.id for essay in turn.in_scope() if work_of(essay.id) != work_of(claim.essay))
    if not others:
        return []
    hits = turn.search(_OBJECTING.of(turn.language).format(claim=claim.quote), HITS, "answer", others)
    if turn.index.outcome(claim.quote, hits) == "absent":
        return []
    picked = turn.pick(hits, CONSIDERED, claim.quote)
    chosen = _diverse([replace(sentence, score=sentence.score + _objects(sentence)) for sentence in picked])[:MOST_OBJECTORS]
    return [turn.notice(texts.OBJECTORS), *turn.quotations(_by_essay(chosen))] if chosen else []


def _overlaps(quote: Quotation, claim: Quotation) -> bool:
    return quote.essay == claim.essay and quote.start < claim.end and claim.start < quote.end


def _echoes(turn: Turn, sentence: SelectedSentence) -> bool:
    """Whether a sentence has nearly all words of the claim: it is the claim itself."""
    weights = turn.index.retriever.words(turn.question)
    words = set(morphemes(sentence.essay.text[sentence.start : sentence.end]))
    total = sum(weights.values())
    return len(weights) > 2 and sum(weight for word, weight in weights.items() if word in words) > ECHO * total > 0


def _objects(sentence: SelectedSentence) -> float:
    """What a word of contrast or denial adds to the score of a sentence."""
    return CONTRAST * bool(_CONTRAST.search(sentence.essay.text, sentence.start, sentence.end))


def _diverse(sentences: Sequence[SelectedSentence]) -> list[SelectedSentence]:
    """The best sentence of each essay first, then the second of each, and so on."""
    counts: Counter[str] = Counter()
    ranked: list[tuple[int, float, SelectedSentence]] = []
    for sentence in sorted(sentences, key=lambda sentence: -sentence.score):
        ranked.append((counts[sentence.essay.id], -sentence.score, sentence))
        counts[sentence.essay.id] += 1
    return [sentence for _, _, sentence in sorted(ranked, key=lambda item: item[:2])]


def _by_essay(chosen: Sequence[SelectedSentence]) -> list[SelectedSentence]:
    """Those of one essay together, the essays in the order of their first."""
    order = {identity: place for place, identity in enumerate(dict.fromkeys(sentence.essay.id for sentence in chosen))}
    return sorted(chosen, key=lambda sentence: order[sentence.essay.id])

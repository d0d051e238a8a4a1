"""The next questions under an answer: not asked yet, and each known to be answerable.

A question for a list or a summary is answerable as it is made, and so is one for the objections of the map. One on another essay is
made where the passages found in it answer the reader's question. One on a heading is searched for first.
"""

from collections.abc import Iterator, Sequence

from bot.answers.turn import Turn
from bot.messages import answers as texts
from bot.messages.text import Text
from bot.retrieval import map_search
from bot.schema import Answer, Essay
from bot.text.sentences import back_matter_start, outline
from bot.text.tokenize import WORD, morphemes, needs_kiwi, tokenize

COUNT = 3
MAX_HEADING = 40  # characters; a longer heading makes no question
MAX_SEARCHED = 1  # questions that are searched for at most: each costs an embedding
MIN_RARITY = 2.0  # of a word that a question is about
SEARCH_HITS = 4


def of(turn: Turn, answer: Answer, asked: Sequence[str]) -> tuple[str, ...]:
    """Up to `COUNT` questions in the reader's language; `asked` are the questions of the chat, this one included."""
    known = {_plain(question) for question in (*asked, turn.draft.question)}
    chosen: list[str] = []
    searched = 0
    for text, needs_search in _candidates(turn, answer):
        question = text.of(turn.language)
        if _plain(question) in known:
            continue
        if needs_search:
            searched += 1
            if searched > MAX_SEARCHED or not _is_answerable(turn, question):
                continue
        known.add(_plain(question))
        chosen.append(question)
        if len(chosen) == COUNT:
            break
    return tuple(chosen)


def _candidates(turn: Turn, answer: Answer) -> Iterator[tuple[Text, bool]]:
    """Questions, the most useful first, and whether each has to be searched for."""
    ids = [citation.essay for citation in answer.citations] or [passage.essay for passage in answer.nearest]
    seen = list(dict.fromkeys(ids))
    if not answer.abstained:
        yield from _on_the_matter(turn, seen)
    for identity in seen[:2]:
        quoted = [citation.start for citation in answer.citations if citation.essay == identity]
        essay = turn.index.essays[identity]
        for heading in _headings(essay, quoted):
            yield texts.SUGGEST_HEADING.format(title=essay.title, heading=heading), True
    summarised = [turn.index.essays[identity] for identity in seen[:2] if turn.index.key_sentences(identity, 3)]
    others = [essay for essay in turn.in_scope() if essay.language == turn.language]
    for essay in (*summarised, *others):
        yield texts.SUGGEST_SUMMARY.format(title=essay.title), False
    if len(turn.index.essays) > 1:
        yield texts.SUGGEST_LIST, False


def _on_the_matter(turn: Turn, seen: Sequence[str]) -> Iterator[tuple[Text, bool]]:
    """What speaks against an analogy of the map, and what another essay says of the matter where its passages answer the question."""
    matches = map_search.analogies_about(turn.question, turn.analogies)
    if matches and turn.draft.intent != "argument":
        yield texts.SUGGEST_AGAINST.format(source=matches[0].source, target=matches[0].target), False
    topic = _topic(turn)
    by_essay = {hit.passage.essay: [each for each in turn.hits if each.passage.essay == hit.passage.essay] for hit in turn.hits}
    for identity, hits in by_essay.items():
        if topic and identity not in seen and turn.outcome(hits) == "answered":
            yield texts.SUGGEST_OTHER.format(title=turn.index.essays[identity].title, topic=topic), False


def _is_answerable(turn: Turn, question: str) -> bool:
    hits = turn.search(question, SEARCH_HITS, "answer", turn.essays)
    return bool(hits) and turn.index.outcome(question, hits) == "answered"


def _headings(essay: Essay, quoted: Sequence[int]) -> list[str]:
    """The headings of the essay itself, those after what was quoted first."""
    end, after = back_matter_start(essay.text), max(quoted, default=0)
    found = [(start, essay.text[start:last].strip()) for start, last in outline(essay.text).headings if last < end]
    usable = [(start, heading) for start, heading in found if 0 < len(heading) <= MAX_HEADING and heading != essay.title]
    return [heading for _, heading in sorted(usable, key=lambda pair: (pair[0] <= after, pair[0]))][:2]


def _topic(turn: Turn) -> str:
    """What the question is about: the rarest of its nouns that the collection has, as the question writes it; empty where there is none."""
    weights = turn.index.retriever.words(turn.question)
    candidates = [(weights.get(stemmed[0], 0.0), noun) for noun in _nouns(turn.question) if len(stemmed := morphemes(noun)) == 1]
    known = [
        (weight, noun) for weight, noun in candidates if weight > MIN_RARITY and turn.index.retriever.has(morphemes(noun)[0])
    ]
    return max(known, default=(0.0, ""))[1]


def _nouns(question: str) -> list[str]:
    """The nouns of a Korean question, as they are written together, and the words of an English one but its first."""
    if not needs_kiwi(question):
        return WORD.findall(question)[1:]
    runs: list[list[int]] = []
    for token in tokenize(question):
        if token.tag in {"NNG", "NNP", "SL"}:
            if runs and runs[-1][1] == token.start:
                runs[-1][1] = token.end
            else:
                runs.append([token.start, token.end])
    return [question[start:end] for start, end in runs if end - start > 1]


def _plain(question: str) -> str:
    return "".join(character for character in question.casefold() if character.isalnum())

"""Hybrid retrieval: properties of every list of hits that do not depend on the weights, and facts that one essay alone contains."""

import random
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.indexing.loader import load_essays
from bot.indexing.splitter import split, windows
from bot.retrieval.calibration import Distribution, Group
from bot.retrieval.dense import Found
from bot.retrieval.hybrid import MAX_PASSAGES_PER_ESSAY, Retriever
from bot.retrieval.index import window_arrays
from bot.retrieval.table import Table
from bot.retrieval.weights import Weights
from bot.schema import Essay, Hit, Passage, Use, Window
from bot.text.tokenize import morphemes
from tests.places import ESSAYS as ESSAY_FOLDER
from tests.toys import TOY_WEIGHTS, ToyEmbedder, essay_of

ESSAYS = load_essays([ESSAY_FOLDER]).essays
FACTS = [
    ("종탑의 종은 왜 정오에 열한 번만 치나요?", "bell-tower.ko"),
    ("벌통은 언제 옮기나요?", "bees.ko"),
    ("How many ships stand in Ada Morrow's ledger?", "lighthouse.en"),
    ("Which family paid its rent in salt?", "salt-road"),
]
QUESTIONS = [question for question, _ in FACTS] + ["", "?!", "전혀 없는 낱말 뷁뷁", "zzz qqq", "the of and", "salt 종 3.4 1931"]


GROUPS = [Group(language, is_whole) for language in ("ko", "en") for is_whole in (True, False)]


class SearchableEssays:
    """Essays with a retriever over their passages, searched with the toy embedder."""

    def __init__(self, essays: Sequence[Essay], weights: Weights | None = None) -> None:
        self.essays = {essay.id: essay for essay in essays}
        self.toy = ToyEmbedder()
        self.passages = [passage for essay in essays for passage in split(essay)]
        self.windows = [window for essay in essays for window in windows(essay, split(essay))]
        self.vectors = self.toy.encode_passages([window.text for window in self.windows])
        terms = [" ".join(morphemes(passage.text)) for passage in self.passages]
        self.table = Table.of(essays, self.passages, terms)
        self.weights = weights or TOY_WEIGHTS
        self.retriever = Retriever(self.table, self.weights)

    def found(self, question: str, order: Sequence[int] | None = None) -> Found:
        """The windows in these places, all of them by default, in this order."""
        cosines = np.asarray(self.vectors @ self.toy.encode_query(question), dtype=np.float32)
        places = np.array(range(len(self.windows)) if order is None else order, dtype=np.intp)
        distribution = Distribution(float(cosines.mean()), float(cosines.std()))
        arrays = window_arrays(self.windows, self.passages)
        return Found(arrays, self.table.is_korean, places, cosines[places], dict.fromkeys(GROUPS, distribution))

    def search(self, question: str, k: int = 5, found: Found | None = None, use: Use = "rank") -> list[Hit]:
        return self.retriever.search(question, self.found(question) if found is None else found, k, use)


SEARCHABLE = SearchableEssays(ESSAYS)


@pytest.mark.parametrize(("question", "essay"), FACTS)
def test_the_only_essay_with_a_fact_is_ranked_first(question: str, essay: str) -> None:
    assert SEARCHABLE.search(question)[0].passage.essay == essay


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("k", [0, 1, 3, 50])
def test_hits_are_at_most_k_best_first_with_passages_of_their_essays(question: str, k: int) -> None:
    hits = SEARCHABLE.search(question, k)
    assert len(hits) <= k
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    for hit in hits:
        passage = hit.passage
        assert SEARCHABLE.essays[passage.essay].text[passage.start : passage.end] == passage.text
        assert -1.0001 <= hit.dense <= 1.0001
        assert -1e-6 <= hit.lexical <= 1 + 1e-6
        assert np.isfinite(hit.score)
        assert all(passage.start <= window.start < window.end <= passage.end for window in hit.windows)
        assert [window.cosine for window in hit.windows] == sorted((window.cosine for window in hit.windows), reverse=True)


@pytest.mark.parametrize("question", QUESTIONS)
def test_hits_do_not_overlap(question: str) -> None:
    spans = sorted((hit.passage.essay, hit.passage.start, hit.passage.end) for hit in SEARCHABLE.search(question, 50))
    assert all(left[0] != right[0] or left[2] <= right[1] for left, right in zip(spans, spans[1:], strict=False))


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_order_of_the_windows_does_not_matter(question: str) -> None:
    count = len(SEARCHABLE.windows)
    shuffled = random.Random(3).sample(range(count), count)
    assert SEARCHABLE.search(question, 5, SEARCHABLE.found(question, shuffled)) == SEARCHABLE.search(question, 5)


def test_without_windows_the_lexical_scores_find_the_passage() -> None:
    assert SEARCHABLE.search(FACTS[1][0], 5, SEARCHABLE.found(FACTS[1][0], []))[0].passage.essay == "bees.ko"


def test_without_windows_or_words_nothing_is_found() -> None:
    assert SEARCHABLE.search("zzz qqq", 5, SEARCHABLE.found("zzz qqq", [])) == []


def test_a_translation_of_an_essay_in_the_question_s_language_is_not_found() -> None:
    searchable = SearchableEssays([
        essay_of("벌통은 밤에 옮긴다. 벌이 모두 집에 돌아와 있기 때문이다.", "hive.ko", "ko"),
        essay_of("A hive 벌통 is moved at night, when all the bees are home.", "hive.en", "en"),
        essay_of("Salt came on mules 벌통 before the railway did.", "salt.en", "en"),
    ])  # fmt: skip
    assert "hive.en" not in {hit.passage.essay for hit in searchable.search("벌통은 언제 옮기나요?", 10)}
    assert "hive.ko" not in {hit.passage.essay for hit in searchable.search("When is a hive moved?", 10)}


def test_a_near_duplicate_is_dropped() -> None:
    text = "Salt came to Brannick on the backs of mules, and the drivers walked at night."
    searchable = SearchableEssays(
        [essay_of(text, "one"), essay_of(text + " So.", "two"), essay_of("The bell is struck at noon.", "bell")]
    )
    assert len([hit for hit in searchable.search("Who brought the salt to Brannick?") if "mules" in hit.passage.text]) == 1


def test_an_essay_has_three_hits_for_an_answer_and_one_for_each_essay() -> None:
    parts = [f"Salt was carried by road number {number} of the county, and its guard wrote a log. " * 9 for number in range(12)]
    searchable = SearchableEssays([
        essay_of("\n\n".join(f"## Road {number}\n\n{part}" for number, part in enumerate(parts)), "roads"),
        essay_of("Salt also came by sea, and the harbour kept a log.", "sea"),
    ])  # fmt: skip
    essays: dict[Use, list[str]] = {
        use: [hit.passage.essay for hit in searchable.search("Who carried the salt?", 6, use=use)]
        for use in ("rank", "answer", "each")
    }
    assert essays["rank"].count("roads") > MAX_PASSAGES_PER_ESSAY
    assert (essays["answer"].count("roads"), essays["answer"].count("sea")) == (MAX_PASSAGES_PER_ESSAY, 1)
    assert sorted(essays["each"]) == ["roads", "sea"]


def test_a_single_passage_is_found() -> None:
    (hit,) = SearchableEssays([essay_of("Salt is heavy.")]).search("How heavy is salt?")
    assert hit.passage.text == "Salt is heavy."


@given(st.text(max_size=60))
def test_any_text_can_be_searched_for(question: str) -> None:
    assert len(SEARCHABLE.search(question, 4)) <= 4


def test_a_merged_hit_has_the_best_score_of_each_kind() -> None:
    """The first passage ranks higher by its words, its neighbour has the higher cosines: the merged hit has the maximum of each."""
    text = "Salt was carried by mules over the pass. Oxen drew the heavy carts in the winter."
    essay, end = essay_of(text), text.index("Oxen")
    passages = [Passage.of(essay, 0, end), Passage.of(essay, end, len(text))]
    table = Table.of([essay], passages, [" ".join(morphemes(passage.text)) for passage in passages])
    weights = Weights(0.0, {"coverage": 10.0, "whole": 1.0}, {}, 0.0, {}, 0.0, 0.0)
    retriever = Retriever(table, weights)
    spans = [(0, end), (0, end - 1), (end, len(text)), (end, len(text) - 1)]  # each passage, and its sentence
    windows = [Window(passages[place // 2].id, *span, "") for place, span in enumerate(spans)]
    cosines = np.array([0.2, 0.3, 0.6, 0.4], dtype=np.float32)
    distributions = {Group("en", True): Distribution(0.1, 0.5), Group("en", False): Distribution(0.3, 0.1)}
    found = Found(window_arrays(windows, passages), table.is_korean, np.arange(4), cosines, distributions)
    question = "Who carried salt over the pass?"
    scores = retriever.rank(question, found).scores
    assert scores == pytest.approx([10.0 + 0.2, 1.0])  # all words, and (0.2 - 0.1) / 0.5; no word, and (0.6 - 0.1) / 0.5
    (hit,) = retriever.search(question, found, 5)
    assert (hit.passage.start, hit.passage.end) == (0, len(text))
    assert (hit.score, hit.dense, hit.lexical) == pytest.approx((10.2, 0.6, 1.0))
    near = (hit.near.whole_cosine, hit.near.sentence_cosine, hit.near.whole, hit.near.sentence)
    assert near == pytest.approx((0.6, 0.4, 1.0, 1.0), abs=1e-6)
    assert [window.cosine for window in hit.windows] == pytest.approx([0.6, 0.4, 0.3, 0.2])


@pytest.mark.parametrize(
    ("question", "spelled"),
    [
        ("What was the Daedongbeop?", "What was the Daedongbeop? (대동법)"),
        ("대동법이 뭐야", "대동법이 뭐야"),  # it stands there as it is written
        ("Who won the World Cup?", "Who won the World Cup?"),  # a cup is no name, although 값 sounds like it
        ("who is Seonho?", "who is Seonho?"),  # 손해 is no name
    ],
)
def test_a_name_is_found_in_the_spelling_of_the_collection(question: str, spelled: str) -> None:
    essay = essay_of("대동법은 값을 쌀로 정했다. 손해를 본 이는 적었다.", "tax.ko", "ko", "공납")
    assert SearchableEssays([essay]).retriever.spelled(question) == spelled

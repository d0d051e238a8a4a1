"""The features of sentences, each worked out by hand."""

from collections.abc import Mapping

import pytest

from bot.answers.sentence_features import FEATURES, Candidate, candidates
from bot.indexing.splitter import quotable
from bot.schema import Essay, Hit, Passage, WindowHit
from tests.toys import essay_of

TEXT = "Salt is heavy and bell is loud. Why so loud? It rings."
SPANS = [(0, 31), (32, 44), (45, 54)]


def hit_on(
    essay: Essay, start: int = 0, end: int = 0, score: float = 1.0, lexical: float = 0.0, near: Mapping[int, float] | None = None
) -> Hit:
    """A hit on a passage; `near` maps the numbers of the essay's sentences to their nearness."""
    passage = Passage.of(essay, start, end or len(essay.text))
    spans = quotable(essay)
    windows = tuple(WindowHit(passage.id, *spans[number], 0.5, nearness) for number, nearness in (near or {}).items())
    return Hit(passage, score, 0.5, lexical, windows=windows)


def features(
    question: str, *hits: Hit, essays: Mapping[str, Essay], words: Mapping[str, float] | None = None
) -> list[dict[str, float]]:
    found = list(candidates(question, hits, essays, quotable, words or {}))
    return [dict(zip(FEATURES, candidate.features, strict=True)) for candidate in found]


def of(text: str, question: str = "bell", words: Mapping[str, float] | None = None, title: str = "", near: Mapping[int, float] | None = None,
       lexical: float = 0.0) -> list[dict[str, float]]:  # fmt: skip
    """The features of the sentences of an essay of one passage."""
    essay = essay_of(text, "e", "ko" if any("가" <= letter <= "힣" for letter in text) else "en", title=title)
    return features(question, hit_on(essay, lexical=lexical, near=near), essays={"e": essay}, words=words)


def column(name: str, rows: list[dict[str, float]]) -> list[float]:
    return [row[name] for row in rows]


def test_candidates_are_the_quotable_sentences_inside_the_hits() -> None:
    essay = essay_of("# Head\n\nOne is here. Two is here.\n\nThree is here.", "e")
    first, third = essay.text.index("One"), essay.text.index("Three")
    hits = [hit_on(essay, third, len(essay.text)), hit_on(essay, 0, third)]
    found = list(candidates("q", hits, {"e": essay}, quotable, {}))
    assert all(isinstance(candidate, Candidate) and len(candidate.features) == len(FEATURES) for candidate in found)
    assert [(candidate.start, candidate.end) for candidate in found] == [
        *((third, third + 14), (first, first + 12), (first + 13, first + 25)),
    ]
    assert [dict(zip(FEATURES, candidate.features, strict=True))["opens_passage"] for candidate in found] == [1, 1, 0]


def test_a_passage_counts_by_how_far_it_is_below_the_best() -> None:
    essay = essay_of("One is here.", "a"), essay_of("Two is here.", "b")
    rows = features("q", hit_on(essay[0], score=2.5), hit_on(essay[1], score=-1.0), essays={"a": essay[0], "b": essay[1]})
    assert column("passage", rows) == [0, -3.5]


def test_a_sentence_is_as_near_as_its_window_and_the_lowest_where_it_has_none() -> None:
    rows = of(TEXT, near={0: 2.0, 2: -1.0})
    assert column("nearness", rows) == [2, -1, -1]
    assert column("neighbour", rows) == [-1, 2, -1]
    assert column("nearness", of(TEXT)) == column("neighbour", of(TEXT)) == [0, 0, 0]
    assert column("neighbour", of("Alone.", near={0: 1.5})) == [1.5]  # its own, where it has no neighbour


def test_coverage_is_the_share_of_the_question_s_words_by_weight_times_the_square_of_the_best_hit_s() -> None:
    rows = of(TEXT, words={"bell": 3.0, "salt": 1.0, "moon": 4.0}, lexical=0.75)
    assert column("coverage", rows) == [0.5 * 0.75**2, 0, 0]
    assert column("coverage", of(TEXT)) == [0, 0, 0]


def test_the_share_is_that_of_the_best_hit() -> None:
    essays = {name: essay_of("The bell.", name) for name in "ab"}
    rows = features("q", hit_on(essays["a"], lexical=0.2), hit_on(essays["b"], lexical=0.8), essays=essays, words={"bell": 1.0})
    assert column("coverage", rows) == pytest.approx([0.64, 0.64])


def test_a_sentence_with_a_word_of_the_question_from_the_title_is_marked() -> None:
    words = {"bell": 1.0, "salt": 1.0}
    assert column("title_word", of("The bell rings. Salt is heavy. It is.", words=words, title="A Bell")) == [1, 0, 0]
    assert column("title_word", of("The bell rings.", words={"moon": 1.0}, title="A Bell")) == [0]


def test_a_sentence_is_short_by_what_it_lacks_of_seven_tenths_of_the_median() -> None:
    """Lengths are 9, 20 and 30, the median is 20; a Hangul syllable counts two: two of them and a period make 5."""
    rows = of("It rings. It rings for a year. The bell rings for many a year.")
    assert column("short", rows) == pytest.approx([1 - 9 / 14, 0, 0])
    assert column("short", of("운다. " + "종이 오래 울린다. " * 2)) == pytest.approx([1 - 5 / (0.7 * 17), 0, 0])


def test_questions_are_marked() -> None:
    assert column("question", of(TEXT)) == [0, 1, 0]
    assert column("question", of("“Why?” he said. He asked “Why?”")) == [0, 1]


def test_sources_and_footnotes_are_marked() -> None:
    text = "A line.[^1] B — c.\n\n- Ada Morrow — *Ledger*, 1931.\n- An item.\n\n[^1]: A note.\n"
    rows = of(text)
    essay = essay_of(text)
    sentences = [essay.text[start:end] for start, end in quotable(essay)]
    assert [sentence for sentence, row in zip(sentences, rows, strict=True) if row["source"]] == ["Ada Morrow — *Ledger*, 1931."]
    assert [sentence for sentence, row in zip(sentences, rows, strict=True) if row["note"]] == ["A note."]


def test_a_reason_is_a_word_for_it_or_follows_the_question_for_it() -> None:
    """The two sentences after one that asks why give its reason; without a why in the question nothing is marked."""
    text = "It is loud. Why is it loud? It rings. It hums. It stays because it is old."
    assert column("reason", of(text, "Why is the bell loud?")) == [0, 0, 1, 1, 1]
    assert column("reason", of(text, "How loud is the bell?")) == [0, 0, 0, 0, 0]
    assert column("reason", of("밤에 옮긴다. 벌이 집에 있기 때문이다.", "왜 밤에 옮겨?")) == [0, 1]


def test_numbers_and_persons_are_marked_where_they_are_asked_for() -> None:
    text = "The bell weighs 3 tons. Ada Morrow struck it. It is old."
    assert column("number", of(text, "How heavy is it?")) == [1, 0, 0]
    assert column("number", of(text, "Why?")) == [0, 0, 0]
    assert column("person", of(text, "Who struck it?")) == [0, 1, 0]
    assert column("person", of(text, "Why?")) == [0, 0, 0]


def test_a_definition_opens_with_a_word_of_the_question() -> None:
    words = {"dolmen": 1.0}
    text = "A dolmen is a grave. They built a dolmen. A grave is old."
    assert column("defines", of(text, "What is a dolmen?", words)) == [1, 0, 0]
    assert column("defines", of(text, "Where stands a dolmen?", words)) == [0, 0, 0]
    assert column("defines", of("고인돌은 무덤이다. 무덤을 고인돌로 지었다.", "고인돌이 뭐야?", {"고인돌": 1.0})) == [1, 0]


def test_the_language_of_the_question_is_marked() -> None:
    assert column("same_language", of("The bell rings.", "종은 언제 울려?")) == [0]
    assert column("same_language", of("종이 울린다.", "종은 언제 울려?")) == [1]

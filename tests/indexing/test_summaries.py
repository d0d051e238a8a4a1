"""Key sentences: from the whole of an essay, readable alone, none twice, ranked."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bot.indexing import summaries
from bot.indexing.build import embed
from bot.indexing.loader import load_essays
from bot.indexing.splitter import split_essay
from bot.schema import Essay
from bot.text.sentences import back_matter_start, outline
from tests.places import ROOT
from tests.toys import ToyEmbedder, essay_of


def keys_of(essay: Essay) -> list[summaries.Key]:
    split = split_essay(essay)
    vectors, _ = embed(split.windows, {}, ToyEmbedder())
    by_passage = {passage.id: essay.id for passage in split.passages}
    return summaries.of_essays([essay], split.windows, vectors, by_passage)[essay.id]


def test_the_best_are_chosen_but_not_two_that_say_the_same_nor_most_of_one_third() -> None:
    scores = np.array([9, 8, 7, 6, 0, 1, 2, 0, 5], np.float32)
    apart = np.eye(9, dtype=np.float32)
    assert summaries.choose(scores, apart) == [0, 1, 3]  # two of three is the most that the first third may have
    same = apart.copy()
    same[1] = same[0]
    assert summaries.choose(scores, same) == [0, 2, 3]


@pytest.mark.parametrize(("sentences", "count"), [(1, 1), (2, 2), (3, 3), (24, 3), (25, 4), (49, 4), (50, 5), (90, 5)])
def test_three_to_five_are_chosen_by_length(sentences: int, count: int) -> None:
    scores = np.arange(sentences, dtype=np.float32) % 7
    assert len(summaries.choose(scores, np.eye(sentences, dtype=np.float32))) == count


def test_headings_tables_footnotes_and_sources_are_no_key_sentences() -> None:
    text = (
        "# Wells\n\nA well is dug where the reeds are. It is lined with stone.[^1]\n\n| a | b |\n| --- | --- |\n| one | two |\n\n"
        "[^1]: The stone is local.\n\n## Sources\n\n- A book on wells, 1900.\n"
    )
    essay = essay_of(text)
    assert {text[start:end] for start, end, _ in keys_of(essay)} == {
        "A well is dug where the reeds are.",
        "It is lined with stone.",
    }


def test_an_essay_without_prose_has_none() -> None:
    assert keys_of(essay_of("# Only a heading\n")) == []


CLOSED = "The old bridge over the river was closed to all traffic in May."
PIER = "A lorry loaded with gravel had cracked the third of its five piers."
HURT = "Nobody was hurt, but the road to the school became an hour longer."
VOTE = "In autumn the town voted for a new bridge instead of a repair."
MILLIONS = "The engineers asked for two million, which the council did not have."
TOLL = "Half of it came from a toll that the town had once abolished."
BRIDGE = f"{CLOSED} {PIER} {HURT} {VOTE}\n\n{MILLIONS} {TOLL}\n"


def ranked(summary: str) -> list[str]:
    """The key sentences of `BRIDGE` with this summary in its front matter, by their rank."""
    keys = keys_of(replace(essay_of(BRIDGE), summary=summary))
    return [BRIDGE[start:end] for start, end, _ in sorted(keys, key=lambda key: key[2])]


def test_sentences_that_the_front_matter_gives_as_a_summary_come_first_in_its_order() -> None:
    assert ranked(f"{TOLL} {CLOSED.replace(' over', '  over')} {HURT}") == [TOLL, CLOSED, HURT]
    assert ranked(", ".join([VOTE, PIER, MILLIONS, HURT])) == [VOTE, PIER, MILLIONS, HURT]


def test_a_summary_in_other_words_changes_nothing_and_a_short_one_is_filled_up() -> None:
    plain = ranked("")
    assert ranked("How a town got its bridge back.") == plain
    others = [sentence for sentence in plain if sentence != HURT]
    assert ranked(f"On a bridge: {HURT}") == [HURT, *others[:2]]


def test_no_more_than_five_sentences_of_a_long_summary_are_key_sentences() -> None:
    assert ranked(BRIDGE) == [CLOSED, PIER, HURT, VOTE, MILLIONS]


@pytest.mark.parametrize("essay", load_essays([Path(ROOT / "corpus")]).essays, ids=lambda essay: essay.id)
def test_the_bundled_essays_have_three_to_five_of_their_own_sentences(essay: Essay) -> None:
    keys = keys_of(essay)
    quotable = set(outline(essay.text).quotable)
    assert 3 <= len(keys) <= 5
    assert sorted(rank for *_, rank in keys) == list(range(1, len(keys) + 1))
    assert keys == sorted(keys)
    assert all((start, end) in quotable and end <= back_matter_start(essay.text) for start, end, _ in keys)

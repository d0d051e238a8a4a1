"""Clauses with what they affirm and deny, and the prepositions of names."""

import pytest

from bot.grounding.grammar import clauses, preposition_before


def test_clauses_separate_affirmed_from_denied_words() -> None:
    parsed = [(set(clause.affirmed), set(clause.denied)) for clause in clauses("대구에서는 성벽을 찾지 못했고, 다툼은 잦았다.")]
    assert parsed == [({"대구", "성벽"}, {"찾-"}), ({"다툼", "잦-"}, set())]
    parsed = [
        (set(clause.affirmed), set(clause.denied))
        for clause in clauses("No walls have been found, and conflict was not frequent.")
    ]
    assert parsed == [(set(), {"wall", "found"}), ({"conflict"}, {"frequent"})]
    assert clauses("") == clauses("…") == []


def test_the_spans_of_clauses_cover_the_sentence() -> None:
    for sentence in ("돌은 컸지만 아무도 옮기지 않았다.", "Nobody moved it, but it was large."):
        joined = "".join(sentence[clause.start : clause.end] for clause in clauses(sentence))
        assert joined.replace(" ", "").rstrip(".") == sentence.replace(" ", "").replace(",but", "").rstrip(".")


@pytest.mark.parametrize(("name", "text", "preposition"), [
    ("Rome", "the roads of Rome", "of"), ("Rome", "Rome’s roads", "of"), ("Rome", "in the city. Rome fell", ""),
    ("Rome", "in Rome", "in"), ("Khan", "from the Great Khan", "from"), ("Rome", "roads", ""),
])  # fmt: skip
def test_the_preposition_that_governs_a_name(name: str, text: str, preposition: str) -> None:
    assert preposition_before(name, text) == preposition

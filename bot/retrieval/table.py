"""What ranking reads of the passages of a collection, computed once a generation; the tables of several collections can be joined. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from bot.retrieval.bm25 import Postings
from bot.retrieval.vocabulary import Vocabulary
from bot.schema import Essay, Passage
from bot.text.sentences import back_matter_start
from bot.text.tokenize import bigrams, morphemes

Mask = np.ndarray[tuple[int], np.dtype[np.bool_]]


@dataclass(frozen=True, eq=False)
class Table:
    """The passages of one or more collections; a passage's position in `passages` is its row, and masks have the shape (passages,).

    `vocabularies` are each passage's morphemes, `titles` the morphemes of each essay's title and author by the essay's id; `morphemes` and
    `bigrams` hold one `Postings` for each collection.
    """

    essays: Mapping[str, Essay]
    passages: tuple[Passage, ...]
    vocabularies: tuple[frozenset[str], ...]
    titles: Mapping[str, frozenset[str]]
    is_korean: Mask
    is_back_matter: Mask
    morphemes: tuple[Postings, ...]
    bigrams: tuple[Postings, ...]

    @classmethod
    def of(cls, essays: Sequence[Essay], passages: Sequence[Passage], terms: Sequence[str]) -> "Table":
        """The table of one collection; `terms` holds each passage's morphemes, joined by spaces, in the order of `passages`."""
        by_id = {essay.id: essay for essay in essays}
        tokens = [line.split() for line in terms]
        body_end = {essay.id: back_matter_start(essay.text) for essay in essays}
        return cls(
            essays=by_id,
            passages=tuple(passages),
            vocabularies=tuple(map(frozenset, tokens)),
            titles={essay.id: frozenset(morphemes(f"{essay.title} {essay.author}")) for essay in essays},
            is_korean=np.array([by_id[passage.essay].language == "ko" for passage in passages], dtype=np.bool_),
            is_back_matter=np.array([passage.start >= body_end[passage.essay] for passage in passages], dtype=np.bool_),
            morphemes=(Postings(tokens),),
            bigrams=(Postings([bigrams(passage.text) for passage in passages]),),
        )

    @classmethod
    def joined(cls, tables: Sequence["Table"]) -> "Table":
        """One table of all, whose rows follow one another. The essays' ids have to differ."""
        if len(tables) == 1:
            return tables[0]
        return cls(
            essays={identity: essay for table in tables for identity, essay in table.essays.items()},
            passages=tuple(passage for table in tables for passage in table.passages),
            vocabularies=tuple(words for table in tables for words in table.vocabularies),
            titles={identity: words for table in tables for identity, words in table.titles.items()},
            is_korean=np.concatenate([table.is_korean for table in tables]),
            is_back_matter=np.concatenate([table.is_back_matter for table in tables]),
            morphemes=tuple(postings for table in tables for postings in table.morphemes),
            bigrams=tuple(postings for table in tables for postings in table.bigrams),
        )

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """All words of the passages and of the titles and authors."""
        return Vocabulary(frozenset().union(*self.vocabularies, *self.titles.values()))

    def title_rows(self, word: str) -> Mask:
        """Which passages belong to an essay whose title or author has the word."""
        essays = self._essays_by_title_word.get(word, frozenset())
        if not essays:
            return np.zeros(len(self.passages), dtype=np.bool_)
        return np.array([passage.essay in essays for passage in self.passages], dtype=np.bool_)

    @cached_property
    def _essays_by_title_word(self) -> Mapping[str, frozenset[str]]:
        by_word: dict[str, set[str]] = {}
        for identity, words in self.titles.items():
            for word in words:
                by_word.setdefault(word, set()).add(identity)
        return {word: frozenset(identities) for word, identities in by_word.items()}

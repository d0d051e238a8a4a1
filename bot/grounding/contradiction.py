"""Holds a claim clause by clause against the sentences of its passages: who did it, and whether it is affirmed or denied. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial

from bot.grounding import numbers
from bot.grounding.grammar import Clause, clauses, is_common_verb, preposition_before
from bot.grounding.transliteration import is_translated, may_be_same_name
from bot.schema import Language
from bot.text.language import language_of
from bot.text.tokenize import morphemes, nouns, proper_names

# Set on the `dev` half of evals/verify.jsonl and on generated claims.
LEAST = 2  # shared words below which two clauses are not about the same
SAME = 0.5  # the share of a clause's words from which on they are
SAME_CLAUSE = 0.6  # that share where the word they share for certain is as common as 되다
SAME_FIGURES = 1.0  # across languages: that share of its figures
REPEATED = 0.8  # the share of a claim's words from which on a sentence says the same or the opposite
MARGIN = 0.2  # by how much the sentence with another name is nearer than any with this one


@dataclass(frozen=True)
class ClaimText:
    """A sentence or a clause, read once: its words, figures, names, and all that a name may be found among."""

    text: str

    @cached_property
    def words(self) -> frozenset[str]:
        """What it says, but for names and figures."""
        called = {word for name in self.names for word in (name, *morphemes(name))}
        return frozenset(word for word in morphemes(self.text) if word not in called and not word[:1].isdigit())

    @cached_property
    def figures(self) -> list[numbers.Number]:
        """Its numbers."""
        return numbers.find_numbers(self.text)

    @cached_property
    def names(self) -> list[str]:
        """Its proper names."""
        return [name for name in proper_names(self.text, openers=True) if name not in numbers.MONTHS]

    @cached_property
    def language(self) -> Language:
        """Its language."""
        return language_of(self.text)

    @cached_property
    def nouns(self) -> list[str]:
        """What a name may be found among."""
        return nouns(self.text)

    @cached_property
    def clauses(self) -> list[Clause]:
        """Its clauses, for what each affirms and denies."""
        return clauses(self.text)

    @cached_property
    def said(self) -> frozenset[str]:
        """The words of all its clauses."""
        return frozenset(word for clause in self.clauses for word in clause.affirmed | clause.denied)

    @cached_property
    def parts(self) -> "list[ClaimText]":
        """Its clauses, for who is named in each."""
        return [ClaimText(self.text[clause.start : clause.end]) for clause in self.clauses]

    def calls(self, name: str) -> bool:
        """Whether it names this."""
        return name.casefold() in self.text.casefold() or any(may_be_same_name(name, noun) for noun in self.nouns)


def swaps_roles(claim: ClaimText, sentences: Sequence[ClaimText]) -> bool:
    """Whether a clause of the claim says of one name what the passages say of another, which the clause leaves out."""
    parts = [part for sentence in sentences for part in sentence.parts]
    for part in claim.parts:
        others = [name for name in claim.names if not part.calls(name)]
        for name in part.names:
            if is_translated(name) and any(sentence.language == "ko" for sentence in sentences):
                continue
            if _rivalled(name, part, sentences, lambda one: not claim.calls(one)):
                return True
            if others and _rivalled(name, part, parts, partial(_is_one_of, others)):
                return True
            if others and any(_counted_for(part, claim, sentence) for sentence in sentences):
                return True
    return False


def _is_one_of(names: Sequence[str], name: str) -> bool:
    return any(may_be_same_name(name, one) for one in names)


def _counted_for(part: ClaimText, claim: ClaimText, sentence: ClaimText) -> bool:
    """Whether a sentence has the one figure of `part` next to a name of another clause that has a figure too: seven for A, nine for B."""
    first, last = part.text.find(part.names[0]), part.text.rfind(part.names[-1])
    one_name = last - first <= sum(map(len, part.names[:-1])) + 2 * len(part.names)  # Faster R-CNN
    if not one_name or not all(sentence.calls(own) for own in part.names):
        return False
    told = [figure for figure in part.figures if figure.value > 1]
    there = [one for one in sentence.figures if len(told) == 1 and numbers.is_among(told[0], [one])]
    if len(there) != 1:
        return False
    places = [(sentence.text.find(one), one) for one in sentence.names]
    nearest = min(((max(there[0].start - at - len(one), at - there[0].end), one) for at, one in places), default=(0, part.text))[
        1
    ]
    return not part.calls(nearest) and any(
        one.calls(nearest) and any(numbers.is_among(figure, sentence.figures) for figure in one.figures if figure.value > 1)
        for one in claim.parts
    )


def _rivalled(name: str, part: ClaimText, units: Sequence[ClaimText], rival: Callable[[str], bool]) -> bool:
    """Whether the unit that `part` repeats best does not call `name`, nor does the one before it, but has a rival in its place."""
    shares = [_share(part, unit) for unit in units]
    called = [unit.calls(name) for unit in units]
    rivals = [any(rival(one) and _takes_the_place(name, part, one, unit) for one in unit.names) for unit in units]
    across = any(part.language != unit.language for unit in units)
    own = [
        share
        for at, share in enumerate(shares)
        if called[at] or at and called[at - 1] and (across or not rivals[at]) or across and any(called[at : at + 2])
    ]
    best = max(shares, default=0.0)
    if best < (SAME_FIGURES if across else SAME) or best - max(own, default=0.0) < MARGIN:
        return False
    return any(rivals[at] for at in range(len(units)) if shares[at] == best and not called[at])


def _takes_the_place(name: str, part: ClaimText, other: str, unit: ClaimText) -> bool:
    """Whether two names stand in the same place of their sentences, as far as English prepositions tell."""
    return "ko" in {part.language, unit.language} or preposition_before(name, part.text) == preposition_before(other, unit.text)


def _share(part: ClaimText, unit: ClaimText) -> float:
    """The share of what `part` says besides names that `unit` says too; across languages, of its figures. None if it is next to nothing."""
    told = [figure for figure in part.figures if numbers.is_informative(figure, part.text)]
    words = part.words if part.language == unit.language else frozenset()
    shared = len(words & unit.words) + sum(numbers.is_among(figure, unit.figures) for figure in told)
    return shared / (len(words) + len(told)) if shared >= LEAST else 0.0


def contradicts(claim: ClaimText, sentences: Sequence[ClaimText]) -> bool:
    """Whether a clause of the claim affirms what the passages deny, or the reverse."""
    if any(_turned(claim, sentence) for sentence in sentences if claim.language == sentence.language == "ko"):
        return True
    there = [(clause, sentence) for sentence in sentences for clause in sentence.clauses]
    denied = {word for clause, _ in there for word in clause.denied}
    for clause in claim.clauses:
        borne_out = bool(clause.denied & denied)  # few were local: most had not been raised locally
        heads = clause.affirmed if borne_out else clause.affirmed | clause.denied
        if any(_opposed(head, clause, claim, there) for head in heads):
            return True
    return False


def _scope(one: Clause, other: Clause) -> frozenset[str]:
    """The English words that one clause denies and the other does not, if they are most of the first: declined to give its size and date."""
    turned = (one.affirmed & other.denied) | (one.denied & other.affirmed)
    return turned if len(turned) > LEAST and len(turned) >= SAME * len(one.affirmed | one.denied) else frozenset()


def _turned(claim: ClaimText, sentence: ClaimText) -> bool:
    """Whether two Korean sentences of nearly the same words deny an odd number of times more: Kiwi reads 물었다 otherwise than 물지."""
    same = len(claim.said & sentence.said) >= REPEATED * max(len(claim.said), len(sentence.said), 1)
    denials, there = (sum(len(clause.denied) for clause in one.clauses) for one in (claim, sentence))
    return same and len(claim.clauses) == len(sentence.clauses) and (denials - there) % 2 == 1


def _opposed(head: str, clause: Clause, claim: ClaimText, there: Sequence[tuple[Clause, ClaimText]]) -> bool:
    """Whether the clause that shares most with this one, of those with this word in a place to be denied, takes the other side."""
    said = clause.affirmed | clause.denied
    called = [name for name in claim.names if claim.text.find(name, clause.start, clause.end) >= 0]
    least = max(LEAST, SAME_CLAUSE * len(said)) if is_common_verb(head) else LEAST
    sides: dict[bool, float] = {True: 0, False: 0}
    for other, sentence in there:
        words = other.affirmed | other.denied
        repeated = len(claim.said & sentence.said) >= REPEATED * len(claim.said)
        heads = clause.heads & other.heads if sentence.language == "ko" else clause.heads | other.heads | _scope(clause, other)
        both = bool(clause.denied & other.denied)  # "No walls were found" and "walls were not found" deny different words
        agrees = both or (head in clause.denied) == (head in other.denied)
        if head in words and (agrees or head in heads):
            names_shared = sum(name in sentence.text for name in called if name not in words)
            shared = len(said & words) + names_shared
            sides[agrees] = max(sides[agrees], max(shared, least) if repeated else shared)
    return sides[False] >= least and sides[False] > sides[True]

"""Compares a claim with the sentences of its passages, clause by clause: who did it, and whether it is affirmed or denied."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial

from bot.grounding import numbers
from bot.grounding.grammar import Clause, clauses, is_common_verb, preposition_before, role_of
from bot.grounding.number_words import MONTHS
from bot.grounding.transliteration import is_translated, may_be_same_name
from bot.schema import Language
from bot.text.language import language_of
from bot.text.tokenize import morphemes, nouns, proper_names

# Set on the `dev` half of evals/verify.jsonl and on generated claims.
MIN_SHARED_WORDS = 2  # fewer than these, and two clauses are not compared
MIN_SHARE = 0.5  # of a clause's words: from here on another clause is about the same
MIN_SHARE_COMMON_VERB = 0.6  # the same, where the denied word is a verb as common as 되다
MIN_FIGURE_SHARE = 1.0  # of a clause's figures: from here on a clause in the other language is about the same
MIN_REPEATED_SHARE = 0.8  # of a claim's words: from here on a sentence repeats the claim or its opposite
MIN_MARGIN = 0.2  # by which the best share of a unit with another name exceeds that of any with this name


@dataclass(frozen=True)
class ClaimText:
    """A sentence or a clause, with what is read from it computed once."""

    text: str

    @cached_property
    def words(self) -> frozenset[str]:
        """Its content words, without names and figures."""
        of_names = {word for name in self.names for word in (name, *morphemes(name))}
        return frozenset(word for word in morphemes(self.text) if word not in of_names and not word[:1].isdigit())

    @cached_property
    def figures(self) -> list[numbers.Number]:
        """Its numbers."""
        return numbers.find_numbers(self.text)

    @cached_property
    def names(self) -> list[str]:
        """Its proper names, without the months."""
        return [name for name in proper_names(self.text, openers=True) if name not in MONTHS]

    @cached_property
    def language(self) -> Language:
        """Its language."""
        return language_of(self.text)

    @cached_property
    def nouns(self) -> list[str]:
        """The words that may be names."""
        return nouns(self.text)

    @cached_property
    def clauses(self) -> list[Clause]:
        """Its clauses, with what each affirms and denies."""
        return clauses(self.text)

    @cached_property
    def clause_words(self) -> frozenset[str]:
        """The words of all its clauses."""
        return frozenset(word for clause in self.clauses for word in clause.affirmed | clause.denied)

    @cached_property
    def clause_texts(self) -> "list[ClaimText]":
        """Its clauses, each as a text."""
        return [ClaimText(self.text[clause.start : clause.end]) for clause in self.clauses]

    def mentions(self, name: str) -> bool:
        """Whether it holds the name, in either script."""
        return name.casefold() in self.text.casefold() or any(may_be_same_name(name, noun) for noun in self.nouns)


def swaps_roles(claim: ClaimText, sentences: Sequence[ClaimText]) -> bool:
    """Whether a clause of the claim says of one name what the sentences say of another one, which the clause does not mention."""
    sentence_clauses = [clause for sentence in sentences for clause in sentence.clause_texts]
    has_korean = any(sentence.language == "ko" for sentence in sentences)
    for clause in claim.clause_texts:
        other_names = [name for name in claim.names if not clause.mentions(name)]
        for name in clause.names:
            if has_korean and is_translated(name):
                continue
            if _is_replaced(name, clause, sentences, lambda rival: not claim.mentions(rival)):
                return True
            if other_names and _is_replaced(name, clause, sentence_clauses, partial(_is_one_of, other_names)):
                return True
            if other_names and any(_figure_belongs_to_other(clause, claim, sentence) for sentence in sentences):
                return True
    return False


def contradicts(claim: ClaimText, sentences: Sequence[ClaimText]) -> bool:
    """Whether a clause of the claim affirms what the sentences deny, or denies what they affirm."""
    if any(_repeats_negated(claim, sentence) for sentence in sentences if claim.language == sentence.language == "ko"):
        return True
    candidates = [(clause, sentence) for sentence in sentences for clause in sentence.clauses]
    denied = {word for clause, _ in candidates for word in clause.denied}
    for clause in claim.clauses:
        # Where the sentences deny one of the words that the clause denies, only its affirmed words are compared:
        # "few were local" does not contradict "most had not been raised locally".
        heads = clause.affirmed if clause.denied & denied else clause.affirmed | clause.denied
        if any(_is_opposed(head, clause, claim, candidates) for head in heads):
            return True
    return False


def exchanges(claim: ClaimText, text: ClaimText) -> bool:
    """Whether a Korean text has as subject what the claim has in another role, and the other way round: 높이가 소득을, 소득이 높이를."""
    if claim.language != "ko" or text.language != "ko":
        return False
    shared = [noun for noun in dict.fromkeys(claim.nouns) if len(noun) > 1 and noun in text.nouns]
    roles = [(role_of(noun, claim.text), role_of(noun, text.text)) for noun in shared]
    turned = {pair for pair in roles if "subject" in pair and pair[0] != pair[1] and "" not in pair}
    return any(mine == "subject" for mine, _ in turned) and any(theirs == "subject" for _, theirs in turned)


def _is_one_of(names: Sequence[str], name: str) -> bool:
    return any(may_be_same_name(name, candidate) for candidate in names)


def _figure_belongs_to_other(clause: ClaimText, claim: ClaimText, sentence: ClaimText) -> bool:
    """Whether the sentence has the clause's one figure next to the name of another clause of the claim that has a figure of its own.

    "A reads seven, B reads nine" against a claim that exchanges the two figures.
    """
    first, last = clause.text.find(clause.names[0]), clause.text.rfind(clause.names[-1])
    has_one_name = last - first <= sum(map(len, clause.names[:-1])) + 2 * len(clause.names)  # Faster R-CNN is one
    if not has_one_name or not all(sentence.mentions(name) for name in clause.names):
        return False
    figures = [figure for figure in clause.figures if figure.value > 1]
    matches = [figure for figure in sentence.figures if len(figures) == 1 and numbers.is_among(figures[0], [figure])]
    if len(matches) != 1:
        return False
    (match,) = matches
    places = [(sentence.text.find(name), name) for name in sentence.names]
    distances = [(max(match.start - start - len(name), start - match.end), name) for start, name in places]
    nearest_name = min(distances, default=(0, clause.text))[1]
    return not clause.mentions(nearest_name) and any(
        other.mentions(nearest_name)
        and any(numbers.is_among(figure, sentence.figures) for figure in other.figures if figure.value > 1)
        for other in claim.clause_texts
    )


def _is_replaced(name: str, clause: ClaimText, units: Sequence[ClaimText], is_rival: Callable[[str], bool]) -> bool:
    """Whether the unit that shares most with `clause` has a rival in the place of `name`, and neither it nor the unit before mentions `name`."""
    shares = [_share(clause, unit) for unit in units]
    mentions = [unit.mentions(name) for unit in units]
    has_rival = [any(is_rival(other) and _have_same_role(name, clause, other, unit) for other in unit.names) for unit in units]
    is_across = any(clause.language != unit.language for unit in units)
    # A unit is about `name` if it mentions it, or if the unit before does (a pronoun may stand for it); across languages, the unit after.
    own_shares = [
        share
        for index, share in enumerate(shares)
        if mentions[index]
        or index
        and mentions[index - 1]
        and (is_across or not has_rival[index])
        or is_across
        and any(mentions[index : index + 2])
    ]
    best = max(shares, default=0.0)
    if best < (MIN_FIGURE_SHARE if is_across else MIN_SHARE) or best - max(own_shares, default=0.0) < MIN_MARGIN:
        return False
    return any(has_rival[index] for index in range(len(units)) if shares[index] == best and not mentions[index])


def _have_same_role(name: str, clause: ClaimText, other: str, unit: ClaimText) -> bool:
    """Whether the two names have the same preposition or, in Korean, particles of the same role. Always true across languages."""
    if clause.language != unit.language:
        return True
    if clause.language == "ko":
        roles = role_of(name, clause.text), role_of(other, unit.text)
        return roles[0] == roles[1] != ""
    return preposition_before(name, clause.text) == preposition_before(other, unit.text)


def _share(clause: ClaimText, unit: ClaimText) -> float:
    """The share of the clause's words and figures that `unit` has as well; across languages, of its figures. 0 below `MIN_SHARED_WORDS`."""
    figures = [figure for figure in clause.figures if numbers.is_informative(figure, clause.text)]
    words = clause.words if clause.language == unit.language else frozenset()
    shared = len(words & unit.words) + sum(numbers.is_among(figure, unit.figures) for figure in figures)
    return shared / (len(words) + len(figures)) if shared >= MIN_SHARED_WORDS else 0.0


def _exchanged_scope(clause: Clause, other: Clause) -> frozenset[str]:
    """The words that only one of two English clauses denies, if they are most of the first one: "declined to give its size and date"."""
    exchanged = (clause.affirmed & other.denied) | (clause.denied & other.affirmed)
    is_most = len(exchanged) >= MIN_SHARE * len(clause.affirmed | clause.denied)
    return exchanged if len(exchanged) > MIN_SHARED_WORDS and is_most else frozenset()


def _repeats_negated(claim: ClaimText, sentence: ClaimText) -> bool:
    """Whether two Korean sentences have nearly the same words, but one has an odd number of denials more.

    Needed because Kiwi may read a verb differently with and without a negation: 물었다 and 물지 않았다.
    """
    longer = max(len(claim.clause_words), len(sentence.clause_words), 1)
    if len(claim.clause_words & sentence.clause_words) < MIN_REPEATED_SHARE * longer:
        return False
    in_claim, in_sentence = (sum(len(clause.denied) for clause in text.clauses) for text in (claim, sentence))
    return len(claim.clauses) == len(sentence.clauses) and (in_claim - in_sentence) % 2 == 1


def _is_opposed(head: str, clause: Clause, claim: ClaimText, candidates: Sequence[tuple[Clause, ClaimText]]) -> bool:
    """Whether the candidate that shares most words with the clause, of those with `head` where it can be denied, takes the other side."""
    words = clause.affirmed | clause.denied
    names = [name for name in claim.names if claim.text.find(name, clause.start, clause.end) >= 0]
    min_shared = max(MIN_SHARED_WORDS, MIN_SHARE_COMMON_VERB * len(words)) if is_common_verb(head) else MIN_SHARED_WORDS
    most_shared: dict[bool, float] = {True: 0, False: 0}  # by whether the candidate agrees
    for other, sentence in candidates:
        other_words = other.affirmed | other.denied
        is_korean = sentence.language == "ko"
        heads = clause.heads & other.heads if is_korean else clause.heads | other.heads | _exchanged_scope(clause, other)
        both_deny = bool(clause.denied & other.denied)  # "No walls were found" and "walls were not found" deny different words
        agrees = both_deny or (head in clause.denied) == (head in other.denied)
        if head in other_words and (agrees or head in heads):
            shared = len(words & other_words) + sum(name in sentence.text for name in names if name not in other_words)
            is_repeated = len(claim.clause_words & sentence.clause_words) >= MIN_REPEATED_SHARE * len(claim.clause_words)
            most_shared[agrees] = max(most_shared[agrees], max(shared, min_shared) if is_repeated else shared)
    return most_shared[False] >= min_shared and most_shared[False] > most_shared[True]

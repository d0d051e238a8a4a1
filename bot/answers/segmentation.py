"""Split a chat model's text into sentences while it streams, and read the citation numbers in them. Pure."""

import re

from bot.text.boundaries import split_line

_CITATIONS = re.compile(r"\s*[\[［(]\s*(?:대목|passages?)?\s*(\d{1,3}(?:\s*[,·]\s*\d{1,3})*)\s*[\]］)]", re.IGNORECASE)
_MENTIONED = re.compile(r"(?:대목|\bpassage)\s*(\d{1,3})", re.IGNORECASE)  # "In Passage 2, …" is a citation, too
_AFTER_STOP = re.compile(r"([.!?。…][\"”’」』)]*)((?:\s*\[\d{1,3}\])+)")  # "… was moved. [1]": the number cites what is before it
_MARKUP = re.compile(r"^\s*(?:#{1,6}|[-*•]|\d{1,2}[.)])\s+|\*\*|__|`", re.MULTILINE)


def complete_sentences(text: str) -> tuple[list[str], str]:
    """The complete sentences at the beginning of `text`, and the rest, which later pieces of the stream may continue.

    A sentence is complete once the next one has begun. A rest that begins with a bracket may be the citation of the sentence before it,
    so that one is kept back as well.
    """
    found = split_sentences(text)
    kept_back = 2 if found and found[-1][0] in "[［(" else 1
    if len(found) <= kept_back:
        return [], text
    normalised = _normalise(text)
    rest = len(normalised)
    for sentence in reversed(found[-kept_back:]):
        rest = normalised.rindex(sentence, 0, rest)
    return found[:-kept_back], normalised[rest:]


def split_sentences(text: str) -> list[str]:
    """The sentences of a model's text, each with the citation numbers after it; list markers and bold markup are removed.

    A quotation of several sentences is not split, because its parts would no longer look like a quotation.
    """
    found: list[str] = []
    for line in _normalise(text).split("\n"):
        start = 0
        for sentence_start, sentence_end in split_line(line):
            if not has_open_quotation(line[start:sentence_end]):
                found.append(line[start:sentence_end].strip())
                start = sentence_end
            elif not line[start:sentence_start].strip():
                start = sentence_start
        if line[start:].strip():
            found.append(line[start:].strip())
    return [sentence for sentence in found if sentence]


def has_open_quotation(text: str) -> bool:
    """Whether `text` has an opening quotation mark without a closing one."""
    return text.count("“") > text.count("”") or text.count("「") > text.count("」") or text.count('"') % 2 == 1


def cited_numbers(sentence: str) -> list[int]:
    """The passage numbers that a sentence cites, each once, in order."""
    groups = [*_CITATIONS.findall(sentence), *_MENTIONED.findall(sentence)]
    return list(dict.fromkeys(int(number) for group in groups for number in re.findall(r"\d+", group)))


def without_citations(sentence: str) -> str:
    """The sentence without the citations in brackets, its white space collapsed."""
    return " ".join(_CITATIONS.sub("", sentence).split())


def _normalise(text: str) -> str:
    """The text without markup, citations after a full stop moved before it, and a line break after each ideographic full stop."""
    return _MARKUP.sub("", _AFTER_STOP.sub(lambda match: match[2] + match[1], text)).replace("。", "。\n")

"""The shared data classes: their JSON, key by key, their hashes, and that they are frozen."""

import hashlib
import json
from dataclasses import FrozenInstanceError, fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.messages.text import Text
from bot.schema import Answer, Citation, Hit, Note, Passage, Refusal, Report, Sentence, Skipped, Window, WindowHit
from tests.toys import essay_of

ESSAY = essay_of("고인돌은 무겁다. The stone is heavy.", identity="돌.ko", language="ko", title="돌", source="돌.ko.md")
PASSAGE = Passage.of(ESSAY, 10, 29)
CITATION = Citation(1, "돌.ko", "돌", "돌.ko.md", "고인돌은 무겁다.", 0, 9, ESSAY.sha256)
ANSWER = Answer(
    question="그건 왜?",
    standalone="고인돌은 왜 무거운가?",
    language="ko",
    mode="answer",
    voice="quotes",
    sentences=(
        Sentence("「돌」에서:", "notice"),
        Sentence("“고인돌은 무겁다.”", "essay", (1, 2)),
        Sentence("그런 듯하다.", "reading"),
    ),
    citations=(CITATION,),
    nearest=(PASSAGE,),
    refused=(Refusal("돌은 1997년에 죽었다.", "1997 stands in no passage"),),
    timings={"retrieval_ms": 1.5, "first_token_ms": 2.0, "total_ms": 3.0},
)


def test_pages_and_summary_stand_in_json_and_digest_where_there_are_some() -> None:
    paged = replace(ESSAY, pages=((0, 1), (10, 2)))
    assert "pages" not in ESSAY.to_dict()
    assert paged.to_dict()["pages"] == ((0, 1), (10, 2))
    assert paged.digest != ESSAY.digest
    assert "summary" not in ESSAY.to_dict()
    assert replace(ESSAY, summary="고인돌은 무겁다.").to_dict()["summary"] == "고인돌은 무겁다."
    assert replace(ESSAY, summary="고인돌은 무겁다.").digest != ESSAY.digest
    assert paged.sha256 == ESSAY.sha256
    assert (
        ESSAY.digest == hashlib.sha256(repr(tuple(list(vars_of(ESSAY).values())[:8])).encode()).hexdigest()
    )  # as in version 0.1.0
    assert [paged.page_at(offset) for offset in (0, 9, 10, 99)] == [1, 1, 2, 2]
    assert (ESSAY.page_at(5), replace(ESSAY, pages=((4, 7),)).page_at(3)) == (0, 0)


def vars_of(essay: Any) -> dict[str, Any]:
    return {field.name: getattr(essay, field.name) for field in fields(essay)}


def test_the_json_of_an_answer() -> None:
    assert ANSWER.to_dict() == {
        "question": "그건 왜?",
        "standalone": "고인돌은 왜 무거운가?",
        "language": "ko",
        "mode": "answer",
        "voice": "quotes",
        "text": "「돌」에서:\n“고인돌은 무겁다.” [1] [2]\n그런 듯하다.",
        "abstained": False,
        "related": False,
        "sentences": [
            {"text": "「돌」에서:", "kind": "notice", "citations": [], "quotation": False},
            {"text": "“고인돌은 무겁다.”", "kind": "essay", "citations": [1, 2], "quotation": False},
            {"text": "그런 듯하다.", "kind": "reading", "citations": [], "quotation": False},
        ],
        "citations": [
            {
                "number": 1,
                "essay": "돌.ko",
                "title": "돌",
                "source": "돌.ko.md",
                "quote": "고인돌은 무겁다.",
                "start": 0,
                "end": 9,
                "sha256": hashlib.sha256("고인돌은 무겁다. The stone is heavy.".encode()).hexdigest(),
            }
        ],
        "nearest": [{"id": PASSAGE.id, "essay": "돌.ko", "start": 10, "end": 29, "text": "The stone is heavy."}],
        "refused": [{"text": "돌은 1997년에 죽었다.", "reason": "1997 stands in no passage"}],
        "timings": {"retrieval_ms": 1.5, "first_token_ms": 2.0, "total_ms": 3.0},
        "complete": True,
        "intent": "",
        "suggestions": [],
    }


def test_the_json_of_an_answer_has_the_published_order_of_keys() -> None:
    assert list(ANSWER.to_dict()) == [
        "question", "standalone", "language", "mode", "voice", "text", "abstained", "related",
        "sentences", "citations", "nearest", "refused", "timings", "complete", "intent", "suggestions",
    ]  # fmt: skip


def test_the_json_of_an_answer_is_the_same_after_encoding() -> None:
    assert json.loads(json.dumps(ANSWER.to_dict(), ensure_ascii=False)) == ANSWER.to_dict()


def test_an_answer_cannot_be_changed_through_its_json() -> None:
    answer = replace(ANSWER, timings={"total_ms": 3.0})
    answer.to_dict()["timings"]["total_ms"] = 0.0
    assert answer.timings == {"total_ms": 3.0}


def test_a_new_answer_has_empty_parts() -> None:
    assert Answer("q", "q", "en", "answer", "quotes").to_dict() == {
        "question": "q", "standalone": "q", "language": "en", "mode": "answer", "voice": "quotes", "text": "", "abstained": False,
        "related": False, "sentences": [], "citations": [], "nearest": [], "refused": [], "timings": {},
        "complete": True, "intent": "", "suggestions": [],
    }  # fmt: skip


def test_the_json_of_a_hit_has_its_passage_and_rounded_scores() -> None:
    hit = Hit(PASSAGE, 1.234567, 0.87654321, 0.5, windows=(WindowHit(PASSAGE.id, 10, 29, 0.9),))
    assert hit.to_dict() == {**PASSAGE.to_dict(), "score": 1.2346, "dense": 0.8765, "lexical": 0.5, "nearness": 0.0}


def test_the_json_of_an_essay() -> None:
    assert ESSAY.to_dict() == {
        "id": "돌.ko",
        "title": "돌",
        "author": "Somebody",
        "date": "2020-01-02",
        "language": "ko",
        "source": "돌.ko.md",
        "kind": "essay",
        "text": "고인돌은 무겁다. The stone is heavy.",
        "sha256": ESSAY.sha256,
    }


def test_the_json_of_a_report() -> None:
    skipped, notes = (Skipped("a.md", Text("why", "왜")),), (Note("b.md", Text("how", "어떻게")),)
    report = Report(added=1, changed=2, removed=3, unchanged=4, embedded=5, skipped=skipped, notes=notes)
    assert report.to_dict() == {
        "added": 1,
        "changed": 2,
        "removed": 3,
        "unchanged": 4,
        "skipped": 1,
        "map_changed": False,
        "embedded": 5,
        "skipped_files": [{"path": "a.md", "reason": "why"}],
        "notes": ["b.md: how"],
    }


@pytest.mark.parametrize("instance", [
    ESSAY, PASSAGE, CITATION, ANSWER, Window("p", 0, 1, "a"), WindowHit("p", 0, 1, 0.5), Hit(PASSAGE, 0, 0, 0), Sentence("a", "essay"),
    Refusal("a", "b"), Skipped("a", Text("b", "c")), Note("a", Text("b", "c")), Report(),
], ids=lambda instance: type(instance).__name__)  # fmt: skip
def test_data_classes_are_frozen(instance: object) -> None:
    for field in fields(instance):  # type: ignore[arg-type]
        with pytest.raises(FrozenInstanceError):
            setattr(instance, field.name, "other")


def test_an_essays_sha256_is_that_of_its_text_in_utf8() -> None:
    assert essay_of("돌").sha256 == "c7e6ac93ca8c5b84f5c95c7ee9bb9a66c1c17d97761d89e1e6253487a59b6db8"


@pytest.mark.parametrize("name", ["id", "title", "author", "date", "language", "source", "kind", "text"])
def test_an_essays_digest_depends_on_every_field(name: str) -> None:
    changed: dict[str, Any] = {name: "en" if name == "language" else "other"}
    assert replace(ESSAY, **changed).digest != ESSAY.digest
    assert replace(ESSAY).digest == ESSAY.digest


def test_a_digest_separates_the_fields() -> None:
    assert replace(ESSAY, title="ab", author="c").digest != replace(ESSAY, title="a", author="bc").digest


def test_a_passage_is_a_span_of_its_essay() -> None:
    assert (PASSAGE.essay, PASSAGE.start, PASSAGE.end, PASSAGE.text) == ("돌.ko", 10, 29, "The stone is heavy.")


def test_a_passages_id_is_stable_between_runs_and_versions() -> None:
    """Computed by hand: the first 32 hex digits of sha256("e\\0" "0\\0" "2\\0" "ab")."""
    assert Passage.of(essay_of("abc", identity="e"), 0, 2).id == hashlib.sha256(b"e\x000\x002\x00ab").hexdigest()[:32]


@given(st.text(min_size=1, max_size=20), st.data())
def test_passages_have_the_same_id_only_for_the_same_essay_and_span(text: str, data: st.DataObject) -> None:
    spans = st.tuples(st.integers(0, len(text)), st.integers(0, len(text)))
    one, other = data.draw(spans), data.draw(spans)
    names = data.draw(st.tuples(st.sampled_from(["a", "b"]), st.sampled_from(["a", "b"])))
    first, second = (Passage.of(essay_of(text, identity=name), *span) for name, span in zip(names, (one, other), strict=True))
    assert (first.id == second.id) == ((names[0], one) == (names[1], other))


def test_a_sentence_of_version_0_1_0_is_a_quotation_where_it_shows_its_citation_and_nothing_else() -> None:
    quoted = replace(ANSWER, sentences=(Sentence(f"“{CITATION.quote}”", "essay", (1,)), *ANSWER.sentences))
    payload = quoted.to_dict()
    for sentence in payload["sentences"]:
        del sentence["quotation"]
    assert [sentence.quotation for sentence in Answer.from_dict(payload).sentences] == [True, False, True, False]

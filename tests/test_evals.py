"""The evaluations: metrics against values worked out by hand, question sets that match the essays, SQuAD files."""

import json
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from bot import Bot
from bot.errors import CorpusError
from bot.grounding.quotations import locate
from bot.grounding.quotations import quotations as quotations_in
from bot.indexing.build import build_index
from bot.indexing.loader import load_essays
from bot.schema import Hit, Passage
from bot.settings import Settings
from bot.text.sentences import sentences
from evals import natural, squad
from evals.check import load as load_claims
from evals.check import quotations
from evals.metrics import interval, rank_metrics
from evals.scorecard import write
from evals.sets import Case, load
from evals.speed import notes
from tests.places import ESSAYS, ROOT
from tests.toys import ToyEmbedder


def test_rank_metrics() -> None:
    assert rank_metrics([1, 2, 6, None]) == {"R@1": 0.25, "R@5": 0.5, "MRR@10": round((1 + 1 / 2 + 1 / 6) / 4, 4)}
    assert rank_metrics([11]) == {"R@1": 0.0, "R@5": 0.0, "MRR@10": 0.0}


def test_wilson_interval() -> None:
    assert interval(0.5, 100) == (0.4038, 0.5962)
    assert interval(1.0, 10)[0] == pytest.approx(0.7225, abs=1e-3)
    assert interval(0.0, 0) == (0.0, 1.0)


@pytest.mark.parametrize("name", ["golden", "unanswerable", "followups"])
def test_the_gold_spans_of_a_set_are_in_the_essays_and_no_question_is_repeated(name: str) -> None:
    cases = load(name, {essay.id: essay for essay in load_essays([ROOT / "corpus"]).essays})
    assert len({case.id for case in cases}) == len(cases)
    if name != "followups":
        assert len({case.question for case in cases}) == len(cases)
    assert {case.split for case in cases} == {"dev", "test"}
    assert all((case.end > case.start) == case.answerable for case in cases)


def test_the_sets_have_enough_questions_of_each_kind() -> None:
    essays = {essay.id: essay for essay in load_essays([ROOT / "corpus"]).essays}
    golden = Counter(case.kind for case in load("golden", essays))
    assert min(golden[direction] for direction in ("ko-ko", "en-en", "ko-en", "en-ko")) >= 60
    by_answerable = Counter(case.answerable for case in load("unanswerable", essays))
    assert min(by_answerable.values()) >= 120
    assert len(load("followups", essays)) >= 60


def test_no_question_of_an_evaluation_is_in_the_code() -> None:
    code = "\n".join(
        path.read_text(encoding="utf-8")
        for path in [*(ROOT / "bot").rglob("*.py"), *(ROOT / "bot").rglob("*.jsonl"), ROOT / "app.py", ROOT / "ingest.py"]
    )
    rows = [
        json.loads(line) for path in (ROOT / "evals").glob("*.jsonl") for line in path.read_text(encoding="utf-8").splitlines()
    ]
    texts = [row[name] for row in rows for name in ("question", "turn", "sentence", "second") if name in row]
    long_texts = [text for text in texts if len(text) > 12]
    assert len(long_texts) > 500
    assert [text for text in long_texts if text in code] == []


def test_a_hit_counts_if_it_contains_half_of_the_gold_span() -> None:
    case = Case("x", "dev", "ko-ko", "?", "a", 10, 20)
    hits = [
        Hit(Passage("p", essay, start, end, ""), 0.0, 0.0, 0.0)
        for essay, start, end in [("b", 0, 99), ("a", 0, 14), ("a", 0, 15)]
    ]
    assert case.rank(hits) == 3
    assert case.rank(hits[:2]) is None


def test_judged_rank_counts_judged_spans_too() -> None:
    case = Case("x", "test", "ko-ko", "?", "a", 10, 20, judged_spans=(("b", 0, 8),))
    hits = [
        Hit(Passage("p", essay, start, end, ""), 0.0, 0.0, 0.0) for essay, start, end in [("b", 5, 9), ("b", 0, 4), ("a", 0, 99)]
    ]
    assert (case.rank(hits), case.judged_rank(hits)) == (3, 2)


def test_the_scorecard_has_every_figure_and_every_failure(tmp_path: Path) -> None:
    row = {"n": 2, "R@5": 0.5, "R@5 interval": (0.1, 0.9)}
    share = {"n": 2, "share": 1.0, "interval": (0.2, 1.0)}
    figures: dict[str, Any] = {
        "retrieval": {"test ko-ko": row, "baselines": {"BM25": {"ko-ko": 0.25}}, "misses": ["kk-1 어디?"]},
        "quoted": {"test": {"n": 4, "first": 0.375}},
        "abstain": {"test answerable twins": share},
        "curve": {"answered at 1.5": {"off topic": 0.625}},
        "collections": {"shelf": {"n": 8, "right": 7}, "wrong": ["shelf-3 무엇?"]},
        "readers": {"test what": share, "wrong in test": ["r-1 (what, cook) 뭐?"]},
        "intents": {"test all": share, "wrong": ["i-1 (content, told as summary) 왜?"]},
        "followup": {"test raw": share},
        "verify": {"test false": {"n": 4, "refused": 0.75}, "seed": 7, "wrong": ["negated: let through: 문장 [1]."]},
        "squad": {"file": "x.json", "questions": 1200, "paragraphs": 3, "baselines": {}} | {"hybrid": {"R@1": 0.125}},
        "failures": {"refused although an essay answers": []},
        "speed": {"retrieval_p95_ms": 19.25},
        "versions": {"model": "acme/model", "python": "3.11.0"},
    }
    answers = ("retrieval", "quoted", "abstain", "curve", "collections", "readers", "intents", "followup", "squad")
    figures["other"] = {"embedder": "acme/other", **{name: figures[name] for name in answers}}
    write(figures, tmp_path / "card.md")
    card = (tmp_path / "card.md").read_text(encoding="utf-8")
    assert "The embedder is acme/model, where nothing else is said." in card
    assert "## With the embedder acme/other" in card
    for row_of_both in (
        "| test ko-ko | 2 | 0.5 | 0.1 to 0.9 |",
        "| test | 4 | 0.375 |",
        "| answered at 1.5 | 0.625 |",
        "| shelf | 8 | 7 |",
    ):
        assert card.count(row_of_both) == 2, row_of_both
    assert "### Small collections (1)\n\n- shelf-3 무엇?" in card
    assert "| BM25 | 0.25 |" in card
    assert "## x.json: 1,200 questions, 3 paragraphs" in card
    assert "| hybrid | 0.125 |" in card
    assert "### Golden questions not found (1)\n\n- kk-1 어디?" in card
    assert "### Refused although an essay answers (0)\n\nNone." in card
    assert "- retrieval p95 ms: 19.25" in card
    assert "|  | n | refused |\n| --- | --- | --- |\n| test false | 4 | 0.75 |" in card
    assert "### Sentences checked wrongly (1)\n\n- negated: let through: 문장 [1]." in card


def test_generated_quotations_are_deterministic_and_true_exactly_where_they_are_verbatim(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("evals.check.sentences", cache(sentences))  # otherwise an essay is split again for every quotation
    essays = list(load_essays([ROOT / "corpus"]).essays)
    claims = list(quotations(essays))
    assert claims == list(quotations(essays))
    assert {claim.kind for claim in claims} == {"verbatim", "one word changed", "stitched", "from elsewhere"}
    for claim in claims:
        assert (claim.sentence.removeprefix("“").removesuffix("” [1]") in claim.passage) == claim.true


def test_the_claims_are_half_true_and_half_false_in_both_languages() -> None:
    claims = load_claims({essay.id: essay for essay in load_essays([ROOT / "corpus"]).essays})
    assert Counter((claim.true, claim.language) for claim in claims) == {
        (truth, language): 60 for truth in (True, False) for language in ("ko", "en")
    }


def test_each_claim_in_natural_prose_has_a_false_twin_and_spans_in_the_essays() -> None:
    texts = {essay.id: essay.text for essay in load_essays([ROOT / "corpus"]).essays}
    rows = [json.loads(line) for line in (ROOT / "evals" / "support.jsonl").read_text(encoding="utf-8").splitlines()]
    assert len(rows) >= 200
    assert {row["kind"] for row in rows} == set(natural.KINDS)
    assert len({row[truth] for row in rows for truth in ("true", "false")}) == 2 * len(rows)
    by_essay: dict[str, set[str]] = {}
    for row in rows:
        told = [texts[essay][start:end] for essay, start, end in row["spans"]]
        assert all(told)
        assert all(any(locate(quote, text) for text in told) for quote in quotations_in(row["true"])), row["id"]
        if row["kind"].endswith("quotation"):
            assert quotations_in(row["true"])
            assert not any(locate(quote, text) for quote in quotations_in(row["false"]) for text in texts.values()), row["id"]
        for essay, _, _ in row["spans"]:
            by_essay.setdefault(essay.rpartition(".")[0], set()).add(row["split"])
    assert all(len(splits) == 1 for splits in by_essay.values())  # both editions of an essay are in one half
    halves = Counter(row["split"] for row in rows)
    assert min(halves.values()) >= 100


def article(*paragraphs: tuple[str, list[str]]) -> dict[str, object]:
    return {
        "title": "T",
        "paragraphs": [
            {"context": text, "qas": [{"question": question} for question in questions]} for text, questions in paragraphs
        ],
    }


def test_a_squad_file_becomes_essays_with_paragraphs_as_passages(tmp_path: Path) -> None:
    path = tmp_path / "squad.json"
    path.write_text(
        json.dumps({"data": [article(("첫 문단.", ["무엇?"]), ("둘째 문단.", ["어디?", "누구?"]))]}), encoding="utf-8"
    )
    essays, passages, questions = squad.read(path)
    assert [essay.text for essay in essays] == ["첫 문단.\n\n둘째 문단."]
    assert [essays[0].text[passage.start : passage.end] for passage in passages] == ["첫 문단.", "둘째 문단."]
    assert questions == [("무엇?", passages[0].id), ("어디?", passages[1].id), ("누구?", passages[1].id)]


@pytest.mark.parametrize("content", ["", "[]", '{"data": 3}', '{"data": [{"paragraphs": [{}]}]}', '{"data": []}', "\udcff"])
def test_a_file_in_another_format_is_rejected_with_one_line(tmp_path: Path, content: str) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(CorpusError) as caught:
        squad.read(path)
    assert str(path) in str(caught.value)
    assert "SQuAD" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_times_of_notes_are_measured(toy: ToyEmbedder, tmp_path: Path) -> None:
    settings = Settings.load(corpus=ESSAYS, index=tmp_path / "index", llm="quotes")
    build_index(settings, embedder=toy)
    bot = Bot(settings, toy)
    times = notes(bot, bot.essays(), count=8, long_characters=2_000)
    assert list(times) == [
        "split_2k_characters_s",
        "ingest_8_notes_s",
        "ingest_8_notes_again_s",
        "ingest_one_changed_of_8_s",
    ]
    assert all(seconds >= 0 for seconds in times.values())

"""The optional entailment model: a tiny CrossEncoder made here; its labels are read in any order."""

from pathlib import Path

import pytest

from bot import Bot
from bot.errors import EmbedderError
from bot.indexing.build import build_index
from bot.messages import model_errors
from bot.models.entailment import EntailmentModel
from bot.models.reranker import load_cross_encoder
from bot.settings import Settings
from tests.places import ESSAYS
from tests.tiny_models import save_tiny_cross_encoder
from tests.toys import ToyEmbedder

pytestmark = pytest.mark.slow

PAIRS = [("one two three", "bell four"), ("bell", "six"), ("four five", "one"), ("two", "two six bell")]
ORDERS = [
    ("entailment", "neutral", "contradiction"),
    ("CONTRADICTION", "Entailment", "NEUTRAL"),
    ("neutral", "contradictory", "entailed"),
]
KNOWN = {"entail": "entailment", "neutra": "neutral", "contra": "contradiction"}


@pytest.mark.parametrize("names", ORDERS)
def test_the_relation_is_the_label_with_the_highest_score(names: tuple[str, ...], tmp_path: Path) -> None:
    folder = save_tiny_cross_encoder(tmp_path, labels=3, names=names)
    model = EntailmentModel(str(folder))
    raw = load_cross_encoder(str(folder), model_errors.NLI_NOT_LOADED).predict(PAIRS, show_progress_bar=False)
    expected = [KNOWN[names[int(row.argmax())].casefold()[:6]] for row in raw]
    assert [model.relation(*pair) for pair in PAIRS] == expected


@pytest.mark.parametrize(("labels", "names"), [(1, ()), (3, ("yes", "no", "maybe")), (3, ("entailment", "neutral", "neutral"))])
def test_other_labels_are_refused_in_one_line(labels: int, names: tuple[str, ...], tmp_path: Path) -> None:
    with pytest.raises(EmbedderError, match="BOT_NLI is .* whose labels are") as raised:
        EntailmentModel(str(save_tiny_cross_encoder(tmp_path, labels=labels, names=names))).load()
    assert "\n" not in str(raised.value)


def test_a_model_that_is_not_there_is_one_line() -> None:
    with pytest.raises(EmbedderError, match="BOT_NLI is 'no-such-folder', which cannot be loaded") as raised:
        EntailmentModel("no-such-folder").load()
    assert "\n" not in str(raised.value)


def test_where_it_is_set_it_decides_in_the_check_of_a_text(tmp_path: Path) -> None:
    build_index(Settings.load(index=tmp_path / "index", llm="quotes"), [ESSAYS], embedder=ToyEmbedder())
    folder = save_tiny_cross_encoder(tmp_path / "nli", labels=3, names=ORDERS[0])
    plain = Bot(Settings.load(index=tmp_path / "index", llm="quotes"), ToyEmbedder())
    named = Bot(Settings.load(index=tmp_path / "index", llm="quotes", nli=str(folder)), ToyEmbedder())
    essay = plain.essays()[0]
    start, end = plain.sentences(essay.id)[1]
    (before,), (after,) = (list(bot.check(essay.text[start:end])) for bot in (plain, named))
    assert before.state == "supported"
    assert after.state == (
        "supported" if named.comparison.entailment and _entailed(named, after.place, essay.text[start:end]) else "unconfirmed"
    )


def _entailed(bot: Bot, place: object, claim: str) -> bool:
    """Whether the model says so of one of the premises that hold the sentence: it alone, or with a neighbour."""
    entailment = bot.comparison.entailment
    assert entailment is not None
    assert place is not None
    texts = [essay.text for essay in bot.essays() if claim in essay.text]
    spans = [bot.sentences(essay.id) for essay in bot.essays() if claim in essay.text][0]
    found = [number for number, span in enumerate(spans) if texts[0][slice(*span)] == claim]
    pairs = [" ".join(texts[0][slice(*span)] for span in spans[max(0, first) : first + 2]) for first in (found[0] - 1, found[0])]
    return any(entailment(premise, claim) == "entailment" for premise in [claim, *pairs])

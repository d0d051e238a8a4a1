"""Any text held against the essays: outcomes, quotations with their places, what is passed over, limits, and the reports."""

import html
import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import Bot
from bot.chats import check_report
from bot.chats.check_text import MAX_TEXT_CHARACTERS, CheckedSentence
from bot.errors import QuestionError
from bot.indexing.build import build_index
from bot.settings import Settings
from tests.payloads import PAYLOADS
from tests.places import ESSAYS
from tests.toys import ToyEmbedder

QUOTE = "그것은 부의 크기보다 씀씀이의 버릇을 적은 숫자였다."
PAPER = f"""# 고인돌에 관한 보고서

왜 사람들은 고인돌을 지었을까?

친칠라는 매개변수 700억 개로 고퍼를 앞섰습니다. 친칠라는 매개변수 900억 개로 고퍼를 앞섰습니다.
글쓴이는 “{QUOTE}”라고 적습니다. 다른 데서는 “{QUOTE.replace("버릇", "습관")}”라고도 합니다.
에세이에는 그 비용이 나오지 않습니다. 누군가는 “아무도 이런 말을 한 적은 한 번도 없다고 한다.”라고 했습니다.

> A parameter count was a receipt for machines.

Baseball was invented in Cooperstown by Abner Doubleday.
"""


@pytest.fixture(scope="module")
def toy_bot(tmp_path_factory: pytest.TempPathFactory) -> Bot:
    place = tmp_path_factory.mktemp("index")
    build_index(Settings.load(index=place, llm="quotes"), [ESSAYS], embedder=ToyEmbedder())
    return Bot(Settings.load(index=place, llm="quotes"), ToyEmbedder())


@pytest.fixture(scope="module")
def real_bot(real_index: Settings) -> Bot:
    return Bot(real_index)


def test_a_paper_is_held_against_the_essays(real_bot: Bot) -> None:
    checked = list(real_bot.check(PAPER))
    assert [(sentence.state, sentence.reason) for sentence in checked] == [
        ("passed", ""),  # the heading
        ("passed", ""),  # the question
        ("supported", ""),
        ("refused", "figure"),
        ("supported", ""),
        ("refused", "quotation"),
        ("passed", ""),  # about what the essays lack
        ("refused", "quotation"),
        ("supported", ""),
        ("refused", "name"),
    ]
    places = [(found.state, found.place.quote if found.place else "") for sentence in checked for found in sentence.quotations]
    assert places == [("verbatim", QUOTE), ("altered", QUOTE), ("absent", "")]
    assert checked[8].place is not None
    assert (checked[8].place.essay, checked[8].place.quote) == (
        "parameter-counts.en",
        "A parameter count was a receipt for machines.",
    )


def test_spans_are_those_of_the_text_and_places_those_of_the_essays(real_bot: Bot) -> None:
    for sentence in real_bot.check(PAPER):
        assert PAPER[sentence.start : sentence.end] == sentence.text
        for place in [sentence.place, *(found.place for found in sentence.quotations)]:
            if place:
                assert real_bot.essay(place.essay).text[place.start : place.end] == place.quote


def test_only_some_essays_can_be_asked_for(real_bot: Bot) -> None:
    (elsewhere,) = real_bot.check(f"“{QUOTE}”", essays=["three-romes.en"])
    (here,) = real_bot.check(f"“{QUOTE}”", essays=["chinchilla.ko"])
    assert (elsewhere.state, here.state) == ("refused", "supported")
    with pytest.raises(QuestionError, match="no-such"):
        real_bot.check("A text.", essays=["no-such"])


def test_a_character_changed_anywhere_makes_a_quotation_not_verbatim(real_bot: Bot) -> None:
    for place, character in enumerate(QUOTE):
        if character.isalnum():
            changed = QUOTE[:place] + ("가" if character != "가" else "나") + QUOTE[place + 1 :]
            (sentence,) = real_bot.check(f"“{changed}”")
            assert [found.state for found in sentence.quotations] == ["altered"]
            assert sentence.state == "refused"


def test_eight_sentences_a_second_or_more(real_bot: Bot) -> None:
    essay = real_bot.essay("chinchilla.ko")
    text = "\n\n".join(essay.text[start:end].replace("다.", "다고 한다.") for start, end in real_bot.sentences(essay.id)[:40])
    list(real_bot.check(PAPER))  # loads the models
    started = time.perf_counter()
    count = len(list(real_bot.check(text)))
    assert count / (time.perf_counter() - started) > 2  # eight on an idle machine; tests share theirs


def test_it_can_be_stopped_and_reports_its_progress(toy_bot: Bot) -> None:
    seen: list[tuple[str, int, int]] = []
    text = "\n\n".join(f"The lighthouse keeper counted {number} ships that evening." for number in range(100))
    checked = toy_bot.check(text, progress=lambda *step: seen.append(step))
    assert isinstance(checked, Iterator)
    first, second = next(checked), next(checked)
    checked.close()  # type: ignore[attr-defined]
    assert (first.state, second.state) != ("passed", "passed")
    assert seen == [("check", 1, 100)]
    assert len(toy_bot._vectors) < 100  # the other batches were not embedded


@pytest.mark.parametrize(
    ("text", "message"), [(7, "not int"), ("가" * (MAX_TEXT_CHARACTERS + 1), "100001 characters"), ("a" * 10**7, "10000000")]
)
def test_what_cannot_be_checked_is_one_line(text: object, message: str, toy_bot: Bot) -> None:
    with pytest.raises(QuestionError, match=message) as raised:
        toy_bot.check(text)  # type: ignore[arg-type]
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("text", ["", "  \n", "???", "# A heading\n", "\ufeff\x00", *PAYLOADS])
def test_any_text_is_checked(text: str, toy_bot: Bot) -> None:
    for sentence in toy_bot.check(text):
        assert sentence.state in {"supported", "unconfirmed", "refused", "passed"}


@settings(max_examples=60)
@given(st.text(alphabet=st.characters() | st.sampled_from("“”「」\"'>#[]().?!\n 가나다라마바사 abc 1234,%"), max_size=300))
def test_no_text_raises_and_spans_are_in_order(text: str) -> None:
    bot = _kept_bot()
    checked = list(bot.check(text))
    assert [sentence.start for sentence in checked] == sorted(sentence.start for sentence in checked)
    for sentence in checked:
        for found in sentence.quotations:
            if found.place:
                assert bot.essay(found.place.essay).text[found.place.start : found.place.end] == found.place.quote
    for render in check_report.FORMATS.values():
        assert render(checked)


_BOTS: list[Bot] = []


def _kept_bot() -> Bot:
    """One bot for all examples: a function that is given examples cannot use a fixture of a narrower scope."""
    if not _BOTS:
        import tempfile

        place = Path(tempfile.mkdtemp())
        build_index(Settings.load(index=place, llm="quotes"), [ESSAYS], embedder=ToyEmbedder())
        _BOTS.append(Bot(Settings.load(index=place, llm="quotes"), ToyEmbedder()))
    return _BOTS[0]


def test_the_reports_hold_every_claim_and_no_text_becomes_markup(toy_bot: Bot) -> None:
    hostile = "The <script>alert(1)</script> *keeper* of [this](http://evil) lighthouse was “never in any essay at all” there."
    checked = list(toy_bot.check(f"# Title\n\n{hostile}"))
    assert checked[-1].quotations[0].state in {"absent", "altered"}
    page = check_report.to_html(checked)
    assert "<script>" not in page
    assert html.escape(checked[-1].text) in page
    assert "](http" not in check_report.to_markdown(checked).replace("\\]\\(", "").replace("\\](", "")
    payload = json.loads(check_report.to_json(checked))
    assert [sentence["text"] for sentence in payload["sentences"]] == [sentence.text for sentence in checked]
    assert payload["passed"] == 1
    assert sum(payload[state] for state in ("supported", "unconfirmed", "refused")) == len(checked) - 1
    assert "1 quotations: 0 verbatim" in check_report.to_text(checked)


def test_an_empty_report_can_be_written() -> None:
    none: list[CheckedSentence] = []
    assert check_report.to_text(none).startswith("0 claims")
    assert all(render(none) for render in check_report.FORMATS.values())

"""The analogy map: the bundled one against the bundled essays, and the errors of a faulty one."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from bot.errors import CorpusError
from bot.indexing.analogies import Analogy, Quotation, from_records, load, narrowed
from bot.indexing.loader import load_essays
from bot.messages.text import Text
from bot.schema import Essay
from tests.places import ROOT
from tests.toys import essay_of

MAP = ROOT / "corpus" / "analogies.yaml"
FACTS = "\n## 사실과 출처 / Facts and sources"
HANGUL = re.compile("[가-힣]")

# Analogies with a single pair: two weights are compared with two amounts of something else.
ONE_PAIR = {"weight-power", "hyundai-lotte"}


@pytest.fixture(scope="module")
def essays() -> dict[str, Essay]:
    return {essay.id: essay for essay in load_essays([ROOT / "corpus"]).essays}


@pytest.fixture(scope="module")
def bundled(essays: dict[str, Essay]) -> tuple[Analogy, ...]:
    return load(MAP, essays)


def quote_lists(analogy: Analogy) -> Iterator[tuple[Quotation, ...]]:
    yield from (pair.quotes for pair in analogy.pairs)
    for item in analogy.breaks:
        yield from (quotes for quotes in (item.quotes, item.reply_quotes) if quotes)


def bilingual_texts(value: object) -> Iterator[Text]:
    if isinstance(value, Text):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from bilingual_texts(item)
    elif hasattr(value, "__dataclass_fields__"):
        for name in value.__dataclass_fields__:
            yield from bilingual_texts(getattr(value, name))


# The bundled map


def test_every_analogy_of_the_file_is_loaded(bundled: tuple[Analogy, ...]) -> None:
    raw = yaml.safe_load(MAP.read_text("utf-8"))
    assert [analogy.id for analogy in bundled] == [entry["id"] for entry in raw]
    assert len(bundled) >= 16


def test_every_quotation_of_the_file_is_loaded(bundled: tuple[Analogy, ...]) -> None:
    written = len(re.findall(r"\{essay: ", MAP.read_text("utf-8")))
    assert sum(len(quotes) for analogy in bundled for quotes in quote_lists(analogy)) == written


def test_every_quotation_is_verbatim_and_from_the_body(bundled: tuple[Analogy, ...], essays: dict[str, Essay]) -> None:
    for quotation in (quotation for analogy in bundled for quotes in quote_lists(analogy) for quotation in quotes):
        text = essays[quotation.essay].text
        assert text[quotation.start : quotation.end] == quotation.quote
        assert quotation.end <= text.index(FACTS), quotation
        assert "\n" not in quotation.quote, quotation
        assert not text[: quotation.start].rpartition("\n")[2].startswith("#"), quotation


def test_an_essay_in_two_languages_is_quoted_in_both(bundled: tuple[Analogy, ...], essays: dict[str, Essay]) -> None:
    bilingual = {
        name for name in (identity.rpartition(".")[0] for identity in essays) if {f"{name}.ko", f"{name}.en"} <= set(essays)
    }
    for analogy in bundled:
        for quotes in quote_lists(analogy):
            quoted = {quotation.essay for quotation in quotes}
            for name in {identity.rpartition(".")[0] for identity in quoted} & bilingual:
                assert {f"{name}.ko", f"{name}.en"} <= quoted, (analogy.id, name)


def test_every_text_of_ours_is_given_in_both_languages(bundled: tuple[Analogy, ...]) -> None:
    for analogy in bundled:
        for text in bilingual_texts(analogy):
            assert HANGUL.search(text.ko), (analogy.id, text)
            assert not HANGUL.search(text.en), (analogy.id, text)
        for sentence in (analogy.shows, analogy.unmapped, *(item.text for item in analogy.breaks)):
            assert {sentence.ko[-1], sentence.en[-1]} == {"."}, (analogy.id, sentence)
        for words in (analogy.words.source, analogy.words.target):
            assert {len(words.ko), len(words.en)} <= {2, 3, 4, 5, 6}, (analogy.id, words)
            assert not any(HANGUL.search(word) for word in words.en), (analogy.id, words)


def test_each_analogy_has_pairs_and_breaks_by_an_essay_and_by_us(bundled: tuple[Analogy, ...]) -> None:
    for analogy in bundled:
        assert len(analogy.pairs) >= 2 or analogy.id in ONE_PAIR, analogy.id
        assert {item.by for item in analogy.breaks} == {"essay", "reader"}, analogy.id
        assert all(bool(item.reply) == bool(item.reply_quotes) for item in analogy.breaks), analogy.id


def test_the_analogies_of_the_blog_post_quote_the_retelling(bundled: tuple[Analogy, ...]) -> None:
    from_blog = {
        analogy.id
        for analogy in bundled
        if any(quotation.essay == "dolmen-rome-ai.ko" for pair in analogy.pairs for quotation in pair.quotes)
    }
    assert {"dolmen-parameters", "will-to-fight", "weight-power", "hyundai-lotte", "hats-power", "rome-platforms"} <= from_blog
    assert {"google-rome", "windows-rome", "mongols-models", "thousand-years", "tribute-fees", "open-source-fence"} <= from_blog


def test_an_analogy_converts_to_plain_json(bundled: tuple[Analogy, ...]) -> None:
    for analogy in bundled:
        payload = json.loads(json.dumps(analogy.to_dict(), ensure_ascii=False))
        assert list(payload) == ["id", "name", "source", "target", "words", "shows", "pairs", "breaks", "unmapped"]
        assert set(payload["name"]) == {"ko", "en"}
        assert set(payload["words"]) == {"source", "target"}
        assert payload["pairs"][0]["quotes"][0].keys() == {"essay", "quote", "start", "end"}
        assert payload["breaks"][0].keys() == {"by", "move", "text", "quotes", "reply", "reply_quotes"}


# Other collections


def test_without_a_map_there_are_no_analogies(tmp_path: Path, essays: dict[str, Essay]) -> None:
    assert load(tmp_path / "analogies.yaml", essays) == ()


def test_with_other_essays_the_map_is_empty(essays: dict[str, Essay]) -> None:
    assert load(MAP, {}) == ()
    assert load(MAP, {"bees.ko": essay_of("벌은 일한다.", "bees.ko", "ko")}) == ()


def test_what_quotes_only_a_missing_essay_is_left_out(essays: dict[str, Essay]) -> None:
    loaded = {analogy.id: analogy for analogy in load(MAP, {"dolmen-rome-ai.ko": essays["dolmen-rome-ai.ko"]})}
    assert "receipt" not in loaded
    assert "siege-ramp" not in loaded
    mongols = loaded["mongols-models"]
    assert len(mongols.pairs) == 1
    assert [item.by for item in mongols.breaks] == ["reader"]
    assert {quotation.essay for quotes in quote_lists(mongols) for quotation in quotes} == {"dolmen-rome-ai.ko"}


def test_a_reply_from_a_missing_essay_is_left_out_and_its_break_is_kept(essays: dict[str, Essay]) -> None:
    some_essays = {name: essays[name] for name in ("how-software-empires-fall.ko", "dolmen-rome-ai.ko")}
    tribute = next(analogy for analogy in load(MAP, some_essays) if analogy.id == "tribute-fees")
    (objection,) = [item for item in tribute.breaks if item.by == "essay"]
    assert objection.quotes[0].quote == "공납은 가장 나중에 줄어드는 숫자다."
    assert objection.reply is None
    assert objection.reply_quotes == ()


# A small map

ESSAY = essay_of("# Bees\n\nA bee dances. The hive reads the dance, and flies.\n\nNobody asks why a bee would lie.", "bees.en")
ENTRY = """\
- id: bees
  name: {ko: "벌", en: "Bees"}
  source: {ko: "춤", en: "a dance"}
  target: {ko: "지도", en: "a map"}
  words:
    source: {ko: [춤], en: [dance]}
    target: {ko: [지도], en: [map]}
  shows: {ko: "춤은 지도다.", en: "The dance is a map."}
  pairs:
    - source: {ko: "춤", en: "the dance"}
      target: {ko: "지도", en: "the map"}
      quotes:
        - {essay: bees.en, quote: "The hive reads the dance, and flies."}
  breaks:
    - by: reader
      move: scale
      text: {ko: "지도는 남는다.", en: "A map remains."}
  unmapped: {ko: "꿀.", en: "The honey."}
"""
BY_ESSAY = """\
    - by: essay
      move: missing-step
      text: {ko: "거짓 춤은 묻지 않는다.", en: "Lying is not asked about."}
      quotes: [{essay: bees.en, quote: "Nobody asks why a bee would lie."}]
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "map.yaml"


def load_text(path: Path, text: str) -> tuple[Analogy, ...]:
    path.write_text(text, "utf-8")
    return load(path, {ESSAY.id: ESSAY})


def error_of(path: Path, text: str) -> str:
    """The error for a map with this text, without the map's path."""
    with pytest.raises(CorpusError) as caught:
        load_text(path, text)
    assert str(caught.value).startswith(str(path))
    assert caught.value.text("ko").startswith(str(path))
    assert HANGUL.search(caught.value.text("ko").removeprefix(str(path)))
    return str(caught.value).removeprefix(str(path))


def test_a_small_map_is_loaded_as_written(path: Path) -> None:
    (bees,) = load_text(path, ENTRY.replace("  unmapped", BY_ESSAY + "  unmapped"))
    assert bees.name == Text("Bees", "벌")
    assert bees.words.target.en == ("map",)
    assert bees.pairs[0].quotes == (Quotation("bees.en", "The hive reads the dance, and flies.", 22, 58),)
    assert [(item.by, item.move) for item in bees.breaks] == [("reader", "scale"), ("essay", "missing-step")]


def test_a_quotation_may_differ_in_white_space_and_is_taken_from_the_essay(path: Path) -> None:
    quote = 'quote: "The hive reads the dance, and flies."'
    (bees,) = load_text(path, ENTRY.replace(quote, 'quote: "The hive  reads\n            the dance, and flies."'))
    assert bees.pairs[0].quotes[0].quote == "The hive reads the dance, and flies."


def test_a_wrong_quotation_is_an_error_with_the_nearest_text(path: Path) -> None:
    wrong = ENTRY.replace("The hive reads the dance, and flies.", "The hive always reads the dance, and then it flies.")
    assert error_of(path, wrong) == (
        ':13: "The hive always reads the dance, and the…" is not in bees.en. '
        'The nearest text there is "The hive reads the dance, and flies.".'
    )


def test_for_two_wrong_sentences_the_nearest_two_are_named(path: Path) -> None:
    wrong = ENTRY.replace("The hive reads the dance, and flies.", "One bee dances. A hive reads the dance and flies.")
    assert error_of(path, wrong).endswith('The nearest text there is "A bee dances. The hive reads the dance, and flies.".')


def test_a_wrong_quotation_in_the_bundled_map_names_the_right_sentence(path: Path, essays: dict[str, Essay]) -> None:
    text = MAP.read_text("utf-8")
    true = "API 요금은 공납이 아니다."
    line = text[: text.index(true)].count("\n") + 1
    path.write_text(text.replace(true, "API 요금은 정말로 공납이 아니다."), "utf-8")
    with pytest.raises(CorpusError) as caught:
        load(path, essays)
    fact = f'{path}:{line}: "API 요금은 정말로 공납이 아니다." is not in tribute-and-api.ko.'
    assert str(caught.value) == f'{fact} The nearest text there is "{true}".'


@pytest.mark.parametrize(
    ("was", "becomes", "message"),
    [
        ("  shows:", "  proves:", ':8: the key "proves" is unknown or used twice. '),
        ("  target: {ko: \"지도\", en: \"a map\"}\n", "", ':1: the key "target" is missing. Add "target:".'),
        ('name: {ko: "벌", en: "Bees"}', 'name: {ko: "벌"}', ':2: the key "en" is missing. Add "en:".'),
        ('name: {ko: "벌", en: "Bees"}', 'name: {ko: "벌", ko: "꿀벌", en: "Bees"}', ':2: the key "ko" is unknown or used'),
        ('name: {ko: "벌", en: "Bees"}', "name: Bees", ":2: keys are missing here. Write en, ko."),
        ('name: {ko: "벌", en: "Bees"}', 'name: {ko: "벌", en: ""}', ":2: some text is missing here. "),
        ("source: {ko: [춤]", "source: {ko: 춤", ":6: a list with at least one item is missing here. "),
        ("move: scale", "move: size", ':16: "size" is not known here. Use one of disanalogy, survivorship, other-cause, '),
        ("by: reader", "by: writer", ':15: "writer" is not known here. Use one of essay, reader.'),
        ("by: reader", "by: essay", ":15: the break has the wrong quotations. "),
        ("      move: scale", "      reply: {ko: 답, en: answer}\n      move: scale", ":15: the break has the wrong quotations"),
        ("- id: bees", "- id: [bees", ":2: this is not YAML: "),
        ("- id: bees", "id: bees", ":2: this is not YAML: "),
    ],
)  # fmt: skip
def test_a_faulty_map_is_an_error_with_its_line(path: Path, was: str, becomes: str, message: str) -> None:
    assert was in ENTRY
    assert error_of(path, ENTRY.replace(was, becomes, 1)).startswith(message)


def test_an_id_used_twice_is_an_error(path: Path) -> None:
    again = ENTRY.count("\n") + 1
    assert error_of(path, ENTRY + ENTRY) == f':{again}: the id "bees" is used twice. Give each analogy its own id.'


def test_a_break_of_ours_has_no_quotations(path: Path) -> None:
    borrowed = BY_ESSAY.replace("by: essay", "by: reader")
    assert "has the wrong quotations" in error_of(path, ENTRY.replace("  unmapped", borrowed + "  unmapped"))


@pytest.mark.parametrize("text", ["", "\n", "# nothing yet\n"])
def test_an_empty_map_has_no_analogies(path: Path, text: str) -> None:
    assert load_text(path, text) == ()


def test_a_map_that_is_not_a_list_is_an_error(path: Path) -> None:
    assert error_of(path, "analogies: none\n").startswith(":1: a list with at least one item is missing here.")


def test_a_map_that_is_not_text_is_an_error(path: Path) -> None:
    path.write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR\x00\x00\xff\xfe\x00" * 20)
    with pytest.raises(CorpusError, match=re.escape(str(path))):
        load(path, {})


def test_the_stored_form_is_read_back_whole(bundled: tuple[Analogy, ...]) -> None:
    stored = json.loads(json.dumps([analogy.to_dict() for analogy in bundled]))
    assert from_records(stored) == bundled
    with pytest.raises(ValueError, match="pairs"):
        from_records([{key: value for key, value in stored[0].items() if key != "pairs"}])


def test_narrowing_gives_what_the_map_says_for_these_essays_alone(bundled: tuple[Analogy, ...], essays: dict[str, Essay]) -> None:
    assert narrowed(bundled, essays) == bundled
    for identity, essay in essays.items():
        assert narrowed(bundled, [identity]) == load(MAP, {identity: essay}), identity
    assert narrowed(bundled, ["none"]) == ()

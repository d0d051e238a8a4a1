"""The analogy map: the real one against the real essays, what a wrong one says, and which questions it answers."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from bot.errors import CorpusError
from bot.indexing.analogies import Analogy, Bilingual, Quotation, load
from bot.indexing.loader import load_essays
from bot.retrieval.map_search import analogies_about, asks_for_all_analogies
from bot.schema import Essay
from tests.places import ROOT
from tests.toys import essay_of

MAP = ROOT / "corpus" / "analogies.yaml"
FACTS = "\n## 사실과 출처 / Facts and sources"
HANGUL = re.compile("[가-힣]")

# One pair is all there is: two amounts of weight, set beside two amounts of something else.
ONE_PAIR = {"weight-power", "hyundai-lotte"}


@pytest.fixture(scope="module")
def essays() -> dict[str, Essay]:
    return {essay.id: essay for essay in load_essays([ROOT / "corpus"]).essays}


@pytest.fixture(scope="module")
def real(essays: dict[str, Essay]) -> tuple[Analogy, ...]:
    return load(MAP, essays)


def quote_lists(analogy: Analogy) -> Iterator[tuple[Quotation, ...]]:
    yield from (pair.quotes for pair in analogy.pairs)
    for item in analogy.breaks:
        yield from (quotes for quotes in (item.quotes, item.reply_quotes) if quotes)


def said_in_both(value: object) -> Iterator[Bilingual]:
    if isinstance(value, Bilingual):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from said_in_both(item)
    elif hasattr(value, "__dataclass_fields__"):
        for name in value.__dataclass_fields__:
            yield from said_in_both(getattr(value, name))


# The real map


def test_the_map_holds_every_analogy_that_the_file_does(real: tuple[Analogy, ...]) -> None:
    raw = yaml.safe_load(MAP.read_text("utf-8"))
    assert [analogy.id for analogy in real] == [entry["id"] for entry in raw]
    assert len(real) >= 16


def test_nothing_of_the_map_is_lost_for_want_of_an_essay(real: tuple[Analogy, ...]) -> None:
    written = len(re.findall(r"\{essay: ", MAP.read_text("utf-8")))
    assert sum(len(quotes) for analogy in real for quotes in quote_lists(analogy)) == written


def test_every_quotation_is_verbatim_and_from_the_body(real: tuple[Analogy, ...], essays: dict[str, Essay]) -> None:
    for quotation in (quotation for analogy in real for quotes in quote_lists(analogy) for quotation in quotes):
        text = essays[quotation.essay].text
        assert text[quotation.start : quotation.end] == quotation.quote
        assert quotation.end <= text.index(FACTS), quotation
        assert "\n" not in quotation.quote, quotation
        assert not text[: quotation.start].rpartition("\n")[2].startswith("#"), quotation


def test_what_stands_in_two_editions_is_quoted_from_both(real: tuple[Analogy, ...], essays: dict[str, Essay]) -> None:
    twice = {name for name in (identity.rpartition(".")[0] for identity in essays) if {f"{name}.ko", f"{name}.en"} <= set(essays)}
    for analogy in real:
        for quotes in quote_lists(analogy):
            quoted = {quotation.essay for quotation in quotes}
            for name in {identity.rpartition(".")[0] for identity in quoted} & twice:
                assert {f"{name}.ko", f"{name}.en"} <= quoted, (analogy.id, name)


def test_all_our_words_are_there_in_both_languages(real: tuple[Analogy, ...]) -> None:
    for analogy in real:
        for both in said_in_both(analogy):
            assert HANGUL.search(both.ko), (analogy.id, both)
            assert not HANGUL.search(both.en), (analogy.id, both)
        for sentence in (analogy.shows, analogy.unmapped, *(item.text for item in analogy.breaks)):
            assert {sentence.ko[-1], sentence.en[-1]} == {"."}, (analogy.id, sentence)
        for words in (analogy.words.source, analogy.words.target):
            assert {len(words.ko), len(words.en)} <= {2, 3, 4, 5, 6}, (analogy.id, words)
            assert not any(HANGUL.search(word) for word in words.en), (analogy.id, words)


def test_each_has_pairs_and_breaks_by_an_essay_and_by_us(real: tuple[Analogy, ...]) -> None:
    for analogy in real:
        assert len(analogy.pairs) >= 2 or analogy.id in ONE_PAIR, analogy.id
        assert {item.by for item in analogy.breaks} == {"essay", "reader"}, analogy.id
        assert all(bool(item.reply) == bool(item.reply_quotes) for item in analogy.breaks), analogy.id


def test_the_blog_writers_own_analogies_quote_the_retelling(real: tuple[Analogy, ...]) -> None:
    blog = {
        one.id for one in real if any(quotation.essay == "dolmen-rome-ai.ko" for pair in one.pairs for quotation in pair.quotes)
    }
    assert {"dolmen-parameters", "will-to-fight", "weight-power", "hyundai-lotte", "hats-power", "rome-platforms"} <= blog
    assert {"google-rome", "windows-rome", "mongols-models", "thousand-years", "tribute-fees", "open-source-fence"} <= blog


def test_an_analogy_is_plain_json(real: tuple[Analogy, ...]) -> None:
    for analogy in real:
        made = json.loads(json.dumps(analogy.to_dict(), ensure_ascii=False))
        assert list(made) == ["id", "name", "source", "target", "words", "shows", "pairs", "breaks", "unmapped"]
        assert set(made["name"]) == {"ko", "en"}
        assert set(made["words"]) == {"source", "target"}
        assert made["pairs"][0]["quotes"][0].keys() == {"essay", "quote", "start", "end"}
        assert made["breaks"][0].keys() == {"by", "move", "text", "quotes", "reply", "reply_quotes"}


# Other shelves


def test_without_a_map_there_are_no_analogies(tmp_path: Path, essays: dict[str, Essay]) -> None:
    assert load(tmp_path / "analogies.yaml", essays) == ()


def test_on_another_shelf_the_map_is_empty(essays: dict[str, Essay]) -> None:
    assert load(MAP, {}) == ()
    assert load(MAP, {"bees.ko": essay_of("벌은 일한다.", "bees.ko", "ko")}) == ()


def test_what_rests_on_a_missing_essay_is_left_out(essays: dict[str, Essay]) -> None:
    found = {analogy.id: analogy for analogy in load(MAP, {"dolmen-rome-ai.ko": essays["dolmen-rome-ai.ko"]})}
    assert "receipt" not in found
    assert "siege-ramp" not in found
    mongols = found["mongols-models"]
    assert len(mongols.pairs) == 1
    assert [item.by for item in mongols.breaks] == ["reader"]
    assert {quotation.essay for quotes in quote_lists(mongols) for quotation in quotes} == {"dolmen-rome-ai.ko"}


def test_a_reply_goes_with_its_essay_and_the_break_stays(essays: dict[str, Essay]) -> None:
    shelf = {name: essays[name] for name in ("how-software-empires-fall.ko", "dolmen-rome-ai.ko")}
    tribute = next(analogy for analogy in load(MAP, shelf) if analogy.id == "tribute-fees")
    (late,) = [item for item in tribute.breaks if item.by == "essay"]
    assert late.quotes[0].quote == "공납은 가장 나중에 줄어드는 숫자다."
    assert late.reply is None
    assert late.reply_quotes == ()


# A map of one's own

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
def own(tmp_path: Path) -> Path:
    return tmp_path / "map.yaml"


def loaded(path: Path, text: str) -> tuple[Analogy, ...]:
    path.write_text(text, "utf-8")
    return load(path, {ESSAY.id: ESSAY})


def refusal(path: Path, text: str) -> str:
    with pytest.raises(CorpusError) as caught:
        loaded(path, text)
    assert str(caught.value).startswith(str(path))
    return str(caught.value).removeprefix(str(path))


def test_a_small_map_becomes_what_it_says(own: Path) -> None:
    (bees,) = loaded(own, ENTRY.replace("  unmapped", BY_ESSAY + "  unmapped"))
    assert bees.name == Bilingual("벌", "Bees")
    assert bees.words.target.en == ("map",)
    assert bees.pairs[0].quotes == (Quotation("bees.en", "The hive reads the dance, and flies.", 22, 58),)
    assert [(item.by, item.move) for item in bees.breaks] == [("reader", "scale"), ("essay", "missing-step")]


def test_a_quotation_may_differ_in_white_space_and_marks_and_is_given_as_the_essay_has_it(own: Path) -> None:
    quote = 'quote: "The hive reads the dance, and flies."'
    (bees,) = loaded(own, ENTRY.replace(quote, 'quote: "The hive  reads\n            the dance, and flies."'))
    assert bees.pairs[0].quotes[0].quote == "The hive reads the dance, and flies."


def test_a_wrong_quotation_is_refused_with_the_nearest_true_text(own: Path) -> None:
    wrong = ENTRY.replace("The hive reads the dance, and flies.", "The hive always reads the dance, and then it flies.")
    assert refusal(own, wrong) == (
        ':13: "The hive always reads the dance, and the…" is not in bees.en. '
        'The nearest text there is "The hive reads the dance, and flies.".'
    )


def test_two_wrong_sentences_are_answered_with_two(own: Path) -> None:
    wrong = ENTRY.replace("The hive reads the dance, and flies.", "One bee dances. A hive reads the dance and flies.")
    assert refusal(own, wrong).endswith('The nearest text there is "A bee dances. The hive reads the dance, and flies.".')


def test_a_wrong_quotation_in_the_real_map_names_its_true_sentence(own: Path, essays: dict[str, Essay]) -> None:
    text = MAP.read_text("utf-8")
    true = "API 요금은 공납이 아니다."
    line = text[: text.index(true)].count("\n") + 1
    own.write_text(text.replace(true, "API 요금은 정말로 공납이 아니다."), "utf-8")
    with pytest.raises(CorpusError) as caught:
        load(own, essays)
    fact = f'{own}:{line}: "API 요금은 정말로 공납이 아니다." is not in tribute-and-api.ko.'
    assert str(caught.value) == f'{fact} The nearest text there is "{true}".'


@pytest.mark.parametrize(
    ("was", "becomes", "message"),
    [
        ("  shows:", "  proves:", ':8: the key "proves" is unknown or used twice. '),
        ("  target: {ko: \"지도\", en: \"a map\"}\n", "", ':1: the key "target" is missing. Add "target:".'),
        ('name: {ko: "벌", en: "Bees"}', 'name: {ko: "벌"}', ':2: the key "en" is missing. Add "en:".'),
        ('name: {ko: "벌", en: "Bees"}', 'name: {ko: "벌", ko: "꿀벌", en: "Bees"}', ':2: the key "ko" is unknown or used'),
        ('name: {ko: "벌", en: "Bees"}', "name: Bees", ":2: keys are missing here. Write ko, en."),
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
def test_a_map_that_is_wrong_says_where(own: Path, was: str, becomes: str, message: str) -> None:
    assert was in ENTRY
    assert refusal(own, ENTRY.replace(was, becomes, 1)).startswith(message)


def test_an_id_is_given_once(own: Path) -> None:
    again = ENTRY.count("\n") + 1
    assert refusal(own, ENTRY + ENTRY) == f':{again}: the id "bees" is used twice. Give each analogy its own id.'


def test_a_break_of_ours_borrows_no_authority(own: Path) -> None:
    borrowed = BY_ESSAY.replace("by: essay", "by: reader")
    assert "has the wrong quotations" in refusal(own, ENTRY.replace("  unmapped", borrowed + "  unmapped"))


@pytest.mark.parametrize("text", ["", "\n", "# nothing yet\n"])
def test_an_empty_map_is_a_map(own: Path, text: str) -> None:
    assert loaded(own, text) == ()


def test_a_map_that_is_no_list_is_refused(own: Path) -> None:
    assert refusal(own, "analogies: none\n").startswith(":1: a list with at least one item is missing here.")


def test_a_map_that_is_no_text_is_refused(own: Path) -> None:
    own.write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR\x00\x00\xff\xfe\x00" * 20)
    with pytest.raises(CorpusError, match=re.escape(str(own))):
        load(own, {})


# Questions

ROMES = ["rome-platforms", "google-rome", "windows-rome"]


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("고인돌과 파라미터 경쟁은 어디까지 닮았나요?", ["dolmen-parameters"]),
        ("고인돌이 AI랑 무슨 상관이야?", ["dolmen-parameters"]),
        ("where does the Rome analogy break?", ROMES),
        ("로마 비유는 어디서 깨져?", ROMES),
        ("로마 이야기는 어디에서 어긋나나요?", ROMES),
        ("compare the Romes", ROMES),
        ("몽골이랑 옛날 AI가 왜 비슷하다는 거야", ["mongols-models"]),
        ("where does the Mongol comparison break down?", ["mongols-models"]),
        ("왜 구글이 로마라는 거죠?", ["google-rome"]),
        ("Was Windows a Rome?", ["windows-rome"]),
        ("로마와 마이크로소프트는 무엇이 같은가요?", ["rome-platforms"]),
        ("Is the API fee really tribute?", ["tribute-fees"]),
        ("API 요금을 공납에 빗댄 건 맞는 말이야?", ["tribute-fees"]),
        ("대동법과 API 요금표는 무슨 관계인가요?", ["taedong-prices"]),
        ("현대와 롯데의 주가가 위치에너지와 관계있나요?", ["hyundai-lotte"]),
        ("위치에너지로 권력을 잴 수 있나요?", ["weight-power"]),
        ("상투와 갓이 권력을 보여 준다는 말은 어디서 어긋나나요?", ["hats-power"]),
        ("오픈소스를 깃발에 비유한 건 왜 틀렸어?", ["open-source-fence"]),
        ("How is open source like a fence?", ["open-source-fence"]),
        ("Are open weights like a siege ramp?", ["siege-ramp"]),
        ("친칠라를 무게와 높이에 빗댄 게 무슨 뜻이야?", ["weight-times-height"]),
        ("In what sense is a parameter count a receipt?", ["receipt"]),
        ("빅테크는 동인도회사와 닮았나?", ["charter-company"]),
        ("Does the gazelle analogy hold for models?", ["gazelle-leap"]),
        ("천 년을 간 로마에 견줄 만한, 오백 년을 갈 회사가 있을까?", ["thousand-years"]),
        ("Does losing the will to fight match dropping research?", ["will-to-fight"]),
        ("비탈은 데이터에 해당하나요?", ["ramp-compute"]),
        ("첨탑과 데이터센터 비유를 설명해 줘", ["towers-rivals"]),
        ("개발자가 제국의 말을 그만 쓴다는 게 무슨 뜻이야?", ["empire-language"]),
        ("What is a rung in the ladder of models?", ["rungs-parts"]),
        # Facts of one domain, words of none, and likeness of something else.
        ("고인돌은 왜 지었나요?", []),
        ("When was Karakorum built?", []),
        ("로마는 언제 카르타고를 무너뜨렸나요?", []),
        ("How did the Roman roads compare with Greek ones?", []),
        ("고인돌과 비슷한 무덤이 유럽에도 있나요?", []),
        ("How many parameters does GPT-3 have?", []),
        ("매개변수와 토큰 가운데 무엇을 늘려야 하나요?", []),
        ("몽골의 역참은 어떻게 움직였나요?", []),
        ("메타는 라마를 왜 공개했나요?", []),
        ("조선의 대동법은 언제 시행됐나요?", []),
        ("How did Windows make money?", []),
        ("Which company lasted two hundred years?", []),
        ("글쓴이는 투자에 대해 뭐라고 하나요?", []),
        ("why do analogies persuade?", []),
        ("오늘 날씨 어때?", []),
        ("", []),
    ],
)
def test_which_analogies_a_question_is_about(real: tuple[Analogy, ...], question: str, expected: list[str]) -> None:
    assert [analogy.id for analogy in analogies_about(question, real)] == expected


@pytest.mark.parametrize(
    "question",
    [
        "어떤 비유들이 나오나요?",
        "비유를 전부 정리해 줘",
        "이 글에 나오는 비유는 몇 개야?",
        "비유 목록 보여 줘",
        "이 블로그 글은 무엇을 무엇에 빗대나요?",
        "글쓴이가 쓴 비유를 다 알려 줘",
        "what analogies are there?",
        "list the comparisons",
        "Which analogies does the blogger use?",
        "Show me all the metaphors in the essays, please",
        "Give me an overview of the analogies",
    ],
)
def test_a_question_for_all_analogies(question: str) -> None:
    assert asks_for_all_analogies(question)


@pytest.mark.parametrize(
    "question",
    [
        "로마 비유는 어디서 깨져?",
        "로마에 대한 비유를 모두 알려 줘",
        "왜 비유는 설득력이 있나요?",
        "어떤 건물들이 나오나요?",
        "What analogies involve Rome?",
        "what is an analogy?",
        "why do analogies persuade?",
        "Which comparison breaks first?",
        "What are all the essays?",
        "",
    ],
)
def test_no_question_for_all_analogies(question: str) -> None:
    assert not asks_for_all_analogies(question)

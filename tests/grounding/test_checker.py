"""The check of sentences against the passages that they cite: the reason for each refusal."""

from collections.abc import Sequence

import pytest

from bot.grounding.checker import Evidence, check
from bot.grounding.outcome import Outcome
from bot.grounding.support import Comparison
from bot.schema import Relation
from bot.text.language import language_of

ROMAN = "서기 80년, 로마는 콜로세움을 열었다. 관중은 5만 명을 넘었다. 몽골은 성벽을 남기지 않았다."
ENGLISH = "In 2022 DeepMind trained Chinchilla, a model of 70 billion parameters. It read 1.4 trillion tokens. Gopher was not retrained."


def moderate(_: str, others: Sequence[str]) -> list[float]:
    return [0.5] * len(others)


def low(_: str, others: Sequence[str]) -> list[float]:
    return [0.1] * len(others)


@pytest.mark.parametrize(
    ("sentence", "passage", "reason"),
    [
        ("로마는 서기 80년에 콜로세움을 열었다 [1].", ROMAN, ""),
        ("관중은 5만 명을 넘었다 [1].", ROMAN, ""),
        ("관중은 6만 명을 넘었다 [1].", ROMAN, "figure"),
        ("로마는 서기 81년에 콜로세움을 열었다 [1].", ROMAN, "figure"),
        ("구글은 서기 80년에 콜로세움을 열었다 [1].", ROMAN, "name"),
        ("몽골은 성벽을 남겼다 [1].", ROMAN, "negation"),
        ("“몽골은 성벽을 남기지 않았다.” [1]", ROMAN, ""),
        ("“몽골은 성벽을 하나도 남기지 않았다.” [1]", ROMAN, "quotation"),
        ("“로마는 콜로세움을 열었다. 몽골은 성벽을 남기지 않았다.” [1]", ROMAN, "quotation"),
        ("DeepMind trained Chinchilla with 70 billion parameters in 2022 [1].", ENGLISH, ""),
        ("DeepMind trained Chinchilla with 71 billion parameters in 2022 [1].", ENGLISH, "figure"),
        ("Gopher was retrained [1].", ENGLISH, "negation"),
        ("딥마인드는 2022년에 매개변수가 700억 개인 친칠라를 학습시켰다 [1].", ENGLISH, ""),
        ("딥마인드는 2022년에 매개변수가 7000억 개인 친칠라를 학습시켰다 [1].", ENGLISH, "figure"),
        ("네이버는 2022년에 매개변수가 700억 개인 모델을 학습시켰다 [1].", ENGLISH, "name"),
        ("Gopher trained Chinchilla, a model of 70 billion parameters, in 2022 [1].", ENGLISH, "name"),
        ("Gopher was not retrained [1].", ENGLISH, ""),
        ("몽골은 성벽을 남기지 않았다 [1].", ROMAN, ""),
        ("몽골은 서기 80년에 콜로세움을 열었다 [1].", ROMAN, "name"),
        ("In AD 80 the Roman Empire opened the Colosseum [1].", ROMAN, ""),
        ("In AD 80 the Spolsky Empire opened the Colosseum [1].", ROMAN, "name"),
        ("들개는 1988년에 가젤을 골랐다 [1].", "In 1988 wild dogs picked out some gazelles.", ""),
        ("로마는 오백 년 동안 이어졌다 [1].", "The Roman state in the West lasted five centuries.", ""),
        ("로마는 육백 년 동안 이어졌다 [1].", "The Roman state in the West lasted five centuries.", "figure"),
        ("The stone is 3.5 metres long [1].", "The stone is 3.5 m long.", ""),
        ("그 돌은 길이가 3.5미터다 [1].", "The stone is 3.5 m long.", ""),
        ("The stone is 3.5 million metres long [1].", "The stone is 3.5 m long.", "figure"),
        ("Rome lost two thirds of its walls [1].", "로마는 성벽의 3분의 2를 잃었다.", ""),
        ("로마는 성벽의 3분의 1을 잃었다 [1].", "Rome lost two thirds of its walls.", "figure"),
    ],
)
def test_a_sentence_is_checked_against_its_passage(sentence: str, passage: str, reason: str) -> None:
    assert Evidence([passage], "", moderate).outcome(sentence).reason == reason
    is_across = language_of(sentence) != language_of(passage)
    if not is_across:  # a sentence in the other language can be confirmed by an embedder alone
        assert check(sentence, [passage], similar=moderate) == reason


def test_a_sentence_unlike_any_of_the_passage_is_not_supported() -> None:
    assert check("바다에는 고래가 많이 산다 [1].", [ROMAN], similar=low) == "support"
    assert check("고래는 새끼를 낳는다.", [ENGLISH], similar=low) == "support"
    assert check("무엇이든 [1].", []) == "support"


def test_figures_and_names_of_the_question_may_be_repeated_where_the_sentence_speaks_of_it() -> None:
    known = "What did Nokia ask in 1999 of the Colosseum?"
    told = "In 1999 Nokia asked how many saw the Colosseum."
    asked = "Your question names Nokia and 1999; the Colosseum was opened in AD 80."
    assert [Evidence([ROMAN], known, moderate).outcome(text).reason for text in (told, asked)] == ["figure", ""]
    assert Evidence([ROMAN], "", moderate).outcome(asked).reason == "figure"


@pytest.mark.parametrize("sentence", [
    "In «Three Romes» the empire is a matter of roads.".replace("«", "“").replace("»", "”"),
    "「Three Romes, and Only One Paved Its Own Roads」에서 로마는 성벽을 남기지 않았다.",
    "『로마 제국의 긴 쇠망에 관한 이야기』처럼 로마는 콜로세움을 열었다.",
    "《로마 성벽과 콜로세움의 오랜 역사》에서 보듯 로마는 콜로세움을 열었다.",
])  # fmt: skip
def test_titles_in_any_marks_are_no_quotations(sentence: str) -> None:
    titles = ["Three Romes, and Only One Paved Its Own Roads"]
    assert Evidence([ROMAN], "", moderate, titles).outcome(sentence).reason != "quotation"


def test_a_sentence_in_brackets_and_an_unknown_text_in_quotation_marks_are_quotations() -> None:
    for sentence in ("「몽골은 성벽을 하나도 남기지 않았다.」라고 한다.", "“a book that nobody knows” says so."):
        assert Evidence([ROMAN], "", moderate, ["Three Romes"]).outcome(sentence).reason == "quotation"


@pytest.mark.parametrize("sentence", [
    "Rather than walls, DeepMind trained Chinchilla, a model of 70 billion parameters.",
    "Unlike others, DeepMind trained Chinchilla, a model of 70 billion parameters.",
    "DeepMind, the essay admits, trained Chinchilla, a model of 70 billion parameters.",
    "뜻밖에도 로마는 서기 80년에 콜로세움을 열었다.",
])  # fmt: skip
def test_comparisons_and_hedges_are_no_negation(sentence: str) -> None:
    assert Evidence([ENGLISH, ROMAN], "", moderate).outcome(sentence).reason == ""


def test_a_sentence_that_joins_two_passages_is_held_against_both() -> None:
    joined = "DeepMind trained Chinchilla, a model of 70 billion parameters, and Rome opened the Colosseum in AD 80."
    evidence = Evidence([ENGLISH, "In AD 80 Rome opened the Colosseum."], "", moderate)
    assert evidence.outcome(joined).state == "supported"
    assert evidence.outcome(joined.replace("AD 80", "AD 82")).reason == "figure"
    assert Evidence([ENGLISH], "", moderate).outcome(joined).reason in {"figure", "name"}


def test_an_outcome_has_the_span_that_bears_the_sentence_out() -> None:
    outcome = Evidence([ENGLISH, ROMAN], "", moderate).outcome("몽골은 성벽을 남기지 않았다 [2].")
    assert (outcome.state, outcome.passage, ROMAN[outcome.start : outcome.end]) == (
        "supported",
        1,
        "몽골은 성벽을 남기지 않았다.",
    )
    refused = Evidence([ENGLISH, ROMAN], "", moderate).outcome("관중은 6만 명을 넘었다 [2].")
    assert (refused.state, refused.reason, ROMAN[refused.start : refused.end]) == ("refused", "figure", "관중은 5만 명을 넘었다.")
    assert Evidence([]).outcome("무엇이든.") == Outcome("refused", "support")


def test_a_figure_of_another_unit_is_another_figure() -> None:
    passage = "앞에서 170명이 돌을 70미터 끌었다."
    assert check("170명이 돌을 끌었다.", [passage], similar=moderate) == ""
    assert check("돌을 170미터 끌었다.", [passage], similar=moderate) == "figure"


def test_an_entailment_model_decides_between_supported_and_unconfirmed() -> None:
    asked: list[tuple[str, str]] = []

    def says(relation: Relation) -> Comparison:
        return Comparison(moderate, entailment=lambda premise, claim: asked.append((premise, claim)) or relation)  # type: ignore[func-returns-value]

    sentence = "로마는 서기 80년에 콜로세움을 열었다 [1]."
    relations: tuple[Relation, ...] = ("entailment", "neutral", "contradiction")
    states = [Evidence([ROMAN], "", says(relation)).outcome(sentence).state for relation in relations]
    assert states == ["supported", "unconfirmed", "unconfirmed"]
    assert all(premise.startswith("서기 80년, 로마는") and claim == sentence.replace(" [1]", "") for premise, claim in asked)
    asked.clear()
    assert Evidence([ROMAN], "", says("entailment")).outcome("관중은 6만 명을 넘었다.").reason == "figure"
    assert not asked  # what is refused is not asked for


def test_a_reading_needs_no_support_but_may_not_invent_figures_names_or_quotations() -> None:
    evidence = Evidence([ROMAN], similar=low)
    assert evidence.check_reading("그 돌은 어쩌면 약속이었는지 모른다.") == ""
    assert evidence.check_reading("그 돌은 77년의 약속이었다.") == "figure"
    assert evidence.check_reading("구글의 약속이었다.") == "name"
    assert evidence.check_reading("이른바 “오랜 약속”이었다.") == "quotation"


def test_the_best_support_is_the_quotation_or_else_the_nearest_sentence() -> None:
    evidence = Evidence([ENGLISH, ROMAN], similar=moderate)
    for sentence in ("“몽골은 성벽을 남기지 않았다.” [2]", "몽골은 성벽을 남기지 않았다 [2]."):
        support = evidence.best_support(sentence)
        assert support is not None
        assert (support[0], ROMAN[support[1] : support[2]]) == (1, "몽골은 성벽을 남기지 않았다.")
    assert Evidence([]).best_support("무엇이든.") is None

"""The check of sentences against the passages that they cite: the reason for each refusal."""

from collections.abc import Sequence

import pytest

from bot.grounding.checker import Evidence, check
from bot.grounding.support import Similar

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
    assert check(sentence, [passage], similar=moderate) == reason


def test_a_sentence_unlike_any_of_the_passage_is_not_supported() -> None:
    assert check("바다에는 고래가 많이 산다 [1].", [ROMAN], similar=low) == "support"
    assert check("고래는 새끼를 낳는다.", [ENGLISH], similar=low) == "support"
    assert check("무엇이든 [1].", []) == "support"


RAIN = "King Sejong (세종) had iron gauges set up in every county of the kingdom."
GAUGES = "세종은 고을마다 쇠로 만든 측우기를 두게 했다."


def test_a_korean_name_in_an_english_passage_does_not_lower_the_threshold_of_support() -> None:
    claim = "The monarch wished to count every drop that fell on the farmers."
    assert check(claim, [RAIN.replace(" (세종)", "")], similar=moderate) == "support"
    assert check(claim, [RAIN], similar=moderate) == "support"
    assert check("The monarch wished to count every drop that fell.", [GAUGES], similar=moderate) == ""


def test_the_threshold_is_that_of_the_passage_with_the_nearest_sentence() -> None:
    def nearest_is(passage: str) -> Similar:
        return lambda _, others: [0.5 if other == passage else 0.1 for other in others]

    claim = "The monarch wished to count every drop that fell on the farmers."
    assert check(claim, [GAUGES, RAIN], similar=nearest_is(RAIN)) == "support"
    assert check(claim, [GAUGES, RAIN], similar=nearest_is(GAUGES)) == ""
    claim = "임금은 농부에게 내린 물방울까지 헤아리려 했다."
    assert check(claim, [GAUGES, RAIN], similar=nearest_is(GAUGES)) == "support"
    assert check(claim, [GAUGES, RAIN], similar=nearest_is(RAIN)) == ""


def test_figures_and_names_of_the_question_may_be_repeated() -> None:
    sentence = "In 1999 Nokia asked how many saw the Colosseum: 관중은 5만 명을 넘었다 [1]."
    assert check(sentence, [ROMAN], similar=moderate) == "figure"
    assert check(sentence, [ROMAN], known="What did Nokia ask in 1999 of the Colosseum?", similar=moderate) != "figure"


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

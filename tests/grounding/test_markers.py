"""Sentences that speak of the question or of what the essays lack, and the words that hedge, sweep and assure."""

import pytest

from bot.grounding import markers


@pytest.mark.parametrize("sentence", [
    "The essay does not say how many people pulled the rope.",
    "The passages do not mention Stonehenge.",
    "None of the essays explains why the tower was moved.",
    "However, the author never states the price.",
    "That is not stated in the essays.",
    "Nothing in these passages says who paid.",
    "이 글에는 비용이 얼마였는지 나오지 않습니다.",
    "글쓴이는 그 까닭을 설명하지 않습니다.",
    "주어진 대목만으로는 누가 시작했는지 알 수 없습니다.",
    "에세이에는 스톤헨지에 관한 내용이 없습니다.",
])  # fmt: skip
def test_a_sentence_about_what_the_essays_lack_is_told(sentence: str) -> None:
    assert markers.says_what_is_absent(sentence)


@pytest.mark.parametrize("sentence", [
    "The blog does not say which buildings were compared.",
    "블로그 글은 어느 건물인지 밝히지 않습니다.",
    "The essay says that the stone does not tell a stranger anything.",
    "GPT-4's makers did not state its size.",
    "이 글은 몽골이 떠나지 않았다고 말합니다.",
    "성문 앞에는 아무도 없었다.",
])  # fmt: skip
def test_a_claim_that_denies_something_is_none(sentence: str) -> None:
    assert not markers.says_what_is_absent(sentence)


def test_a_sentence_about_the_question_is_told() -> None:
    for sentence in (
        "You ask about 1999.",
        "Your question names Nokia.",
        "질문에는 1999년이라고 되어 있습니다.",
        "말씀하신 노키아는",
    ):
        assert markers.is_about_question(sentence)
    assert not markers.is_about_question("Nokia asked in 1999.")


def test_words_that_assure_hedge_and_sweep_are_found_in_both_languages() -> None:
    for pattern, texts in (
        (markers.HEDGE, ("Perhaps it was so.", "그랬으리라고 짐작한다.")),
        (markers.CERTAIN, ("It has been proved.", "그것은 증명되었다.")),
        (markers.SWEEPING, ("Every stone was moved.", "모든 돌을 옮겼다.")),
        (markers.OF_BLOG, ("The blogger says so.", "블로그 글이 그렇게 말한다.")),
    ):
        assert all(pattern.search(text) for text in texts)
        assert not any(pattern.search(text) for text in ("The stone was moved.", "돌을 옮겼다."))

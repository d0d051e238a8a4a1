"""Contradiction: a true claim next to each false one, within both languages and across them."""

import pytest

from bot.grounding.contradiction import ClaimText, contradicts, swaps_roles

ROLES = [
    ("AOL bought Netscape in 1998 for its portal.", "AOL bought Netscape in 1998 for its portal. Microsoft gave a browser away.", False),
    ("Microsoft bought Netscape in 1998 for its portal.", "AOL bought Netscape in 1998 for its portal. Microsoft gave a browser away.", True),
    ("고종이 먼저 머리를 깎고 조칙을 내렸다.", "고종이 먼저 머리를 깎고 조칙을 내렸다. 대원군은 집에 있었다.", False),
    ("대원군이 먼저 머리를 깎고 조칙을 내렸다.", "고종이 먼저 머리를 깎고 조칙을 내렸다. 대원군은 집에 있었다.", True),
    # two names of the claim exchanged
    ("Hulagu built the tower and Kublai planned the city.", "Hulagu built the tower and Kublai planned the city.", False),
    ("Kublai built the great tower and Hulagu planned the city.", "Hulagu built the great tower and Kublai planned the city.", True),
    # the subject of the sentence before
    ("Zahavi proposed that a tail is a handicap.", "Zahavi watched peacocks. He proposed that a tail is a handicap.", False),
    # another name, but with another preposition
    ("At Jecheon workers lifted a flat stone in 1962.", "In 1962 workers from Seoul lifted a flat stone. It lay at Jecheon.", False),
    ("Workers from Jecheon lifted a stone in 1962.", "In 1962 workers from Seoul lifted a stone. It is long. It lay at Jecheon.", True),
    # across languages, by the figures
    ("AOL offered 4.2 billion dollars in November 1998.", "마이크로소프트는 창을 팔았다. 불이 났다. 1998년 11월 AOL이 42억 달러를 냈다.", False),
    ("Microsoft offered 4.2 billion dollars in November 1998.", "마이크로소프트는 창을 팔았다. 불이 났다. 1998년 11월 AOL이 42억 달러를 냈다.", True),
    # a Korean name in an English sentence does not make it Korean: the words are compared
    ("Microsoft bought the small maker of browsers for its portal.", "AOL (아메리카온라인) bought the small maker of browsers for its portal.", True),
    # the figures of two names exchanged
    ("YOLO는 초당 45장을 보았지만 Gopher는 초당 7장에 그쳤다.", "Gopher managed 7 frames a second and YOLO 45, as the video does.", False),
    ("Gopher는 초당 45장을 보았지만 YOLO는 초당 7장에 그쳤다.", "Gopher managed 7 frames a second and YOLO 45, as the video does.", True),
]  # fmt: skip


@pytest.mark.parametrize(("claim", "passage", "expected"), ROLES)
def test_a_name_in_the_role_of_another_name_is_detected(claim: str, passage: str, expected: bool) -> None:
    sentences = [ClaimText(sentence.strip() + ".") for sentence in passage.rstrip(".").split(". ")]
    assert swaps_roles(ClaimText(claim), sentences) is expected


DENIALS = [
    ("성벽은 아직 마을에 남아 있다.", "성벽은 아직 마을에 남아 있다.", False),
    ("성벽은 아직 마을에 남아 있지 않다.", "성벽은 아직 마을에 남아 있다.", True),
    ("요금은 다음 달에 끊을 수 있다.", "요금은 다음 달에 끊을 수 있다.", False),
    ("요금은 다음 달에 끊을 수 없다.", "요금은 다음 달에 끊을 수 있다.", True),
    ("회사는 모델 공개를 거부했다.", "회사는 끝내 모델을 공개하지 않았다.", False),
    ("회사는 모델을 공개했다.", "회사는 끝내 모델 공개를 거부했다.", True),
    ("모델은 바깥에 공개되었다.", "모델은 바깥에 공개된 적이 없다.", True),
    ("모델은 바깥에 공개된 적이 없다.", "모델은 바깥에 공개되지 않았다.", False),
    ("쌀은 안 낼 수 없었다.", "누구나 쌀을 냈다.", False),  # denied twice
    ("마을에 돌담이 없었다.", "마을에 돌담이 없었다.", False),
    ("마을에 돌담이 있었다.", "마을에 돌담이 없었다.", True),
    ("그 개는 오래 묻지 않았다.", "그 개는 오래 물었다.", True),  # nearly the same words, one denial more
    ("The report gave the model's size.", "The report gave the model's size and its date.", False),
    ("The report gave the model's size and its hardware.", "The report declined to give the model's size or its hardware.", True),
    ("The report refused to give the model's size.", "The report declined to give the model's size.", False),
    ("Fortress walls have been found near Daegu.", "No fortress walls have been found near Daegu.", True),
    ("No fortress walls were found near Daegu.", "Fortress walls have not been found near Daegu.", False),
    ("Most of the pigs had not been raised locally.", "The pigs were tested for where they had been raised, and few were local.", False),
    ("A few of the pigs were local.", "A few of the pigs were local.", False),
    ("Few of the pigs were local.", "The pigs of the town were local.", True),
]  # fmt: skip


@pytest.mark.parametrize(("claim", "passage", "expected"), DENIALS)
def test_a_claim_that_affirms_what_the_passage_denies_or_the_reverse_is_detected(
    claim: str, passage: str, expected: bool
) -> None:
    assert contradicts(ClaimText(claim), [ClaimText(passage)]) is expected

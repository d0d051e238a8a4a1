"""The wording: what the bot itself says, in Korean and English, and the constants that code and tests share. Pure."""

from bot.schema import Language

ABSTAIN: dict[Language, str] = {
    "ko": "에세이에는 이 질문의 답이 없습니다.",
    "en": "The essays do not say.",
}
OTHER_WORK: dict[Language, str] = {
    "ko": "여기서는 에세이에 대한 이야기만 나눌 수 있습니다. 글에 무엇이 쓰여 있는지 물어 주세요.",
    "en": "I can only talk about the essays here. Ask what they say.",
}
NEAREST: dict[Language, str] = {
    "ko": "가장 가까운 대목은 「{title}」에 있습니다.",
    "en": "The nearest passage is in “{title}”.",
}
FROM: dict[Language, str] = {
    "ko": "「{title}」에서 찾은 문장입니다.",
    "en": "From “{title}”:",
}
QUOTED = "“{quote}”"
# The wording around the analogy map (bot/discuss.py).
MAP: dict[Language, dict[str, str]] = {
    "ko": {
        "name": "비유 지도에서: {name}",
        "breaks": "비유가 어긋나는 곳",
        "by_essay": "에세이의 지적({move}): {text}",
        "by_reader": "에세이에는 없고 독자가 물을 수 있는 것({move}): {text}",
        "reply": "이에 대한 답: {text}",
        "unmapped": "글쓴이가 짝을 짓지 않고 남긴 것: {text}",
        "others": "이어지는 다른 비유: {names}",
        "touched": "비유 지도에서 이 말이 나오는 비유: {names}",
        "all": "이 서가의 비유 지도에는 비유가 {count}개 있습니다.",
        "disanalogy": "닮지 않은 점",
        "survivorship": "살아남은 것만 셈",
        "other-cause": "다른 원인",
        "wrong-measure": "잘못된 잣대",
        "missing-step": "빠진 단계",
        "history": "사실과 다름",
        "scale": "규모의 차이",
    },
    "en": {
        "name": "From the analogy map: {name}",
        "breaks": "Where it breaks",
        "by_essay": "An essay objects ({move}): {text}",
        "by_reader": "Not in the essays, but a reader may ask ({move}): {text}",
        "reply": "A reply to that: {text}",
        "unmapped": "What the writer left without a partner: {text}",
        "others": "Related analogies: {names}",
        "touched": "On the analogy map, this stands in: {names}",
        "all": "The map of this shelf holds {count} analogies.",
        "disanalogy": "disanalogy",
        "survivorship": "survivorship",
        "other-cause": "another cause",
        "wrong-measure": "the wrong measure",
        "missing-step": "a missing step",
        "history": "a fact is wrong",
        "scale": "scale",
    },
}

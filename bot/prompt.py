"""The wording: what the bot itself says, in Korean and English, and the constants that code and tests share. Pure."""

from bot.schema import Language

ABSTAIN: dict[Language, str] = {
    "ko": "에세이에는 이 질문의 답이 없습니다.",
    "en": "The essays do not say.",
}
NEAREST: dict[Language, str] = {
    "ko": "가장 가까운 대목은 「{title}」에 있습니다.",
    "en": "The nearest passage is in “{title}”.",
}
FROM: dict[Language, str] = {
    "ko": "「{title}」에서 찾은 문장입니다.",
    "en": "From “{title}”:",
}
QUOTED: dict[Language, str] = {"ko": "“{quote}”", "en": "“{quote}”"}

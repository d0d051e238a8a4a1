"""What the bot itself says, in Korean and English. Pure."""

from bot.schema import Language

ABSTAIN: dict[Language, str] = {
    "ko": "에세이에는 이 질문의 답이 없습니다.",
    "en": "The essays do not say.",
}
OTHER_WORK: dict[Language, str] = {
    "ko": "여기서는 에세이에 대한 이야기만 나눌 수 있습니다. 글에 무엇이 쓰여 있는지 물어 주세요.",
    "en": "I can only talk about the essays here. Ask what they say.",
}
GREETING: dict[Language, str] = {
    "ko": "Dolmen입니다. 에세이에 적힌 것만 두고 이야기하고, 인용은 모두 원문과 맞춰 봅니다. "
    "에세이에 대해 물어보세요. 무엇이라고 쓰여 있는지, 비유가 어디서 어긋나는지, 무엇이 그에 맞서는지.",
    "en": "I am Dolmen. I talk about what the essays say and nothing else, and every quotation is checked against its text. "
    "Ask what they say, where an analogy breaks, what speaks against it.",
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
# What was wrong with a model, and what to do about it.
FAULTS: dict[str, dict[Language, str]] = {
    "key": {
        "ko": "모델이 열쇠를 받아 주지 않았습니다. API 키를 확인하거나 BOT_LLM=quotes 로 바꾸세요.",
        "en": "The model's server refused the key. Check the API key, or set BOT_LLM=quotes.",
    },
    "model": {
        "ko": "서버에 그런 모델이 없거나 요청을 받지 않았습니다. BOT_LLM의 모델 이름을 확인하세요.",
        "en": "The server does not know this model, or not such a request. Check the name in BOT_LLM.",
    },
    "busy": {
        "ko": "모델 서버가 지금은 더 받지 못합니다. 잠시 뒤에 다시 물어 주세요.",
        "en": "The model's server takes no more for now. Ask again in a moment.",
    },
    "down": {
        "ko": "모델 서버에 닿지 않거나 서버가 고장 났습니다. 서버와 주소를 확인하고 다시 물어 주세요.",
        "en": "The model's server cannot be reached or has failed. Check it and its address, and ask again.",
    },
    "slow": {
        "ko": "모델이 제때 말을 시작하지 않아 기다리기를 그만두었습니다. 다시 묻거나 더 빠른 모델을 고르세요.",
        "en": "The model did not begin in time. Ask again, or choose a quicker one.",
    },
    "broken": {
        "ko": "모델 서버가 알아볼 수 없는 답을 보냈습니다. 주소가 OpenAI 방식의 /v1인지 확인하세요.",
        "en": "The model's server sent what cannot be read. Check that the address is an OpenAI-style /v1.",
    },
    "cut": {
        "ko": "(여기서 끊김) 모델의 답이 끝까지 오지 않았습니다. 다시 물어 주세요.",
        "en": "(cut off) The model's answer did not come to its end. Ask again.",
    },
    "empty": {
        "ko": "모델이 아무 말도 하지 않았습니다. 다시 묻거나 다른 모델을 고르세요.",
        "en": "The model said nothing. Ask again, or choose another.",
    },
}
STANDS: dict[Language, str] = {  # said behind every one of them
    "ko": "위에 보이는 것은 모두 확인된 것입니다.",
    "en": "What stands above was checked.",
}
SETUP: dict[Language, str] = {  # a voice that cannot even be opened; its error says what to do
    "ko": "모델을 열지 못해 에세이의 문장으로만 답합니다. {error}",
    "en": "The model cannot be opened, so the essays' own sentences answer. {error}",
}
DOUBTS: dict[Language, str] = {
    "ko": "모델은 이 대목들에서 질문의 답을 찾지 못했습니다.",
    "en": "The model finds no answer to the question in these passages.",
}
NOTHING_LEFT: dict[Language, str] = {
    "ko": "모델이 덧붙인 문장은 확인을 통과하지 못해 모두 뺐습니다. 위의 인용이 답입니다.",
    "en": "Nothing that the model added passed the check. The quotations above are the answer.",
}
# The wording around the analogy map (bot/answers/debate.py).
MAP: dict[Language, dict[str, str]] = {
    "ko": {
        "name": "비유 지도에서: {name}",
        "pairs": "무엇을 무엇에 빗대는가",
        "breaks": "비유가 어긋나는 곳",
        "by_essay": "에세이의 지적({move}): {text}",
        "by_reader": "에세이에는 없고 독자가 물을 수 있는 것({move}): {text}",
        "reply": "이에 대한 답: {text}",
        "unmapped": "글쓴이가 짝을 짓지 않고 남긴 것: {text}",
        "others": "이어지는 다른 비유: {names}",
        "touched": "비유 지도에서 이 말이 나오는 비유: {names}",
        "all": "이 서가의 비유 지도에는 비유가 {count}개 있습니다.",
        "claim": "공격할 주장 ({name})",
        "claims": "글이 말하는 것 ({name})",
        "no_objection": "비유 지도에는 이에 대한 반론이 없습니다. 다른 글이 하는 말을 나란히 놓습니다.",
        "side_by_side": "나란히 놓고 읽기",
        "objected": "이런 지적이 있습니다: {text}",
        "against": "같은 비유를 두고 이렇게 맞섭니다.",
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
        "pairs": "What is set beside what",
        "breaks": "Where it breaks",
        "by_essay": "An essay objects ({move}): {text}",
        "by_reader": "Not in the essays, but a reader may ask ({move}): {text}",
        "reply": "A reply to that: {text}",
        "unmapped": "What the writer left without a partner: {text}",
        "others": "Related analogies: {names}",
        "touched": "On the analogy map, this stands in: {names}",
        "all": "The map of this shelf holds {count} analogies.",
        "claim": "The claim under attack ({name})",
        "claims": "What is said ({name})",
        "no_objection": "The analogy map holds no objection to this. What the essays say is set side by side.",
        "side_by_side": "Side by side",
        "objected": "It has been objected: {text}",
        "against": "On the same analogy, it is answered:",
        "disanalogy": "disanalogy",
        "survivorship": "survivorship",
        "other-cause": "another cause",
        "wrong-measure": "the wrong measure",
        "missing-step": "a missing step",
        "history": "a fact is wrong",
        "scale": "scale",
    },
}
# The question that is asked back, by the kind of objection that it carries; the last one fits any sentence.
ASK_BACK: dict[Language, dict[str, str]] = {
    "ko": {
        "disanalogy": "이 점이 서로 다르다면, 비유에서 끝까지 남는 것은 무엇일까요?",
        "survivorship": "사라져서 보이지 않는 것까지 셈에 넣어도 같은 결론이 나올까요?",
        "other-cause": "같은 결과가 다른 원인에서도 나온다면, 무엇을 보고 둘을 가릴 수 있을까요?",
        "wrong-measure": "다른 잣대로 재면 순서가 뒤집힐 수도 있는데, 왜 하필 이 잣대일까요?",
        "missing-step": "여기서 결론까지 가려면 한 단계가 더 필요합니다. 그 단계를 무엇으로 채우시겠습니까?",
        "history": "사실이 이와 다르다면, 주장은 어디까지 버틸까요?",
        "scale": "규모가 이만큼 달라져도 같은 이치가 통할까요?",
        "": "이 문장이 틀렸다면, 어떤 증거가 그것을 보여 줄까요?",
    },
    "en": {
        "disanalogy": "If the two differ in this, what of the likeness is left in the end?",
        "survivorship": "If what vanished were counted too, would the conclusion be the same?",
        "other-cause": "If another cause brings the same result, by what would you tell the two apart?",
        "wrong-measure": "By another measure the order might be reversed. Why this one?",
        "missing-step": "One step is missing between this and the conclusion. What would you put there?",
        "history": "If the facts were otherwise, how far would the claim still hold?",
        "scale": "Does the same reasoning hold when the scale is so different?",
        "": "If this sentence were wrong, what evidence would show it?",
    },
}


def ended(fault: str, language: Language) -> str:
    """What a reader is told where a model's turn did not end well."""
    return f"{FAULTS[fault][language]} {STANDS[language]}"

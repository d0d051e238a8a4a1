"""The texts that the bot itself adds to answers, in Korean and English. Pure."""

from bot.schema import Language

ABSTAIN: dict[Language, str] = {  # the prompt's rules give a model the same sentence
    "ko": "에세이에는 이 질문의 답이 없습니다.",
    "en": "The essays do not say.",
}
OUT_OF_SCOPE: dict[Language, str] = {
    "ko": "여기서는 에세이에 대한 질문에만 답합니다. 에세이에 무엇이 쓰여 있는지 물어 주세요.",
    "en": "I only answer questions about the essays. Ask what they say.",
}
GREETING: dict[Language, str] = {
    "ko": "Dolmen입니다. 에세이에 적힌 내용으로만 답하고, 인용은 모두 원문과 대조합니다. "
    "에세이에 무엇이 쓰여 있는지, 비유가 어디서 어긋나는지, 어떤 반론이 있는지 물어보세요.",
    "en": "I am Dolmen. I answer from the essays only, and every quotation is checked against the text. "
    "Ask what the essays say, where an analogy breaks down, or what the objections are.",
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
NOTE: dict[Language, str] = {"ko": "각주: “{quote}”", "en": "Footnote: “{quote}”"}
# What went wrong with a chat model and what to do about it, by the faults of bot/models/streaming.py.
FAULTS: dict[str, dict[Language, str]] = {
    "key": {
        "ko": "모델 서버가 API 키를 거부했습니다. API 키를 확인하거나 BOT_LLM=quotes 로 바꾸세요.",
        "en": "The model server rejected the API key. Check the key, or set BOT_LLM=quotes.",
    },
    "model": {
        "ko": "모델 서버에 그런 모델이 없거나 서버가 요청을 거부했습니다. BOT_LLM의 모델 이름을 확인하세요.",
        "en": "The model server does not have this model, or rejected the request. Check the model name in BOT_LLM.",
    },
    "busy": {
        "ko": "모델 서버에 요청이 너무 많아 답을 받지 못했습니다. 잠시 뒤에 다시 질문해 주세요.",
        "en": "The model server accepts no more requests at the moment. Ask again later.",
    },
    "down": {
        "ko": "모델 서버에 연결할 수 없거나 서버에 오류가 났습니다. 서버와 주소를 확인하고 다시 질문해 주세요.",
        "en": "The model server cannot be reached or has failed. Check the server and its address, and ask again.",
    },
    "slow": {
        "ko": "모델이 제한 시간 안에 답을 시작하지 않았습니다. 다시 질문하거나 더 빠른 모델을 고르세요.",
        "en": "The model did not start to answer within the time limit. Ask again, or choose a faster model.",
    },
    "broken": {
        "ko": "모델 서버가 보낸 응답을 읽을 수 없습니다. 주소가 OpenAI 방식의 /v1인지 확인하세요.",
        "en": "The model server sent a response that cannot be read. Check that the address is an OpenAI-style /v1.",
    },
    "cut": {
        "ko": "(여기서 끊김) 모델의 답이 끝까지 오지 않았습니다. 다시 질문해 주세요.",
        "en": "(cut off) The model's answer is incomplete. Ask again.",
    },
    "empty": {
        "ko": "모델이 빈 답을 보냈습니다. 다시 질문하거나 다른 모델을 고르세요.",
        "en": "The model sent an empty answer. Ask again, or choose another model.",
    },
}
ABOVE_IS_CHECKED: dict[Language, str] = {  # after every fault
    "ko": "위의 내용은 모두 확인된 것입니다.",
    "en": "Everything above was checked.",
}
MODEL_UNAVAILABLE: dict[Language, str] = {  # the error says what to do
    "ko": "모델을 쓸 수 없어 인용으로만 답합니다. {error}",
    "en": "The model cannot be used, so this answer has quotations only. {error}",
}
MODEL_ABSTAINS: dict[Language, str] = {
    "ko": "모델은 이 대목들에서 질문의 답을 찾지 못했습니다.",
    "en": "The model found no answer to the question in these passages.",
}
ALL_REFUSED: dict[Language, str] = {
    "ko": "모델이 쓴 문장은 모두 확인을 통과하지 못해 뺐습니다. 위의 인용이 답입니다.",
    "en": "No sentence of the model passed the check. The quotations above are the answer.",
}
# Headings and sentences of the answers from the analogy map (bot/answers/debate.py).
ANALOGY_MAP: dict[Language, dict[str, str]] = {
    "ko": {
        "name": "비유 지도에서: {name}",
        "pairs": "무엇을 무엇에 빗대는가",
        "breaks": "비유가 어긋나는 곳",
        "by_essay": "에세이의 지적({move}): {text}",
        "by_reader": "에세이에는 없고 독자가 물을 수 있는 것({move}): {text}",
        "reply": "이에 대한 답: {text}",
        "unmapped": "글쓴이가 짝을 짓지 않고 남긴 것: {text}",
        "others": "관련된 다른 비유: {names}",
        "touched": "비유 지도에서 이 말이 나오는 비유: {names}",
        "all": "비유 지도에는 비유가 {count}개 있습니다.",
        "claim": "반박할 주장 ({name})",
        "claims": "글의 주장 ({name})",
        "no_objection": "비유 지도에는 이에 대한 반론이 없습니다. 에세이들의 내용을 나란히 보여 드립니다.",
        "side_by_side": "나란히 놓고 읽기",
        "objected": "이런 지적이 있습니다: {text}",
        "against": "같은 비유에 대한 반론입니다.",
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
        "pairs": "What is compared with what",
        "breaks": "Where the analogy breaks down",
        "by_essay": "An essay objects ({move}): {text}",
        "by_reader": "Not in the essays, but a reader may ask ({move}): {text}",
        "reply": "A reply to that: {text}",
        "unmapped": "What the author left without a counterpart: {text}",
        "others": "Related analogies: {names}",
        "touched": "Analogies on the map that mention this: {names}",
        "all": "The analogy map has {count} analogies.",
        "claim": "The claim to argue against ({name})",
        "claims": "The claim ({name})",
        "no_objection": "The analogy map has no objection to this. Here is what the essays say, side by side.",
        "side_by_side": "Side by side",
        "objected": "An objection: {text}",
        "against": "An objection to the same analogy:",
        "disanalogy": "disanalogy",
        "survivorship": "survivorship bias",
        "other-cause": "another cause",
        "wrong-measure": "the wrong measure",
        "missing-step": "a missing step",
        "history": "a fact is wrong",
        "scale": "scale",
    },
}
# The question to the reader, by the kind of the objection; "" where there is none.
SOCRATIC_QUESTIONS: dict[Language, dict[str, str]] = {
    "ko": {
        "disanalogy": "이 점이 서로 다르다면, 비유에서 끝까지 남는 것은 무엇일까요?",
        "survivorship": "사라져서 보이지 않는 것까지 셈에 넣어도 같은 결론이 나올까요?",
        "other-cause": "같은 결과가 다른 원인에서도 나온다면, 둘을 어떻게 구별할 수 있을까요?",
        "wrong-measure": "다른 잣대로 재면 순서가 뒤집힐 수도 있는데, 왜 이 잣대를 써야 할까요?",
        "missing-step": "여기서 결론까지 가려면 한 단계가 더 필요합니다. 그 단계를 무엇으로 채우시겠습니까?",
        "history": "사실이 이와 다르다면, 주장은 어디까지 성립할까요?",
        "scale": "규모가 이만큼 달라져도 같은 논리가 통할까요?",
        "": "이 문장이 틀렸다면, 어떤 증거가 그것을 보여 줄까요?",
    },
    "en": {
        "disanalogy": "If the two differ in this, what remains of the analogy?",
        "survivorship": "If the cases that disappeared were counted, too, would the conclusion be the same?",
        "other-cause": "If another cause can bring about the same result, how would you tell the two apart?",
        "wrong-measure": "By another measure the order might be reversed. Why use this one?",
        "missing-step": "One step is missing between this and the conclusion. What would you put there?",
        "history": "If the facts are different, how much of the claim still holds?",
        "scale": "Does the same reasoning hold when the scale is so different?",
        "": "If this sentence were wrong, what evidence would show it?",
    },
}


def fault_notice(fault: str, language: Language) -> str:
    """The notice at the end of an answer that a fault of the model ended early."""
    return f"{FAULTS[fault][language]} {ABOVE_IS_CHECKED[language]}"

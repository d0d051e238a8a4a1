"""What the bot itself adds to answers and to exported chats, beside the lines about the analogy map."""

from bot.messages.text import Text, joined

QUOTED = "“{quote}”"  # in either language

ABSTAIN = Text("The essays do not say.", "에세이에는 이 질문의 답이 없습니다.")  # the prompt gives a model the same sentence
OUT_OF_SCOPE = Text(
    "I only answer questions about the essays. Ask what they say.",
    "여기서는 에세이에 대한 질문에만 답합니다. 에세이에 무엇이 쓰여 있는지 물어 주세요.",
)
GREETING = Text(
    "I am Dolmen. I answer from the essays only, and every quotation is checked against the text. "
    "Ask what the essays say, where an analogy breaks down, or what the objections are.",
    "Dolmen입니다. 에세이에 적힌 내용으로만 답하고, 인용은 모두 원문과 대조합니다. "
    "에세이에 무엇이 쓰여 있는지, 비유가 어디서 어긋나는지, 어떤 반론이 있는지 물어보세요.",
)
RELATED = Text(
    "The essays may not answer this. The closest passages:",
    "에세이에 이 질문의 답이 없을 수 있습니다. 가장 가까운 대목입니다.",
)
NEAREST = Text("The nearest passage is in “{title}”, {place}.", "가장 가까운 대목은 「{title}」의 {place}에 있습니다.")
UNDER = Text("under “{heading}”", "“{heading}” 부분")
PARAGRAPH = Text("paragraph {number}", "{number}번째 문단")
FROM = Text("From “{title}”:", "「{title}」에서 찾은 문장입니다.")
PAGE = Text("p. {number}", "{number}쪽")  # of a file, on which a quotation stands
FOOTNOTE = Text("Footnote: “{quote}”", "각주: “{quote}”")

# What went wrong with a chat model and what to do about it, by the faults of bot/models/streaming.py.
FAULTS = {
    "key": Text(
        "The model server rejected the API key. Check the key, or set BOT_LLM=quotes.",
        "모델 서버가 API 키를 거부했습니다. API 키를 확인하거나 BOT_LLM=quotes 로 바꾸세요.",
    ),
    "model": Text(
        "The model server does not have this model, or rejected the request. Check the model name in BOT_LLM.",
        "모델 서버에 그런 모델이 없거나 서버가 요청을 거부했습니다. BOT_LLM의 모델 이름을 확인하세요.",
    ),
    "busy": Text(
        "The model server accepts no more requests at the moment. Ask again later.",
        "모델 서버에 요청이 너무 많아 답을 받지 못했습니다. 잠시 뒤에 다시 질문해 주세요.",
    ),
    "down": Text(
        "The model server cannot be reached or has failed. Check the server and its address, and ask again.",
        "모델 서버에 연결할 수 없거나 서버에 오류가 났습니다. 서버와 주소를 확인하고 다시 질문해 주세요.",
    ),
    "slow": Text(
        "The model did not start to answer within the time limit. Ask again, or choose a faster model.",
        "모델이 제한 시간 안에 답을 시작하지 않았습니다. 다시 질문하거나 더 빠른 모델을 고르세요.",
    ),
    "broken": Text(
        "The model server sent a response that cannot be read. Check that the address is an OpenAI-style /v1.",
        "모델 서버가 보낸 응답을 읽을 수 없습니다. 주소가 OpenAI 방식의 /v1인지 확인하세요.",
    ),
    "cut": Text(
        "(cut off) The model's answer is incomplete. Ask again.",
        "(여기서 끊김) 모델의 답이 끝까지 오지 않았습니다. 다시 질문해 주세요.",
    ),
    "empty": Text(
        "The model sent an empty answer. Ask again, or choose another model.",
        "모델이 빈 답을 보냈습니다. 다시 질문하거나 다른 모델을 고르세요.",
    ),
}
ABOVE_IS_CHECKED = Text("Everything above was checked.", "위의 내용은 모두 확인된 것입니다.")
ENDED_EARLY = {fault: joined(" ", (text, ABOVE_IS_CHECKED)) for fault, text in FAULTS.items()}
MODEL_UNAVAILABLE = Text(  # the error says what to do
    "The model cannot be used, so this answer has quotations only. {error}",
    "모델을 쓸 수 없어 인용으로만 답합니다. {error}",
)
MODEL_ABSTAINS = Text(
    "The model found no answer to the question in these passages.",
    "모델은 이 대목들에서 질문의 답을 찾지 못했습니다.",
)
UNCONFIRMED = Text(
    "not confirmed: compare the passage", "확인하지 못한 문장: 대목과 견주어 보세요"
)  # behind or before such a sentence
ALL_REFUSED = Text(
    "No sentence of the model passed the check. The quotations above are the answer.",
    "모델이 쓴 문장은 모두 확인을 통과하지 못해 뺐습니다. 위의 인용이 답입니다.",
)

# in an exported chat
EXPORTED_CHAT = Text("A chat with Dolmen · {created}", "Dolmen과 나눈 대화 · {created}")
EXPORTED_TURN = Text("{mode} · chat model: {model} · {asked}", "{mode} · 채팅 모델: {model} · {asked}")
INCOMPLETE = Text("(this answer was not completed)", "(끝까지 쓰지 못한 답변)")

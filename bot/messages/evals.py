"""The texts of the errors of evals/: no chat model, and question sets that cannot be used."""

from bot.messages.text import Text

NO_CHAT_MODEL = Text(
    "There is no chat model: BOT_LLM is quotes, or auto without a model. Set BOT_LLM=local, and fetch that model: make model",
    "채팅 모델이 없습니다. BOT_LLM이 quotes이거나, auto인데 모델이 없습니다. BOT_LLM=local 로 지정하고 make model 로 로컬 모델을 받으세요.",
)
WRONG_SPAN = Text(
    "{name}.jsonl, {identity}: its gold span is not in {essay}. Correct start and end there.",
    "{name}.jsonl의 {identity}: 정답 구간이 {essay}에 없습니다. 그 줄의 start와 end를 고치세요.",
)
WRONG_PASSAGE = Text(
    "verify.jsonl, {identity}: its passage is not in {essay}. Correct the passage in that file.",
    "verify.jsonl의 {identity}: 대목이 {essay}에 없습니다. 그 파일의 passage를 고치세요.",
)
SQUAD_UNREADABLE = Text(
    "{path} cannot be read: {reason}. Give a SQuAD-format JSON file.",
    "{path} 파일을 읽을 수 없습니다({reason}). SQuAD 형식의 JSON 파일을 지정하세요.",
)
NOT_SQUAD = Text(
    "{path} is not in SQuAD's format ({reason}). Give a file with data, paragraphs, context and qas.",
    "{path} 파일이 SQuAD 형식이 아닙니다({reason}). data, paragraphs, context, qas가 있는 파일을 지정하세요.",
)
NO_QUESTIONS = Text(
    "{path} contains no questions. Give a SQuAD-format JSON file with qas.",
    "{path} 파일에 질문이 없습니다. qas가 있는 SQuAD 형식의 JSON 파일을 지정하세요.",
)

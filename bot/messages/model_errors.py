"""The texts of the errors of chat models and of fetching models; below, the clauses in them, without a full stop."""

from bot.messages.text import Text

# choosing a chat model
NO_SUCH_CHAT_MODEL = Text(
    "BOT_LLM is {name!r}, which is not the name of a chat model. Choose auto, quotes, local, local:/path.gguf or "
    "provider:model, for example openai:{example}.",
    "BOT_LLM이 {name!r}인데 이런 이름의 채팅 모델은 없습니다. auto, quotes, local, local:/path.gguf, provider:model "
    "가운데 하나를 고르세요. 예: openai:{example}",
)
NO_KEY = Text(
    "BOT_LLM names {provider}, and {variable} is not set. Set it, or BOT_LLM=quotes.",
    "BOT_LLM이 {provider}인데 {variable}가 설정되어 있지 않습니다. 키를 설정하거나 BOT_LLM=quotes 로 바꾸세요.",
)
NO_PACKAGE = Text(
    "BOT_LLM names {provider}, and its package is not installed. Install it with: {command}",
    "BOT_LLM이 {provider}인데 필요한 패키지가 설치되어 있지 않습니다. 다음 명령으로 설치하세요: {command}",
)
NOT_OPENED = Text(
    "BOT_LLM is {provider}:{model}, which LangChain cannot open ({reason}). Check the name and the provider's key.",
    "BOT_LLM이 {provider}:{model}인데 LangChain이 열지 못했습니다({reason}). 이름과 제공자의 키를 확인하세요.",
)
NO_MODEL_LIST = Text(
    "The server at OPENAI_BASE_URL does not say which models it has ({reason}). Start it, or name the model: BOT_LLM=openai:NAME",
    "OPENAI_BASE_URL의 서버에서 모델 목록을 받지 못했습니다({reason}). 서버를 켜거나 BOT_LLM=openai:이름 으로 모델을 지정하세요.",
)
TRIAL_FAILED = Text("{name}: {fault}", "{name}: {fault}")

# the local model
NO_XLLAMACPP = Text(
    "BOT_LLM asks for a local model, and xllamacpp is not installed. Install it with: pip install '.[local]'",
    "BOT_LLM이 로컬 모델인데 xllamacpp가 설치되어 있지 않습니다. 다음 명령으로 설치하세요: pip install '.[local]'",
)
NOT_GGUF = Text(
    "{file} is not a GGUF model file. Download the default one with: make model",
    "{file}은(는) GGUF 모델 파일이 아닙니다. 다음 명령으로 기본 모델을 받으세요: make model",
)
NOT_LOADED = Text(
    "llama.cpp cannot load {file} ({reason}). Delete it and download it again with: make model",
    "llama.cpp가 {file}을(를) 불러오지 못했습니다({reason}). 파일을 지우고 다시 받으세요: make model",
)

# fetching a model; `alternative` is a clause
NO_SUCH_MODEL = Text(
    "There is no model called {name!r}. Choose from: {known}.",
    "{name!r}라는 모델이 없습니다. 고를 수 있는 것: {known}.",
)
FULL_DISK = Text(
    "{failure}. Free some space, set BOT_CACHE to another folder, {alternative}.",
    "{failure}. 공간을 비우거나 BOT_CACHE를 다른 폴더로 지정하세요. {alternative}.",
)
NOT_FETCHED = Text(
    "The model {name} cannot be fetched: {failures}. Check the network and try again, {alternative}.",
    "{name} 모델을 받을 수 없습니다: {failures}. 네트워크를 확인하고 다시 시도하세요. {alternative}.",
)
CACHE_UNWRITABLE = Text(
    "The model {name} cannot be written into the folder {cache}: {reason}. It needs {needed}: free some space, "
    "set BOT_CACHE to another folder, {alternative}.",
    "{name} 모델을 {cache} 폴더에 쓸 수 없습니다: {reason}. {needed}가 필요합니다. 공간을 비우거나 BOT_CACHE를 "
    "다른 폴더로 지정하세요. {alternative}.",
)

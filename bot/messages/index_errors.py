"""The texts of the errors of an index and of the disk that it is on."""

from bot.messages.text import Text

NO_INDEX = Text(
    "There is no index in {place} yet. Run: python ingest.py",
    "{place}에 아직 색인이 없습니다. 먼저 실행하세요: python ingest.py",
)
DEFAULT_COLLECTION = Text("default", "기본")
NO_COLLECTION = Text(
    "No collection is called {name!r}; there are: {known}. To make it, run: python ingest.py --collection {name} PATH",
    "{name!r}라는 컬렉션이 없습니다. 있는 컬렉션: {known}. 만들려면 실행하세요: python ingest.py --collection {name} PATH",
)
NO_COLLECTIONS = Text("none", "없음")  # of `NO_COLLECTION`, where nothing is indexed yet
MISMATCH = Text(
    "The index was made with {name} {stored!r}, but now it is {current!r}. Run: python -m bot doctor --repair",
    "색인은 {name} {stored!r} 기준으로 만들어졌는데 지금은 {current!r}입니다. 다시 만드세요: python -m bot doctor --repair",
)
DAMAGED = Text(
    "The index is damaged: {part} {fact}. Run: python -m bot doctor --repair",
    "색인이 손상되었습니다. {part}: {fact}. 복구하세요: python -m bot doctor --repair",
)
PREVIOUS_IS_USED = Text(
    "{damage} Until then the previous index, {name}, is used.",
    "{damage} 그때까지 이전 색인 {name}을(를) 씁니다.",
)
SOURCES_UNKNOWN = Text(
    "The index {place} no longer says what it was made from. Name the essays: python ingest.py PATH",
    "색인 {place}을(를) 무엇으로 만들었는지 알 수 없습니다. 에세이의 위치를 알려 주세요: python ingest.py PATH",
)
SOURCES_MISSING = Text(
    "The index {place} cannot be repaired: no essay is left in it, and there is none in {sources}. "
    "Mount or restore that folder, or name another one: python ingest.py PATH",
    "색인 {place}을(를) 복구할 수 없습니다. 색인에 남은 글이 없고 {sources}에도 에세이가 없습니다. "
    "그 폴더를 되살리거나 다른 폴더를 지정하세요: python ingest.py PATH",
)
BUSY = Text(
    "Another process ({process}, since {since}) is writing the index {place}. Wait until it ends, then run again.",
    "다른 프로세스({process}, {since}부터)가 색인 {place}에 쓰고 있습니다. 끝난 뒤 다시 실행하세요.",
)
# of `BUSY`, where the other process does not say who it is
UNKNOWN = Text("unknown", "?")
NOW = Text("now", "지금")
CLOSED = Text(
    "The index {name} was closed before the query. Ask again.",
    "검색하기 전에 색인 {name}이(가) 닫혔습니다. 다시 물어 주세요.",
)
UNWRITABLE = Text(
    "{path} cannot be written: {reason} ({free} bytes are free). Free some space, or set {setting} to a writable folder.",
    "{path}에 쓸 수 없습니다: {reason} (남은 공간 {free}바이트). 공간을 비우거나 {setting}(으)로 다른 폴더를 지정하세요.",
)
NO_SPACE = Text(
    "{path} has {free} bytes free, and a new index needs {needed}. Free some space, or set BOT_INDEX to a folder on another disk.",
    "{path}의 남은 공간은 {free}바이트인데 새 색인에는 {needed}바이트가 필요합니다. 공간을 비우거나 BOT_INDEX로 다른 폴더를 지정하세요.",
)
NOT_AN_ADDRESS = Text(
    "BOT_CHROMA_URL is {url!r}, which is not an address. Use one like http://localhost:8000, or unset it.",
    "BOT_CHROMA_URL 값 {url!r}은(는) 주소가 아닙니다. http://localhost:8000처럼 쓰거나 설정을 지우세요.",
)
SERVER_FAILED = Text(
    "The Chroma server at {url} failed: {reason}. Start it with: chroma run --path chroma, or unset BOT_CHROMA_URL.",
    "Chroma 서버({url})를 쓸 수 없습니다: {reason}. 서버를 켜거나 BOT_CHROMA_URL을 지우세요: chroma run --path chroma",
)

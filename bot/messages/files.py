"""Why a file was left out, and remarks on how one was read: clauses without a full stop, which stand behind the file's name."""

from bot.messages.text import Text

# why a file was left out
BINARY = Text("it is binary, not text", "텍스트가 아니라 이진 파일입니다")
UNKNOWN_ENCODING = Text("its encoding is unknown or mixed", "문자 인코딩을 알 수 없거나 여러 인코딩이 섞여 있습니다")
SAME_FILE = Text("it is the same file as {first}, which is read", "이미 읽은 {first}와(과) 같은 파일입니다")
SAME_TEXT = Text(
    "it has the same text as {other}; remove one of the two",
    "{other} 파일과 내용이 같습니다. 둘 중 하나를 빼 주세요",
)
HIDDEN = Text("it is hidden; rename it to add it", "숨긴 항목입니다. 넣으려면 이름을 바꿔 주세요")
LOCK_FILE = Text(
    "it is the lock of a document that is open, and holds no text; remove it if no program has the document open",
    "열려 있는 문서의 잠금 파일로, 글이 없습니다. 문서를 연 프로그램이 없으면 지워 주세요",
)
FOLDER_LINK = Text(
    "it is a link to a folder; give that folder as well",
    "폴더를 가리키는 링크입니다. 그 폴더도 지정해 주세요",
)
OUTSIDE_LINK = Text(
    "it is a link to a file outside the folder; copy that file into the folder",
    "폴더 밖을 가리키는 링크입니다. 그 파일을 폴더 안에 복사해 주세요",
)
OTHER_SUFFIX = Text(
    "it is not read, only {suffixes} are; save its text in such a file to add it",
    "{suffixes} 파일만 읽습니다. 넣으려면 내용을 그런 파일로 저장해 주세요",
)
UPLOAD_SUFFIX = Text(
    "its suffix is none of {suffixes}; save it as text",
    "확장자가 {suffixes} 가운데 어느 것도 아닙니다. 텍스트로 저장해 주세요",
)
README = Text(
    "a README describes its folder; rename it to add it",
    "README는 폴더를 설명하는 파일로 봅니다. 넣으려면 이름을 바꿔 주세요",
)
NOT_A_FILE = Text("it is not a regular file; give a text file", "일반 파일이 아닙니다. 텍스트 파일을 넣어 주세요")
TOO_MANY_BYTES = Text(
    "it has {count:,} bytes, more than {limit:,}; split it into smaller files",
    "크기가 {count:,}바이트로, {limit:,}바이트를 넘습니다. 여러 파일로 나누어 주세요",
)
TOO_MANY_CHARACTERS = Text(
    "it has {count:,} characters, more than {limit:,}; split it into smaller files",
    "글이 {count:,}자로, {limit:,}자를 넘습니다. 여러 파일로 나누어 주세요",
)
LINE_TOO_LONG = Text(
    "one of its lines has {count:,} characters, more than {limit:,}; break the line",
    "한 줄이 {count:,}자로, {limit:,}자를 넘습니다. 줄을 나누어 주세요",
)
UNREADABLE = Text(
    "it cannot be read: {reason}; check the file and its permissions",
    "읽을 수 없습니다({reason}). 파일과 권한을 확인해 주세요",
)
NO_ESSAYS = Text("there is no essay in it", "에세이가 없습니다")
EMPTY = Text("it contains no text; write some or remove the file", "내용이 없습니다. 글을 쓰거나 파일을 빼 주세요")

# remarks on a file that was read
GUESSED_ENCODING = Text(
    "decoded as {encoding}, which is a guess; save it as UTF-8 if it looks wrong",
    "인코딩을 {encoding}(으)로 추정해 읽었습니다. 글자가 이상하면 UTF-8로 저장해 주세요",
)
INVISIBLE_CHARACTER = Text("left out {count} invisible character", "보이지 않는 글자 {count}개를 뺐습니다")
INVISIBLE_CHARACTERS = Text("left out {count} invisible characters", "보이지 않는 글자 {count}개를 뺐습니다")
HEADER_BY_LINE = Text(
    "its header of {lines} lines is not valid and was read line by line: {keys}",
    "머리말 {lines}줄의 형식이 맞지 않아 한 줄씩 읽었습니다: {keys}",
)
HEADER_LINE = Text("{lines} line was taken for its header: {keys}", "머리말로 읽은 줄 {lines}개: {keys}")
HEADER_LINES = Text("{lines} lines were taken for its header: {keys}", "머리말로 읽은 줄 {lines}개: {keys}")
NOT_A_DAY = Text("its date {date!r} is not a day and was left out", "날짜 {date!r}에서 날을 알 수 없어 뺐습니다")
HIDDEN_TEXT = Text("left out hidden text in {count} place", "숨긴 글을 {count}군데에서 뺐습니다")
HIDDEN_TEXTS = Text("left out hidden text in {count} places", "숨긴 글을 {count}군데에서 뺐습니다")
REPLACED = Text("it replaced the earlier file of this name", "이름이 같은 이전 파일을 대신합니다")
STORED_AS = Text("it is stored as {name}", "{name} 이름으로 저장했습니다")

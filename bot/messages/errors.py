"""The texts of errors: settings, essays, the analogy map, questions, chats and requests. Those of the index and of models have files."""

from bot.messages.text import Text

# settings and the start of the page
NO_SUCH_SETTING = Text(
    "No setting is called {name!r}. Choose from: {known}.",
    "{name!r}라는 설정이 없습니다. 고를 수 있는 것: {known}.",
)
ENV_FILE_UNREADABLE = Text(
    "{file} cannot be read: {reason}. Make it readable, or remove it.",
    "{file} 파일을 읽을 수 없습니다: {reason}. 읽을 수 있게 하거나 지우세요.",
)
ENV_FILE_NOT_UTF8 = Text(
    "{file} is not UTF-8 text. Save it as UTF-8, or remove it.",
    "{file} 파일이 UTF-8 텍스트가 아닙니다. UTF-8로 저장하거나 지우세요.",
)
SETTING_UNUSABLE = Text(
    "{name} is {value!r}: {reason}. Change or unset it.",
    "{name} 값 {value!r}을(를) 쓸 수 없습니다({reason}). 값을 바꾸거나 지우세요.",
)
COLLECTION_NAME = Text(
    "A collection cannot be called {name!r}. Use 1 to {limit} letters and digits, with single - or _ between them.",
    "컬렉션 이름으로 {name!r}을(를) 쓸 수 없습니다. 글자와 숫자를 {limit}자까지 쓰고, 사이에는 -나 _를 하나씩만 넣으세요.",
)
REMOTE_HOST = Text(
    "BOT_HOST is {host!r}: other machines could reach the page, and it has no login. "
    "Unset it, or start with: python app.py --i-know",
    "BOT_HOST가 {host!r}이면 다른 컴퓨터에서도 페이지를 열 수 있는데, 페이지에는 로그인이 없습니다. "
    "설정을 지우거나 다음 명령으로 시작하세요: python app.py --i-know",
)
CANNOT_LISTEN = Text(
    "The page cannot listen on {host}, port {port}: {reason}. Set BOT_HOST or BOT_PORT, for example: BOT_PORT={other} python app.py",
    "{host}의 {port}번 포트에서 페이지를 열 수 없습니다: {reason}. "
    "BOT_HOST나 BOT_PORT를 바꾸세요. 예: BOT_PORT={other} python app.py",
)

# texts that are checked
TEXT_NOT_TEXT = Text("A text to check has to be a string, not {type}.", "확인할 글은 문자열이어야 하는데 {type}입니다.")
TEXT_TOO_LONG = Text(
    "The text has {count} characters; at most {limit} are checked at once. Check it in parts.",
    "글이 {count}자입니다. 한 번에 {limit}자까지 확인합니다. 나누어 확인하세요.",
)

# essays
NO_SUCH_PATH = Text(
    "There is no {path}. Give a folder or file with essays ({suffixes}).",
    "{path} 경로가 없습니다. 에세이가 있는 폴더나 파일을 지정하세요({suffixes}).",
)
SUFFIX_NOT_READ = Text(
    "{path} is not read: its suffix is none of {suffixes}. Save it as text, or name another file.",
    "{path} 파일은 읽지 않습니다. 확장자가 {suffixes} 가운데 하나여야 합니다. 텍스트로 저장하거나 다른 파일을 지정하세요.",
)
NO_ESSAY = Text(  # `skipped` and `more` may be empty
    "No essay was found in {places}. {skipped} {more} Put .md, .txt, .pdf or .docx files there, or name another folder.",
    "{places}에서 에세이를 찾지 못했습니다. {skipped} {more} .md, .txt, .pdf, .docx 같은 파일을 넣거나 다른 폴더를 지정하세요.",
)
ESSAYS_KEPT = Text(
    "{fault} The index keeps the essays that it has from there ({count}); add --allow-empty to remove them.",
    "{fault} 색인에 있는 그곳의 글({count}편)은 그대로 둡니다. 색인에서도 지우려면 --allow-empty를 붙이세요.",
)
FIRST_SKIPPED = Text("Skipped {path}: {reason}.", "{path} 파일은 제외했습니다: {reason}.")
MORE_SKIPPED = Text("And {count} more.", "그 밖에 {count}개도 제외했습니다.")
NO_SENTENCE = Text(
    "No essay contains a sentence ({sources}). Put essays there, or name another folder.",
    "문장이 있는 에세이가 없습니다({sources}). 에세이를 넣거나 다른 폴더를 지정하세요.",
)
UPLOAD_TOO_LARGE = Text(
    "{name} is larger than {limit} MB. Add a smaller file.",
    "{name} 파일이 {limit} MB보다 큽니다. 더 작은 파일을 올려 주세요.",
)
TOO_MANY_AT_ONCE = Text(
    "These are {count} files, more than {limit} at once. Add fewer.",
    "파일이 {count}개로, 한 번에 {limit}개보다 많습니다. 나누어 올려 주세요.",
)
TOO_MANY_UPLOADS = Text(
    "With these you would have {count} files and {megabytes}, more than {max_files} files or {max_megabytes} MB. Remove some first.",
    "이대로면 내 글이 {count}개, {megabytes}로, {max_files}개나 {max_megabytes} MB를 넘습니다. 먼저 몇 개를 빼 주세요.",
)
COOKIES_NEEDED = Text(
    "Own essays need a cookie that tells readers apart. Allow cookies for this page and load it again.",
    "내 글을 보관하려면 쿠키가 필요합니다. 이 페이지의 쿠키를 허용하고 다시 열어 주세요.",
)
NO_SUCH_UPLOAD = Text(
    "None of your essays has the id {identity!r}. Choose one from the list.",
    "내 글 가운데 {identity!r}라는 글이 없습니다. 목록에서 골라 주세요.",
)
NOT_QUOTABLE = Text(
    "Characters {start} to {end} of {essay} cannot be quoted: the essay has {length}. Run ingest.py again.",
    "{essay}의 {start}~{end}번째 글자는 인용할 수 없습니다. 글 전체가 {length}자입니다. ingest.py를 다시 실행하세요.",
)

# the analogy map, each with the file and the line as `place`
MAP_UNREADABLE = Text(
    "{place} cannot be read: {reason}. Save it as UTF-8 text.",
    "{place} 파일을 읽을 수 없습니다: {reason}. UTF-8 텍스트로 저장하세요.",
)
MAP_NOT_YAML = Text(
    "{place}: this is not YAML: {problem}. Correct this line.",
    "{place}: YAML 형식에 맞지 않습니다({problem}). 이 줄을 고치세요.",
)
MAP_ID_TWICE = Text(
    '{place}: the id "{identity}" is used twice. Give each analogy its own id.',
    '{place}: id "{identity}"이(가) 두 번 쓰였습니다. 비유마다 다른 id를 쓰세요.',
)
MAP_ID_OF_ANOTHER = Text(
    '{place}: the id "{identity}" is already used by the map of another folder. Give each analogy its own id.',
    '{place}: id "{identity}"은(는) 다른 폴더의 비유 지도에서 이미 쓰였습니다. 비유마다 다른 id를 쓰세요.',
)
MAP_WRONG_QUOTATIONS = Text(
    '{place}: the break has the wrong quotations. Give quotes with "by: essay", none with "by: reader", '
    "and reply_quotes with each reply.",
    '{place}: 인용이 항목과 맞지 않습니다. "by: essay"에는 quotes를 쓰고 "by: reader"에는 쓰지 마세요. '
    "reply에는 reply_quotes를 함께 쓰세요.",
)
MAP_NOT_IN_ESSAY = Text(
    '{place}: "{beginning}" is not in {essay}. The nearest text there is "{nearest}".',
    '{place}: "{beginning}"은(는) {essay}에 없는 문장입니다. 가장 비슷한 부분: "{nearest}".',
)
MAP_NO_KEYS = Text(
    "{place}: keys are missing here. Write {keys}.",
    "{place}: 키가 있어야 합니다. 쓸 수 있는 키: {keys}.",
)
MAP_WRONG_KEY = Text(
    '{place}: the key "{key}" is unknown or used twice. Write {keys}.',
    '{place}: "{key}" 키를 알 수 없거나 두 번 썼습니다. 쓸 수 있는 키: {keys}.',
)
MAP_MISSING_KEY = Text(
    '{place}: the key "{key}" is missing. Add "{key}:".',
    '{place}: "{key}" 키가 없습니다. "{key}:"을(를) 추가하세요.',
)
MAP_NO_LIST = Text(
    '{place}: a list with at least one item is missing here. Begin each item with "- ".',
    '{place}: 항목이 하나 이상인 목록이 있어야 합니다. 항목마다 "- "로 시작하세요.',
)
MAP_WRONG_VALUE = Text(
    '{place}: "{value}" is not known here. Use one of {known}.',
    '{place}: "{value}"은(는) 쓸 수 없는 값입니다. 다음 가운데 하나를 쓰세요: {known}.',
)
MAP_NO_TEXT = Text(
    "{place}: some text is missing here. Write it in quotation marks.",
    "{place}: 글이 있어야 합니다. 따옴표 안에 써 주세요.",
)

# a question
NO_SUCH_MODE = Text(
    "No mode is called {mode!r}. Choose from: {known}.",
    "{mode!r}라는 방식이 없습니다. 고를 수 있는 것: {known}.",
)
NO_SUCH_ESSAY = Text(
    "No essay has the id {identity!r}. Choose from: {known}.",
    "{identity!r}라는 에세이가 없습니다. 고를 수 있는 것: {known}.",
)
QUESTION_NOT_TEXT = Text(
    "The question is of the type {type}, not a string. Give it as text.",
    "질문이 문자열이 아니라 {type}입니다. 글로 주세요.",
)
QUESTION_TOO_LONG = Text(
    "The question has {count:,} characters, more than {limit:,}. Shorten it.",
    "질문이 {count:,}자로, {limit:,}자보다 깁니다. 줄여서 물어 주세요.",
)
QUESTION_EMPTY = Text("The question is empty. Ask about the essays.", "질문이 비어 있습니다. 에세이에 대해 물어 주세요.")
NO_QUESTION = Text(
    "The input is a {type} without a question. Give a string, {{'question': …}} or messages that end with the user's.",
    "입력({type})에 질문이 없습니다. 문자열, {{'question': …}}, 또는 사용자의 말로 끝나는 메시지 목록을 주세요.",
)

# the history of a question
WRONG_HISTORY = Text(
    '{fact} Give each turn as ("user", text) or {{"role": "assistant", "content": text}}, with the role user or assistant.',
    '{fact} 항목을 ("user", 글) 또는 {{"role": "assistant", "content": 글}} 꼴로 주세요. 역할(role)은 user나 assistant입니다.',
)
NOT_A_LIST = Text("The history is {value}, not a list of turns.", "history 값 {value}은(는) 대화 목록이 아닙니다.")
NO_ROLE = Text("The history has {value}, which has no role.", "history의 {value}에는 역할(role)이 없습니다.")
WRONG_ROLE = Text(
    "The history has a turn with the role {value}.",
    "history에 역할(role)이 {value}인 항목이 있습니다.",
)
NOT_TEXT = Text(
    "The history has a turn with the content {value}, which is not text.",
    "history에 내용이 글이 아닌 항목({value})이 있습니다.",
)

# saved and exported chats
NO_SUCH_CHAT = Text(
    "You have no such chat, or the turn is no longer in it. Choose a chat from the list.",
    "그런 대화가 없거나, 그 질문이 대화에 남아 있지 않습니다. 목록에서 골라 주세요.",
)
NO_SUCH_CHAT_OR_FORMAT = Text(
    "There is no such chat among yours, or no format {given!r}. The formats are: {formats}.",
    "내 대화 가운데 그런 대화가 없거나 {given!r} 형식이 없습니다. 쓸 수 있는 형식: {formats}.",
)
CHAT_NAME_LENGTH = Text(
    "The name has {count} characters. Give it 1 to {limit}.",
    "이름이 {count}자입니다. 1자에서 {limit}자 사이로 지어 주세요.",
)
REASON_TOO_LONG = Text(
    "The reason has {count:,} characters, more than {limit:,}. Shorten it.",
    "이유가 {count:,}자로, {limit:,}자를 넘습니다. 줄여 주세요.",
)
NEWER_CHATS = Text(
    "{file} was written by a newer Dolmen (version {version}, this one reads {known}). "
    "Update Dolmen, or set BOT_DATA to another folder.",
    "{file}은(는) 더 새로운 Dolmen이 쓴 파일입니다(버전 {version}, 이 프로그램은 {known}까지). "
    "Dolmen을 업데이트하거나 BOT_DATA를 다른 폴더로 바꾸세요.",
)
CHATS_UNUSABLE = Text(
    "{file} cannot be used: {reason}. Free disk space, move the file away, or set BOT_DATA to another folder.",
    "{file}을(를) 쓸 수 없습니다: {reason}. 디스크 공간을 비우거나 파일을 옮기거나 BOT_DATA를 다른 폴더로 바꾸세요.",
)
NOT_AN_ANSWER = Text(
    "This is not an answer of Dolmen ({reason}). Give the output of `ask --json`, or an exported chat.",
    "Dolmen의 답변이 아닙니다({reason}). `ask --json`의 출력이나 내려받은 대화 파일을 지정하세요.",
)
NOT_AN_EXPORT = Text(
    "This file is not an exported chat. Give a file that the page exported (.md, .html, .json), or the output of `ask --json`.",
    "내려받은 대화 파일이 아닙니다. 페이지에서 내려받은 파일(.md, .html, .json)이나 `ask --json`의 출력을 지정하세요.",
)
EXPORT_TOO_LARGE = Text(
    "{path} has more than {limit:,} bytes. Give an exported chat (.md, .html, .json).",
    "{path} 파일이 {limit:,}바이트를 넘습니다. 내려받은 대화 파일(.md, .html, .json)을 지정하세요.",
)
EXPORT_UNREADABLE = Text(
    "{path} cannot be read: {reason}. Give an exported chat (.md, .html, .json).",
    "{path} 파일을 읽을 수 없습니다: {reason}. 내려받은 대화 파일(.md, .html, .json)을 지정하세요.",
)

# requests to the page
TOO_MANY_A_MINUTE = Text(
    "You can ask {limit} times a minute. Please try again in {seconds} s.",
    "1분에 {limit}번까지 물을 수 있습니다. {seconds}초 뒤에 다시 해 주세요.",
)
TOO_MANY_RUNNING = Text(
    "{limit} of your questions are being answered at this moment. Ask again when one of them is done.",
    "지금 질문 {limit}개에 답하고 있습니다. 하나가 끝난 뒤에 다시 물어 주세요.",
)
REQUEST_TOO_LARGE = Text(
    "The request has more than {limit:,} bytes. Send fewer or smaller files, or less text.",
    "요청이 {limit:,}바이트를 넘습니다. 파일이나 글을 나누어 보내 주세요.",
)
FOREIGN_ORIGIN = Text(
    "This page accepts requests only from itself.",
    "이 페이지는 이 페이지에서 보낸 요청만 받습니다.",
)

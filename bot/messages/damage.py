"""What is wrong with a part of an index, and the names of its parts: clauses of `index_errors.DAMAGED`, without a full stop."""

from bot.messages.text import Text

# the parts that are no files
MANIFEST = Text("the manifest of {name}", "{name}의 매니페스트")
WINDOW = Text("window {number} of {name}", "{name}의 {number}번 창")

# files
UNREADABLE = Text("cannot be read ({reason})", "읽을 수 없습니다({reason})")
WRONG_SIZE = Text("has {count} bytes, which does not match its checksum", "크기가 {count}바이트로 체크섬과 맞지 않습니다")
WRONG_CHECKSUM = Text("does not match its checksum", "체크섬과 맞지 않습니다")
MISSING = Text("is missing or has another size than its checksum says", "없거나, 크기가 체크섬과 다릅니다")
GONE = Text("is missing", "없습니다")
TOO_LARGE = Text("is missing or has more than {limit} bytes", "없거나 {limit}바이트를 넘습니다")
NOT_UTF8 = Text("is not UTF-8", "UTF-8이 아닙니다")
OUTSIDE = Text("names {file!r}, which is outside the index", "색인 밖의 파일 {file!r}을(를) 가리킵니다")

# the pointer and the manifest
NOT_A_GENERATION = Text("names {name!r}, which is not a generation", "{name!r}을(를) 가리키는데 색인의 이름이 아닙니다")
CHANGING = Text("changed at each of five attempts to open the index", "색인을 열려고 한 다섯 번 모두 그사이에 바뀌었습니다")
NOT_JSON = Text("is not a JSON object", "JSON 객체가 아닙니다")
WRONG_SEAL = Text("does not match its own checksum", "자기 체크섬과 맞지 않습니다")
WRONG_FIELD = Text("has an invalid field: {field}", "잘못된 항목이 있습니다: {field}")
UNFINISHED = Text("is not finished on {place}", "{place}에서 완성되지 않았습니다")

# the contents
INCOMPLETE = Text("is incomplete ({reason})", "빠진 부분이 있습니다({reason})")
INVALID_RECORDS = Text("holds invalid records ({reason})", "잘못된 기록이 있습니다({reason})")
WRONG_COUNT = Text("holds {count} records instead of {expected}", "기록이 {expected}개가 아니라 {count}개입니다")
WRONG_COUNTS = Text(
    "holds {counts} passages and windows instead of {expected}",
    "대목과 창의 수가 {expected}이(가) 아니라 {counts}입니다",
)
OTHER_ESSAYS = Text("does not hold the essays of its manifest: {essays}", "매니페스트의 에세이와 다릅니다: {essays}")
OTHER_OUTLINE = Text(
    "does not hold the passages, terms and windows of its manifest",
    "대목, 낱말, 창이 매니페스트와 다릅니다",
)
OTHER_DIMENSION = Text(
    "holds vectors whose dimension is not that of its manifest",
    "벡터의 차원이 매니페스트와 다릅니다",
)
OTHER_TEXT = Text("does not have the text that was embedded", "임베딩한 글과 다릅니다")
NOT_FOUND = Text("is not found by its vector", "자기 벡터로 찾을 수 없습니다")

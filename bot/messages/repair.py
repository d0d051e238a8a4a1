"""What the repair of an index did: clauses of the command line, without a full stop."""

from bot.messages.text import Text

WHOLE = Text(
    "{place} is whole and current, and was not changed (essays: {essays})",
    "{place}은(는) 온전하고 최신이어서 그대로 두었습니다(에세이 {essays}편)",
)
REBUILT = Text(
    "{place} was rebuilt from {sources} (essays: {essays}, embedded again: {embedded} passages and sentences)",
    "{place}을(를) {sources}에서 다시 만들었습니다(에세이 {essays}편, 다시 임베딩한 대목과 문장 {embedded}곳)",
)
ITSELF = Text("its own texts", "색인에 남은 글")
WITH_KEPT = Text(
    "{done}; of these {count} are what the index had from {sources}, where there is nothing now",
    "{done}. 그 가운데 {count}편은 지금 비어 있는 {sources}의 글로, 색인에 있던 것입니다",
)

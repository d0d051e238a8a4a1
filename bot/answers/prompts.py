"""What the prompts for capable and for small chat models share: how untrusted text is kept apart from instructions. Pure.

Essays, the map, the chat and questions are untrusted data in a prompt. Each part is introduced by a line with a marker that is drawn at
random for every request, so no essay can contain it (after "spotlighting": Hines et al., 2024), and role tags of chat templates are
neutralised. This keeps a part inside its delimiters. It does not keep a model from following instructions in it; the check of its sentences
is for that.
"""

import re
import secrets
from collections.abc import Mapping, Sequence

from bot.answers.context import Context
from bot.messages.text import Language, Text
from bot.schema import Essay

PASSAGE = Text("Passage {number} “{title}”", "대목 {number} «{title}»")
CHAT = Text("The chat so far", "지금까지의 대화")
CARDS = Text("The essays that the passages are from", "대목이 실린 에세이")
ANALOGY = Text("Notes on an analogy of the essays, by their readers", "에세이의 비유에 대한 독자의 메모")
END = Text("end of passages", "대목 끝")
CHAT_END = Text("end of the chat", "대화 끝")
QUESTION = Text("{task}\nQuestion: {question}", "{task}\n질문: {question}")
REWRITE = Text(
    "Rewrite the last question of this chat as one question that can be understood without the chat: put the names of what it means in "
    "place of words such as it, that or there. Do not answer it; write the question only.\n\n{chat}\n\nLast question: {question}\nRewritten:",
    "대화의 마지막 질문을, 앞의 대화 없이도 뜻이 통하는 질문 한 문장으로 다시 쓰세요. '그것', '거기' 같은 말은 가리키는 것의 이름으로 "
    "바꿉니다. 답하지 말고 질문만 쓰세요.\n\n{chat}\n\n마지막 질문: {question}\n다시 쓴 질문:",
)
# Role and end tags of the common chat templates.
_ROLE_TAGS = re.compile(r"<(?=\s*[|/a-z_｜])|(?<=[|a-z_｜/])>|\[(?=/?[A-Z_]+\])", re.IGNORECASE)
_FULLWIDTH = {"<": "＜", ">": "＞", "[": "［"}


def neutralise(text: str) -> str:
    """`text` with the brackets of role tags replaced by full-width ones; its words and its length stay the same."""
    return _ROLE_TAGS.sub(lambda tag: _FULLWIDTH[tag[0]], text)


def new_marker() -> str:
    """128 random bits, to separate the parts of one prompt."""
    return secrets.token_urlsafe(16)


def part(heading: str, lines: Sequence[str], marker: str) -> list[str]:
    """A part of a prompt as lines: a delimiter with its heading, then untrusted lines; nothing where there are none."""
    return [f"--- {marker} {neutralise(' '.join(heading.split()))}", *map(neutralise, lines)] if lines else []


def passage_parts(context: Context, essays: Mapping[str, Essay], language: Language, marker: str) -> list[str]:
    """The passages, numbered from 1, each under its essay's title, and the delimiter after the last."""
    lines: list[str] = []
    for number, passage in enumerate(context.passages, 1):
        heading = PASSAGE.of(language).format(number=number, title=essays[passage.essay].title)
        lines += part(heading, [passage.text.strip()], marker)
    return [*lines, f"--- {marker} {END.of(language)}"]


def condense_messages(question: str, chat: Sequence[str], language: Language, marker: str = "") -> list[tuple[str, str]]:
    """The prompt that asks for a follow-up as a standalone question, as (role, text); `chat` holds a line a message."""
    marker = marker or new_marker()
    lines = [*part(CHAT.of(language), chat or [""], marker), f"--- {marker} {CHAT_END.of(language)}"]
    return [("user", REWRITE.of(language).format(chat="\n".join(lines), question=neutralise(question)))]

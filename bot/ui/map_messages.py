"""The message catalogue of the analogy map, in Korean and English. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.indexing.analogies import Bilingual
from bot.schema import Language


@dataclass(frozen=True, slots=True)
class MapMessages:
    """The map's texts in one language. `moves` names the kinds of objections."""

    count: str
    none: str
    shows: str
    by_essay: str
    by_reader: str
    reply: str
    unmapped: str
    ask_answer: str
    ask_counter: str
    pair_question: str
    break_question: str
    pair_label: str
    break_label: str
    close: str
    moves: Mapping[str, str]


MAP_MESSAGES: dict[Language, MapMessages] = {
    "ko": MapMessages(
        count="비유 {count}개. 선을 누르면 근거가 되는 문장이 나옵니다.",
        none="비유 지도가 없습니다. 에세이 폴더에 analogies.yaml을 넣고 색인을 다시 만들면 여기에 그려집니다.",
        shows="이 비유로 말하려는 것",
        by_essay="에세이의 지적",
        by_reader="에세이에는 없고, 비유 지도에 적어 둔 질문",
        reply="이에 대한 답",
        unmapped="짝이 없는 것",
        ask_answer="이것에 대해 묻기",
        ask_counter="반론 찾기",
        pair_question="{source}와 {target}의 비유에서 ‘{a}’는 ‘{b}’와 어떻게 닮았나요?",
        break_question="{source}와 {target}의 비유는 여기서 어긋나나요? {text}",
        pair_label="{a} — {b}",
        break_label="어긋나는 곳 {number}: {move}",
        close="닫기",
        moves={
            "disanalogy": "닮지 않은 점",
            "survivorship": "살아남은 것만 봄",
            "other-cause": "다른 원인",
            "wrong-measure": "잘못된 척도",
            "missing-step": "빠진 단계",
            "history": "역사와 다름",
            "scale": "규모의 차이",
        },
    ),
    "en": MapMessages(
        count="Analogies: {count}. Click a line for the sentences that it is based on.",
        none="There is no analogy map. Put an analogies.yaml into the folder of the essays and rebuild the index to see it here.",
        shows="What it is meant to show",
        by_essay="An essay objects",
        by_reader="Not in the essays: a question written into the analogy map",
        reply="The answer to this",
        unmapped="Without a counterpart",
        ask_answer="Ask about this",
        ask_counter="Find a counter-argument",
        pair_question="In the analogy of {source} and {target}, how is “{a}” like “{b}”?",
        break_question="Does the analogy of {source} and {target} break here? {text}",
        pair_label="{a} — {b}",
        break_label="Break {number}: {move}",
        close="Close",
        moves={
            "disanalogy": "not alike",
            "survivorship": "only survivors seen",
            "other-cause": "another cause",
            "wrong-measure": "the wrong measure",
            "missing-step": "a missing step",
            "history": "history differs",
            "scale": "another scale",
        },
    ),
}


def in_language(text: Bilingual, language: Language) -> str:
    """A text of the map in one language."""
    return text.ko if language == "ko" else text.en

"""The texts of the analogy map: headings, kinds of objections and questions, the same in answers and on the page."""

from bot.messages.text import Text

# the kind of an objection, by `Break.move`, and the question about it to the reader; "" is for none
MOVES = {
    "disanalogy": Text("disanalogy", "닮지 않은 점"),
    "survivorship": Text("survivorship bias", "살아남은 것만 셈"),
    "other-cause": Text("another cause", "다른 원인"),
    "wrong-measure": Text("the wrong measure", "잘못된 잣대"),
    "missing-step": Text("a missing step", "빠진 단계"),
    "history": Text("a fact is wrong", "사실과 다름"),
    "scale": Text("scale", "규모의 차이"),
}
SOCRATIC_QUESTIONS = {
    "disanalogy": Text(
        "If the two differ in this, what remains of the analogy?",
        "이 점이 서로 다르다면, 비유에서 끝까지 남는 것은 무엇일까요?",
    ),
    "survivorship": Text(
        "If the cases that disappeared were counted, too, would the conclusion be the same?",
        "사라져서 보이지 않는 것까지 셈에 넣어도 같은 결론이 나올까요?",
    ),
    "other-cause": Text(
        "If another cause can bring about the same result, how would you tell the two apart?",
        "같은 결과가 다른 원인에서도 나온다면, 둘을 어떻게 구별할 수 있을까요?",
    ),
    "wrong-measure": Text(
        "By another measure the order might be reversed. Why use this one?",
        "다른 잣대로 재면 순서가 뒤집힐 수도 있는데, 왜 이 잣대를 써야 할까요?",
    ),
    "missing-step": Text(
        "One step is missing between this and the conclusion. What would you put there?",
        "여기서 결론까지 가려면 한 단계가 더 필요합니다. 그 단계를 무엇으로 채우시겠습니까?",
    ),
    "history": Text(
        "If the facts are different, how much of the claim still holds?",
        "사실이 이와 다르다면, 주장은 어디까지 성립할까요?",
    ),
    "scale": Text(
        "Does the same reasoning hold when the scale is so different?",
        "규모가 이만큼 달라져도 같은 논리가 통할까요?",
    ),
    "": Text(
        "If this sentence were wrong, what evidence would show it?",
        "이 문장이 틀렸다면, 어떤 증거가 그것을 보여 줄까요?",
    ),
}

# headings and labels of what stands on the map
RAISED_BY = {  # by `Break.by`
    "essay": Text("An essay objects", "에세이의 지적"),
    "reader": Text("Not in the essays, but a reader may ask", "에세이에는 없고 독자가 물을 수 있는 것"),
}
REPLY = Text("A reply to that", "이에 대한 답")
UNMAPPED = Text("What the author left without a counterpart", "글쓴이가 짝을 짓지 않고 남긴 것")

# in answers
NAME = Text("From the analogy map: {name}", "비유 지도에서: {name}")
PAIRS = Text("What is compared with what", "무엇을 무엇에 빗대는가")
BREAKS = Text("Where the analogy breaks down", "비유가 어긋나는 곳")
OBJECTION = Text("{by} ({move}): {text}", "{by}({move}): {text}")
OBJECTED = Text("An objection: {text}", "이런 지적이 있습니다: {text}")
AGAINST = Text("An objection to the same analogy:", "같은 비유에 대한 반론입니다.")
MORE_BREAKS = Text(
    "Ask where it breaks down: {count} more objections.", "어디가 어긋나는지 물으면 {count}가지를 더 볼 수 있습니다."
)
OTHERS = Text("Related analogies: {names}", "관련된 다른 비유: {names}")
TOUCHED = Text("Analogies on the map that mention this: {names}", "비유 지도에서 이 말이 나오는 비유: {names}")
ALL = Text("The analogy map has {count} analogies.", "비유 지도에는 비유가 {count}개 있습니다.")
CLAIM = Text("The claim to argue against ({name})", "반박할 주장 ({name})")
CLAIMS = Text("The claim ({name})", "글의 주장 ({name})")
NO_OBJECTION = Text(
    "The analogy map has no objection to this. Here is what the essays say, side by side.",
    "비유 지도에는 이에 대한 반론이 없습니다. 에세이들의 내용을 나란히 보여 드립니다.",
)
SIDE_BY_SIDE = Text("Side by side", "나란히 놓고 읽기")

# on the page
COUNT = Text(
    "Analogies: {count}. Click a line for the sentences that it is based on.",
    "비유 {count}개. 선을 누르면 근거가 되는 문장이 나옵니다.",
)
NONE = Text(
    "There is no analogy map. Put an analogies.yaml into the folder of the essays and rebuild the index to see it here.",
    "비유 지도가 없습니다. 에세이 폴더에 analogies.yaml을 넣고 색인을 다시 만들면 여기에 그려집니다.",
)
SHOWS = Text("What it is meant to show", "이 비유로 말하려는 것")
BREAK = Text("Break {number}: {move}", "어긋나는 곳 {number}: {move}")
ASK = Text("Ask about this", "이것에 대해 묻기")
PAIR_QUESTION = Text(
    "In the analogy of {source} and {target}, how is “{a}” like “{b}”?",
    "{source:과} {target}의 비유에서 ‘{a}’는 ‘{b}’와 어떻게 닮았나요?",
)
BREAK_QUESTION = Text(
    "Does the analogy of {source} and {target} break here? {text}",
    "{source:과} {target}의 비유는 여기서 어긋나나요? {text}",
)
CLOSE = Text("Close", "닫기")

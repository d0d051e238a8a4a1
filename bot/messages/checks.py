"""What the report of a checked text says, in both languages."""

from bot.messages.text import Text

TITLE = Text("Checked against the essays", "에세이와 대조한 결과")
COUNTS = Text(
    "{claims} claims: {supported} supported, {unconfirmed} not confirmed, {refused} refused; {passed} sentences are no claims",
    "주장 {claims}개: 근거 있음 {supported}, 확인하지 못함 {unconfirmed}, 어긋남 {refused}; 주장이 아닌 문장 {passed}개",
)
QUOTATIONS = Text(
    "{quotations} quotations: {verbatim} verbatim, {altered} altered, {absent} in no essay",
    "인용 {quotations}개: 그대로임 {verbatim}, 바뀜 {altered}, 어느 글에도 없음 {absent}",
)
STATES = {
    "supported": Text("supported", "근거 있음"),
    "unconfirmed": Text("not confirmed", "확인하지 못함"),
    "refused": Text("refused", "어긋남"),
    "passed": Text("no claim", "주장이 아님"),
}
REASONS = {
    "quotation": Text("a quotation that no essay has like this", "어느 글에도 이대로 없는 인용"),
    "figure": Text("a figure that the passages do not have", "대목에 없는 숫자"),
    "name": Text("a name that the passages do not have, or in another's place", "대목에 없거나 자리가 바뀐 이름"),
    "negation": Text("the opposite of what the passages say", "대목과 반대되는 말"),
    "support": Text("no passage is about this", "이에 관한 대목이 없음"),
}
QUOTATION_STATES = {
    "verbatim": Text("verbatim", "그대로임"),
    "altered": Text("altered; the text has", "바뀜; 원문은"),
    "absent": Text("in no essay", "어느 글에도 없음"),
}
COMPARE = Text("compare", "견줄 곳")

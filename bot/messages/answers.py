"""What the bot says around quotations: introductions, answers about the essays as documents, and the next questions."""

from bot.messages.text import Text

# introductions
SEVERAL_ESSAYS = Text("{count} essays speak of this.", "에세이 {count}편에 나오는 이야기입니다.")
SUMMARY = Text("“{title}” in {count} of its own sentences:", "「{title}」의 핵심 문장 {count}개입니다.")
SUMMARY_OF_ONE = Text("“{title}” in one of its own sentences:", "「{title}」의 핵심 문장입니다.")
BOTH_SIDES = Text("What the essays say of each:", "양쪽에 대해 에세이가 하는 말을 나란히 옮깁니다.")
SIDE = Text("On {side}, from “{title}”{date}:", "{side} — 「{title}」{date}")
NO_SIDE = Text("On {side}, I found nothing in the essays.", "{side}에 대해서는 에세이에서 찾지 못했습니다.")
FOR_AND_AGAINST = Text(
    "I hold no view of my own. The essays say this for and against:",
    "저는 의견이 없습니다. 에세이에서 찬반으로 읽을 수 있는 문장을 옮깁니다.",
)
ARGUMENTS = Text("{count} passages that bear on this:", "이 주장을 따져 볼 대목 {count}개입니다.")
ONE_ARGUMENT = Text("One passage bears on this:", "이 주장을 따져 볼 대목입니다.")
OBJECTORS = Text("Other essays on this sentence:", "이 문장과 부딪히거나 이 문장을 따져 보는 다른 글의 대목입니다.")
MORE = Text("More on this:", "더 찾아본 대목입니다.")
NO_MORE = Text("The essays say no more about this.", "에세이에는 이에 대한 내용이 더 없습니다.")

# about the essays as documents
ESSAY = Text("“{title}”", "「{title}」")
AUTHOR_AND_DATE = Text("{essay} is by {author}, dated {date}.", "{essay}: {author} 씀, {date}.")
AUTHOR = Text("{essay} is by {author}; no date is given.", "{essay}: {author} 씀. 날짜는 적혀 있지 않습니다.")
DATE = Text("{essay} is dated {date}; no author is given.", "{essay}: {date}. 글쓴이는 적혀 있지 않습니다.")
NEITHER = Text("{essay}: neither author nor date is given.", "{essay}: 글쓴이와 날짜가 적혀 있지 않습니다.")
SOURCE = Text("Source: {source}", "출처: {source}")
COUNT_OF_ALL = Text(
    "There are {count} essays: {korean} in Korean, {english} in English.",
    "에세이는 모두 {count}편입니다. 한국어 {korean}편, 영어 {english}편입니다.",
)
COUNT = Text("There are {count} essays.", "에세이는 모두 {count}편입니다.")
COUNT_SELECTED = Text("{count} essays: {what}.", "{what}: {count}편입니다.")
WRITTEN_IN = {"ko": Text("in Korean", "한국어로 쓴 글"), "en": Text("in English", "영어로 쓴 글")}
BY = Text("by {author}", "{author}의 글")
OF_YEAR = Text("of {year}", "{year}년의 글")
OF_KIND = Text("of the kind “{kind}”", "종류가 {kind}인 글")
NONE_SELECTED = Text("No essay is {what}.", "{what}은 없습니다.")
AUTHORS = Text("Written by {count} people:", "글쓴이는 모두 {count}명입니다.")
ONE_AUTHOR = Text("All of them are by {author}.", "모두 {author}의 글입니다.")
NO_AUTHOR = Text("The files do not say who wrote them.", "파일에 글쓴이가 적혀 있지 않습니다.")
AUTHOR_OF = Text("{author}: {count} ({titles})", "{author}: {count}편 ({titles})")
UNSIGNED_OF = Text("Author not given: {count} ({titles})", "글쓴이가 적혀 있지 않은 글: {count}편 ({titles})")
ITEM = Text("{essay}{details}", "{essay}{details}")
AND_MORE = Text("and {count} more", "그 밖에 {count}편")
NEWEST = Text("The newest:", "가장 최근 글입니다.")
OLDEST = Text("The oldest:", "가장 오래된 글입니다.")
LONGEST = Text("The longest:", "가장 긴 글입니다.")
SHORTEST = Text("The shortest:", "가장 짧은 글입니다.")
NO_DATES = Text("The essays have no dates.", "글에 날짜가 적혀 있지 않습니다.")
DATED = Text("The essays are dated from {first} to {last}.", "{first}부터 {last}까지 쓴 글입니다.")
DATED_ALIKE = Text("All of them are dated {date}.", "모두 {date}에 쓴 글입니다.")
TOPICS = Text(
    "{count} essays. What some of them are about, in their own sentences:",
    "에세이 {count}편이 있습니다. 그중 몇 편의 핵심 문장을 옮깁니다.",
)
WHICH = Text("This is in:", "이 이야기는 다음 글에 있습니다.")
WHICH_PERHAPS = Text("No essay is clearly about this. The nearest:", "꼭 이 이야기를 다룬 글은 없습니다. 가장 가까운 글입니다.")
ASK = Text(
    "You can ask what the essays say, who wrote them and when, for a summary, a comparison, or what speaks against a claim. For example:",
    "글에 무엇이 쓰여 있는지, 누가 언제 썼는지 물어보거나, 요약이나 비교, 반론을 부탁할 수 있습니다. 예를 들면 이렇습니다.",
)

NO_SUCH_TITLE = Text("There is no essay “{title}” here.", "「{title}」이라는 제목의 글은 없습니다.")

# next questions
SUGGEST_SUMMARY = Text("Summarise “{title}” in three sentences", "「{title}」 세 문장으로 요약해 줘")
SUGGEST_AGAINST = Text("What speaks against the analogy of {source} and {target}?", "{source:과} {target}의 비유에 대한 반론은?")
SUGGEST_OTHER = Text("What does “{title}” say about {topic}?", "「{title}」에서는 {topic}에 대해 뭐라고 해?")
SUGGEST_HEADING = Text("What does “{title}” say under “{heading}”?", "「{title}」의 ‘{heading}’ 부분은 무슨 이야기야?")
SUGGEST_LIST = Text("Which essays are there?", "어떤 글들이 있어?")

"""The texts of the page, the example questions, and why the check refused a sentence."""

from bot.messages.text import Language, Text

# the header, the views and the question box
TAGLINE = Text(
    "Chat about essays. Every quotation was checked against the text, character by character.",
    "에세이에 대해 대화하는 챗봇입니다. 모든 인용은 원문과 한 글자씩 대조했습니다.",
)
OTHER_LANGUAGE = Text("한국어", "English")
COLLECTION = Text("Collection", "컬렉션")
NEW_CHAT = Text("New chat", "새 대화")
VIEW_CHAT = Text("Chat", "대화")
VIEW_SOURCES = Text("Sources", "출처")
VIEW_ESSAYS = Text("Essays", "에세이")
VIEW_MAP = Text("Map", "비유 지도")
VIEW_UPLOADS = Text("My essays", "내 글")
VIEW_HISTORY = Text("History", "대화 기록")
QUESTION_PLACEHOLDER = Text("Ask about the essays", "에세이에 대해 물어보세요")
CHAT_PLACEHOLDER = Text("What would you like to know?", "무엇이 궁금한가요?")
MODE = Text("Answer mode", "답변 방식")
MODE_ANSWER = Text("Answer", "답변")
MODE_COUNTER = Text("Counter", "반론")
MODE_SOCRATIC = Text("Ask back", "되묻기")
MODE_COMPARE = Text("Compare", "비교")
EDITING = Text(
    "You are editing a question. When you send it, it replaces this question and everything after it.",
    "질문을 고치는 중입니다. 보내면 이 질문과 그 뒤의 대화가 새 질문과 답으로 바뀝니다.",
)
CANCEL = Text("Cancel", "취소")
SEND = Text("Send", "보내기")
STOP = Text("Stop", "중지")
BUSY = Text(
    "An answer is still being written. Stop it, or wait until it is done.",
    "아직 답변을 작성하고 있습니다. 중지하거나 끝날 때까지 기다려 주세요.",
)

# an answer
MODEL_LOADING = Text("Loading the model. This happens only once…", "모델을 불러오고 있습니다(처음 한 번만)…")
SEARCHING = Text("Searching the essays…", "에세이에서 찾고 있습니다…")
PASSAGES_FOUND = Text("Passages found: {count}. Reading them…", "관련 대목 {count}곳을 찾아 읽고 있습니다…")
MODEL_READING = Text(
    "Reading {passages} passages from {essays} essays…", "에세이 {essays}편의 대목 {passages}개를 읽고 있습니다…"
)
MODEL_WRITING = Text("The model is writing…", "모델이 쓰고 있습니다…")
STOPPED = Text("Stopped here.", "여기서 중지했습니다.")
SEARCHED_AS = Text("Searched as: {question}", "검색한 질문: {question}")
READING_LABEL = Text("The bot’s reading", "봇의 풀이")
NEXT_QUESTIONS = Text("Next questions", "이어서 물어볼 만한 질문")
REFUSED_COUNT = Text("Sentences left out because the essays do not support them: {count}", "근거가 없어 뺀 문장 {count}개")
NEAREST_PASSAGE = Text("Nearest passage", "가장 가까운 대목")
OFFSETS = Text("characters {offsets}", "{offsets}번째 글자")
UNEXPECTED_ERROR = Text(
    "An error occurred and there is no answer. See the terminal that runs the server for details.",
    "오류가 나서 답하지 못했습니다. 자세한 내용은 서버를 실행한 터미널에서 확인하세요.",
)
NOT_SAVED = Text("This chat is not saved. {reason}", "이 대화는 저장되지 않습니다. {reason}")
COOKIES_BLOCKED = Text(
    "Cookies are blocked, so chats, ratings and your essays cannot be saved. Allow cookies for this page and reload it.",
    "쿠키가 차단되어 대화, 평가, 내 글을 저장할 수 없습니다. 이 페이지의 쿠키를 허용하고 새로 고치세요.",
)
COPY = Text("Copy", "복사")
COPIED = Text("Copied", "복사했습니다")
RETRY = Text("Ask again", "다시 묻기")
EDIT = Text("Edit", "고쳐 묻기")
RATE_GOOD = Text("Good", "좋아요")
RATE_BAD = Text("Not good", "아쉬워요")
RATING_SAVED = Text("Your rating was saved on this computer.", "평가를 이 컴퓨터에 저장했습니다.")
REASON_SAVED = Text(
    "The reason for your rating was saved on this computer, too. Thank you.",
    "평가 이유도 이 컴퓨터에 저장했습니다. 고맙습니다.",
)
REASON = Text("Reason for your rating (optional)", "평가 이유 (선택)")
REASON_HINT = Text("What was good or not so good?", "무엇이 좋았거나 아쉬웠나요?")
SOURCES_HINT = Text(
    "The sentences that an answer quotes are shown here, each in its paragraph. Click a number to open the essay at that "
    "place.\n"
    "\n"
    "- In [Essays](#view/read) you can read them; click a sentence to ask about it or to find a counter-argument.\n"
    "- The [analogy map](#view/map) shows what is compared with what, and where each analogy breaks.\n"
    "- Under [My essays](#view/mine) you can upload your own and chat about them.",
    "답변에 인용한 문장을 원문의 문단과 함께 여기에 보여 줍니다. 번호를 누르면 에세이의 그 위치가 열립니다.\n"
    "\n"
    "- [에세이](#view/read)를 읽다가 문장을 눌러 질문하거나 반론을 찾을 수 있습니다.\n"
    "- [비유 지도](#view/map)에서 무엇을 무엇에 빗댔고 어디서 어긋나는지 볼 수 있습니다.\n"
    "- [내 글](#view/mine)을 올려 그 글에 대해 대화할 수 있습니다.",
)

# the list of essays and the open essay
ESSAYS_SEARCH = Text("Search the essays", "에세이 검색")
ESSAYS_COUNT = Text("Essays: {count}", "에세이 {count}편")
ESSAYS_NO_MATCH = Text("No results for “{search}”.", "“{search}”에 대한 검색 결과가 없습니다.")
ESSAYS_BACK = Text("All essays", "에세이 목록")
ANSWER_BACK = Text("Back to the answer", "답변으로 돌아가기")
ESSAY_CHANGED = Text(
    "This essay has changed since it was quoted. The highlighted place may not be the quoted one.",
    "이 에세이는 인용한 뒤에 수정되었습니다. 표시한 위치가 인용할 때와 다를 수 있습니다.",
)
ESSAY_MISSING = Text("This essay is no longer in the collection.", "이 에세이는 더 이상 없습니다.")
ESSAY_EARLIER = Text("Read the previous part", "앞부분 읽기")
ESSAY_LATER = Text("Read the next part", "이어서 읽기")
UPLOADS_BADGE = Text("my essay", "내 글")
ASK_SENTENCE = Text("Ask about this sentence", "이 문장에 대해 묻기")
COUNTER_SENTENCE = Text("Find a counter-argument", "반론 찾기")
COUNTER_QUESTION = Text("“{sentence}” What speaks against this?", "“{sentence}” 이 말에 맞서는 이야기가 있나요?")
SENTENCE_HINT = Text(
    "Click a sentence to ask about it or to find a counter-argument.",
    "문장을 누르면 그 문장에 대해 묻거나 반론을 찾을 수 있습니다.",
)

# the reader's own essays
UPLOADS_TITLE = VIEW_UPLOADS
UPLOADS_HINT = Text(
    "Upload files (Markdown, text, web pages, PDF, Word, EPUB, RTF, Hangul, or a zip of them) and ask about them right away. "
    "They are stored on this computer, and only this browser can see them. A hosted model is sent the passages that it answers from.",
    "파일(마크다운, 텍스트, 웹 페이지, PDF, 워드, EPUB, RTF, 한글, 또는 이들을 묶은 zip)을 올리면 바로 질문할 수 있습니다. "
    "이 컴퓨터에 저장되고 이 브라우저에서만 보입니다. 외부 모델을 쓰면 답에 필요한 대목이 그 모델로 전송됩니다.",
)
UPLOADS_DROP = Text(
    "Drop files here, or click to choose (.md, .txt, .html, .pdf, .docx, .epub, .hwp, .zip, …)",
    "파일을 여기에 끌어다 놓거나 눌러서 고르세요 (.md, .txt, .html, .pdf, .docx, .epub, .hwp, .zip 등)",
)
UPLOADS_PASTE = Text("Or paste a text; its first line becomes the title", "또는 글을 붙여 넣으세요. 첫 줄이 제목이 됩니다")
UPLOADS_PASTE_ADD = Text("Add the text", "글 추가")
UPLOADS_PASTE_NAME = Text("Pasted text", "붙여 넣은 글")  # of a text whose first line makes no name
UPLOADS_ADDED = Text(
    "Essays added: {count}. You can ask about them now.",
    "내 글 {count}편을 추가했습니다. 이제 질문할 수 있습니다.",
)
UPLOADS_SKIPPED = Text("{name} was not added: {reason}.", "{name} 파일을 추가하지 못했습니다: {reason}.")
UPLOADS_NOTE = Text("{name}: {text}.", "{name}: {text}.")
UPLOADS_NONE = Text("You have not uploaded any essays yet.", "아직 올린 글이 없습니다.")
UPLOADS_REMOVE = Text("Remove", "삭제")
UPLOADS_REMOVED = Text("“{title}” was removed.", "“{title}”을(를) 삭제했습니다.")
CONFIRM = Text("Are you sure?", "정말 진행할까요?")
UPLOADS_READING = Text("Reading the files", "파일을 읽고 있습니다")
UPLOADS_EMBEDDING = Text("Embedding the sentences", "문장을 임베딩하고 있습니다")
UPLOADS_WRITING = Text("Saving to the index", "색인에 저장하고 있습니다")

# the saved chats
HISTORY_SEARCH = Text("Search your chats", "대화 검색")
HISTORY_NONE = Text(
    "No chats yet. Your questions and the answers are saved here automatically.",
    "아직 나눈 대화가 없습니다. 질문과 답변은 자동으로 저장됩니다.",
)
HISTORY_NO_MATCH = Text("No chat contains “{search}”.", "“{search}”이(가) 나오는 대화가 없습니다.")
HISTORY_TURNS = Text("questions: {count}", "질문 {count}개")
HISTORY_NAME = Text("Name of this chat", "이 대화의 이름")
HISTORY_EXPORT = Text("Download", "내려받기")
HISTORY_DELETE = Text("Delete", "삭제")
HISTORY_LOCATION = Text(
    "Chats are saved on this computer, in the folder {folder}. Only this browser can see them.",
    "대화는 이 컴퓨터의 {folder} 폴더에 저장되고, 이 브라우저에서만 보입니다.",
)

# the chat model
MODEL = Text("Model", "모델")
MODEL_QUOTES = Text("none (quotations only)", "없음(인용만)")
MODEL_LOCAL = Text("a model on this computer", "이 컴퓨터의 모델")
MODEL_OTHER = Text("{name}", "{name}")
MODEL_HELP = Text(
    "The model is chosen with `BOT_LLM` when the server starts. `quotes` uses no model and only quotes the essays; `local` "
    "is a small model on this computer (downloaded once with `make model`); `openai:…`, `anthropic:…`, `google_genai:…` and "
    "`ollama:…` are models of those companies or servers. API keys belong in `.env`. Every sentence goes through the same "
    "check, whatever the model.",
    "모델은 서버를 켤 때 `BOT_LLM`으로 고릅니다. `quotes`는 모델 없이 에세이의 문장만 인용하고, `local`은 이 컴퓨터에서 도는 "
    "작은 모델(`make model`로 한 번 내려받음), `openai:…`, `anthropic:…`, `google_genai:…`, `ollama:…`는 그 회사나 서버의 "
    "모델입니다. API 키는 `.env`에 적습니다. 어떤 모델이든 모든 문장은 같은 검사를 거칩니다.",
)
EMBEDDER_E5 = Text(
    "Passages are found with e5-small, the bundled embedding model. EmbeddingGemma (1.2 GB) finds more: "
    "python ingest.py --embedding-model embeddinggemma",
    "내장 임베딩 모델인 e5-small로 대목을 찾습니다. EmbeddingGemma(1.2 GB)를 쓰면 더 잘 찾습니다: "
    "python ingest.py --embedding-model embeddinggemma",
)
EMBEDDER_GEMMA = Text(
    "Passages are found with EmbeddingGemma. The bundled e5-small is smaller and faster, and finds less.",
    "EmbeddingGemma로 대목을 찾습니다. 내장 모델인 e5-small은 더 작고 빠르지만 덜 찾습니다.",
)
EMBEDDER_OTHER = Text("Passages are found with the embedding model {name}.", "임베딩 모델 {name}(으)로 대목을 찾습니다.")
MODEL_TEST = Text("Test the model", "모델 시험")
MODEL_TESTING = Text("Testing the model…", "모델을 시험하고 있습니다…")
MODEL_WORKS = Text(
    "It works: {name} answered within {seconds} seconds.",
    "정상입니다. {name}이(가) {seconds}초 만에 답했습니다.",
)
MODEL_WORKS_QUOTES = Text(
    "It works: answers quote the essays, without a model.",
    "정상입니다. 모델 없이 에세이의 문장을 인용해 답합니다.",
)

# by `Refusal.reason`
REFUSAL_REASONS = {
    "quotation": Text("the quotation differs from the text", "인용이 원문과 다릅니다"),
    "figure": Text("the text does not contain this number", "원문에 없는 숫자입니다"),
    "name": Text(
        "the text does not contain this name, or gives it another role",
        "원문에 없는 이름이거나, 원문에서 다른 역할을 하는 이름입니다",
    ),
    "negation": Text("it contradicts the text", "원문과 반대되는 내용입니다"),
    "support": Text("the text does not support it", "원문에 뒷받침하는 내용이 없습니다"),
    "citation": Text("it cites a source that does not exist", "없는 출처를 인용했습니다"),
    "language": Text("it is in another language than the question", "질문과 다른 언어로 쓰였습니다"),
    "fragment": Text("it is not a complete sentence", "완전한 문장이 아닙니다"),
    "repeated": Text("it repeats an earlier sentence", "앞의 문장과 같은 내용입니다"),
}

# Each place has a question in each language; the two are not translations of each other.
EXAMPLE_QUESTIONS = (
    Text("What does the writer say dolmens were for?", "글쓴이는 고인돌을 왜 지었다고 하나요?"),
    Text("Where does the Rome analogy break?", "고인돌과 파라미터 경쟁은 어디까지 닮았나요?"),
    Text("What speaks against the dolmen reading?", "로마의 비유는 어디서 어긋나나요?"),
)


def by_name(language: Language) -> dict[str, str]:
    """The texts of the page by their names in lower case, as page.js and Gradio's translations know them."""
    return {name.lower(): text.of(language) for name, text in globals().items() if isinstance(text, Text)}

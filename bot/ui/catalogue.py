"""The message catalogue: the page's texts in Korean and English, and the example questions. Pure."""

from dataclasses import dataclass

from bot.schema import Language
from bot.text.language import language_of


@dataclass(frozen=True, slots=True)
class Messages:
    """The page's texts in one language. The caller fills in the placeholders in braces. Field names are keys of Gradio's translations."""

    # the header, the views and the question box
    tagline: str
    other_language: str
    new_chat: str
    view_chat: str
    view_sources: str
    view_essays: str
    view_map: str
    view_uploads: str
    view_history: str
    question_placeholder: str
    chat_placeholder: str
    mode: str
    mode_answer: str
    mode_counter: str
    mode_socratic: str
    mode_compare: str
    editing: str
    cancel: str
    send: str
    stop: str
    busy: str
    # an answer
    model_loading: str
    searching: str
    passages_found: str
    model_reading: str
    stopped: str
    searched_as: str
    reading_label: str
    refused_count: str
    nearest_passage: str
    offsets: str
    unexpected_error: str
    not_saved: str
    cookies_blocked: str
    copy: str
    copied: str
    retry: str
    edit: str
    rate_good: str
    rate_bad: str
    rating_saved: str
    reason_saved: str
    reason: str
    reason_hint: str
    sources_hint: str
    # the list of essays and the open essay
    essays_search: str
    essays_count: str
    essays_no_match: str
    essays_back: str
    answer_back: str
    essay_changed: str
    essay_missing: str
    essay_earlier: str
    essay_later: str
    uploads_badge: str
    ask_sentence: str
    counter_sentence: str
    counter_question: str
    sentence_hint: str
    # the reader's own essays
    uploads_title: str
    uploads_hint: str
    uploads_drop: str
    uploads_added: str
    uploads_skipped: str
    uploads_note: str
    uploads_none: str
    uploads_remove: str
    uploads_removed: str
    confirm: str
    uploads_reading: str
    uploads_embedding: str
    uploads_writing: str
    # the saved chats
    history_search: str
    history_none: str
    history_no_match: str
    history_turns: str
    history_name: str
    history_export: str
    history_delete: str
    history_location: str
    # the chat model
    model: str
    model_quotes: str
    model_local: str
    model_other: str
    model_help: str
    model_test: str
    model_testing: str
    model_works: str
    model_works_quotes: str


MESSAGES: dict[Language, Messages] = {
    "ko": Messages(
        tagline="에세이에 대해 대화하는 챗봇입니다. 모든 인용은 원문과 한 글자씩 대조했습니다.",
        other_language="English",
        new_chat="새 대화",
        view_chat="대화",
        view_sources="출처",
        view_essays="에세이",
        view_map="비유 지도",
        view_uploads="내 글",
        view_history="대화 기록",
        question_placeholder="에세이에 대해 물어보세요",
        chat_placeholder="무엇이 궁금한가요?",
        mode="답변 방식",
        mode_answer="답변",
        mode_counter="반론",
        mode_socratic="되묻기",
        mode_compare="비교",
        editing="질문을 고치는 중입니다. 보내면 이 질문과 그 뒤의 대화가 새 질문과 답으로 바뀝니다.",
        cancel="취소",
        send="보내기",
        stop="중지",
        busy="아직 답변을 작성하고 있습니다. 중지하거나 끝날 때까지 기다려 주세요.",
        model_loading="모델을 불러오고 있습니다(처음 한 번만)…",
        searching="에세이에서 찾고 있습니다…",
        passages_found="관련 대목 {count}곳을 찾아 읽고 있습니다…",
        model_reading="모델이 찾은 대목을 읽고 있습니다…",
        stopped="여기서 중지했습니다.",
        searched_as="검색한 질문: {question}",
        reading_label="봇의 풀이",
        refused_count="근거가 없어 뺀 문장 {count}개",
        nearest_passage="가장 가까운 대목",
        offsets="{offsets}번째 글자",
        unexpected_error="오류가 나서 답하지 못했습니다. 자세한 내용은 서버를 실행한 터미널에서 확인하세요.",
        not_saved="이 대화는 저장되지 않습니다. {reason}",
        cookies_blocked="쿠키가 차단되어 대화, 평가, 내 글을 저장할 수 없습니다. 이 페이지의 쿠키를 허용하고 새로 고치세요.",
        copy="복사",
        copied="복사했습니다",
        retry="다시 묻기",
        edit="고쳐 묻기",
        rate_good="좋아요",
        rate_bad="아쉬워요",
        rating_saved="평가를 이 컴퓨터에 저장했습니다.",
        reason_saved="평가 이유도 이 컴퓨터에 저장했습니다. 고맙습니다.",
        reason="평가 이유 (선택)",
        reason_hint="무엇이 좋았거나 아쉬웠나요?",
        sources_hint="답변에 인용한 문장을 원문의 문단과 함께 여기에 보여 줍니다. 번호를 누르면 에세이의 그 위치가 열립니다.\n\n"
        "- [에세이](#view/read)를 읽다가 문장을 눌러 질문하거나 반론을 찾을 수 있습니다.\n"
        "- [비유 지도](#view/map)에서 무엇을 무엇에 빗댔고 어디서 어긋나는지 볼 수 있습니다.\n"
        "- [내 글](#view/mine)을 올려 그 글에 대해 대화할 수 있습니다.",
        essays_search="에세이 검색",
        essays_count="에세이 {count}편",
        essays_no_match="“{search}”에 대한 검색 결과가 없습니다.",
        essays_back="에세이 목록",
        answer_back="답변으로 돌아가기",
        essay_missing="이 에세이는 더 이상 없습니다.",
        essay_changed="이 에세이는 인용한 뒤에 수정되었습니다. 표시한 위치가 인용할 때와 다를 수 있습니다.",
        essay_earlier="앞부분 읽기",
        essay_later="이어서 읽기",
        uploads_badge="내 글",
        ask_sentence="이 문장에 대해 묻기",
        counter_sentence="반론 찾기",
        counter_question="“{sentence}” 이 말에 맞서는 이야기가 있나요?",
        sentence_hint="문장을 누르면 그 문장에 대해 묻거나 반론을 찾을 수 있습니다.",
        uploads_title="내 글",
        uploads_hint="마크다운이나 텍스트 파일(.md, .txt)을 올리면 바로 질문할 수 있습니다. "
        "이 컴퓨터에 저장되고 이 브라우저에서만 보입니다. 외부 모델을 쓰면 답에 필요한 대목이 그 모델로 전송됩니다.",
        uploads_drop="파일을 여기에 끌어다 놓거나 눌러서 고르세요 (.md, .txt)",
        uploads_added="내 글 {count}편을 추가했습니다. 이제 질문할 수 있습니다.",
        uploads_skipped="{name} 파일을 추가하지 못했습니다: {reason}.",
        uploads_note="{name}: {text}.",
        uploads_none="아직 올린 글이 없습니다.",
        uploads_remove="삭제",
        uploads_removed="“{title}”을(를) 삭제했습니다.",
        confirm="정말 진행할까요?",
        uploads_reading="파일을 읽고 있습니다",
        uploads_embedding="문장을 임베딩하고 있습니다",
        uploads_writing="색인에 저장하고 있습니다",
        history_search="대화 검색",
        history_none="아직 나눈 대화가 없습니다. 질문과 답변은 자동으로 저장됩니다.",
        history_no_match="“{search}”이(가) 나오는 대화가 없습니다.",
        history_turns="질문 {count}개",
        history_name="이 대화의 이름",
        history_export="내려받기",
        history_delete="삭제",
        history_location="대화는 이 컴퓨터의 {folder} 폴더에 저장되고, 이 브라우저에서만 보입니다.",
        model="모델",
        model_quotes="없음(인용만)",
        model_local="이 컴퓨터의 모델",
        model_other="{name}",
        model_help="모델은 서버를 켤 때 `BOT_LLM`으로 고릅니다. `quotes`는 모델 없이 에세이의 문장만 인용하고, "
        "`local`은 이 컴퓨터에서 도는 작은 모델"
        "(`make model`로 한 번 내려받음), `openai:…`, `anthropic:…`, `google_genai:…`, `ollama:…`는 "
        "그 회사나 서버의 모델입니다. API 키는 `.env`에 적습니다. "
        "어떤 모델이든 모든 문장은 같은 검사를 거칩니다.",
        model_test="모델 시험",
        model_testing="모델을 시험하고 있습니다…",
        model_works="정상입니다. {name}이(가) {seconds}초 만에 답했습니다.",
        model_works_quotes="정상입니다. 모델 없이 에세이의 문장을 인용해 답합니다.",
    ),
    "en": Messages(
        tagline="Chat about essays. Every quotation was checked against the text, character by character.",
        other_language="한국어",
        new_chat="New chat",
        view_chat="Chat",
        view_sources="Sources",
        view_essays="Essays",
        view_map="Map",
        view_uploads="My essays",
        view_history="History",
        question_placeholder="Ask about the essays",
        chat_placeholder="What would you like to know?",
        mode="Answer mode",
        mode_answer="Answer",
        mode_counter="Counter",
        mode_socratic="Ask back",
        mode_compare="Compare",
        editing="You are editing a question. When you send it, it replaces this question and everything after it.",
        cancel="Cancel",
        send="Send",
        stop="Stop",
        busy="An answer is still being written. Stop it, or wait until it is done.",
        model_loading="Loading the model. This happens only once…",
        searching="Searching the essays…",
        passages_found="Passages found: {count}. Reading them…",
        model_reading="The model is reading these passages…",
        stopped="Stopped here.",
        searched_as="Searched as: {question}",
        reading_label="The bot’s reading",
        refused_count="Sentences left out because the essays do not support them: {count}",
        nearest_passage="Nearest passage",
        offsets="characters {offsets}",
        unexpected_error="An error occurred and there is no answer. See the terminal that runs the server for details.",
        not_saved="This chat is not saved. {reason}",
        cookies_blocked="Cookies are blocked, so chats, ratings and your essays cannot be saved. "
        "Allow cookies for this page and reload it.",
        copy="Copy",
        copied="Copied",
        retry="Ask again",
        edit="Edit",
        rate_good="Good",
        rate_bad="Not good",
        rating_saved="Your rating was saved on this computer.",
        reason_saved="The reason for your rating was saved on this computer, too. Thank you.",
        reason="Reason for your rating (optional)",
        reason_hint="What was good or not so good?",
        sources_hint="The sentences that an answer quotes are shown here, each in its paragraph. Click a number to open the essay at that place."
        "\n\n- In [Essays](#view/read) you can read them; click a sentence to ask about it or to find a counter-argument.\n"
        "- The [analogy map](#view/map) shows what is compared with what, and where each analogy breaks.\n"
        "- Under [My essays](#view/mine) you can upload your own and chat about them.",
        essays_search="Search the essays",
        essays_count="Essays: {count}",
        essays_no_match="No results for “{search}”.",
        essays_back="All essays",
        answer_back="Back to the answer",
        essay_missing="This essay is no longer in the collection.",
        essay_changed="This essay has changed since it was quoted. The highlighted place may not be the quoted one.",
        essay_earlier="Read the previous part",
        essay_later="Read the next part",
        uploads_badge="my essay",
        ask_sentence="Ask about this sentence",
        counter_sentence="Find a counter-argument",
        counter_question="“{sentence}” What speaks against this?",
        sentence_hint="Click a sentence to ask about it or to find a counter-argument.",
        uploads_title="My essays",
        uploads_hint="Upload Markdown or text files (.md, .txt) and ask about them right away. "
        "They are stored on this computer, and only this browser can see them. A hosted model is sent the passages that it answers from.",
        uploads_drop="Drop files here, or click to choose (.md, .txt)",
        uploads_added="Essays added: {count}. You can ask about them now.",
        uploads_skipped="{name} was not added: {reason}.",
        uploads_note="{name}: {text}.",
        uploads_none="You have not uploaded any essays yet.",
        uploads_remove="Remove",
        uploads_removed="“{title}” was removed.",
        confirm="Are you sure?",
        uploads_reading="Reading the files",
        uploads_embedding="Embedding the sentences",
        uploads_writing="Saving to the index",
        history_search="Search your chats",
        history_none="No chats yet. Your questions and the answers are saved here automatically.",
        history_no_match="No chat contains “{search}”.",
        history_turns="questions: {count}",
        history_name="Name of this chat",
        history_export="Download",
        history_delete="Delete",
        history_location="Chats are saved on this computer, in the folder {folder}. Only this browser can see them.",
        model="Model",
        model_quotes="none (quotations only)",
        model_local="a model on this computer",
        model_other="{name}",
        model_help="The model is chosen with `BOT_LLM` when the server starts. `quotes` uses no model and only quotes the essays; "
        "`local` is a small model on this computer (downloaded once with `make model`); `openai:…`, `anthropic:…`, `google_genai:…` "
        "and `ollama:…` are models of those companies or servers. API keys belong in `.env`. "
        "Every sentence goes through the same check, whatever the model.",
        model_test="Test the model",
        model_testing="Testing the model…",
        model_works="It works: {name} answered within {seconds} seconds.",
        model_works_quotes="It works: answers quote the essays, without a model.",
    ),
}

# Why the check refused a sentence, by `Refusal.reason`.
REFUSAL_REASONS: dict[Language, dict[str, str]] = {
    "ko": {
        "quotation": "인용이 원문과 다릅니다",
        "figure": "원문에 없는 숫자입니다",
        "name": "원문에 없는 이름이거나, 원문에서 다른 역할을 하는 이름입니다",
        "negation": "원문과 반대되는 내용입니다",
        "support": "원문에 뒷받침하는 내용이 없습니다",
        "citation": "없는 출처를 인용했습니다",
        "language": "질문과 다른 언어로 쓰였습니다",
        "fragment": "완전한 문장이 아닙니다",
        "repeated": "앞의 문장과 같은 내용입니다",
    },
    "en": {
        "quotation": "the quotation differs from the text",
        "figure": "the text does not contain this number",
        "name": "the text does not contain this name, or gives it another role",
        "negation": "it contradicts the text",
        "support": "the text does not support it",
        "citation": "it cites a source that does not exist",
        "language": "it is in another language than the question",
        "fragment": "it is not a complete sentence",
        "repeated": "it repeats an earlier sentence",
    },
}

EXAMPLE_QUESTIONS: dict[Language, tuple[str, ...]] = {
    "ko": (
        "글쓴이는 고인돌을 왜 지었다고 하나요?",
        "고인돌과 파라미터 경쟁은 어디까지 닮았나요?",
        "로마의 비유는 어디서 어긋나나요?",
    ),
    "en": (
        "What does the writer say dolmens were for?",
        "Where does the Rome analogy break?",
        "What speaks against the dolmen reading?",
    ),
}


def language_for(question: str, accepted: str = "") -> Language:
    """The language of the page's messages before there is an answer: the question's, else the first of `accepted` (Accept-Language)."""
    if any(character.isalpha() for character in question):
        return language_of(question)
    return "ko" if accepted.strip().lower().startswith("ko") else "en"

"""The page's own words in Korean and English, and the questions that wait on it. Pure."""

from dataclasses import dataclass

from bot.schema import Language
from bot.text.normalize import language_of


@dataclass(frozen=True, slots=True)
class Messages:
    """Everything the page says by itself, in one language. Braces are filled in by whoever shows the word."""

    # the masthead, the views and the line one writes in
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
    # the reader
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
    # what is kept
    history_search: str
    history_none: str
    history_no_match: str
    history_turns: str
    history_name: str
    history_export: str
    history_delete: str
    history_location: str
    # the voice
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
        tagline="에세이를 두고 나누는 대화. 인용은 모두 원문과 한 글자씩 맞춰 보았습니다.",
        other_language="English",
        new_chat="새 대화",
        view_chat="대화",
        view_sources="출처",
        view_essays="서가",
        view_map="비유 지도",
        view_uploads="내 글",
        view_history="보관함",
        question_placeholder="에세이에 대해 물어보세요",
        chat_placeholder="무엇이 궁금한가요?",
        mode="어떻게 이야기할까요",
        mode_answer="답",
        mode_counter="반론",
        mode_socratic="되묻기",
        mode_compare="비교",
        editing="질문을 고쳐 쓰는 중입니다. 보내면 그 뒤의 대화는 새로 이어집니다.",
        cancel="그만두기",
        send="보내기",
        stop="멈추기",
        busy="아직 답하는 중입니다. 멈추거나 끝나기를 기다려 주세요.",
        model_loading="처음 한 번 모델을 여는 중입니다…",
        searching="에세이를 찾아보고 있습니다…",
        passages_found="에세이에서 {count}군데를 찾아 읽고 있습니다…",
        model_reading="모델이 이 대목을 읽고 있습니다…",
        stopped="여기서 멈추었습니다.",
        searched_as="이렇게 풀어서 찾았습니다: {question}",
        reading_label="봇의 풀이",
        refused_count="{count} 문장이 근거가 없어 빠졌습니다",
        nearest_passage="가장 가까운 대목",
        offsets="{offsets}번째 글자",
        unexpected_error="문제가 생겨 답하지 못했습니다. 무슨 일인지는 서버를 띄운 터미널에 적혀 있습니다.",
        not_saved="이 대화는 보관되지 않습니다. {reason}",
        cookies_blocked="쿠키가 막혀 있어 누구인지 알 수 없습니다. 이 페이지의 쿠키를 허용하고 다시 열면 대화와 평가와 내 글이 보관됩니다.",
        copy="복사",
        copied="복사했습니다",
        retry="다시 묻기",
        edit="고쳐 묻기",
        rate_good="좋아요",
        rate_bad="아쉬워요",
        rating_saved="평가를 이 컴퓨터에 적어 두었습니다.",
        reason_saved="까닭까지 이 컴퓨터에 적어 두었습니다. 고맙습니다.",
        reason="까닭을 적어 주세요 (없어도 됩니다)",
        reason_hint="무엇이 좋았거나 아쉬웠나요?",
        sources_hint="답이 인용한 문장을 원문의 문단 그대로 여기에 펼쳐 보입니다. 번호를 누르면 에세이가 그 자리에서 열립니다.\n\n"
        "- [서가](#view/read)에서 에세이를 읽고, 문장을 눌러 묻거나 반론을 찾습니다.\n"
        "- [비유 지도](#view/map)에서 무엇을 무엇에 빗댔고 어디서 어긋나는지 봅니다.\n"
        "- [내 글](#view/mine)을 올려 그 글을 두고 이야기합니다.",
        essays_search="서가에서 찾기",
        essays_count="에세이 {count}편",
        essays_no_match="“{search}”에 닿는 대목을 찾지 못했습니다.",
        essays_back="서가로",
        answer_back="답으로 돌아가기",
        essay_missing="이 에세이는 이제 서가에 없습니다.",
        essay_changed="이 에세이는 인용한 뒤에 바뀌었습니다. 표시한 자리가 그때와 다를 수 있습니다.",
        essay_earlier="앞부분 읽기",
        essay_later="이어서 읽기",
        uploads_badge="내 글",
        ask_sentence="이 문장에 대해 묻기",
        counter_sentence="반론 찾기",
        counter_question="“{sentence}” 이 말에 맞서는 이야기가 있나요?",
        sentence_hint="문장을 누르면 그 문장에 대해 묻거나 반론을 찾을 수 있습니다.",
        uploads_title="내 에세이",
        uploads_hint="마크다운이나 텍스트 파일(.md, .txt)을 놓으면 바로 함께 이야기할 수 있습니다. "
        "이 브라우저에서만 보이고, 이 컴퓨터를 떠나지 않습니다.",
        uploads_drop="여기에 파일을 놓거나 눌러서 고르세요 (.md, .txt)",
        uploads_added="{count}편을 서가에 올렸습니다. 이제 물어보세요.",
        uploads_skipped="{name} 파일은 올리지 못했습니다. 까닭: {reason}.",
        uploads_note="{name}: {text}.",
        uploads_none="아직 올린 글이 없습니다.",
        uploads_remove="서가에서 빼기",
        uploads_removed="“{title}”을(를) 서가에서 뺐습니다.",
        confirm="정말요?",
        uploads_reading="파일을 읽고 있습니다",
        uploads_embedding="문장을 익히고 있습니다",
        uploads_writing="서가에 꽂고 있습니다",
        history_search="지난 대화에서 찾기",
        history_none="아직 나눈 대화가 없습니다. 묻고 답한 것은 저절로 이곳에 남습니다.",
        history_no_match="“{search}”이(가) 나오는 대화가 없습니다.",
        history_turns="질문 {count}개",
        history_name="이 대화의 이름",
        history_export="내려받기",
        history_delete="지우기",
        history_location="대화는 이 컴퓨터의 {folder} 폴더에 보관되고, 이 브라우저에서만 보입니다.",
        model="목소리",
        model_quotes="에세이의 문장만",
        model_local="이 컴퓨터의 모델",
        model_other="{name}",
        model_help="목소리는 서버를 켤 때 `BOT_LLM`으로 고릅니다. `quotes`는 모델 없이 에세이의 문장만 보여 주고, "
        "`local`은 이 컴퓨터에서 도는 작은 모델"
        "(`make model`로 한 번 내려받음), `openai:…`, `anthropic:…`, `google_genai:…`, `ollama:…`는 "
        "그 회사나 서버의 모델입니다. 열쇠는 `.env`에 적습니다. "
        "어느 목소리든 말한 문장은 모두 같은 확인을 거칩니다.",
        model_test="시험하기",
        model_testing="말을 걸어 보고 있습니다…",
        model_works="잘 됩니다. {name}이(가) {seconds}초 만에 대답했습니다.",
        model_works_quotes="잘 됩니다. 모델 없이 에세이의 문장으로 답합니다.",
    ),
    "en": Messages(
        tagline="Talk with essays. Every quotation was checked against the text, character by character.",
        other_language="한국어",
        new_chat="New talk",
        view_chat="Talk",
        view_sources="Sources",
        view_essays="Shelf",
        view_map="Map",
        view_uploads="Mine",
        view_history="Kept",
        question_placeholder="Ask about the essays",
        chat_placeholder="What would you like to know?",
        mode="How to discuss it",
        mode_answer="Answer",
        mode_counter="Counter",
        mode_socratic="Ask back",
        mode_compare="Compare",
        editing="You are rewriting a question. When you send it, the talk goes on from there anew.",
        cancel="Cancel",
        send="Send",
        stop="Stop",
        busy="An answer is still being written. Stop it, or wait until it is done.",
        model_loading="Opening the model, this once…",
        searching="Looking through the essays…",
        passages_found="Found {count} in the essays, reading…",
        model_reading="The model is reading these passages…",
        stopped="Stopped here.",
        searched_as="Searched as: {question}",
        reading_label="The bot’s reading",
        refused_count="Sentences left out because the essays do not bear them out: {count}",
        nearest_passage="Nearest passage",
        offsets="characters {offsets}",
        unexpected_error="Something went wrong and there is no answer. The terminal that runs the server says what it was.",
        not_saved="This talk is not being kept. {reason}",
        cookies_blocked="Cookies are off, so nobody knows who you are. Allow them for this page and load it again, and talks, ratings and essays are kept.",
        copy="Copy",
        copied="Copied",
        retry="Ask again",
        edit="Edit",
        rate_good="Good",
        rate_bad="Not good",
        rating_saved="Your rating is written down on this computer.",
        reason_saved="Your reason is written down on this computer, too. Thank you.",
        reason="Say why, if you like",
        reason_hint="What was good or not so good?",
        sources_hint="The sentences that an answer quotes open here, each in its own paragraph. Click a number and the essay opens at that place."
        "\n\n- On the [shelf](#view/read) you read the essays; click a sentence to ask about it, or for what speaks against it.\n"
        "- The [map](#view/map) shows what is likened to what, and where it breaks.\n"
        "- Put [your own essays](#view/mine) beside them and discuss those.",
        essays_search="Search the shelf",
        essays_count="Essays: {count}",
        essays_no_match="Nothing on the shelf comes near “{search}”.",
        essays_back="The shelf",
        answer_back="Back to the answer",
        essay_missing="This essay is not on the shelf any more.",
        essay_changed="This essay has changed since it was quoted. The marked place may not be the one that was meant.",
        essay_earlier="Read what comes before",
        essay_later="Read on",
        uploads_badge="yours",
        ask_sentence="Ask about this sentence",
        counter_sentence="Find what speaks against it",
        counter_question="“{sentence}” What speaks against this?",
        sentence_hint="Click a sentence to ask about it or to find what speaks against it.",
        uploads_title="Your essays",
        uploads_hint="Drop a Markdown or text file (.md, .txt) and talk about it a moment later. "
        "Only this browser sees it, and it never leaves this computer.",
        uploads_drop="Drop files here, or click to choose (.md, .txt)",
        uploads_added="Essays put on your shelf: {count}. Ask away.",
        uploads_skipped="{name} was not put on your shelf: {reason}.",
        uploads_note="{name}: {text}.",
        uploads_none="You have not put any essays here yet.",
        uploads_remove="Take it off the shelf",
        uploads_removed="“{title}” was taken off the shelf.",
        confirm="Really?",
        uploads_reading="Reading the files",
        uploads_embedding="Learning the sentences",
        uploads_writing="Putting them on the shelf",
        history_search="Search your talks",
        history_none="No talks yet. What you ask and hear is kept here by itself.",
        history_no_match="No talk mentions “{search}”.",
        history_turns="questions: {count}",
        history_name="Name of this talk",
        history_export="Download",
        history_delete="Delete",
        history_location="Talks are kept on this computer, in the folder {folder}; only this browser sees them.",
        model="Voice",
        model_quotes="the essays’ own sentences",
        model_local="a model on this computer",
        model_other="{name}",
        model_help="The voice is chosen when the server starts, with `BOT_LLM`. `quotes` needs no model and shows the essays’ own sentences; "
        "`local` is a small model on this computer (fetched once with `make model`); `openai:…`, `anthropic:…`, `google_genai:…` and `ollama:…` "
        "are those companies’ or servers’ models. Keys stand in `.env`. Whichever speaks, every sentence goes through the same check.",
        model_test="Test it",
        model_testing="Trying it…",
        model_works="It works: {name} answered within {seconds} seconds.",
        model_works_quotes="It works: the essays’ own sentences answer, without a model.",
    ),
}

# Why the check took a sentence out, by the reason that the answer gives.
REASONS: dict[Language, dict[str, str]] = {
    "ko": {
        "quotation": "인용이 원문과 다릅니다",
        "figure": "원문에 없는 숫자입니다",
        "name": "원문에 없는 이름이거나, 다른 이가 한 일입니다",
        "negation": "원문과 반대로 말합니다",
        "support": "원문이 뒷받침하지 않습니다",
        "citation": "없는 출처를 댔습니다",
        "language": "다른 언어로 말했습니다",
        "fragment": "문장이 아닙니다",
        "repeated": "같은 말의 되풀이입니다",
    },
    "en": {
        "quotation": "the quotation differs from the text",
        "figure": "a number that the text does not have",
        "name": "a name that the text does not have, or has in another part",
        "negation": "it says the opposite of the text",
        "support": "the text does not bear it out",
        "citation": "it cites a source that there is not",
        "language": "it is in another language",
        "fragment": "it is no sentence",
        "repeated": "it only repeats",
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
    """The language to speak before there is an answer: the question's, else the first in `accepted` (Accept-Language)."""
    if any(character.isalpha() for character in question):
        return "ko" if language_of(question) == "ko" else "en"
    return "ko" if accepted.strip().lower().startswith("ko") else "en"

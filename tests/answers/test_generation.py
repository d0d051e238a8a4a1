"""The sentences of a chat model: split while they stream, each checked, then cited, shown as a reading, or refused."""

from collections.abc import Callable, Iterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.answers import prompts_capable, prompts_small
from bot.answers.context import Context
from bot.answers.generation import generate
from bot.answers.segmentation import complete_sentences, split_sentences
from bot.grounding.quotations import cite
from bot.messages import notices
from bot.messages.text import Text
from bot.models.chat import Limits
from bot.schema import Answer, Language, Passage, Refusal
from tests.toys import ScriptedModel, essay_of

BELL = essay_of(
    "The bell of Ardmore weighs 412 pounds. It was cast in 1763 by John Warner. The sexton rings it at noon, and the gulls rise.",
    "bell.en", title="The Bell of Ardmore",
)  # fmt: skip
HIVE = essay_of(
    "벌통은 밤에 옮긴다. 낮에는 벌이 들판에 나가 있기 때문이다. 김만수 씨는 1987년부터 벌통 40개를 옮겨 왔다.",
    "hive.ko", "ko", title="벌통을 옮기는 밤",
)  # fmt: skip
ESSAYS = {essay.id: essay for essay in (BELL, HIVE)}
PASSAGES = Context(tuple(Passage.of(essay, 0, len(essay.text)) for essay in (BELL, HIVE)))


def same_cosine(sentence: str, others: Sequence[str]) -> list[float]:
    """The same cosine for all sentences, so that support depends on the words alone."""
    return [0.5 for _ in others]


def draft(language: str = "en") -> Answer:
    """The answer that a model extends: one citation, no sentences."""
    question = "How heavy is the bell of Ardmore?" if language == "en" else "벌통은 언제 옮기나요?"
    essay, end = (BELL, 38) if language == "en" else (HIVE, 11)
    return Answer(question, question, language, "answer", "scripted", citations=(cite(essay, 0, end, 1),))  # type: ignore[arg-type]


def stream(reply: str | Callable[[list[tuple[str, str]]], str], language: str = "en", **options: object) -> list[Answer]:
    """The answers that are streamed when the model replies with `reply`."""
    model = reply if isinstance(reply, ScriptedModel) else ScriptedModel(reply)
    return list(generate(draft(language), PASSAGES, ESSAYS, model.chat_model(**options), same_cosine))  # type: ignore[arg-type]


def answer_to(reply: str, language: str = "en", **options: object) -> Answer:
    return stream(reply, language, **options)[-1]


def test_a_supported_sentence_cites_the_essay_sentence_that_supports_it() -> None:
    answer = answer_to("The bell was cast in 1763 by John Warner. [1]")
    (sentence,) = answer.sentences
    assert (sentence.text, sentence.kind, sentence.citations) == ("The bell was cast in 1763 by John Warner.", "essay", (2,))
    assert [citation.quote for citation in answer.citations] == [
        "The bell of Ardmore weighs 412 pounds.", "It was cast in 1763 by John Warner.",
    ]  # fmt: skip
    assert answer.complete
    assert answer.refused == ()


def test_a_sentence_that_is_quoted_already_keeps_its_citation_number() -> None:
    answer = answer_to("The bell of Ardmore weighs 412 pounds [1].")
    assert answer.sentences[0].citations == (1,)
    assert len(answer.citations) == 1


@pytest.mark.parametrize(("sentence", "reason"), [
    ("The bell of Ardmore weighs 4,120 pounds. [1]", "figure"),
    ("The bell was cast in 1763 by Peter Morgan. [1]", "name"),
    ("“The bell of Ardmore weighs many pounds today” is how it begins. [1]", "quotation"),
    ("“The bell of Ardmore weighs 412 pounds.” [2]", "quotation"),
    ("“The bell of Ardmore weighs 412 pounds. The sexton rings it at noon” it says. [1]", "quotation"),
    ("The bell was cast in 1763 by John Warner. [9]", "citation"),
    ("The bell was cast in 1763 by John Warner. [0]", "citation"),
    ("Bees dream of electric flowers in spring. [1]", "support"),
    ("Bees have always dreamt of 77 flowers.", "figure"),
    ("As “the old saying” has it, bells are heavy.", "quotation"),
    ("이 종은 아주 무겁습니다. [1]", "language"),
    ("这口钟非常重。 [1]", "language"),
])  # fmt: skip
def test_a_sentence_that_fails_the_check_is_refused_with_its_reason(sentence: str, reason: str) -> None:
    answer = answer_to(f"{sentence} It was cast in 1763 by John Warner. [1]", may_add_readings=False)
    assert [refusal.reason for refusal in answer.refused] == [reason]
    assert [sentence.text for sentence in answer.sentences] == ["It was cast in 1763 by John Warner."]


def test_no_streamed_answer_contains_an_invented_number() -> None:
    for answer in stream("The bell weighs 999 pounds. [1] It was cast in 1763 by John Warner. [7] The bell is 999 years old."):
        assert "999" not in answer.text
        assert {number for sentence in answer.sentences for number in sentence.citations} <= {1}


def test_readings_are_accepted_only_from_models_that_may_add_them() -> None:
    reading = "Such a weight is perhaps a promise made to whoever hears it."
    (sentence,) = answer_to(reading).sentences
    assert (sentence.kind, sentence.citations) == ("reading", ())
    small = answer_to(reading, may_add_readings=False)
    assert small.refused == (Refusal(reading, "support"),)
    assert [sentence.text for sentence in small.sentences] == [notices.ALL_REFUSED.en]


def test_a_missing_citation_is_added() -> None:
    answer = answer_to("It was cast in 1763 by John Warner. In Passage 2, bees move at night.", may_add_readings=False)
    assert answer.sentences[0].kind == "essay"
    assert answer.citations[answer.sentences[0].citations[0] - 1].quote == "It was cast in 1763 by John Warner."


def test_a_repeated_question_or_sentence_is_refused() -> None:
    answer = answer_to(
        "How heavy is the bell of Ardmore. The bell of Ardmore weighs 412 pounds [1]. The bell of Ardmore weighs 412 pounds [1]."
    )
    assert [refusal.reason for refusal in answer.refused] == ["repeated", "repeated"]
    assert len(answer.sentences) == 1


@pytest.mark.parametrize("label", ["", "답: ", "Answer: "])
@pytest.mark.parametrize("language", ["en", "ko"])
def test_the_model_s_abstention_becomes_a_notice(language: Language, label: str) -> None:
    answer = answer_to(label + notices.ABSTAIN.of(language), language)
    assert [(sentence.text, sentence.kind) for sentence in answer.sentences] == [(notices.MODEL_ABSTAINS.of(language), "notice")]


def test_korean_sentences_are_checked() -> None:
    answer = answer_to(
        "벌통은 밤에 옮깁니다. [2] 김만수 씨는 1987년부터 벌통 400개를 옮겨 왔습니다. [2] The hive moves at night. [2]", "ko"
    )
    assert [(sentence.text, sentence.citations) for sentence in answer.sentences] == [("벌통은 밤에 옮깁니다.", (1,))]
    assert [refusal.reason for refusal in answer.refused] == ["figure", "language"]


def test_a_name_in_the_other_script_does_not_change_the_language_of_a_sentence() -> None:
    english = "The bell of Ardmore 아드모어 weighs 412 pounds."
    assert "language" not in [refusal.reason for refusal in answer_to(f"{english} [1]").refused]
    assert [refusal.reason for refusal in answer_to(f"{english} [1]", "ko").refused] == ["language"]


def test_each_streamed_answer_extends_the_one_before() -> None:
    answers = stream(
        "The bell of Ardmore weighs 412 pounds [1]. It was cast in 1763 by John Warner [1]. The sexton rings it at noon. [1]"
    )
    for earlier, later in zip(answers, answers[1:], strict=False):
        assert later.sentences[: len(earlier.sentences)] == earlier.sentences
        assert later.citations[: len(earlier.citations)] == earlier.citations
    assert len(answers[-1].sentences) == 3
    assert any(len(answer.sentences) == 1 for answer in answers)  # a sentence is shown as soon as it is complete


@pytest.mark.parametrize(("finish_reason", "fault"), [("", "cut"), ("length", "cut")])
def test_an_answer_that_was_cut_off_is_not_complete(finish_reason: str, fault: str) -> None:
    model = ScriptedModel("The bell of Ardmore weighs 412 pounds [1]. It was cast in 17", ends=finish_reason)
    answer = list(generate(draft(), PASSAGES, ESSAYS, model.chat_model(), same_cosine))[-1]
    assert [sentence.text for sentence in answer.sentences] == [
        "The bell of Ardmore weighs 412 pounds.",
        notices.ENDED_EARLY[fault].en,
    ]
    assert not answer.complete
    assert answer.to_dict()["complete"] is False


def test_closing_the_stream_stops_the_model() -> None:
    model = ScriptedModel("The bell of Ardmore weighs 412 pounds [1]. " * 2000)
    answers: Iterator[Answer] = generate(draft(), PASSAGES, ESSAYS, model.chat_model(Limits(max_characters=10**9)), same_cosine)
    next(answers)
    answers.close()  # type: ignore[attr-defined]
    assert model.sent_characters <= len(model.reply)  # type: ignore[arg-type]


@pytest.mark.parametrize(("may_add_readings", "rules"), [(True, prompts_capable.RULES), (False, prompts_small.RULES)])
def test_the_prompt_holds_rules_passages_and_question_and_no_tools(may_add_readings: bool, rules: Text) -> None:
    """Those for capable models, or those for small ones, which may add no readings."""
    model = ScriptedModel("It was cast in 1763 by John Warner. [1]")
    list(generate(draft(), PASSAGES, ESSAYS, model.chat_model(may_add_readings=may_add_readings), same_cosine))
    ((system, user),) = model.asked
    assert system == ("system", rules.en)
    assert user[0] == "user"
    assert BELL.text in user[1]
    assert user[1].rindex(draft().question) > user[1].rindex(HIVE.text)
    assert not hasattr(model, "tools")


@pytest.mark.parametrize(("text", "sentences"), [
    ("One is here. [1] Two is there [2]. Three", ["One is here [1].", "Two is there [2].", "Three"]),
    ("**Bold** claim. [1]\n\n- A point. [2]\n2. Another point.", ["Bold claim [1].", "A point [2].", "Another point."]),
    ("종은 무겁다. [1][2] 벌은 난다.", ["종은 무겁다 [1] [2].", "벌은 난다."]),
    ("He said “it is heavy.” [1] Then left.", ["He said “it is heavy [1].”", "Then left."]),
    ("", []),
    ("\n\n", []),
])  # fmt: skip
def test_sentences_keep_their_citation_numbers(text: str, sentences: list[str]) -> None:
    found = [sentence.replace("][", "] [") for sentence in split_sentences(text)]
    assert [" ".join(sentence.split()) for sentence in found] == sentences or found == sentences


def test_a_streamed_text_is_split_as_the_complete_text() -> None:
    text = "The bell weighs 412 pounds. [1] It was cast in 1763. [1][2]\n- The sexton rings it. [2]\nGulls rise."
    for size in range(1, 12):
        found: list[str] = []
        rest = ""
        for start in range(0, len(text), size):
            complete, rest = complete_sentences(rest + text[start : start + size])
            found += complete
        assert found + split_sentences(rest) == split_sentences(text), size


@given(st.lists(st.tuples(st.sampled_from(BELL.text.split(". ")), st.integers(0, 99)), min_size=1, max_size=4))
def test_only_supported_sentences_with_valid_citations_are_shown(claims: list[tuple[str, int]]) -> None:
    """With cosines of 0: of a passage in the other language nothing but the cosine says that it supports a sentence."""
    reply = " ".join(f"{sentence.rstrip('.')} [{number}]." for sentence, number in claims)
    model = ScriptedModel(reply).chat_model(may_add_readings=False)
    *_, answer = generate(draft("en"), PASSAGES, ESSAYS, model, lambda _, others: [0.0] * len(others))
    for citation in answer.citations:
        assert ESSAYS[citation.essay].text[citation.start : citation.end] == citation.quote
    shown = {sentence.text for sentence in answer.sentences if sentence.kind == "essay"}
    assert shown <= {f"{sentence.rstrip('.')}." for sentence, number in claims if number == 1}
    refused = sum(refusal.reason == "citation" for refusal in answer.refused)
    assert refused == sum(not 1 <= number <= 2 for _, number in claims)


# A capable model: three outcomes


def capable(reply: str, language: str = "en") -> Answer:
    return answer_to(reply, language, may_add_readings=True)


UNSURE = "The essay suggests that listeners of the bell at noon were fishermen. [1]"


def test_what_the_check_cannot_confirm_is_shown_and_marked_for_a_capable_model() -> None:
    (sentence,) = capable(UNSURE).sentences
    assert (sentence.text, sentence.kind) == (UNSURE.removesuffix(" [1]"), "unconfirmed")
    (number,) = sentence.citations
    assert capable(UNSURE).citations[number - 1].essay == BELL.id
    assert capable(UNSURE).text.endswith(f"[{number}] ({notices.UNCONFIRMED.en})")
    assert [(refusal.reason) for refusal in answer_to(UNSURE, may_add_readings=False).refused] == ["support"]


def test_what_a_passage_bears_out_is_supported_whichever_is_cited() -> None:
    for number in ("[1]", "[2]", ""):
        (sentence,) = capable(f"It was cast in 1763 by John Warner. {number}").sentences
        assert (sentence.kind, sentence.citations) == ("essay", (2,))


@pytest.mark.parametrize(("sentence", "reason"), [
    ("The bell of Ardmore weighs 4,120 pounds. [1]", "figure"),
    ("The bell was cast in 1763 by Peter Morgan. [1]", "name"),
    ("“The bell of Ardmore weighs many pounds today” is how it begins. [1]", "quotation"),
    ("The bell was not cast in 1763 by John Warner. [1]", "negation"),
    ("As “the old saying” has it, bells are heavy.", "quotation"),
    ("The bell was cast in 1763 by John Warner. [9]", "citation"),
    ("이 종은 아주 무겁습니다. [1]", "language"),
])  # fmt: skip
def test_a_capable_model_is_refused_what_speaks_against_the_passages(sentence: str, reason: str) -> None:
    answer = capable(f"{sentence} It was cast in 1763 by John Warner. [1]")
    assert [refusal.reason for refusal in answer.refused] == [reason]
    assert [sentence.kind for sentence in answer.sentences] == ["essay"]


def test_what_a_capable_model_says_the_passages_lack_is_a_notice() -> None:
    absent = "The essays do not say how many gulls there were in 1999."
    (sentence,) = capable(absent).sentences
    assert (sentence.text, sentence.kind, sentence.citations) == (absent, "notice", ())
    small = answer_to(absent, may_add_readings=False)
    assert absent not in [sentence.text for sentence in small.sentences]


def test_a_reading_of_a_capable_model_stays_a_reading() -> None:
    reading = "Such a weight is perhaps a promise made to whoever hears it."
    assert [sentence.kind for sentence in capable(reading).sentences] == ["reading"]


def test_a_title_in_marks_is_no_quotation() -> None:
    (sentence,) = capable("In “The Bell of Ardmore” the bell was cast in 1763 by John Warner. [1]").sentences
    assert sentence.kind == "essay"

"""Answers that a chat model writes: whether it is asked, what it reads, and what stands where it does not answer."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bot.answers import extractive, generation, summary
from bot.answers.context import Reach, select_context
from bot.answers.turn import Turn
from bot.grounding.checker import Similar
from bot.models.chat import ChatModel
from bot.retrieval import map_search
from bot.retrieval.intent import is_greeting
from bot.schema import Answer

if TYPE_CHECKING:
    from langchain_core.runnables import RunnableConfig


@dataclass(frozen=True)
class Writer:
    """A chat model, None for quotations only, and the tokens that it reads: `BOT_CONTEXT`, 0 for the default of its class."""

    model: ChatModel | None
    tokens: int = 0

    def is_asked(self, turn: Turn) -> bool:
        """Whether the model writes the answer: wherever anything was found, but where what is asked for stands in metadata or in the map."""
        return self.model is not None and bool(turn.hits) and not _is_told_without_a_model(turn)

    def shows(self, turn: Turn, answer: Answer) -> bool:
        """Whether an answer in quotations is shown before the model's sentences, which then follow it.

        A capable model's prose is the answer, and so is any model's where the ranker does not take the question for answered.
        """
        return self.model is None or not self.is_asked(turn) or not (self.model.is_capable or answer.abstained)

    def answers(
        self,
        turn: Turn,
        quotations: Answer,
        similar: Similar,
        on_text: Callable[[], None],
        config: "RunnableConfig | None" = None,
    ) -> Iterator[Answer]:
        """The model's answer while it is written; before its first sentence `Answer.reading` says what it reads. See `generation.generate`.

        `quotations` is the answer without it: what its sentences follow, or what stands where it writes none.
        """
        if self.model is None:
            return
        context = select_context(turn, quotations, Reach.of_model(self.tokens, is_capable=self.model.is_capable))
        if self.shows(turn, quotations):
            begun, otherwise = replace(quotations, reading=context.size), None
        else:
            begun = replace(turn.draft, suggestions=quotations.suggestions, reading=context.size)
            otherwise = generation.Otherwise(quotations, extractive.abstention(turn, quotations))
        yield begun
        yield from generation.generate(begun, context, turn.index.essays, self.model, similar, on_text, config, otherwise)


def _is_told_without_a_model(turn: Turn) -> bool:
    """Whether the answer is the bot's own: a greeting, the essays as documents, an unknown title, the whole map."""
    draft = turn.draft
    if is_greeting(draft.question) or extractive.unknown_title(turn):
        return True
    if draft.mode != "answer":
        return False
    intent = draft.intent.partition(".")[0]
    if intent in {"smalltalk", "documents"} or intent == "summary" and not summary.essay_of(turn):
        return True
    return intent not in extractive.BY_INTENT and bool(turn.analogies) and map_search.asks_for_all_analogies(turn.question)

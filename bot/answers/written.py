"""Answers that a chat model writes: whether it is asked, what it reads, and what stands where it does not answer."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from bot.answers import extractive, generation, summary
from bot.answers.context import Reach, select_context
from bot.answers.turn import Turn
from bot.grounding.support import Comparison
from bot.models.chat import ChatModel
from bot.retrieval import map_search
from bot.retrieval.intent import is_greeting
from bot.schema import Answer

if TYPE_CHECKING:
    from langchain_core.runnables import RunnableConfig


class Writer:
    """Writes the answer to one turn with a chat model, where there is one and it is asked."""

    def __init__(self, model: ChatModel | None, turn: Turn, tokens: int = 0) -> None:
        """`tokens` is what the model reads: `BOT_CONTEXT`, 0 for the default of its class. Nothing is asked yet."""
        self._model, self._turn, self._tokens = model, turn, tokens

    @cached_property
    def is_asked(self) -> bool:
        """Whether the model writes the answer: wherever anything was found, but where what is asked for stands in metadata or in the map."""
        return self._model is not None and bool(self._turn.hits) and not _is_told_without_a_model(self._turn)

    @cached_property
    def _is_capable(self) -> bool:
        return self._model is not None and self._model.is_capable

    def shows(self, answer: Answer) -> bool:
        """Whether an answer in quotations is shown: where the model is not asked, or where its sentences follow the quotations.

        A capable model's prose is the answer, and so is any model's where the ranker does not take the question for answered.
        """
        return not self.is_asked or not (self._is_capable or answer.abstained)

    def answers(
        self, quotations: Answer, similar: Comparison, on_text: Callable[[], None], config: "RunnableConfig | None" = None
    ) -> Iterator[Answer]:
        """The model's answer while it is written, if it is asked; before its first sentence `Answer.reading` says what it reads.

        `quotations` is the answer without it: what its sentences follow, or what stands where it writes none. For the other arguments see
        `generation.generate`.
        """
        if self._model is None or not self.is_asked:
            return
        turn = self._turn
        reach = Reach.of_model(self._tokens, is_capable=self._is_capable, room=self._model.context_tokens)
        context = select_context(turn, quotations, reach)
        begun, otherwise = replace(quotations, reading=context.size), None
        if not self.shows(quotations):
            begun = replace(turn.draft, suggestions=quotations.suggestions, reading=context.size)
            otherwise = generation.Otherwise(quotations, extractive.abstention(turn, quotations))
        yield begun
        yield from generation.generate(begun, context, turn.index.essays, self._model, similar, on_text, config, otherwise)


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

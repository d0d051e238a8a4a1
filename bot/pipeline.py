"""The order in which a question becomes a checked answer. The only place where the stages meet."""

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from bot.answers import context, extractive, generation
from bot.chats.messages import normalized
from bot.errors import CorpusError, IndexMissing, QuestionError
from bot.indexing import analogies, loader
from bot.indexing.analogies import Analogy
from bot.indexing.build import index_fingerprint, no_progress, publish
from bot.models import chat, download
from bot.models.embeddings import Embedder
from bot.retrieval import condense
from bot.retrieval.index import Index
from bot.retrieval.intent import is_about_all_essays
from bot.schema import MODES, Answer, Essay, Hit, Passage, Report, Use
from bot.settings import Keys, Settings
from bot.store import Progress, open_store
from bot.text.language import language_of
from bot.text.normalize import clean

if TYPE_CHECKING:
    from langchain_core.runnables import Runnable


ONE_AN_ESSAY = ("counter", "compare")  # modes in which essays are set against each other
LONGEST_QUESTION = 4_000  # characters
PASSAGES = 6  # that an answer is made from
REMEMBERED = 4_000  # vectors of sentences, 6 MB
TURNS = 12  # of the talk before, that a question may lean on

log = logging.getLogger("dolmen")


class Bot:
    """Answers questions about the essays of one index. Threads may share it; it follows the index when that is published anew."""

    def __init__(self, settings: Settings, embedder: Embedder | None = None, chat_model: chat.ChatModel | None = None) -> None:
        """Nothing is opened or loaded before it is needed; `Bot.open` checks that there is an index.

        `chat_model` is used in place of the one that `settings.llm` names. Raises `ModelError` where that name is none.
        """
        self.settings = settings
        self.embedder = embedder or Embedder(settings.embedding_model, settings.cache)
        self._own_model = chat_model or chat.open_chat_model(settings.llm, Keys.load(), settings.cache)
        self._elder: Bot | None = None
        self._store = open_store(settings.index, settings.chroma_url)
        self._shelf: Index | None = None
        self._vectors: dict[str, NDArray[np.float32]] = {}
        self._lock = threading.Lock()

    @classmethod
    def open(cls, **given: Any) -> Self:
        """A bot with the settings from `BOT_…` and `.env`, any of them replaced by `given` (`index=…`, `llm="quotes"`).

        Raises `SettingsError`, and `IndexMissing` where `python ingest.py` was not run yet.
        """
        bot = cls(Settings.load(**given))
        if bot._store.current() is None:
            raise index_missing(bot.settings)
        return bot

    def ask(self, question: str, history: Sequence[Any] = (), mode: str = "answer") -> Answer:
        """The whole answer. `history` holds the earlier turns, oldest first, in any shape that `bot.chats.messages` reads.

        Raises `QuestionError` for an empty or too long question, `StoreError`, `EmbedderError`.
        """
        *_, answer = self.stream(question, history, mode)
        return answer

    def stream(self, question: str, history: Sequence[Any] = (), mode: str = "answer") -> Iterator[Answer]:
        """The answer as it grows: each one holds the one before; the citations come before the words. Raises as `ask` does."""
        question = checked_question(question, mode)
        begun = {"question": question, "history": tuple(normalized(history)), "mode": mode, "started": time.perf_counter()}
        with closing(self._chain.stream(begun)) as grown:  # type: ignore[type-var]
            yield from grown

    def standalone(self, question: str, history: Sequence[Any]) -> str:
        """The question as it is searched for: a follow-up takes along what it leans on.

        A model, where there is one, writes it anew; the rule holds where it fails, or loses or invents a name.
        """
        turns = [(role, clean(text[:LONGEST_QUESTION]).text) for role, text in normalized(history)[-TURNS:]]
        ruled = condense.standalone(question, turns)
        if ruled == question or self._model is None:
            return ruled
        written = generation.condense_with_model(question, turns, self._model)
        return written if condense.is_faithful(written, question, turns) else ruled

    def search(self, question: str, k: int = 5) -> list[Hit]:
        """The `k` best passages for a question, best first, with their scores. Raises as `ask` does."""
        question = checked_question(question, "answer")
        return self._hits(self._open(), question, k)

    def evidence(self, question: str, hits: Sequence[Hit]) -> tuple[float, float]:
        """What an answer from these hits would rest on: see `Retriever.evidence`."""
        return self._open().retriever.evidence(checked_question(question, "answer"), hits)

    def similar(self, sentence: str, others: Sequence[str]) -> list[float]:
        """The cosines, -1 to 1, of a sentence with others, in either language, freed from what the whole shelf shares."""
        sample = self._open().sample
        texts = [sentence, *others]
        rows = [sample.center(row, language_of(text)) for row, text in zip(self._encoded(texts), texts, strict=True)]
        return [float(rows[0] @ row) for row in rows[1:]]

    def essays(self) -> list[Essay]:
        """The essays on the shelf, by id."""
        return sorted(self._open().essays.values(), key=lambda essay: essay.id)

    def passages(self) -> list[Passage]:
        """The passages of every essay, in the order of the index."""
        return list(self._open().passages)

    def analogies(self) -> tuple[Analogy, ...]:
        """The analogies of the map beside the essays; none where there is no map or its essays are not on the shelf."""
        return self._analogies(self._open())

    def essay(self, identity: str) -> Essay:
        """The essay with this id. Raises `QuestionError` where there is none."""
        shelf = self._open()
        if identity not in shelf.essays:
            held = ", ".join(sorted(shelf.essays))
            raise QuestionError(
                f"No essay is called {identity!r}. The shelf has: {held}.",
                f"{identity!r}라는 에세이가 없습니다. 서가에 있는 것: {held}.",
            )
        return shelf.essays[identity]

    def sentences(self, identity: str) -> list[tuple[int, int]]:
        """The spans, in characters, of an essay's sentences. Raises `QuestionError` where there is no such essay."""
        return self._open().sentence_spans(self.essay(identity))

    def try_model(self) -> float:
        """Seconds until the voice's first word; 0 for the essays' own sentences. Raises `ModelError`: what is wrong, what to do."""
        return generation.first_word_seconds(self._model) if self._model else 0.0

    def warm(self) -> None:
        """Open the index and load the models now, so that the first question does not wait."""
        self.embedder.load()
        shelf = self._open()
        self._hits(shelf, "고인돌 dolmen", 1)
        if self._model and self._model.is_local:
            generation.warm_up(self._model)

    def fetch_model(self, progress: Progress = no_progress) -> bool:
        """Fetch the local model where `BOT_LLM` wants it, or leaves the choice and there is no key, and it is not there yet; then it speaks.

        Returns whether anything was fetched. Raises `ModelError` where it cannot be; the voice stays what it was.
        """
        if not chat.needs_local_model(self.settings.llm, self.model_name, self.settings.cache):
            return False
        download.download_gguf(self.settings.cache, progress)
        self._own_model = chat.open_chat_model(self.settings.llm, Keys.load(), self.settings.cache)
        return True

    def with_uploads(self, index: Path, essays: Sequence[Essay], progress: Progress = no_progress) -> tuple["Bot", Report]:
        """A bot over this bot's essays and `essays`, with an index of its own in the folder `index`, and what making that did.

        What is known here is not embedded again; embedder and voice are shared. Raises as `build_index` does; then the index that
        was there is still there.
        """
        younger = Bot(self.settings.model_copy(update={"index": index, "chroma_url": "", "llm": chat.QUOTES}), self.embedder)
        younger._elder = self
        shelf = loader.Collection((*self.essays(), *essays), (), ())
        return younger, publish(shelf, younger._store, self.embedder, progress, self._store)

    @property
    def generation(self) -> str | None:
        """The name of the published generation; another one after each ingest that changed anything."""
        return self._store.current()

    @property
    def _model(self) -> chat.ChatModel | None:
        return self._elder._model if self._elder else self._own_model

    @property
    def model_name(self) -> str:
        """Which voice speaks: `quotes`, `local`, or a provider and its model."""
        return self._model.name if self._model else chat.QUOTES

    @property
    def ready(self) -> bool:
        """Whether a question would be answered at once."""
        return self.embedder.ready and self._shelf is not None

    @cached_property
    def _chain(self) -> "Runnable[dict[str, Any], Answer]":
        """rewrite, retrieve, quote, speak: one LangChain runnable, whose steps carry these names in a trace.

        Its last step is a generator on the caller's own thread, so that closing the stream ends the model's work at once.
        """
        from langchain_core.runnables import RunnableGenerator, RunnableLambda, RunnablePassthrough

        def step(work: Callable[[dict[str, Any]], Any], name: str) -> "Runnable[dict[str, Any], Any]":
            return RunnableLambda(work).with_config(run_name=name)

        prepared = RunnablePassthrough.assign(blank=step(self._rewrite, "rewrite")).assign(
            evidence=step(self._retrieve, "retrieve")
        )
        return prepared.assign(quoted=step(self._quote, "quote")) | RunnableGenerator(self._speak).with_config(run_name="speak")

    def _rewrite(self, state: dict[str, Any]) -> Answer:
        question, mode = state["question"], state["mode"]
        name = self.model_name if self._model else chat.QUOTES
        spoken = [text for role, text in reversed(state["history"]) if role == "user"]
        voiced = next((text for text in (question, *spoken) if any(map(str.isalpha, text))), question)  # an emoji has no language
        return Answer(question, self.standalone(question, state["history"]), language_of(voiced), mode, name)

    def _retrieve(self, state: dict[str, Any]) -> tuple[Index, list[Hit]]:
        shelf = self._open()
        question, mode = state["blank"].standalone, state["blank"].mode
        return shelf, self._hits(
            shelf, question, PASSAGES, "each" if is_about_all_essays(question) or mode in ONE_AN_ESSAY else "answer"
        )

    def _quote(self, state: dict[str, Any]) -> list[Answer]:
        """The answer in the essays' own sentences: its citations alone, then with its words."""
        retrieved = time.perf_counter()
        shelf, hits = state["evidence"]
        grown = list(extractive.extractive_answers(state["blank"], shelf, hits, self._analogies(shelf)))
        return [replace(one, timings=_timings(state["started"], retrieved)) for one in grown]

    def _speak(self, states: Iterator[dict[str, Any]]) -> Iterator[Answer]:
        """The quotations as soon as they are there, then, where there is a model, what it says of them."""
        state: dict[str, Any] = {}
        for part in states:
            state |= part
            yield from part.get("quoted", ())
        shelf, hits = state["evidence"]
        answer: Answer = state["quoted"][-1]
        if answer.abstained or not answer.citations or self._model is None:
            return
        read = context.select_context(answer.citations, hits, shelf.essays, shelf.sentence_spans)
        spoken: list[float] = []
        grown = generation.generate(
            answer, read, shelf.essays, self._model, self.similar, lambda: spoken.append(time.perf_counter())
        )
        for one in grown:
            timings = _timings(state["started"], 0.0, spoken[0] if spoken else 0.0)
            yield replace(one, timings=timings | {"retrieval_ms": answer.timings["retrieval_ms"]})

    def _encoded(self, texts: Sequence[str]) -> list[NDArray[np.float32]]:
        """The vectors of `texts`; those of sentences that were asked for lately are remembered, as each is held against many."""
        known = self._vectors
        if len(known) > REMEMBERED:
            known = {}
        if fresh := [text for text in dict.fromkeys(texts) if text not in known]:
            known = {**known, **dict(zip(fresh, self.embedder.encode_passages(fresh), strict=True))}
        self._vectors = known  # replaced, never changed: threads may read the one before
        return [known[text] for text in texts]

    def _analogies(self, shelf: Index) -> tuple[Analogy, ...]:
        """The analogies of the map beside the essays, read once for a generation; none where the map no longer fits the shelf."""
        if shelf.analogies is None:
            try:
                shelf.analogies = analogies.load(self.settings.corpus / loader.MAP_FILE, shelf.essays)
            except CorpusError as error:
                log.warning("The analogy map is left out: %s", error)
                shelf.analogies = ()
        return shelf.analogies

    def _hits(self, shelf: Index, question: str, k: int, use: Use = "rank") -> list[Hit]:
        return shelf.search(question, self.embedder.encode_query(question), k, use)

    def _open(self) -> Index:
        """The shelf of the generation that is published now."""
        with self._lock:
            current = self._store.current()
            if current is None:
                raise index_missing(self.settings)
            if self._shelf is None or self._shelf.generation != current:
                self._shelf = Index(self._store.snapshot(index_fingerprint(self.embedder)))
            return self._shelf


def checked_question(question: str, mode: str) -> str:
    """The question, cleaned. Raises `QuestionError` where it is empty, too long, or asked in a mode that there is not."""
    if mode not in MODES:
        known = ", ".join(MODES)
        raise QuestionError(
            f"No mode is called {mode!r}. Choose from: {known}.", f"{mode!r}라는 방식이 없습니다. 고를 수 있는 것: {known}."
        )
    if (
        len(question) <= 10 * LONGEST_QUESTION
    ):  # decomposed Hangul and unseen characters do not count; a megabyte is not even read
        question = clean(question).text.strip()
    if len(question) > LONGEST_QUESTION:
        raise QuestionError(
            f"The question has {len(question):,} characters, more than {LONGEST_QUESTION:,}. Ask it shorter.",
            f"질문이 {len(question):,}자로, {LONGEST_QUESTION:,}자보다 깁니다. 줄여서 물어 주세요.",
        )
    if not question:
        raise QuestionError("The question is empty. Ask about the essays.", "질문이 비어 있습니다. 에세이에 대해 물어 주세요.")
    return question


def index_missing(settings: Settings) -> IndexMissing:
    """The error for an index that was never made."""
    where = settings.chroma_url or settings.index
    return IndexMissing(
        f"There is no index at {where}. Make it with: python ingest.py",
        f"{where}에 색인이 없습니다. python ingest.py 로 만들어 주세요.",
    )


def _timings(started: float, retrieved: float, first: float = 0.0) -> dict[str, float]:
    """Milliseconds since `started`: to the end of retrieval, to the first words (a model's, where one speaks), and until now."""
    now = time.perf_counter()
    moments = {"retrieval_ms": retrieved, "first_token_ms": first or now, "total_ms": now}
    return {name: round((moment - started) * 1000, 1) for name, moment in moments.items()}

"""The order in which a question becomes a checked answer. The only place where the stages meet."""

import asyncio
import copy
import threading
import time
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self
from weakref import WeakValueDictionary

import numpy as np
from numpy.typing import NDArray

from bot import tracing
from bot.answers import extractive, generation, subject, suggestions
from bot.answers.turn import Turn
from bot.answers.written import Writer
from bot.chats.check_text import CheckedSentence, check_text
from bot.chats.messages import cleaned, normalized
from bot.errors import IndexMismatch, QuestionError
from bot.grounding import quotations
from bot.grounding.support import Comparison
from bot.indexing import intents
from bot.indexing.analogies import Analogy, narrowed
from bot.indexing.build import index_fingerprint, ingest_command, made_with, pending_changes
from bot.messages import errors
from bot.models import chat, choice
from bot.models.embeddings import Embedder
from bot.models.entailment import EntailmentModel
from bot.models.reranker import Reranker
from bot.retrieval import condense
from bot.retrieval.index import Index, OpenGeneration, Published
from bot.retrieval.intent import is_about_all_essays, is_greeting
from bot.schema import MODES, Answer, Citation, Essay, Hit, Message, Progress, Use, no_progress
from bot.settings import Keys, Settings, collection_name
from bot.store import Store, collections_in, index_missing, store_of
from bot.store.salvage import has_generations
from bot.text.language import language_of
from bot.text.normalize import clean
from bot.text.tokenize import BOTH_LANGUAGES

if TYPE_CHECKING:
    from langchain_core.runnables import RunnableConfig

    from bot.runnables import AnswerRunnable, EssayRetriever

ONE_PER_ESSAY_MODES = ("counter", "compare")  # modes that compare essays: one passage of each
MAX_QUESTION_CHARACTERS = 4_000
ANSWER_PASSAGES = 6  # that an answer is made from
MAX_CACHED_VECTORS = 4_000  # of sentences, 6 MB
LEANING_INTENTS = ("followup_more", "summary", "argument", "compare")  # that a turn without a subject of its own may have
MAX_CACHED_QUERIES = 16
MAX_HISTORY_MESSAGES = 12  # that a follow-up may refer to


class Bot:
    """Answers questions about the essays of one index. Threads may share it. It reads a new generation of the index once that is published."""

    def __init__(self, settings: Settings, embedder: Embedder | None = None, chat_model: chat.ChatModel | None = None) -> None:
        """Open and load nothing yet; `Bot.open` checks that there is an index.

        `chat_model` is used in place of the one that `settings.llm` names. Raises `ModelError` where that name is unknown.
        """
        self.settings = settings
        self._embedder = embedder
        self._embedders = WeakValueDictionary(
            {embedder.name: embedder} if embedder else {}
        )  # by name, of all bots made from this one
        self._model = chat_model or chat.open_chat_model(settings.llm, Keys.load(), settings.cache, settings.model_class or None)
        self._reranker = Reranker(settings.reranker) if settings.reranker else None
        self._nli = EntailmentModel(settings.nli) if settings.nli else None
        self._published: tuple[Published, ...] = (self._published_by(store_of(settings)),)
        self._index: Index | None = None
        self._vectors: dict[str, NDArray[np.float32]] = {}
        self._queries: dict[str, NDArray[np.float32]] = {}
        self._lock = threading.Lock()

    @property
    def embedder(self) -> Embedder:
        """The embedder: the one that is named, else the one that made the index. See `bot.models.choice`."""
        if self._embedder is None:
            self._embedder = self._embedder_for(made_with(self._published[0].store))
        return self._embedder

    def _embedder_for(self, own: str) -> Embedder:
        """The embedder of an index that was made with its `own` one; there is one of each name."""
        chosen = choice.chosen(self.settings.embedding_model, own, self.settings.cache)
        return self._embedders.setdefault(chosen.name, chosen)

    @classmethod
    def open(cls, **given: Any) -> Self:
        """A bot with the settings from `BOT_…` and `.env`, any of them replaced by `given` (`index=…`, `llm="quotes"`).

        Raises `SettingsError`, and `IndexMissing` where no index has been built yet.
        """
        bot = cls(Settings.load(**given))
        bot.require_index()
        return bot

    def require_index(self) -> None:
        """Raise `IndexMissing` where no index has been built yet, `IndexDamaged` where only its pointer is missing."""
        if self.generation is None:
            raise index_missing(self.settings)

    @property
    def is_unbuilt(self) -> bool:
        """Whether this is the default collection and was never built: then it may be built from `settings.corpus`."""
        return not self.settings.collection and self.generation is None and not has_generations(self._published[0].store)

    def ask(
        self, question: str, history: Sequence[Any] = (), mode: str = "answer", *, essays: Sequence[str] = (), config: Any = None
    ) -> Answer:
        """The whole answer. `history` holds the earlier turns, oldest first, in any shape that `bot.chats.messages` reads.

        `essays`, ids, narrows the answer to some essays; `config` is LangChain's, with callbacks and tags. Raises `QuestionError` for an
        empty or too long question and for an unknown id, `StoreError`, `EmbedderError`.
        """
        *_, answer = self.stream(question, history, mode, essays=essays, config=config)
        return answer

    def stream(
        self, question: str, history: Sequence[Any] = (), mode: str = "answer", *, essays: Sequence[str] = (), config: Any = None
    ) -> Iterator[Answer]:
        """The answer while it is made: each yielded one extends the one before, citations first. Raises as `ask` does."""
        yield from self.as_runnable(mode, essays).stream({"question": question, "history": history}, config)

    async def aask(
        self, question: str, history: Sequence[Any] = (), mode: str = "answer", *, essays: Sequence[str] = (), config: Any = None
    ) -> Answer:
        """As `ask`, in threads."""
        runnable = await asyncio.to_thread(self.as_runnable, mode, essays)
        return await runnable.ainvoke({"question": question, "history": history}, config)

    async def astream(
        self, question: str, history: Sequence[Any] = (), mode: str = "answer", *, essays: Sequence[str] = (), config: Any = None
    ) -> AsyncGenerator[Answer]:
        """As `stream`, each step in a thread. Cancelling or closing it ends the work once the step that is being made is finished."""
        runnable = await asyncio.to_thread(self.as_runnable, mode, essays)
        async with aclosing(runnable.astream({"question": question, "history": history}, config)) as answers:
            async for answer in answers:
                yield answer

    def as_retriever(self, k: int = 6, essays: Sequence[str] = ()) -> "EssayRetriever":
        """The passages as a LangChain retriever of `k` documents; see `EssayRetriever` for what they hold. `essays`, ids, narrows it."""
        from bot.runnables import EssayRetriever

        chosen = self._checked_essays(essays)
        return EssayRetriever.of(
            lambda question, count: self.search(question, count, chosen), self.essay, k, self.settings.tracing
        )

    def as_runnable(self, mode: str = "answer", essays: Sequence[str] = ()) -> "AnswerRunnable":
        """The bot as a LangChain runnable: a string, a mapping or messages in, an `Answer` out, streamed; see `AnswerRunnable`."""
        from bot.runnables import AnswerRunnable

        checked_question("?", mode)
        chosen = self._checked_essays(essays)

        def answers(question: str, history: Sequence[Any], config: "RunnableConfig") -> Iterator[Answer]:
            return self._answers(question, history, mode, chosen, config)

        return AnswerRunnable(answers, self.settings.tracing)

    def standalone(self, question: str, history: Sequence[Any], config: "RunnableConfig | None" = None) -> str:
        """The question as it is searched for: a follow-up is condensed with the history into a question that stands alone.

        A chat model condenses it where there is one; the rules decide where the model fails, or drops or adds a name.
        """
        turns = cleaned(normalized(history)[-MAX_HISTORY_MESSAGES:], MAX_QUESTION_CHARACTERS)
        by_rule = condense.standalone(question, turns)
        if by_rule == question or condense.may_stand_alone(question) and self._is_near(question):
            return question
        if self._model is None:
            return by_rule
        traced = self.settings.tracing
        with tracing.context(traced):
            by_model = generation.condense_with_model(question, turns, self._model, tracing.local_config(config, traced))
        return by_model if condense.is_faithful(by_model, question, turns) else by_rule

    def search(self, question: str, k: int = 5, essays: Sequence[str] = ()) -> list[Hit]:
        """The `k` best passages for a question, best first, with their scores. `essays`, ids, narrows it. Raises as `ask` does."""
        question = checked_question(question, "answer")
        return self._hits(self.index(), question, k, essays=self._checked_essays(essays))

    def similar(self, sentence: str, others: Sequence[str]) -> list[float]:
        """How alike a sentence and each of others are, in either language: cosines on the scale of e5-small (`Weights.similarity`)."""
        index = self.index()
        texts = [sentence, *others]
        rows = [
            index.sample.center(row, language_of(text), index.weights.centroid)
            for row, text in zip(self._encode(texts), texts, strict=True)
        ]
        offset, factor = index.weights.similarity
        return [offset + factor * float(rows[0] @ row) for row in rows[1:]]

    @property
    def comparison(self) -> Comparison:
        """What the check of sentences compares texts with; see `similar`."""
        return Comparison(self.similar, self.embedder.fingerprint["model"], self._nli.relation if self._nli else None)

    def check(self, text: str, essays: Sequence[str] = (), progress: Progress = no_progress) -> Iterator[CheckedSentence]:
        """Hold any text against the essays, sentence by sentence; see `bot.chats.check_text`. Raises `QuestionError`, `StoreError`."""
        return check_text(text, self.index(), self._encode, self.comparison, self._checked_essays(essays), progress)

    def essays(self) -> list[Essay]:
        """The essays of the collection, by id."""
        return sorted(self.index().essays.values(), key=lambda essay: essay.id)

    def essay_ids(self) -> set[str]:
        """The ids of the essays as the index lists them, which need not be open for that. Raises `StoreError`."""
        manifest = self._published[0].store.manifest()
        return set(manifest.essays) if manifest else set()

    def analogies(self) -> tuple[Analogy, ...]:
        """The analogies of the map beside the essays; none where there is no map or its essays are not in the collection."""
        return self._analogies(self.index())

    def essay(self, identity: str) -> Essay:
        """The essay with this id. Raises `QuestionError` where there is none."""
        index = self.index()
        if identity not in index.essays:
            known = ", ".join(sorted(index.essays))
            raise QuestionError(errors.NO_SUCH_ESSAY.format(identity=identity, known=known))
        return index.essays[identity]

    def sentences(self, identity: str) -> list[tuple[int, int]]:
        """The spans, in characters, of an essay's sentences. Raises `QuestionError` where there is no such essay."""
        return self.index().sentence_spans(self.essay(identity))

    def summary(self, identity: str, count: int = 5) -> list[Citation]:
        """The `count` highest of an essay's three to five key sentences, in the order of its text. Raises `QuestionError` as `essay` does."""
        essay, index = self.essay(identity), self.index()
        spans = index.key_sentences(essay.id, count)
        return [quotations.cite(essay, start, end, number) for number, (start, end) in enumerate(spans, start=1)]

    def try_model(self) -> float:
        """Seconds until the chat model's first word; 0 without a model. Raises `ModelError` with the cause and the remedy."""
        with tracing.context(self.settings.tracing):
            return generation.first_word_seconds(self._model) if self._model else 0.0

    def warm(self) -> None:
        """Open the index and load the models, so that the first question does not wait for them."""
        self.embedder.load()
        index = self.index()
        self._hits(index, BOTH_LANGUAGES, 1)
        if self._model and self._model.is_local:
            with tracing.context(self.settings.tracing):
                generation.warm_up(self._model)

    def joined(self, store: Store) -> Self:
        """A bot that searches the essays of this bot and those of another store as one; embedder and chat model are shared.

        The ids of the essays have to differ. The store has to have a published index, made with this bot's embedder.
        """
        other = self._over(self.settings)
        other._embedder = self.embedder  # chosen now, so that both have the same one
        other._published = (*self._published, self._published_by(store))
        return other

    def collections(self) -> list[str]:
        """The names of all collections in the place of this index; the default one's is empty and comes first. Raises `StoreError`."""
        return collections_in(self.settings.index, self.settings.chroma_url)

    def of_collection(self, name: str) -> Self:
        """A bot that answers from another collection; chat model and, where it made both, the embedder are shared.

        Raises `SettingsError` for a name that no collection can have, and `IndexMissing` where there is none of this name.
        """
        other = self._over(self.settings.model_copy(update={"collection": collection_name(name)}))
        store = store_of(other.settings)
        own = "" if self.settings.embedding_model else made_with(store)
        other._embedder = self._embedder_for(own) if own else self.embedder
        other._published = (other._published_by(store),)
        other.require_index()
        return other

    def _over(self, settings: Settings) -> Self:
        """A copy of this bot that has not opened its index yet."""
        other = copy.copy(self)
        other.settings = settings
        other._index, other._vectors, other._queries, other._lock = None, {}, {}, threading.Lock()
        return other

    def _published_by(self, store: Store) -> Published:
        return Published(store, lambda: index_fingerprint(self.embedder))

    def newer_files(self) -> int:
        """How many essays an ingest of the same paths would add, change or remove; 0 where the index does not say what they were."""
        report = pending_changes(self._published[0].store)
        return report.added + report.changed + report.removed if report else 0

    @property
    def ingest_command(self) -> str:
        """The command that brings the index up to date: with its collection and the paths that it was made from."""
        return ingest_command(self.settings.collection, self._published[0].store.manifest())

    @property
    def generation(self) -> str | None:
        """The name of the published generation of this bot's index; an ingest that changes anything publishes a new one."""
        return self._published[0].store.current()

    @property
    def model_name(self) -> str:
        """The chat model's name: `local`, or a provider and its model; `quotes` without one."""
        return self._model.name if self._model else chat.QUOTES

    @property
    def ready(self) -> bool:
        """Whether a question would be answered at once."""
        return self.embedder.ready and self._index is not None

    def _answers(
        self, question: str, history: Sequence[Any], mode: str, essays: Sequence[str], config: "RunnableConfig"
    ) -> Iterator[Answer]:
        """condense, retrieve, quote, write. The retriever and the chat model run as children of the run that `config` stands for.

        It is a generator on the caller's own thread, so that closing it ends the model's work at once.
        """
        started = time.perf_counter()
        turns = normalized(history)
        draft = self._draft(checked_question(question, mode), turns, mode, config)
        index, hits = self._retrieve(draft, essays, config)
        retrieved = time.perf_counter()
        turn = self._turn(draft, turns, index, hits, essays)
        writer = Writer(self._model, turn, self.settings.context)
        quotations = draft
        for quotations in extractive.extractive_answers(turn):
            if writer.shows(quotations):
                yield replace(quotations, timings=_timings(started, retrieved))
        asked = [message.text for message in turns if message.role == "user"]
        quotations = replace(quotations, suggestions=suggestions.of(turn, quotations, asked))
        if writer.shows(quotations):
            yield replace(quotations, timings=_timings(started, retrieved))
        words: list[float] = []  # when each piece of the model's text came
        for answer in writer.answers(quotations, self.comparison, lambda: words.append(time.perf_counter()), config):
            yield replace(answer, timings=_timings(started, retrieved, words[0] if words else 0.0))

    def _draft(self, question: str, history: Sequence[Message], mode: str, config: "RunnableConfig") -> Answer:
        """The answer without content yet: question, condensed question, language, mode, chat model and intent."""
        earlier = [message.text for message in reversed(history) if message.role == "user"]
        worded = next(
            (text for text in (question, *earlier) if any(map(str.isalpha, text))), question
        )  # an emoji has no language
        standalone = self.standalone(question, history, config)
        intent = self._intent(question, standalone) if mode == "answer" else ""
        return Answer(question, standalone, language_of(worded), mode, self.model_name, intent=intent)

    def _intent(self, question: str, standalone: str) -> str:
        """What the reader wants: a label of `bot.indexing.intents`. A turn that leans on the chat is told by the whole question it makes."""
        if is_greeting(question):
            return "smalltalk"
        own = self._classified(question)
        return own if standalone == question or own in LEANING_INTENTS else self._classified(standalone)

    def _classified(self, text: str) -> str:
        as_query, as_turn = self.embedder.encode_question(text)
        self._keep_query(text, as_query)
        return intents.of_embedder(self.embedder).of(text, as_turn)

    def _turn(self, draft: Answer, history: Sequence[Message], index: Index, hits: list[Hit], essays: Sequence[str]) -> Turn:
        """The question with what an answer may need beside it."""

        def search(question: str, k: int, use: Use, only: Sequence[str]) -> list[Hit]:
            return self._hits(index, question, k, use, only)

        def more_hits(k: int) -> list[Hit]:
            use: Use = "each" if is_about_all_essays(draft.standalone) else "rank"
            return self._hits(index, draft.standalone, k, use, _narrowed_to(draft, index, essays), leaning=draft.question)

        about = subject.of_chat(history, index.essays)
        analogies = self._analogies(index, essays)
        return Turn(draft, index, hits, analogies, search, about, tuple(essays), tuple(history), more_hits)

    def _retrieve(self, draft: Answer, essays: Sequence[str], config: "RunnableConfig") -> tuple[Index, list[Hit]]:
        """The index that is published now, and its hits for the condensed question, found by a LangChain retriever."""
        from bot.runnables import HitRetriever

        index = self.index()
        only = _narrowed_to(draft, index, essays)
        one_per_essay = is_about_all_essays(draft.standalone) or draft.mode in ONE_PER_ESSAY_MODES

        def search(question: str, k: int) -> list[Hit]:
            return self._hits(index, question, k, "each" if one_per_essay else "answer", only, leaning=draft.question)

        retriever = HitRetriever.of(search, index.essays.__getitem__, ANSWER_PASSAGES, self.settings.tracing)
        return index, retriever.hits(draft.standalone, config)

    def _is_near(self, question: str) -> bool:
        """Whether the essays answer a question by itself, or hold something related."""
        index = self.index()
        return index.outcome(question, self._hits(index, question, ANSWER_PASSAGES, "answer")) != "absent"

    def _encode(self, texts: Sequence[str]) -> list[NDArray[np.float32]]:
        """The vectors of `texts`: of sentences of the essays those that the index stores. Recent ones are cached."""
        known = self._vectors
        if len(known) > MAX_CACHED_VECTORS:
            known = {}
        if fresh := [text for text in dict.fromkeys(texts) if text not in known]:
            known = {**known, **self.index().sentences.of_texts(fresh)}
            fresh = [text for text in fresh if text not in known]
            known = {**known, **dict(zip(fresh, self.embedder.encode_passages(fresh), strict=True))}
        self._vectors = known  # replaced, not changed: other threads may be reading the old one
        return [known[text] for text in texts]

    def _analogies(self, index: Index, essays: Sequence[str] = ()) -> tuple[Analogy, ...]:
        """The analogies of the map; with `essays`, ids, what of them these essays say."""
        return narrowed(index.analogies, essays) if essays else index.analogies

    def _hits(
        self, index: Index, question: str, k: int, use: Use = "rank", essays: Sequence[str] = (), leaning: str = ""
    ) -> list[Hit]:
        """The hits for a question. `leaning` is the turn that it was condensed from: it is to count as much as all of the question."""
        rerank = self._reranker.scores if self._reranker else None
        question = index.retriever.spelled(question)
        vector = self._query_vector(question)
        if leaning and leaning not in (question, index.retriever.spelled(leaning)) and question.endswith(leaning):
            vector = vector + self._query_vector(leaning)
            vector = vector / np.linalg.norm(vector)
        return index.search(question, vector, k, use, essays, rerank)

    def _query_vector(self, question: str) -> NDArray[np.float32]:
        """The vector of a question, shape (dimension,). Those of the last questions are kept: a turn may search for one more than once."""
        vector = self._queries.get(question)
        if vector is None:
            vector = self.embedder.encode_query(question)
            self._keep_query(question, vector)
        return vector

    def _keep_query(self, question: str, vector: NDArray[np.float32]) -> None:
        last = dict(list(self._queries.items())[-MAX_CACHED_QUERIES:])
        self._queries = {**last, question: vector}  # replaced, not changed: other threads may be reading the old one

    def _checked_essays(self, essays: Sequence[str]) -> tuple[str, ...]:
        """The ids, each of an essay of the collection. Raises `QuestionError` for another one."""
        return tuple(self.essay(identity).id for identity in ([essays] if isinstance(essays, str) else essays))

    def index(self) -> Index:
        """The open index over the generations that are published now. Raises `IndexMissing`, and as `Store.snapshot` does."""
        with self._lock:
            self.require_index()
            parts = self._open_parts()
            if self._index is None or self._index.parts != parts:
                self._index = Index(parts)
            return self._index

    def _open_parts(self) -> tuple[OpenGeneration, ...]:
        """The open generations. An index that was made anew with another embedder is opened with that one, where none is named."""
        try:
            return tuple(published.open() for published in self._published)
        except IndexMismatch:
            own = made_with(self._published[0].store)
            if self.settings.embedding_model or own in {"", self.embedder.name}:
                raise
            self._embedder = self._embedder_for(own)
            self._vectors, self._queries = {}, {}
            return tuple(published.open() for published in self._published)


def _narrowed_to(draft: Answer, index: Index, essays: Sequence[str]) -> Sequence[str]:
    """The ids that the reader narrowed the question to, else that of the essay whose title a question of content writes out."""
    is_open = not essays and draft.intent == intents.CONTENT
    return subject.written_out(draft.question, list(index.essays.values())) if is_open else essays


def checked_question(question: str, mode: str) -> str:
    """The question, cleaned. Raises `QuestionError` where it is not a string, empty or too long, or the mode is unknown."""
    if mode not in MODES:
        known = ", ".join(MODES)
        raise QuestionError(errors.NO_SUCH_MODE.format(mode=mode, known=known))
    if not isinstance(question, str):
        raise QuestionError(errors.QUESTION_NOT_TEXT.format(type=type(question).__name__))
    if len(question) <= 10 * MAX_QUESTION_CHARACTERS:  # a longer one is too long in any form, and not worth cleaning
        question = clean(question).text.strip()  # before it is measured: decomposed Hangul and invisible characters do not count
    if len(question) > MAX_QUESTION_CHARACTERS:
        raise QuestionError(errors.QUESTION_TOO_LONG.format(count=len(question), limit=MAX_QUESTION_CHARACTERS))
    if not question:
        raise QuestionError(errors.QUESTION_EMPTY)
    return question


def _timings(started: float, retrieved: float, first: float = 0.0) -> dict[str, float]:
    """Milliseconds since `started`: to the end of retrieval, to the first words (the chat model's, where there is one), and until now."""
    now = time.perf_counter()
    moments = {"retrieval_ms": retrieved, "first_token_ms": first or now, "total_ms": now}
    return {name: round((moment - started) * 1000, 1) for name, moment in moments.items()}

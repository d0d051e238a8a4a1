"""The whole journey, twice: essays into an index, and a question into a checked answer. The only place where the stages meet."""

import logging
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from bot import analogies, corpus, discuss, lexicon, passages, prompt, quotes, rewrite, verify
from bot.analogies import Analogy, Quotation
from bot.discuss import Line
from bot.embeddings import Embedder
from bot.errors import CorpusError, IndexMissing, ModelError, QuestionError
from bot.rewrite import Turn
from bot.schema import Answer, Essay, Hit, Passage, Report, Sentence, Window
from bot.scope import is_broad, is_other_work
from bot.settings import Settings
from bot.shelf import Shelf
from bot.store import Contents, Manifest, Progress, open_store, text_key
from bot.text import clean, language_of

if TYPE_CHECKING:
    from langchain_core.runnables import Runnable


MODES = ("answer",)
VOICES = ("auto", "quotes")
MAP = "analogies.yaml"  # the analogy map beside the essays
LONGEST_QUESTION = 4_000  # characters
PASSAGES = 6  # that an answer is made from
NEAREST = 2  # passages that are shown beside an abstention
TURNS = 12  # of the talk before, that a question may lean on

log = logging.getLogger("dolmen")


def silent(stage: str, done: int, total: int) -> None:
    """The progress of an ingest, told to nobody."""


def build_index(
    settings: Settings, paths: Sequence[Path] = (), *, embedder: Embedder | None = None, progress: Progress = silent
) -> Report:
    """Make the index hold the essays in `paths` (or `settings.corpus`) and no others; nothing is done where it does already.

    `progress(stage, done, total)` is called before each stage and each batch. Raises `CorpusError`, `EmbedderError` or `StoreError`;
    then the index that was there is still there.
    """
    embedder = embedder or Embedder(settings.embedding_model, settings.cache)
    store = open_store(settings.index, settings.chroma_url)
    progress("scan", 0, 1)
    shelf = corpus.read(list(paths) or [settings.corpus])
    if embedder.fingerprint.get("revision") == "unknown":  # a model that is not fetched yet
        embedder.load()
    _check_maps(list(paths) or [settings.corpus], shelf.essays)
    fingerprint = index_fingerprint(embedder)
    report = _compare(shelf, store.usable(), fingerprint)
    if not _changes(report):
        return report
    with store.writer(progress) as writer:
        report = _compare(shelf, store.usable(), fingerprint)
        if _changes(report):
            known = writer.known_vectors(embedder.fingerprint)
            contents, embedded = _contents(shelf.essays, embedder, known, progress)
            writer.publish(contents, fingerprint)
            report = replace(report, embedded=embedded)
    return report


def index_fingerprint(embedder: Embedder) -> dict[str, str]:
    """What an index was made with; two indexes with the same fingerprint may share vectors."""
    return {**embedder.fingerprint, "splitter": f"{passages.VERSION}.{lexicon.VERSION}"}


def _contents(
    essays: Sequence[Essay], embedder: Embedder, known: dict[str, np.ndarray], progress: Progress
) -> tuple[Contents, int]:
    """Everything an index of `essays` holds, and how many windows were embedded for it; `known` vectors are taken over."""
    tiles: list[Passage] = []
    windows: list[Window] = []
    for done, essay in enumerate(essays):
        progress("split", done, len(essays))
        found = passages.split(essay)
        tiles += found
        windows += passages.windows(essay, found)
    if not windows:
        sources = ", ".join(essay.source for essay in essays[:3])
        raise CorpusError(f"No essay holds a sentence ({sources}). Put essays there, or name another folder.")
    keys = [text_key(window.text) for window in windows]
    fresh = {key: window.text for key, window in zip(keys, windows, strict=True) if key not in known}
    if fresh:
        vectors = embedder.encode_passages(list(fresh.values()), lambda done, total: progress("embed", done, total))
        known = {**known, **dict(zip(fresh, vectors, strict=True))}
    terms = tuple(" ".join(lexicon.morphemes(passage.text)) for passage in tiles)
    matrix = np.array([known[key] for key in keys], dtype=np.float32)
    return Contents(tuple(essays), tuple(tiles), terms, tuple(windows), matrix), len(fresh)


def _compare(shelf: corpus.Shelf, manifest: Manifest | None, fingerprint: dict[str, str]) -> Report:
    """What an ingest of `shelf` would do. With another fingerprint every essay that stays counts as changed."""
    before = manifest.essays if manifest else {}
    after = {essay.id: essay.digest for essay in shelf.essays}
    same = {name for name, digest in after.items() if before.get(name) == digest}
    if manifest and manifest.fingerprint != fingerprint:
        same = set()
    added = after.keys() - before.keys()
    return Report(
        added=len(added),
        changed=len(after.keys() - added - same),
        removed=len(before.keys() - after.keys()),
        unchanged=len(same),
        skipped=shelf.skipped,
        notes=shelf.notes,
    )


def _check_maps(folders: Sequence[Path], essays: Sequence[Essay]) -> None:
    """Read the analogy map of each folder, so that one with a false quotation stops the ingest, not a reader's question."""
    for folder in folders:
        analogies.load(folder / MAP, {essay.id: essay for essay in essays})


def _changes(report: Report) -> bool:
    return bool(report.added or report.changed or report.removed)


class Bot:
    """Answers questions about the essays of one index. Threads may share it; it follows the index when that is published anew."""

    def __init__(self, settings: Settings, embedder: Embedder | None = None) -> None:
        """Nothing is opened or loaded before it is needed; `Bot.open` checks that there is an index."""
        if settings.llm not in VOICES:
            raise ModelError(f"BOT_LLM is {settings.llm!r}, which is no voice. Choose from: {', '.join(VOICES)}.")
        self.settings = settings
        self.embedder = embedder or Embedder(settings.embedding_model, settings.cache)
        self.voice = "quotes"
        self._store = open_store(settings.index, settings.chroma_url)
        self._shelf: Shelf | None = None
        self._lock = threading.Lock()

    @classmethod
    def open(cls, **given: Any) -> Self:
        """A bot with the settings from `BOT_…` and `.env`, any of them replaced by `given` (`index=…`, `llm="quotes"`).

        Raises `SettingsError`, and `IndexMissing` where `python ingest.py` was not run yet.
        """
        bot = cls(Settings.load(**given))
        if bot._store.current() is None:
            raise missing(bot.settings)
        return bot

    def ask(self, question: str, history: Sequence[Turn] = (), mode: str = "answer") -> Answer:
        """The whole answer. `history` holds earlier turns as (`user` or `assistant`, text), oldest first.

        Raises `QuestionError` for an empty or too long question, `StoreError`, `EmbedderError`.
        """
        *_, answer = self.stream(question, history, mode)
        return answer

    def stream(self, question: str, history: Sequence[Turn] = (), mode: str = "answer") -> Iterator[Answer]:
        """The answer as it grows: each one holds the one before; the citations come before the words. Raises as `ask` does."""
        started = time.perf_counter()
        question = checked_question(question, mode)
        blank = Answer(question, self.standalone(question, history), language_of(question), mode, self.voice)
        for step in self._chain.stream({"blank": blank, "started": started}):
            if "answer" in step:
                yield step["answer"]

    def standalone(self, question: str, history: Sequence[Turn]) -> str:
        """The question as it is searched for: a follow-up takes along what it leans on."""
        turns = [(role, clean(text[:LONGEST_QUESTION]).text) for role, text in history[-TURNS:]]
        return rewrite.standalone(question, turns)

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
        vectors = self.embedder.encode_passages([sentence, *others])
        rows = [sample.free(row, language_of(text)) for row, text in zip(vectors, [sentence, *others], strict=True)]
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

    def warm(self) -> None:
        """Open the index and load the models now, so that the first question does not wait."""
        self.embedder.load()
        shelf = self._open()
        self._hits(shelf, "고인돌 dolmen", 1)

    @property
    def ready(self) -> bool:
        """Whether a question would be answered at once."""
        return self.embedder.ready and self._shelf is not None

    @cached_property
    def _chain(self) -> "Runnable[dict[str, Any], dict[str, Any]]":
        """retrieve, then answer, as one LangChain runnable; its steps carry these names in a trace."""
        from langchain_core.runnables import RunnableLambda, RunnablePassthrough

        retrieve = RunnableLambda(self._retrieve).with_config(run_name="retrieve")
        answer = RunnableLambda(self._answer).with_config(run_name="answer")
        return RunnablePassthrough.assign(evidence=retrieve).assign(answer=answer)

    def _retrieve(self, state: dict[str, Any]) -> tuple[Shelf, list[Hit]]:
        shelf = self._open()
        question = state["blank"].standalone
        return shelf, self._hits(shelf, question, PASSAGES, each=is_broad(question))

    def _answer(self, state: dict[str, Any]) -> Iterator[Answer]:
        shelf, hits = state["evidence"]
        retrieved = time.perf_counter()
        question: Answer = state["blank"]
        for answer in self._say(question, shelf, hits):
            done = time.perf_counter()
            timings = {
                "retrieval_ms": retrieved - state["started"],
                "first_token_ms": done - state["started"],
                "total_ms": done - state["started"],
            }
            yield replace(answer, timings={name: round(seconds * 1000, 1) for name, seconds in timings.items()})

    def _say(self, blank: Answer, shelf: Shelf, hits: list[Hit]) -> Iterator[Answer]:
        """From the analogy map where the question is about an analogy, else in the essays' own sentences."""
        held = self._analogies(shelf)
        if is_other_work(blank.question):
            yield _decline(blank, hits)
        elif held and analogies.is_overview(blank.standalone):
            yield from _tell(blank, shelf, discuss.list_all(held, blank.language))
        elif is_broad(blank.standalone) and (said := self._all_say(blank, shelf, hits)):
            yield from _tell(blank, shelf, said)
        elif about := analogies.about(blank.standalone, held):
            yield from _tell(blank, shelf, discuss.explain(about, blank.language))
        elif shelf.covers(blank.standalone, hits) and (lines := list(_quotations(blank, shelf, hits))):
            yield from _tell(blank, shelf, lines)
        else:
            yield _abstain(blank, shelf, hits)

    def _all_say(self, blank: Answer, shelf: Shelf, hits: list[Hit]) -> list[Line]:
        """What the map names of a question about the whole shelf, and one sentence an essay; nothing where neither knows of it."""
        named = discuss.name_all(analogies.touched(blank.standalone, self._analogies(shelf)), blank.language)
        if not named and not shelf.covers(blank.standalone, hits):
            return []
        naming = [hit for hit in hits if hit.lexical > 0]  # an essay that has none of the question's words was found for company
        return [*named, *_quotations(blank, shelf, naming if len(naming) > 1 else hits, each=True)]

    def _analogies(self, shelf: Shelf) -> tuple[Analogy, ...]:
        """The analogies of the map beside the essays, read once for a generation; none where the map no longer fits the shelf."""
        if shelf.analogies is None:
            try:
                shelf.analogies = analogies.load(self.settings.corpus / MAP, shelf.essays)
            except CorpusError as error:
                log.warning("The analogy map is left out: %s", error)
                shelf.analogies = ()
        return shelf.analogies

    def _hits(self, shelf: Shelf, question: str, k: int, *, each: bool = False) -> list[Hit]:
        return shelf.search(question, self.embedder.encode_query(question), k, each=each)

    def _open(self) -> Shelf:
        """The shelf of the generation that is published now."""
        with self._lock:
            current = self._store.current()
            if current is None:
                raise missing(self.settings)
            if self._shelf is None or self._shelf.generation != current:
                self._shelf = Shelf(self._store.snapshot(index_fingerprint(self.embedder)))
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


def missing(settings: Settings) -> IndexMissing:
    """The error for an index that was never made."""
    where = settings.chroma_url or settings.index
    return IndexMissing(
        f"There is no index at {where}. Make it with: python ingest.py",
        f"{where}에 색인이 없습니다. python ingest.py 로 만들어 주세요.",
    )


def _tell(blank: Answer, shelf: Shelf, lines: Sequence[Line]) -> Iterator[Answer]:
    """The lines as an answer: first its citations, each checked against its essay, then the words too."""
    numbers: dict[Quotation, int] = {}
    for line in lines:
        if line.quotation:
            numbers.setdefault(line.quotation, len(numbers) + 1)
    citations = tuple(verify.cite(shelf.essays[at.essay], at.start, at.end, number) for at, number in numbers.items())
    yield replace(blank, citations=citations)
    sentences = [
        Sentence(prompt.QUOTED.format(quote=citations[numbers[line.quotation] - 1].quote), "essay", (numbers[line.quotation],))
        if line.quotation
        else Sentence(line.text, line.kind)
        for line in lines
    ]
    yield replace(blank, citations=citations, sentences=tuple(sentences))


def _quotations(blank: Answer, shelf: Shelf, hits: Sequence[Hit], *, each: bool = False) -> Iterator[Line]:
    """The essays' own sentences, introduced by the title of their essay; with `each` the best one of every hit."""
    question, rarity = blank.standalone, shelf.retriever.rarity
    picks = [
        pick
        for group in ([[hit] for hit in hits] if each else [hits])
        for pick in quotes.pick(question, group, shelf.essays, shelf.spans, rarity, most=1 if each else quotes.MOST)
    ]
    title = ""
    for pick in picks:
        if pick.essay.title != title:
            title = pick.essay.title
            yield Line(prompt.FROM[blank.language].format(title=title), "notice")
        text = pick.essay.text[pick.start : pick.end]
        yield Line("", "essay", Quotation(pick.essay.id, text, pick.start, pick.end))


def _decline(blank: Answer, hits: Sequence[Hit]) -> Answer:
    """The answer to a request for other work, with the passages that lie nearest to its subject."""
    said = (Sentence(prompt.OTHER_WORK[blank.language], "notice"),)
    return replace(blank, sentences=said, abstained=True, nearest=tuple(hit.passage for hit in hits[:NEAREST]))


def _abstain(blank: Answer, shelf: Shelf, hits: Sequence[Hit]) -> Answer:
    """The answer that says the essays do not say, with the nearest passages beside it."""
    notices = [prompt.ABSTAIN[blank.language]]
    if hits:
        notices.append(prompt.NEAREST[blank.language].format(title=shelf.essays[hits[0].passage.essay].title))
    sentences = tuple(Sentence(text, "notice") for text in notices)
    return replace(blank, sentences=sentences, abstained=True, nearest=tuple(hit.passage for hit in hits[:NEAREST]))

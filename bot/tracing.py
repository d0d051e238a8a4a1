"""Keeps the essays' text on this machine: without `BOT_TRACING=1` nothing is sent to LangSmith, whatever its own variables say.

LangChain traces each run where `LANGSMITH_TRACING` is set, with all inputs and outputs. A caller's own callbacks are kept.
"""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from contextvars import copy_context
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from langchain_core.runnables import RunnableConfig

T = TypeVar("T")


@contextmanager
def context(allowed: bool) -> Iterator[None]:
    """A context in which LangChain adds no LangSmith tracer, unless that is `allowed`."""
    if allowed:
        yield
        return
    from langchain_core.tracers.context import tracing_v2_callback_var
    from langsmith import tracing_context

    enclosing = tracing_v2_callback_var.set(None)  # of `tracing_v2_enabled()`, which LangChain asks before `tracing_context`
    try:
        with tracing_context(enabled=False):
            yield
    finally:
        tracing_v2_callback_var.reset(enclosing)


def iterate(iterator: Generator[T], allowed: bool) -> Iterator[T]:
    """The items of `iterator`, each made inside `context`, which the code between the items does not see. Closing this closes it."""
    own, inside = copy_context(), context(allowed)
    own.run(inside.__enter__)
    try:
        while True:
            try:
                item = own.run(next, iterator)
            except StopIteration:
                return
            yield item
    finally:
        own.run(iterator.close)
        own.run(inside.__exit__, None, None, None)


def local_config(config: "RunnableConfig | None", allowed: bool) -> "RunnableConfig":
    """The configuration of a run without the LangSmith tracers that it has from its caller, unless they are `allowed`."""
    from langchain_core.callbacks import BaseCallbackManager
    from langchain_core.runnables.config import ensure_config
    from langchain_core.tracers import LangChainTracer

    full = ensure_config(config)
    callbacks: Any = full.get("callbacks")
    if allowed or callbacks is None:
        return full
    if isinstance(callbacks, BaseCallbackManager):
        callbacks = callbacks.copy()
        for handler in [handler for handler in callbacks.handlers if isinstance(handler, LangChainTracer)]:
            callbacks.remove_handler(handler)
    else:
        callbacks = [handler for handler in callbacks if not isinstance(handler, LangChainTracer)]
    return {**full, "callbacks": callbacks}

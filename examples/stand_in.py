"""The chat model of the examples: the one that EXAMPLE_MODEL names (`openai:gpt-5-mini`), or a stand-in that needs no key."""

import os
from collections.abc import Sequence
from typing import Any

from langchain.chat_models import init_chat_model
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, ToolMessage
from langchain_core.outputs import ChatGeneration, ChatResult


class StandIn(BaseChatModel):
    """Calls the tool that it is given, if any, with the question, then quotes the longest line that it has read."""

    tool: str = ""

    @property
    def _llm_type(self) -> str:
        return "stand-in"

    def bind_tools(self, tools: Sequence[Any], **_: Any) -> "StandIn":
        """The same model, which calls the first of `tools`."""
        return StandIn(tool=tools[0].name)

    def _generate(self, messages: list[BaseMessage], *_: Any, **__: Any) -> ChatResult:
        if self.tool and not isinstance(messages[-1], ToolMessage):
            call = {"name": self.tool, "args": {"query": messages[-1].text}, "id": "1", "type": "tool_call"}
            reply = AIMessage("", tool_calls=[call])
        else:
            read = [line for message in messages if message.type != "human" for line in message.text.splitlines()]
            reply = AIMessage(f"> {max(read, key=len)}")
        return ChatResult(generations=[ChatGeneration(message=reply)])


def chat_model() -> BaseChatModel:
    """The model that EXAMPLE_MODEL names, or the stand-in."""
    name = os.environ.get("EXAMPLE_MODEL")
    model: BaseChatModel = init_chat_model(name) if name else StandIn()
    return model

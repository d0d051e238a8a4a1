"""The retriever as the tool of a LangGraph agent. Run: `python examples/agent.py "Why were dolmens built?"`."""

import sys

from langchain.agents import create_agent
from langchain_core.messages import HumanMessage, ToolMessage
from langchain_core.tools import create_retriever_tool
from stand_in import chat_model

from bot import Bot

question = sys.argv[1] if len(sys.argv) > 1 else "Why were dolmens built?"
search = create_retriever_tool(
    Bot.open().as_retriever(k=3),
    "search_essays",
    "Finds the passages of the essays that say something about a question, in Korean or English.",
    response_format="content_and_artifact",
)
agent = create_agent(
    chat_model(), [search], system_prompt="Search the essays. Begin each quotation with “> ” on a line of its own."
)
messages = agent.invoke({"messages": [HumanMessage(question)]})["messages"]
print(messages[-1].text)
for message in messages:
    if isinstance(message, ToolMessage):
        for document in message.artifact:  # the documents themselves, with their metadata
            print("found: {essay}, characters {start} to {end}, {title}".format(**document.metadata))

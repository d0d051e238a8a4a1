"""The bot as a runnable, streamed, with the earlier messages of a chat. Run: `python examples/stream.py "Who paid for them?"`."""

import sys

from langchain_core.messages import AIMessage, HumanMessage

from bot import Bot

chat = [
    HumanMessage("Why were dolmens built?"),
    AIMessage("Over graves, by crowds that had to be fed."),
    HumanMessage(sys.argv[1] if len(sys.argv) > 1 else "How many people did it take to move the stone of a dolmen?"),
]
shown = ""
for answer in Bot.open().as_runnable().stream(chat):  # each answer extends the one before
    print(answer.text.removeprefix(shown), end="", flush=True)
    shown = answer.text
print()
for citation in answer.citations:
    print(f"[{citation.number}] {citation.essay}, characters {citation.start} to {citation.end}")
    print(f"> {citation.quote}")

"""The retriever inside an LCEL chain of your own. Run: `python examples/chain.py "Why were dolmens built?"`."""

import sys

from langchain_core.documents import Document
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import RunnablePassthrough
from stand_in import chat_model

from bot import Bot

PROMPT = ChatPromptTemplate.from_messages([
    ("system", "Answer from these passages. Begin each quotation with “> ” on a line of its own.\n\n{passages}"),
    ("user", "{question}"),
])  # fmt: skip


def listed(documents: list[Document]) -> str:
    """The passages as a prompt shows them, each below the place where it stands."""
    return "\n\n".join(
        "[{essay}, characters {start} to {end}]\n".format(**document.metadata) + document.page_content for document in documents
    )


question = sys.argv[1] if len(sys.argv) > 1 else "Why were dolmens built?"
retriever = Bot.open().as_retriever(k=3)
chain = {"passages": retriever | listed, "question": RunnablePassthrough()} | PROMPT | chat_model() | StrOutputParser()
print(chain.invoke(question))

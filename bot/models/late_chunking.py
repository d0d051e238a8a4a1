"""Late chunking: a passage is read once, and the vectors of its tokens are pooled sentence by sentence.

Günther et al., Late Chunking: Contextual Chunk Embeddings Using Long-Context Embedding Models, 2024. Needs a model that pools by the mean.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

NO_TITLE = "title: none"  # in the prompt of a model that is told the title of a text


@dataclass(frozen=True, slots=True)
class Parts:
    """A passage to embed: its essay's title, its text, and the spans of its sentences in that text, in order."""

    title: str
    body: str
    sentences: tuple[tuple[int, int], ...]

    def read_alone(self) -> Iterator[str]:
        """The texts for a model that reads each by itself: the passage with its title, and each sentence."""
        yield f"{self.title}\n{self.body}"
        yield from (self.body[start:end] for start, end in self.sentences)


def encode(model: "SentenceTransformer", parts: Sequence[Parts]) -> list[np.ndarray]:
    """For each passage float32 (1 + number of sentences, dimension), rows of length 1: the whole passage, then its sentences.

    The title is read, and its tokens are not pooled. A sentence that the model cuts off, or that has no token of its own, gets the vector of
    the passage.
    """
    import torch

    heads = [_prompt(model, part.title) for part in parts]
    features: dict[str, Any] = dict(
        model.tokenizer(
            [head + part.body for head, part in zip(heads, parts, strict=True)],
            padding=True, truncation=True, max_length=model.max_seq_length, return_offsets_mapping=True, return_tensors="pt",
        )
    )  # fmt: skip
    offsets = features.pop("offset_mapping").numpy()
    features = {name: value.to(model.device) for name, value in features.items()}
    with torch.no_grad():
        tokens = model[0](dict(features))["token_embeddings"]
        pooled = [
            _pool(tokens[row], features["attention_mask"][row].cpu().numpy() > 0, offsets[row], len(heads[row]), part.sentences)
            for row, part in enumerate(parts)
        ]
        vectors = _project(model, torch.cat(pooled)).float().cpu().numpy()
    ends = np.cumsum([len(rows) for rows in pooled])
    return [vectors[start:end] for start, end in zip([0, *ends[:-1]], ends, strict=True)]


def _prompt(model: "SentenceTransformer", title: str) -> str:
    """What is read before the text: the model's prompt for documents with the title in it."""
    prompt = model.prompts.get("document") or ""
    return prompt.replace(NO_TITLE, f"title: {title}") if NO_TITLE in prompt else f"{prompt}{title}\n"


def _pool(tokens: Any, is_read: np.ndarray, offsets: np.ndarray, head: int, sentences: Sequence[tuple[int, int]]) -> Any:
    """The means of the tokens of a text without its head, and of those of each sentence: shape (1 + number of sentences, width)."""
    import torch

    middle = offsets.mean(axis=1) - head
    is_word = is_read & (offsets[:, 1] > offsets[:, 0])
    body = is_word & (middle >= 0)
    rows = [body if body.any() else is_read]
    for start, end in sentences:
        inside = is_word & (middle >= start) & (middle < end)
        rows.append(inside if inside.any() else rows[0])
    return torch.stack([tokens[torch.from_numpy(row).to(tokens.device)].mean(dim=0) for row in rows])


def _project(model: "SentenceTransformer", pooled: Any) -> Any:
    """The vectors behind the modules that follow the pooling, of length 1."""
    import torch

    features = {"sentence_embedding": pooled}
    for module in list(model)[2:]:
        features = module(features)
    return torch.nn.functional.normalize(features["sentence_embedding"], dim=-1)

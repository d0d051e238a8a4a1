"""A tiny sentence-transformers model with Dense modules and random weights, built as EmbeddingGemma is; saved into a folder."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tests.places import ESSAYS

if TYPE_CHECKING:
    import torch
    from transformers import BertConfig

PROMPTS = {"query": "task: search result | query: ", "document": "title: none | text: "}
SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]")
WIDTH, INNER = 16, 32
MAX_TOKENS = 64


def save_tiny_model(folder: Path, dtype: "torch.dtype | None" = None, max_tokens: int = MAX_TOKENS) -> Path:
    """A transformer of width 16, the mean of its tokens, Dense 16 → 32 with a tanh, Dense 32 → 16, and vectors of length 1.

    Its words are those of tests/essays, and "one" to "six". `dtype` is that of the saved weights.
    """
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Dense, Normalize, Pooling, Transformer
    from transformers import BertModel

    torch.manual_seed(20)
    BertModel(_config(folder / "bert")).save_pretrained(folder / "bert")
    modules = [
        Transformer(str(folder / "bert"), max_seq_length=max_tokens),
        Pooling(WIDTH, pooling_mode="mean"),
        Dense(WIDTH, INNER, activation_function=torch.nn.Tanh()),
        Dense(INNER, WIDTH, bias=False, activation_function=torch.nn.Identity()),
        Normalize(),
    ]
    model = SentenceTransformer(modules=modules, prompts=PROMPTS, device="cpu")
    (model if dtype is None else model.to(dtype)).save_pretrained(str(folder / "tiny"))
    return folder / "tiny"


def _config(folder: Path, **options: int) -> "BertConfig":
    """The configuration of a BERT of width 16 with the words of the tokenizer, which is saved into the folder."""
    from transformers import BertConfig

    return BertConfig(
        vocab_size=_save_tokenizer(folder),
        hidden_size=WIDTH,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=2048,
        initializer_range=0.5,
        **options,  # type: ignore[arg-type]
    )


def _save_tokenizer(folder: Path) -> int:
    """A tokenizer with a token for each word and for each mark, in lower case; its number of tokens."""
    from tokenizers import Tokenizer, normalizers, pre_tokenizers
    from tokenizers.models import WordLevel
    from tokenizers.processors import TemplateProcessing
    from transformers import PreTrainedTokenizerFast

    split = pre_tokenizers.BertPreTokenizer()
    texts = [path.read_text(encoding="utf-8") for path in sorted(ESSAYS.iterdir()) if path.suffix in {".md", ".txt"}]
    texts += [*PROMPTS.values(), "one two three four five six . bell"]
    words = sorted({word.lower() for text in texts for word, _ in split.pre_tokenize_str(text)})
    vocabulary = {word: number for number, word in enumerate([*SPECIAL, *words])}
    tokenizer = Tokenizer(WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = split
    tokenizer.post_processor = TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    fast = PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]"
    )
    fast.save_pretrained(str(folder))
    return len(vocabulary)


def save_tiny_cross_encoder(folder: Path, labels: int = 1, names: Sequence[str] = ()) -> Path:
    """A CrossEncoder of width 16 with random weights, which gives `labels` scores for a pair of texts; `names` are its labels'."""
    import torch
    from transformers import BertForSequenceClassification

    torch.manual_seed(21)
    config = _config(folder / "cross", num_labels=labels)
    if names:
        config.id2label, config.label2id = dict(enumerate(names)), {name: number for number, name in enumerate(names)}
    BertForSequenceClassification(config).save_pretrained(folder / "cross")
    return folder / "cross"

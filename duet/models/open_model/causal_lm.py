"""Loads a causal language model once, from a folder, from the Hub or from this package."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any

import torch

from duet.models.errors import ProviderError
from duet.models.open_model.checkpoints import LoadOptions, read_weights, reading
from duet.models.open_model.gguf import check_gguf, split_gguf
from duet.models.open_model.memory import first_layers, require_memory

EMBEDDED = "embedded"
EMBEDDED_FOLDER = Path(__file__).parents[1] / "embedded"

_HUB_NAME = re.compile(r"[\w.-]+(/[\w.-]+)?")
_READ_FILES = ("*.safetensors", "*.json", "*.jinja", "*.model", "*.txt")
_PEEK = 2**20  # bytes of each end of a file that its fingerprint reads


@dataclass(frozen=True)
class CausalLM:
    """A model without gradients and its tokenizer.

    Args:
        model: in eval mode; Any, as transformers is imported at first use only.
        tokenizer: its tokenizer.
        layer_count: L, the decoder blocks of the checkpoint; fewer may have been loaded.
    """

    model: Any
    tokenizer: Any
    layer_count: int

    @property
    def stop_ids(self) -> tuple[int, ...]:
        """Every token that ends a text."""
        declared = self.model.generation_config.eos_token_id
        ids = declared if isinstance(declared, list) else [declared]
        return tuple(i for i in dict.fromkeys([*ids, self.tokenizer.eos_token_id]) if i is not None)

    @property
    def pad_id(self) -> int:
        """The token that fills the short rows of a batch; it is always masked."""
        return int(self.tokenizer.pad_token_id or 0)

    @property
    def context_length(self) -> int | None:
        """Most tokens that the model takes, prompt and answer together; None if it names no limit."""
        return getattr(self.model.config.get_text_config(), "max_position_embeddings", None)

    @property
    def loaded_layers(self) -> int:
        """How many decoder blocks are there."""
        return int(self.model.config.get_text_config().num_hidden_layers)

    @property
    def input_device(self) -> torch.device:
        """Where token ids go in."""
        device: torch.device = self.model.get_input_embeddings().weight.device
        return device

    def tokenise(self, texts: Sequence[str], *, special: bool) -> list[tuple[int, ...]]:
        """Tokens of each text, with or without the tokenizer's own special tokens."""
        if not texts:
            return []
        batch = self.tokenizer(list(texts), add_special_tokens=special, verbose=False)
        return [tuple(ids) for ids in batch["input_ids"]]

    def decode(self, ids: Sequence[int]) -> str:
        """The text of these tokens, without special tokens."""
        return str(self.tokenizer.decode(list(ids), skip_special_tokens=True, clean_up_tokenization_spaces=False))


def load_causal_lm(options: LoadOptions, layers: int | None = None) -> CausalLM:
    """Loads a model and its tokenizer; the same arguments give the same pair, so two boxes can share one model.

    Args:
        options: which one, how and where.
        layers: read the first ones only, for features; such a model has no output head. None is the whole model.

    Raises:
        ProviderError: there is no such model, or it can't be loaded here.
    """
    return _load(resolve_model(options.model), options.resolved(), layers)


def count_layers(options: LoadOptions) -> int:
    """L, from the model's config alone.

    Raises:
        ProviderError: there is no such model.
    """
    return int(_config(resolve_model(options.model), options).get_text_config().num_hidden_layers)


def resolve_model(model: str) -> str:
    """The folder of a local model, or its name on the Hub.

    Raises:
        ProviderError: it is neither.
    """
    place, file = split_gguf(model)
    folder = EMBEDDED_FOLDER if model == EMBEDDED else Path(place).expanduser()
    if file:
        check_gguf(model, str(folder), file)
    if folder.is_dir():
        return str(folder.resolve())
    if model == EMBEDDED:
        raise ProviderError(f"No such model: the embedded model's folder {folder} is missing")
    if folder.exists():
        raise ProviderError(f"No such model: {model!r} is a file; expected a folder with config.json and *.safetensors")
    if not _HUB_NAME.fullmatch(place) or place.startswith("."):
        raise ProviderError(f"No such model: {model!r} is neither a folder here nor a name on the Hugging Face Hub")
    return place


def follows_requests(model: str) -> bool:
    """Returns what a model's folder declares in its ``training.json``; True if it declares nothing.

    >>> follows_requests("nobody/no-such-model")
    True
    """
    folder = EMBEDDED_FOLDER if model == EMBEDDED else Path(model).expanduser()
    try:
        declared = json.loads((folder / "training.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return True
    return not (isinstance(declared, dict) and declared.get("follows_requests") is False)


def describe(options: LoadOptions) -> str:
    """One line that names the weights and their precision; a local folder is known by its content, not its place."""
    options = options.resolved()
    name = resolve_model(options.model)
    if Path(name).is_dir():
        known = EMBEDDED if options.model == EMBEDDED else options.gguf_file or Path(name).name
        name = f"{known}@{_fingerprint(Path(name), options.gguf_file)}"
    elif options.gguf_file:
        name = f"{name}/{options.gguf_file}"
    bits = [f"{options.bits}bit"] if options.bits else []
    attention = [options.attn_implementation] if options.attn_implementation else []
    return ":".join(["huggingface", name, options.dtype, *bits, *attention])


def _fingerprint(folder: Path, file: str | None) -> str:
    """12 hex digits over the names, sizes and both ends of the model's files, or of its one GGUF file."""
    paths = [folder / file] if file else sorted(path for pattern in _READ_FILES for path in folder.glob(pattern))
    return _digest(tuple((path, (stat := path.stat()).st_size, stat.st_mtime_ns) for path in paths))


@lru_cache(maxsize=16)
def _digest(files: tuple[tuple[Path, int, int], ...]) -> str:
    """Reads them once, as long as none has changed: an identity is looked up with every answer."""
    digest = hashlib.sha256()
    for path, size, _ in files:
        digest.update(f"{path.name}:{size}:".encode())
        with path.open("rb") as file:
            digest.update(file.read(_PEEK))
            file.seek(max(_PEEK, size - _PEEK))
            digest.update(file.read(_PEEK))
    return digest.hexdigest()[:12]


def _config(name: str, options: LoadOptions) -> Any:
    transformers: Any = import_module("transformers")
    with reading(name, options):
        return transformers.AutoConfig.from_pretrained(name, **options.source)


@lru_cache(maxsize=4)
def _load(name: str, options: LoadOptions, layers: int | None) -> CausalLM:
    options.check_device()
    transformers: Any = import_module("transformers")
    config = _config(name, options)
    if not options.trust_remote_code:  # a class of the model's own is not built twice
        require_memory(name, config, options, layers)
    with reading(name, options):
        tokenizer = transformers.AutoTokenizer.from_pretrained(name, **options.source)
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    count = int(config.get_text_config().num_hidden_layers)
    if layers is not None:
        shorter = first_layers(config, layers)
        return CausalLM(read_weights(transformers.AutoModel, name, options, config=shorter), tokenizer, count)
    model = read_weights(transformers.AutoModelForCausalLM, name, options)
    model.generation_config = _neutral(transformers, model.generation_config, tokenizer)
    return CausalLM(model, tokenizer, count)


def _neutral(transformers: Any, declared: Any, tokenizer: Any) -> Any:
    """Each request sets how to answer, not the checkpoint's sampling defaults."""
    return transformers.GenerationConfig(
        eos_token_id=declared.eos_token_id, bos_token_id=declared.bos_token_id, pad_token_id=tokenizer.pad_token_id
    )

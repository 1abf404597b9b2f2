"""Loads a causal language model once, from a folder, from the Hub or from this package."""

from __future__ import annotations

import hashlib
import re
import sys
from collections.abc import Sequence
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any, Literal, NamedTuple

import torch

from llms.errors import ProviderError

EMBEDDED = "embedded"
EMBEDDED_FOLDER = Path(__file__).parent / "local" / "weights"

Dtype = Literal["auto", "float32", "bfloat16", "float16"]

_HUB_NAME = re.compile(r"[\w.-]+(/[\w.-]+)?")
_READ_FILES = ("*.safetensors", "*.json", "*.jinja", "*.model", "*.txt")
_PEEK = 2**20  # bytes of each end of a file that its fingerprint reads


class CausalLM(NamedTuple):
    """A model in eval mode without gradients, and its tokenizer (Any: transformers is imported at first use only)."""

    model: Any
    tokenizer: Any

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
    def layer_count(self) -> int:
        """L, the number of decoder blocks."""
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


def load_causal_lm(
    model: str,
    dtype: Dtype = "auto",
    load_in_4bit: bool = False,
    load_in_8bit: bool = False,
    device_map: str | None = None,
    trust_remote_code: bool = False,
) -> CausalLM:
    """Loads a model and its tokenizer; the same arguments give the same pair, so two boxes can share one model.

    Args:
        model: ``embedded`` (the model of this package), a folder, or a name on the Hugging Face Hub.
        dtype: ``auto`` is the checkpoint's own on a GPU and float32 on a CPU.
        load_in_4bit: nf4 by bitsandbytes; needs a GPU.
        load_in_8bit: 8 bit by bitsandbytes.
        device_map: None is the first GPU, if any, else the CPU; ``cpu`` or ``cuda:1`` is one device, ``auto`` all.
        trust_remote_code: run Python code that comes with the model.

    Raises:
        ValueError: arguments that contradict each other.
        ProviderError: there is no such model, or it can't be loaded here.
    """
    if load_in_4bit and load_in_8bit:
        raise ValueError("Expected at most one of load_in_4bit and load_in_8bit but got both")
    name = resolve_model(model)
    return _load(name, resolve_dtype(dtype, device_map), load_in_4bit, load_in_8bit, device_map, trust_remote_code)


def resolve_model(model: str) -> str:
    """The folder of a local model, or its name on the Hub.

    Raises:
        ProviderError: it is neither.
    """
    folder = EMBEDDED_FOLDER if model == EMBEDDED else Path(model).expanduser()
    if folder.is_dir():
        return str(folder.resolve())
    if model == EMBEDDED:
        raise ProviderError(f"No such model: the embedded model's folder {folder} is missing")
    if folder.exists():
        raise ProviderError(f"No such model: {model!r} is a file; expected a folder with config.json and *.safetensors")
    if not _HUB_NAME.fullmatch(model) or model.startswith("."):
        raise ProviderError(f"No such model: {model!r} is neither a folder here nor a name on the Hugging Face Hub")
    return model


def resolve_dtype(dtype: Dtype, device_map: str | None) -> Dtype:
    """``auto`` becomes float32 where the model will run on a CPU."""
    on_cpu = (device_map or _default_device()).startswith("cpu") or not torch.cuda.is_available()
    return "float32" if dtype == "auto" and on_cpu else dtype


def describe(model: str, dtype: Dtype, load_in_4bit: bool, load_in_8bit: bool, device_map: str | None) -> str:
    """One line that names the weights and their precision; a local folder is known by its content, not its place."""
    name = resolve_model(model)
    if Path(name).is_dir():
        name = f"{model if model == EMBEDDED else Path(name).name}@{_fingerprint(Path(name))}"
    bits = "4bit" if load_in_4bit else "8bit" if load_in_8bit else None
    return ":".join(["huggingface", name, resolve_dtype(dtype, device_map), *([bits] if bits else [])])


def _fingerprint(folder: Path) -> str:
    """12 hex digits over the names, sizes and both ends of the model's files."""
    digest = hashlib.sha256()
    for path in sorted(path for pattern in _READ_FILES for path in folder.glob(pattern)):
        size = path.stat().st_size
        digest.update(f"{path.name}:{size}:".encode())
        with path.open("rb") as file:
            digest.update(file.read(_PEEK))
            file.seek(max(_PEEK, size - _PEEK))
            digest.update(file.read(_PEEK))
    return digest.hexdigest()[:12]


def _default_device() -> str:
    return "cuda" if torch.cuda.is_available() else "cpu"


@lru_cache(maxsize=4)
def _load(name: str, dtype: Dtype, in_4bit: bool, in_8bit: bool, device_map: str | None, trust: bool) -> CausalLM:
    if in_4bit and not torch.cuda.is_available():
        raise ProviderError(f"Can't load {name} in 4 bit: no GPU here; use load_in_8bit or neither")
    transformers: Any = import_module("transformers")
    safetensors: Any = import_module("safetensors")
    if not sys.stderr.isatty() or name == str(EMBEDDED_FOLDER):  # a bar is for a large model on a terminal
        transformers.utils.logging.disable_progress_bar()
    options: dict[str, Any] = {"dtype": dtype, "use_safetensors": True, "trust_remote_code": trust}
    if in_4bit or in_8bit:
        options["quantization_config"] = _quantisation(transformers, in_8bit)
    spread = device_map if device_map and not _is_one_device(device_map) else None
    if spread or in_4bit or in_8bit:
        options["device_map"] = device_map or _default_device()
    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(name, trust_remote_code=trust)
        model = transformers.AutoModelForCausalLM.from_pretrained(name, **options)
        if "device_map" not in options:
            model = model.to(device_map or _default_device())
    except (OSError, ValueError, ImportError, RuntimeError, safetensors.SafetensorError) as error:
        raise ProviderError(f"Can't load the model {name}: {_first_line(error)}") from error
    return _prepare(transformers, model, tokenizer)


def _prepare(transformers: Any, model: Any, tokenizer: Any) -> CausalLM:
    """Makes generation neutral: how to answer is said by each request, not by the checkpoint's sampling defaults."""
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    declared = model.generation_config
    model.generation_config = transformers.GenerationConfig(
        eos_token_id=declared.eos_token_id, bos_token_id=declared.bos_token_id, pad_token_id=tokenizer.pad_token_id
    )
    return CausalLM(model.eval().requires_grad_(False), tokenizer)


def _quantisation(transformers: Any, in_8bit: bool) -> Any:
    if in_8bit:
        return transformers.BitsAndBytesConfig(load_in_8bit=True)
    dtype = torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
    return transformers.BitsAndBytesConfig(load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_compute_dtype=dtype)


def _is_one_device(device_map: str) -> bool:
    return device_map.partition(":")[0] in ("cpu", "cuda", "mps", "xpu")


def _first_line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__

"""Loads weights in a precision, to a device; explains in one line whatever is wrong with them."""

from __future__ import annotations

import logging
import re
import struct
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any, Literal, get_args

import torch

from duet.models.errors import ProviderError
from duet.models.open_model.gguf import split_gguf

Dtype = Literal["auto", "float32", "bfloat16", "float16"]
_SPREAD = ("auto", "balanced", "balanced_low_0", "sequential")  # accelerate's words for several devices
_PLACE = re.compile(rf"(cpu|mps|xpu|cuda)(:\d+)?|{'|'.join(_SPREAD)}")
_BLOCK = 64  # 4-bit weights with one scale

SMALLER = "use load_in_8bit or load_in_4bit, spread it with device_map: auto, or take a smaller model"


@dataclass(frozen=True)
class LoadOptions:
    """The options of `from_pretrained`.

    Args:
        model: ``embedded`` (the small model of this package), a folder, a name on the Hugging Face Hub, or a GGUF file:
            a path, or ``OWNER/NAME:FILE.gguf`` on the Hub.
        dtype: precision of the weights; ``auto`` is the checkpoint's own on a GPU and float32 on a CPU.
        load_in_4bit: quantise to 4 bit (nf4) with bitsandbytes; on a CPU it saves memory but no time.
        load_in_8bit: quantise to 8 bit with bitsandbytes; likewise.
        device_map: where it runs, such as ``cpu``, ``cuda:1`` or ``auto``; None is the first GPU, if any, else the CPU.
        attn_implementation: such as ``sdpa``, ``eager`` or ``flash_attention_2``; None is transformers' choice.
        trust_remote_code: run Python code that comes with the model; never needed for the common architectures.
    """

    model: str = "embedded"
    dtype: Dtype = "auto"
    load_in_4bit: bool = False
    load_in_8bit: bool = False
    device_map: str | None = None
    attn_implementation: str | None = None
    trust_remote_code: bool = False

    def __post_init__(self) -> None:
        if self.load_in_4bit and self.load_in_8bit:
            raise ValueError("Expected at most one of load_in_4bit and load_in_8bit but got both")
        if self.device_map and not _PLACE.fullmatch(self.device_map):
            raise ValueError(f"Expected device_map to be such as cpu, cuda:1 or auto but got {self.device_map!r}")
        if self.dtype not in get_args(Dtype):
            raise ValueError(f"Expected dtype to be one of {', '.join(get_args(Dtype))} but got {self.dtype!r}")
        if self.bits and self.gguf_file:
            raise ValueError("Expected no load_in_8bit or load_in_4bit with a GGUF file, whose precision is its own")

    @property
    def gguf_file(self) -> str | None:
        """The GGUF file's name within its folder or repository; None for other models."""
        return split_gguf(self.model)[1]

    @property
    def source(self) -> dict[str, Any]:
        """What every ``from_pretrained`` has to know beside the name: which file, and whether code is run."""
        file = {"gguf_file": self.gguf_file} if self.gguf_file else {}
        return {"trust_remote_code": self.trust_remote_code, **file}

    @property
    def bits(self) -> Literal[4, 8] | None:
        """Of the quantised weights, if they are."""
        return 4 if self.load_in_4bit else 8 if self.load_in_8bit else None

    @property
    def device(self) -> str:
        """The device, or transformers' word for several."""
        return self.device_map or ("cuda" if torch.cuda.is_available() else "cpu")

    @property
    def on_one_device(self) -> bool:
        """Whether ``device`` is one device."""
        return self.device not in _SPREAD

    def resolved(self) -> LoadOptions:
        """With ``auto`` replaced where the model runs on a CPU."""
        on_cpu = self.device.startswith("cpu") or not torch.cuda.is_available()
        return replace(self, dtype="float32") if self.dtype == "auto" and on_cpu else self

    def check_device(self) -> None:
        """Checks whether this machine has the device, and the device the precision.

        Raises:
            ProviderError: it has not.
        """
        if not self.device.startswith("cuda"):
            return
        if not torch.cuda.is_available():
            raise ProviderError(
                f"Can't load {self.model} on {self.device}: this machine has no GPU; leave device_map out"
            )
        number = int(self.device.partition(":")[2] or 0)
        if number >= (count := torch.cuda.device_count()):
            raise ProviderError(
                f"Can't load {self.model} on {self.device}: the GPUs here are cuda:0 to cuda:{count - 1}"
            )
        if self.dtype == "bfloat16" and not torch.cuda.is_bf16_supported(including_emulation=False):
            raise ProviderError(f"Can't load {self.model} in bfloat16: this GPU lacks it; use dtype: float16")

    def arguments(self) -> dict[str, Any]:
        """For ``from_pretrained``; without a ``device_map`` the model is moved to ``device`` afterwards."""
        options: dict[str, Any] = {"dtype": self.dtype, **({} if self.gguf_file else {"use_safetensors": True})}
        if self.attn_implementation:
            options["attn_implementation"] = self.attn_implementation
        if self.bits:
            options["quantization_config"] = self._quantisation()
        if self.bits or not self.on_one_device:
            options["device_map"] = self.device
        return options

    def _quantisation(self) -> Any:
        transformers: Any = import_module("transformers")
        if self.load_in_8bit:
            return transformers.BitsAndBytesConfig(load_in_8bit=True)
        return transformers.BitsAndBytesConfig(
            load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_compute_dtype=_compute_dtype(self.device)
        )


def _compute_dtype(device: str) -> torch.dtype:
    """In which 4-bit weights are multiplied."""
    if device.startswith("cpu"):
        return torch.float32
    return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float16


def read_weights(build: Any, name: str, options: LoadOptions, **more: Any) -> Any:
    """A model in eval mode without gradients, read by one of transformers' Auto classes, on its device.

    Args:
        build: the class.
        name: folder or name on the Hub.
        options: precision and place.
        more: further arguments of ``from_pretrained``.

    Raises:
        ProviderError: there is none, it can't be read, or weights are missing in it.
    """
    with reading(name, options):
        arguments = options.arguments() | more | options.source
        model, found = build.from_pretrained(name, output_loading_info=True, **arguments)
        if "device_map" not in arguments:
            model = model.to(options.device)
    if missing := sorted(key for key in found["missing_keys"] if not key.startswith("pooler.")):  # which we never use
        raise ProviderError(f"Can't load the model {name}: {len(missing)} weights are missing, such as {missing[0]}")
    if options.load_in_4bit and options.device == "cpu":
        _check_blocks(name, model)
    return model.eval().requires_grad_(False)


def _check_blocks(name: str, model: Any) -> None:
    """On a CPU bitsandbytes multiplies whole blocks of 4-bit weights only."""
    widths = {module.in_features for module in model.modules() if type(module).__name__ == "Linear4bit"}
    if odd := sorted(width for width in widths if width % _BLOCK):
        raise ProviderError(
            f"Can't load the model {name} in 4 bit on a CPU: its layers' width {odd[0]} is no multiple of {_BLOCK}; "
            "use load_in_8bit"
        )


@contextmanager
def reading(name: str, options: LoadOptions) -> Iterator[None]:
    """Silences the loaders' reports and says what went wrong in one line.

    Raises:
        ProviderError: with what to do about it.
    """
    transformers: Any = import_module("transformers")
    safetensors: Any = import_module("safetensors")
    before = transformers.utils.logging.get_verbosity()
    transformers.utils.logging.set_verbosity_error()  # unexpected weights are meant to be left out
    logging.getLogger("bitsandbytes").setLevel(logging.ERROR)  # a line for each layer that is cast
    if not sys.stderr.isatty():
        transformers.utils.logging.disable_progress_bar()
    try:
        yield
    except torch.OutOfMemoryError as error:
        raise ProviderError(f"Can't load the model {name}: memory ran out on {options.device}; {SMALLER}") from error
    except (struct.error, LookupError, OverflowError, AttributeError) as error:
        if not options.gguf_file:
            raise
        reason = (
            "the GGUF file is truncated, or of a kind that transformers can't read: serve it with Ollama or llama.cpp"
        )
        raise ProviderError(f"Can't load the model {options.model}: {reason}") from error
    except (OSError, ValueError, ImportError, RuntimeError, safetensors.SafetensorError) as error:
        raise ProviderError(f"Can't load the model {name}: {_explain(error, name)}") from error
    finally:
        transformers.utils.logging.set_verbosity(before)


def _explain(error: BaseException, name: str) -> str:
    """Returns what to do, where we know it, else what the library says."""
    known = {
        "GatedRepoError": f"it is gated; request access at https://huggingface.co/{name}, then set HF_TOKEN",
        "RepositoryNotFoundError": "the Hugging Face Hub has no such model, or it is private; "
        "check the name, or set HF_TOKEN",
        "LocalEntryNotFoundError": "it is not in the cache (HF_HOME) and the Hugging Face Hub can't be reached; "
        "go online once, unset HF_HUB_OFFLINE, or name a folder",
    }
    for cause in (error, error.__cause__, error.__context__):
        if type(cause).__name__ in known:
            return known[type(cause).__name__]
    text = " ".join(str(error).split())
    if "trust_remote_code" in text:
        return "it comes with Python code of its own, which only runs if you set trust_remote_code: true"
    if "model.safetensors" in text:
        return "it has no weights in the safetensors format, the only format that is loaded, as others can run code"
    return _first_line(error)


def _first_line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__

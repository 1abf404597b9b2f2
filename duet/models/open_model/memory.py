"""Computes how much memory a causal model takes, from its config alone, and how much is free."""

from __future__ import annotations

import os
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Literal

import torch
from torch import nn

from duet.models.errors import ProviderError
from duet.models.open_model.checkpoints import SMALLER, LoadOptions

Bits = Literal[4, 8] | None

SPARE = 0.8  # of the free memory: the rest is for what an estimate forgets, such as fragments and workspaces
CPU_TOKENS = 2048  # more leave a CPU's caches, and took up to 1.8 times as long
_NF4_BYTES = 0.5 + 4 / 64  # half a byte, and a float32 scale for each block of 64 weights


@dataclass(frozen=True)
class Weights:
    """Numbers of weights.

    Args:
        linear: in the blocks' linear layers, which bitsandbytes quantises.
        outputs: of these layers together; in 8 bit each has a scale.
        other: embeddings, output head, norms, biases.
    """

    linear: int
    outputs: int
    other: int

    @property
    def total(self) -> int:
        """All parameters."""
        return self.linear + self.other

    def bytes(self, dtype: torch.dtype, bits: Bits = None) -> int:
        """Returns what they take; where they are quantised, ``dtype`` is that of the rest.

        >>> Weights(linear=6400, outputs=10, other=100).bytes(torch.bfloat16, bits=4)
        3800
        """
        rest = self.other * dtype.itemsize
        if bits == 4:
            return round(self.linear * _NF4_BYTES) + rest
        if bits == 8:
            return self.linear + 4 * self.outputs + rest
        return self.linear * dtype.itemsize + rest


def count_weights(config: Any, layers: int | None = None) -> Weights:
    """Builds the model without memory (on torch's meta device) and counts.

    Args:
        config: of a causal model of transformers.
        layers: only the first ones, and no output head, as for features alone; None is the whole model.
    """
    transformers: Any = import_module("transformers")
    build = transformers.AutoModelForCausalLM if layers is None else transformers.AutoModel
    with torch.device("meta"):
        model = build.from_config(config if layers is None else first_layers(config, layers))
    head = model.get_output_embeddings()
    quantised = [module for module in model.modules() if isinstance(module, nn.Linear) and module is not head]
    linear = sum(module.weight.numel() for module in quantised)
    total = sum(parameter.numel() for parameter in model.parameters())
    return Weights(linear, sum(module.out_features for module in quantised), total - linear)


def first_layers(config: Any, layers: int) -> Any:
    """A copy of the config with fewer layers."""
    shorter = type(config).from_dict(config.to_dict())
    text = shorter.get_text_config()
    text.num_hidden_layers = layers
    if getattr(text, "layer_types", None):
        text.layer_types = text.layer_types[:layers]
    return shorter


def cache_bytes(config: Any, dtype: torch.dtype) -> int:
    """Returns what each token that is read or written leaves in the cache of keys and values."""
    text = config.get_text_config()
    heads = getattr(text, "num_key_value_heads", None) or text.num_attention_heads
    width = getattr(text, "head_dim", None) or text.hidden_size // text.num_attention_heads
    return int(2 * text.num_hidden_layers * heads * width * dtype.itemsize)


def activation_bytes(config: Any, dtype: torch.dtype) -> int:
    """What each token takes while it passes through a block, about: states, attention, the wide part of the MLP."""
    text = config.get_text_config()
    wide = getattr(text, "intermediate_size", None) or 4 * text.hidden_size
    return int((6 * text.hidden_size + 3 * wide) * dtype.itemsize + 8 * text.hidden_size)


def require_memory(name: str, config: Any, options: LoadOptions, layers: int | None = None) -> None:
    """Checks whether the weights can fit at all.

    Raises:
        ProviderError: they can't; says what each precision would take.
    """
    weights, room = count_weights(config, layers), _room(options)
    dtype = getattr(config, "dtype", None) or torch.float32
    dtype = dtype if options.dtype == "auto" else getattr(torch, options.dtype)
    need = weights.bytes(dtype, options.bits)
    if room is None or need <= room:
        return
    others = f"{_gb(weights.bytes(torch.bfloat16, 8))} in 8 bit, {_gb(weights.bytes(torch.bfloat16, 4))} in 4 bit"
    raise ProviderError(
        f"Can't load the model {name}: its weights take {_gb(need)} but {options.device} has {_gb(room)} "
        f"({others}); {SMALLER}"
    )


def _room(options: LoadOptions) -> int | None:
    """Free memory of the GPUs, or all memory of this machine, in bytes; None if transformers decides the place."""
    if options.device.startswith("cuda"):
        return torch.cuda.mem_get_info(options.device)[0]
    if options.device == "cpu":
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return None


def _gb(size: int) -> str:
    return f"{size / 1e9:.1f} GB"


def read_at_once(model: Any) -> int:
    """Chooses how many tokens go through a model together: on a CPU what its caches hold, else what fits."""
    free = _free(model)
    return CPU_TOKENS if free is None else free // activation_bytes(model.config, model.dtype)


def held_at_once(model: Any) -> int | None:
    """Returns how many tokens free memory can hold with their keys and values.

    None on a CPU: there the same texts always make the same batches, and so the same bits.
    """
    free = _free(model)
    if free is None:
        return None
    return free // (cache_bytes(model.config, model.dtype) + activation_bytes(model.config, model.dtype))


def _free(model: nn.Module) -> int | None:
    """Bytes to be used on the model's fullest GPU; None on a CPU."""
    if not torch.cuda.is_available():  # looking at every weight takes a hundredth of reading a batch
        return None
    devices = {parameter.device for parameter in model.parameters() if parameter.device.type == "cuda"}
    return int(SPARE * min(_free_bytes(device) for device in devices)) if devices else None


def _free_bytes(device: torch.device) -> int:
    """Returns what the driver has, and what torch holds without using it."""
    held = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    return torch.cuda.mem_get_info(device)[0] + held

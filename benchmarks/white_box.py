"""Measures how well a white box uses the hardware: ``python -m benchmarks.white_box``.

Builds a model of Vicuna-13B's shape with random weights, on the GPU, in each precision, and measures the features
(texts read up to the middle layer) and the candidates (prompts continued) in tokens/s; beside it, the share of the
card's measured matrix rate that this is. Without a GPU a small shape stands in, and the table says so. Nothing is
downloaded.
"""

from __future__ import annotations

import argparse
import logging
import platform
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Literal, get_args

import torch
from torch import Tensor, nn

from duet.models.open_model.batching import TokenLimit
from duet.models.open_model.causal_lm import CausalLM
from duet.models.open_model.generation import Row, generate_rows
from duet.models.open_model.hidden_states import resolve_layer
from duet.models.open_model.memory import count_weights
from duet.models.open_model.reading import ContextAndText, read_passages

Precision = Literal["float32", "bfloat16", "8 bit", "4 bit"]
SHAPES = {
    "vicuna-13b": {"hidden_size": 5120, "intermediate_size": 13824, "num_hidden_layers": 40, "num_attention_heads": 40},
    "small": {"hidden_size": 512, "intermediate_size": 1408, "num_hidden_layers": 8, "num_attention_heads": 8},
}


@dataclass(frozen=True)
class Load:
    """The load that is read and written.

    Args:
        texts: that are read for their features.
        length: tokens of a text.
        prompts: that are continued.
        prompt: tokens of a prompt.
        new: tokens that follow it.
        batch_tokens: most tokens at once.
    """

    texts: int
    length: int
    prompts: int
    prompt: int
    new: int
    batch_tokens: int


LOADS = {"vicuna-13b": Load(512, 128, 64, 256, 64, 32768), "small": Load(64, 64, 8, 64, 16, 4096)}


class NoTokenizer:
    """Token ids come ready-made, and no text ends before its length."""

    eos_token_id = None
    pad_token_id = 0


def build(shape: str, precision: Precision, device: str) -> CausalLM:
    """A Llama with random weights; quantised layer by layer, so that the whole model never exists unquantised."""
    transformers: Any = import_module("transformers")
    config = transformers.LlamaConfig(vocab_size=32000, max_position_embeddings=4096, **SHAPES[shape])
    dtype = torch.float32 if precision == "float32" or device == "cpu" else torch.bfloat16
    with torch.device("meta"):
        model = transformers.AutoModelForCausalLM.from_config(config, dtype=dtype)
    head = model.get_output_embeddings()
    for parent in list(model.modules()):
        for name, module in parent.named_children():
            if isinstance(module, nn.Linear) and module is not head and precision in ("8 bit", "4 bit"):
                setattr(parent, name, quantised(module, precision, dtype, device))
    fill(model, device)
    with torch.device(device):
        model.model.rotary_emb = type(model.model.rotary_emb)(config)
    model.generation_config = transformers.GenerationConfig(pad_token_id=0)
    return CausalLM(model.eval().requires_grad_(False), NoTokenizer(), config.num_hidden_layers)


def quantised(layer: nn.Linear, precision: Precision, dtype: torch.dtype, device: str) -> Any:
    """The layer in bitsandbytes' form; moving it to the device is what quantises it."""
    bitsandbytes: Any = import_module("bitsandbytes")
    sizes, nn_bits = (layer.in_features, layer.out_features), bitsandbytes.nn
    weight = (0.02 * torch.randn(layer.weight.shape, dtype=dtype, device=device)).cpu()  # drawn where that is fast
    if precision == "8 bit":
        made = nn_bits.Linear8bitLt(*sizes, bias=False, has_fp16_weights=False, threshold=6.0)
        made.weight = nn_bits.Int8Params(weight, requires_grad=False, has_fp16_weights=False)
    else:
        made = nn_bits.Linear4bit(*sizes, bias=False, compute_dtype=dtype, quant_type="nf4")
        made.weight = nn_bits.Params4bit(weight, requires_grad=False, quant_type="nf4")
    return made.to(device)


def fill(model: nn.Module, device: str) -> None:
    """Gives every weight that has no place yet a place and a random value."""
    for module in model.modules():
        for name, weight in list(module.named_parameters(recurse=False)):
            if weight.is_meta:
                value = torch.empty(weight.shape, dtype=weight.dtype, device=device).normal_(std=0.02)
                module.register_parameter(name, nn.Parameter(value, requires_grad=False))


def matrix_rate(dtype: torch.dtype, device: str) -> float:
    """Floating-point operations per second of a large matrix product, the best of five."""
    size = 8192 if device == "cuda" else 1024
    left, right = (torch.randn(size, size, dtype=dtype, device=device) for _ in range(2))
    return 2 * size**3 / min(seconds(lambda: left @ right, device) for _ in range(5))


def seconds(run: Callable[[], object], device: str) -> float:
    """Wall time until the device is done."""
    wait(device)
    started = time.perf_counter()
    run()
    wait(device)
    return time.perf_counter() - started


def wait(device: str) -> None:
    """Until the device is done."""
    if device == "cuda":
        torch.cuda.synchronize()


def measure(shape: str, precision: Precision, device: str) -> str:
    """One row of the table."""
    lm, load = build(shape, precision, device), LOADS[shape]
    layer, limit = resolve_layer("middle", lm.layer_count), TokenLimit(load.batch_tokens)
    ids: Tensor = torch.randint(3, 32000, (max(load.texts, load.prompts), max(load.length, load.prompt)))
    passages = [ContextAndText((), tuple(row[: load.length].tolist())) for row in ids[: load.texts]]
    rows = [Row(tuple(row[: load.prompt].tolist()), seed, 1.0) for seed, row in enumerate(ids[: load.prompts])]

    def read() -> None:
        read_passages(lm, passages, layer=layer, pooling="mean", limit=limit)

    def write() -> None:
        generate_rows(lm, rows, max_new_tokens=load.new, limit=limit)

    read()  # warm-up
    reading, writing = seconds(read, device), seconds(write, device)
    rate = matrix_rate(lm.model.dtype, device)
    read_tokens, new_tokens = load.texts * load.length, load.prompts * load.new
    flops = 2 * count_weights(lm.model.config, layer).linear  # per token; attention itself comes on top
    both = 2 * count_weights(lm.model.config).linear * (load.prompts * load.prompt + new_tokens)
    memory = f"{torch.cuda.max_memory_allocated() / 1e9:.1f}" if device == "cuda" else "-"
    cells = [
        f"{count_weights(lm.model.config).bytes(lm.model.dtype, BITS[precision]) / 1e9:.2f}", memory,
        f"{rate / 1e12:.2f}", f"{read_tokens / reading:,.0f}", f"{flops * read_tokens / reading / rate:.0%}",
        f"{new_tokens / writing:,.0f}", f"{both / writing / rate:.0%}",
    ]  # fmt: skip
    return f"| {shape} | {precision} | {' | '.join(cells)} |"


BITS: dict[str, Literal[4, 8] | None] = {"float32": None, "bfloat16": None, "8 bit": 8, "4 bit": 4}
HEAD = (
    "| shape | precision | weights, GB | peak memory, GB | matrix rate, TFLOP/s | features, tokens/s | of the rate "
    "| candidates, new tokens/s | of the rate |\n|---|---|---|---|---|---|---|---|---|\n"
)


def main(argv: Sequence[str]) -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shape", choices=SHAPES, help="default: vicuna-13b with a GPU, else small")
    parser.add_argument("--precisions", nargs="*", choices=get_args(Precision))
    options = parser.parse_args(argv)
    logging.getLogger("bitsandbytes").setLevel(logging.ERROR)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    shape = options.shape or ("vicuna-13b" if device == "cuda" else "small")
    precisions = options.precisions or [*get_args(Precision)][device == "cuda" :]
    name = (
        torch.cuda.get_device_name()
        if device == "cuda"
        else f"{platform.machine()}, {torch.get_num_threads()} thread(s)"
    )
    sys.stdout.write(f"{time.strftime('%Y-%m-%d')}, {name}, torch {torch.__version__}. {LOADS[shape]}\n")
    if device == "cpu":
        sys.stdout.write("There is no GPU here: a small shape on the CPU says nothing about a large one on a card.\n")
    sys.stdout.write(f"\n{HEAD}")
    for precision in precisions:
        if device == "cpu" and precision == "bfloat16":
            continue  # the small shape stays in float32, as a white box does on a CPU
        sys.stdout.write(f"{measure(shape, precision, device)}\n")
        if device == "cuda":
            torch.cuda.empty_cache()
            torch.cuda.reset_peak_memory_stats()


if __name__ == "__main__":
    main(sys.argv[1:])

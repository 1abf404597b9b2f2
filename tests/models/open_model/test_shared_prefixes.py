"""Rows that begin alike give what each gives alone, whatever the architecture."""

from __future__ import annotations

import random
from types import SimpleNamespace
from typing import Any

import pytest
import torch
import transformers

from duet.models.open_model.batching import TokenLimit
from duet.models.open_model.causal_lm import CausalLM
from duet.models.open_model.generation import Row, generate_rows
from duet.models.open_model.prefill import empty_cache
from duet.models.open_model.reading import ContextAndText, read_passages
from duet.models.open_model.shared_prefixes import find_shared_prefixes

SIZES: dict[str, Any] = {"vocab_size": 50, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 3,
         "num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 128,
         "initializer_range": 0.3, "bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0}  # fmt: skip
ARCHITECTURES: dict[str, Any] = {
    "llama": lambda: transformers.LlamaConfig(**SIZES),
    "qwen2": lambda: transformers.Qwen2Config(**SIZES),
    "gpt2": lambda: transformers.GPT2Config(
        vocab_size=50,
        n_positions=128,
        n_embd=32,
        n_layer=3,
        n_head=4,
        initializer_range=0.3,
        bos_token_id=1,
        eos_token_id=2,
    ),
    "opt": lambda: transformers.OPTConfig(
        vocab_size=50,
        hidden_size=32,
        ffn_dim=64,
        num_hidden_layers=3,
        num_attention_heads=4,
        max_position_embeddings=128,
        init_std=0.3,
        word_embed_proj_dim=32,
    ),
    "mistral with a sliding window": lambda: transformers.MistralConfig(**SIZES, sliding_window=6),
}
BEGINNINGS = [tuple(range(5, 5 + length)) for length in (4, 9, 12)]


def _model(name: str) -> CausalLM:
    torch.manual_seed(0)
    build: Any = transformers.AutoModelForCausalLM
    model = build.from_config(ARCHITECTURES[name]())
    tokenizer = SimpleNamespace(eos_token_id=2, pad_token_id=0)
    return CausalLM(model.eval().requires_grad_(False), tokenizer, 3)


def _texts() -> list[tuple[int, ...]]:
    """Three beginnings, four ends each, in no order."""
    generator = random.Random(0)
    texts = [
        begin + tuple(generator.randrange(20, 50) for _ in range(generator.randrange(1, 5)))
        for begin in BEGINNINGS
        for _ in range(4)
    ]
    return generator.sample(texts, len(texts))


@pytest.mark.parametrize("name", ARCHITECTURES)
@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_together_they_are_continued_as_alone(name: str, temperature: float) -> None:
    lm = _model(name)
    rows = [Row(ids, seed, temperature) for seed, ids in enumerate(_texts())]
    together = generate_rows(lm, rows, max_new_tokens=24, limit=TokenLimit(9999))
    assert together == [generate_rows(lm, [row], max_new_tokens=24, limit=TokenLimit(1))[0] for row in rows]
    assert len({len(text) for text in together}) > 1  # they end at different times


@pytest.mark.parametrize("name", ARCHITECTURES)
@pytest.mark.parametrize("layer", [1, 2, 3])
def test_together_they_are_read_as_alone(name: str, layer: int) -> None:
    lm = _model(name)
    passages = [ContextAndText(front, (7, 9, 30 + place)) for place, front in enumerate(_texts())]
    together = read_passages(lm, passages, layer=layer, pooling="mean", limit=TokenLimit(9999))
    alone = [read_passages(lm, [passage], layer=layer, pooling="mean", limit=TokenLimit(1)) for passage in passages]
    torch.testing.assert_close(together, torch.cat(alone), atol=1e-4, rtol=1e-4)


def _passes(lm: CausalLM) -> list[int]:
    """How many positions each forward pass goes through, as they come."""
    seen: list[int] = []

    def note(_module: Any, _args: Any, inputs: dict[str, Any]) -> None:
        given = inputs["input_ids"] if inputs.get("inputs_embeds") is None else inputs["inputs_embeds"]
        seen.append(given.shape[0] * given.shape[1])

    lm.model.base_model.register_forward_pre_hook(note, with_kwargs=True)
    return seen


def test_a_soft_prompt_at_the_end_leaves_the_demonstrations_to_be_shared() -> None:
    lm = _model("llama")
    soft = torch.randn(6, 3, 32, generator=torch.Generator().manual_seed(0))
    rows = [Row(tuple(range(5, 25)), seed, 1.0, vectors, soft_first=False) for seed, vectors in enumerate(soft)]
    alone = [generate_rows(lm, [row], max_new_tokens=12, limit=TokenLimit(1))[0] for row in rows]
    passes = _passes(lm)
    assert generate_rows(lm, rows, max_new_tokens=12, limit=TokenLimit(9999)) == alone
    assert passes[:3] == [20, 6 * 2, 6]  # the demonstrations once, then each soft prompt and its last vector


def test_a_shared_beginning_is_read_once() -> None:
    lm = _model("llama")
    passes = _passes(lm)
    generate_rows(lm, [Row((*range(5, 25), last)) for last in range(30, 40)], max_new_tokens=1, limit=TokenLimit(9999))
    assert passes == [20, 10]


def test_a_row_that_has_ended_leaves_the_batch() -> None:
    lm = _model("llama")
    rows = [Row(ids, seed, 1.0) for seed, ids in enumerate(_texts())]
    passes = _passes(lm)
    texts = generate_rows(lm, rows, max_new_tokens=24, limit=TokenLimit(9999))
    steps = passes[-(max(map(len, texts)) - 1) :]
    assert steps == sorted(steps, reverse=True)
    assert steps[-1] < len(rows)


def test_little_in_common_is_not_worth_a_pass_of_its_own() -> None:
    assert find_shared_prefixes([(1, *range(10, 30)), (1, *range(40, 60))]) is None
    assert find_shared_prefixes([(1,)] * 9) is not None
    assert find_shared_prefixes([(1,)] * 9, others=90) is None
    assert find_shared_prefixes([()]) is None
    assert find_shared_prefixes([(), ()]) is None


def test_an_empty_beginning_among_shared_ones_is_read_as_alone() -> None:
    lm = _model("llama")
    passages = [
        ContextAndText((), (7, 9)),
        *(ContextAndText(tuple(range(5, 25)), (7, 9, last)) for last in range(30, 36)),
    ]
    together = read_passages(lm, passages, layer=2, pooling="mean", limit=TokenLimit(9999))
    alone = [read_passages(lm, [passage], layer=2, pooling="mean", limit=TokenLimit(1)) for passage in passages]
    torch.testing.assert_close(together, torch.cat(alone), atol=1e-4, rtol=1e-4)


def test_a_longer_beginning_is_not_given_up_for_a_stranger() -> None:
    alike = [(1, 2, 3, 4, 5, 6, last) for last in range(10, 14)]
    shared = find_shared_prefixes([*alike, (1, 2, 3, 50, 51, 52, 53)])
    assert shared is not None
    assert shared.prefixes[shared.owner[0]] == (1, 2, 3, 4, 5, 6)
    assert shared.lengths == [6, 6, 6, 6, 7]


def test_a_model_with_another_kind_of_cache_shares_nothing() -> None:
    assert empty_cache(_model("mistral with a sliding window")) is None
    assert empty_cache(_model("llama")) is not None

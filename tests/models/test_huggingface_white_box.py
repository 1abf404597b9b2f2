from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import pytest
import torch

from duet.models.base import Completion, Request
from duet.models.errors import ProviderError
from duet.models.huggingface_black_box import HuggingFaceBlackBox
from duet.models.huggingface_white_box import HuggingFaceWhiteBox
from duet.models.open_model.causal_lm import load_causal_lm
from duet.models.open_model.checkpoints import LoadOptions

TEXTS = ["reverse it", "a", "", "Sort the words by their last letter.", "no"]
CONTEXTS = ["", "the instruction was to ", "x", "input: cat\n", ""]


@pytest.mark.parametrize("pooling", ["mean", "last"])
@pytest.mark.parametrize("layer", [1, "middle", -1])
def test_a_batch_encodes_as_one_by_one(
    tiny: str, layer: int | Literal["middle"], pooling: Literal["mean", "last"]
) -> None:
    box = HuggingFaceWhiteBox(tiny, layer=layer, pooling=pooling)
    together = box.encode(TEXTS, CONTEXTS).states
    alone = [box.encode([text], [context]).states[0] for text, context in zip(TEXTS, CONTEXTS, strict=True)]
    torch.testing.assert_close(together, torch.stack(alone), atol=1e-5, rtol=1e-5)


def test_states_are_the_mean_over_the_texts_own_tokens(tiny: str) -> None:
    lm = load_causal_lm(LoadOptions(tiny))
    ids = lm.tokenizer("in: cat", return_tensors="pt")["input_ids"]  # one token per character, after the start token
    expected = lm.model(ids, output_hidden_states=True).hidden_states[2][0, -3:].mean(dim=0)
    encoding = HuggingFaceWhiteBox(tiny).encode(["cat"], ["in: "])
    torch.testing.assert_close(encoding.states[0], expected, atol=1e-5, rtol=0.0)
    assert encoding.token_counts.tolist() == [3]


def test_a_context_changes_the_states(tiny: str) -> None:
    box = HuggingFaceWhiteBox(tiny)
    assert not torch.allclose(box.encode(["cat"], ["dog "]).states, box.encode(["cat"]).states, atol=1e-3)


def test_an_empty_text_has_zero_states_and_no_tokens(tiny: str) -> None:
    encoding = HuggingFaceWhiteBox(tiny).encode(["", "a"], ["context", ""])
    assert encoding.token_counts.tolist() == [0, 1]
    assert torch.equal(encoding.states[0], torch.zeros(32))


def test_no_texts_have_no_states(tiny: str) -> None:
    assert HuggingFaceWhiteBox(tiny).encode([]).states.shape == (0, 32)


def test_states_can_be_used_in_training(tiny: str) -> None:
    assert not HuggingFaceWhiteBox(tiny).encode(["a"]).states.is_inference()


def test_a_context_that_does_not_fit_loses_its_beginning(tiny: str) -> None:
    box = HuggingFaceWhiteBox(tiny)  # takes 128 tokens, one of them the start token
    long = box.encode(["cat"], ["x" * 500 + "y" * 124])
    torch.testing.assert_close(long.states, box.encode(["cat"], ["y" * 124]).states, atol=1e-5, rtol=0.0)
    assert box.encode(["b" * 500]).token_counts.tolist() == [128]


def test_a_prompt_that_does_not_fit_loses_its_beginning(tiny: str) -> None:
    box = HuggingFaceWhiteBox(tiny)
    cut, whole = (box.generate(["x" * n + "y" * 107], seeds=[0], max_new_tokens=20)[0] for n in (300, 0))
    assert cut == whole


def test_a_layer_out_of_range_is_refused(tiny: str) -> None:
    with pytest.raises(ValueError, match="from 1 to 4 but got 5"):
        HuggingFaceWhiteBox(tiny, layer=5).encode(["a"])


def test_sizes_are_the_models(tiny: str) -> None:
    box = HuggingFaceWhiteBox(tiny)
    assert (box.hidden_size, box.embedding_size) == (32, 32)


@pytest.mark.parametrize("position", ["prefix", "suffix"])
@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_a_batch_continues_as_one_by_one(tiny: str, temperature: float, position: Literal["prefix", "suffix"]) -> None:
    box = HuggingFaceWhiteBox(tiny)
    scale = box.lm.model.get_input_embeddings().weight.std().item()
    soft = torch.randn(len(TEXTS), 2, 32, generator=torch.Generator().manual_seed(0)) * scale
    for vectors in (None, soft):
        together = box.generate(
            TEXTS,
            seeds=range(len(TEXTS)),
            temperature=temperature,
            max_new_tokens=16,
            soft_prompts=vectors,
            soft_prompt_position=position,
        )
        alone = [
            box.generate(
                [text],
                seeds=[row],
                temperature=temperature,
                max_new_tokens=16,
                soft_prompts=None if vectors is None else vectors[row : row + 1],
                soft_prompt_position=position,
            )[0]
            for row, text in enumerate(TEXTS)
        ]
        assert together == alone


def test_a_soft_prompt_made_of_real_embeddings_acts_as_these_tokens(tiny: str) -> None:
    box = HuggingFaceWhiteBox(tiny)
    lm = load_causal_lm(LoadOptions(tiny))
    soft = lm.model.get_input_embeddings()(torch.tensor([lm.tokenise(["word"], special=False)[0]]))
    expected = box.generate(["sort word"], seeds=[0], max_new_tokens=12)
    got = box.generate(["sort "], seeds=[0], max_new_tokens=12, soft_prompts=soft, soft_prompt_position="suffix")
    assert got == expected


def test_white_and_black_box_share_one_model_and_continue_a_raw_text_alike(tiny: str) -> None:
    [answer] = HuggingFaceBlackBox(tiny).complete([Request("sort", max_tokens=12, temperature=1.0, seed=5)])
    assert isinstance(answer, Completion)
    assert HuggingFaceWhiteBox(tiny).generate(["sort"], seeds=[5], temperature=1.0, max_new_tokens=12) == [answer.text]


def test_no_prompts_have_no_texts(tiny: str) -> None:
    assert HuggingFaceWhiteBox(tiny).generate([], seeds=[]) == []


def test_seeds_and_soft_prompts_must_fit_the_prompts(tiny: str) -> None:
    box = HuggingFaceWhiteBox(tiny)
    with pytest.raises(ValueError, match="Expected one seed per prompt but got 1 for 2"):
        box.generate(["a", "b"], seeds=[0])
    with pytest.raises(ValueError, match=r"Expected soft_prompts of shape \(1, s, 32\) but got \(1, 2, 31\)"):
        box.generate(["a"], seeds=[0], soft_prompts=torch.zeros(1, 2, 31))


def test_the_identity_tells_layers_and_poolings_apart(tiny: str) -> None:
    boxes = [HuggingFaceWhiteBox(tiny), HuggingFaceWhiteBox(tiny, layer=1), HuggingFaceWhiteBox(tiny, pooling="last")]
    assert len({box.identity for box in boxes}) == 3


@pytest.mark.parametrize(("bits", "error"), [(8, 0.1), (4, 0.6)])
def test_a_quantised_model_reads_and_writes_on_a_cpu_too(wide: str, bits: int, error: float) -> None:
    exact = HuggingFaceWhiteBox(wide).encode(TEXTS).states
    box = HuggingFaceWhiteBox(wide, load_in_4bit=bits == 4, load_in_8bit=bits == 8)
    states = box.encode(TEXTS).states
    assert 0 < (states - exact).norm() < error * exact.norm()
    assert box.generate(["sort"], seeds=[0], max_new_tokens=4) == box.generate(["sort"], seeds=[1], max_new_tokens=4)


def test_batches_of_any_number_of_tokens_give_the_same(tiny: str) -> None:
    boxes = [HuggingFaceWhiteBox(tiny, batch_tokens=tokens) for tokens in (1, 60, 16384)]
    written = [box.generate(CONTEXTS, seeds=range(5), temperature=1.0, max_new_tokens=12) for box in boxes]
    assert written[0] == written[1] == written[2]
    one, few, all_ = (box.encode(TEXTS, CONTEXTS).states for box in boxes)
    torch.testing.assert_close(one, all_, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(few, all_, atol=1e-5, rtol=1e-5)


class Card:
    """A hook on a model's embeddings: it has memory for so many tokens at once, and notes what was tried."""

    def __init__(self, tokens: int) -> None:
        self.tokens = tokens
        self.tried: list[int] = []

    def __call__(self, _module: Any, _args: Any, output: torch.Tensor) -> None:
        if output.dim() == 3 and output.shape[1] > 1:  # a batch, not one token more of each of its rows
            self.tried.append(output.shape[0] * output.shape[1])
            if self.tried[-1] > self.tokens:
                raise torch.OutOfMemoryError(f"{self.tried[-1]} tokens")


@pytest.fixture
def card(tiny: str) -> Iterator[Card]:
    card = Card(70)
    handle = load_causal_lm(LoadOptions(tiny)).model.get_input_embeddings().register_forward_hook(card)
    yield card
    handle.remove()


def test_memory_that_runs_out_while_reading_halves_the_batches_for_good(tiny: str, card: Card) -> None:
    texts = 2 * TEXTS  # two of the longest are more than 70 tokens
    expected = torch.stack([HuggingFaceWhiteBox(tiny).encode([text]).states[0] for text in texts])
    box = HuggingFaceWhiteBox(tiny)
    card.tried.clear()
    torch.testing.assert_close(box.encode(texts).states, expected, atol=1e-5, rtol=1e-5)
    assert card.tried[0] > 70 >= card.tried[-1]
    card.tried.clear()
    box.encode(texts)
    assert max(card.tried) <= 70


def test_memory_that_runs_out_while_writing_halves_the_batches_for_good(tiny: str, card: Card) -> None:
    texts = [*TEXTS, *(text[::-1] for text in TEXTS)]  # two of the longest are more than 70 tokens

    def write() -> list[str]:
        card.tried.clear()
        return box.generate(texts, seeds=range(10), temperature=1.0, max_new_tokens=8)

    box = HuggingFaceWhiteBox(tiny)
    written = write()
    assert card.tried[0] > 70 >= card.tried[-1]
    assert write() == written
    assert max(card.tried) <= 70
    card.tokens = 10**6
    assert HuggingFaceWhiteBox(tiny).generate(texts, seeds=range(10), temperature=1.0, max_new_tokens=8) == written


def test_a_single_text_that_does_not_fit_in_memory_is_said_in_one_line(tiny: str, card: Card) -> None:
    with pytest.raises(ProviderError, match="Memory ran out with a single text of 101 tokens; use load_in_8bit"):
        HuggingFaceWhiteBox(tiny).encode(["a", "b" * 100])

from __future__ import annotations

import itertools
import json
import math
import re
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from embedded_model.generators.families import FAMILIES
from embedded_model.tokenizer import build
from embedded_model.train import (
    IGNORED,
    PackedRows,
    make_tokenizer,
    note_errors,
    optimisers,
    save,
    start_from,
    surprise_of,
)

LENGTH = 256


@pytest.fixture(scope="module")
def tokenizer() -> PreTrainedTokenizerFast:
    return make_tokenizer(draws=4)


@pytest.fixture(scope="module")
def batch(tokenizer: PreTrainedTokenizerFast) -> tuple[Tensor, ...]:
    return next(iter(PackedRows(tokenizer, 4, LENGTH, seed=0)))


def tiny(tokenizer: PreTrainedTokenizerFast) -> LlamaForCausalLM:
    torch.manual_seed(0)
    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(tokenizer), hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=2,
            num_key_value_heads=2, max_position_embeddings=512, tie_word_embeddings=True, pad_token_id=0,
        )
    )  # fmt: skip


def documents(batch: tuple[Tensor, ...]) -> list[tuple[list[int], list[int], list[int]]]:
    """Tokens, labels and positions of each packed example."""
    tokens, labels, positions, numbers, _ = batch
    found = []
    for row in range(len(tokens)):
        for number in range(int(numbers[row].max()) + 1):
            own = numbers[row] == number
            found.append((tokens[row][own].tolist(), labels[row][own].tolist(), positions[row][own].tolist()))
    return found


def test_rows_are_packed_examples_whose_positions_begin_anew(
    tokenizer: PreTrainedTokenizerFast, batch: tuple[Tensor, ...]
) -> None:
    assert all(each.shape == (4, LENGTH) for each in batch)
    assert (batch[3] >= 0).float().mean() > 0.9  # little is padding
    packed = documents(batch)
    assert len(packed) > 8
    for tokens, _, positions in packed:
        assert positions == list(range(len(tokens)))
        assert tokens.count(tokenizer.bos_token_id) == tokens.count(tokenizer.eos_token_id) == 1
        assert tokens.index(tokenizer.bos_token_id) in (0, 5)
        assert tokens[-1] == tokenizer.eos_token_id


def test_short_rows_take_turns_with_long_ones(tokenizer: PreTrainedTokenizerFast) -> None:
    shapes = [tuple(row[0].shape) for row in itertools.islice(PackedRows(tokenizer, 2, LENGTH, seed=0), 4)]
    assert shapes == [(2, LENGTH), (4, LENGTH // 2), (4, LENGTH // 2), (2, LENGTH)]


def test_each_example_has_the_index_of_the_family_that_it_follows(
    tokenizer: PreTrainedTokenizerFast, batch: tuple[Tensor, ...]
) -> None:
    for row in range(4):
        for number in range(int(batch[3][row].max()) + 1):
            [family] = set(batch[4][row][batch[3][row] == number].tolist())
            text = str(tokenizer.decode(batch[0][row][batch[3][row] == number]))
            assert -1 <= family < len(FAMILIES)
            assert family == -1 or "Instruction:" in text
            assert family == -1 or "\n\nThe instruction was to" not in text


def test_padding_is_learned_from_nowhere(batch: tuple[Tensor, ...]) -> None:
    padding = batch[3] == -1
    assert set(batch[0][padding].tolist()) <= {0}
    assert set(batch[1][padding].tolist()) <= {IGNORED}


def test_labels_are_the_answers_and_nothing_else(tokenizer: PreTrainedTokenizerFast, batch: tuple[Tensor, ...]) -> None:
    for tokens, labels, _ in documents(batch):
        assert all(label in (IGNORED, token) for token, label in zip(tokens, labels, strict=True))
        text = str(tokenizer.decode(tokens[tokens.index(tokenizer.bos_token_id) + 1 : -1]))
        ends = r"(?=\n\nInput: |\n\nThe instruction was to|\Z)"
        answers = re.findall(rf"\nOutput:(.*?){ends}", text, re.DOTALL)
        if not text.startswith("Instruction:"):
            answers = [*answers[2:], text.split("\n\nThe instruction was to")[1]]
        learned = tokenizer.decode([label for label in labels if label != IGNORED])
        assert learned == "".join(answers) + "</s>"


def test_the_rows_are_decided_by_their_seed(tokenizer: PreTrainedTokenizerFast) -> None:
    each, same, other = (next(iter(PackedRows(tokenizer, 2, LENGTH, seed)))[0] for seed in (0, 0, 1))
    assert torch.equal(each, same)
    assert not torch.equal(each, other)


def states_of(model: LlamaForCausalLM, batch: tuple[Tensor, ...]) -> tuple[Tensor, Tensor]:
    """The states of a forward pass as training does it, and the loss."""
    kept: list[Tensor] = []

    def forward(**inputs: Any) -> Any:
        outcome = model.model(**inputs)
        kept.append(outcome.last_hidden_state.detach().float())
        return outcome

    with torch.no_grad():
        surprise, _ = surprise_of(model, forward, *batch[:4])
    return kept[0], surprise.mean()


def test_each_packed_example_sees_only_itself_and_only_backwards(
    tokenizer: PreTrainedTokenizerFast, batch: tuple[Tensor, ...]
) -> None:
    model = tiny(tokenizer)
    row = tuple(each[:1] for each in batch)
    first = row[3][0] == 1
    assert 0 < first.sum() < LENGTH
    place = int(first.nonzero()[3])
    changed = row[0].clone()
    changed[0, place] = (changed[0, place] + 1) % len(tokenizer)
    before, _ = states_of(model, row)
    after, _ = states_of(model, (changed, *row[1:]))
    differs = (before != after).any(dim=2)[0]
    assert differs[place]
    assert differs[first].sum() > 1
    assert not differs[~first].any()
    assert not differs[:place].any()


def test_a_packed_example_has_the_states_that_it_has_alone(
    tokenizer: PreTrainedTokenizerFast, batch: tuple[Tensor, ...]
) -> None:
    model = tiny(tokenizer)
    packed, _ = states_of(model, batch)
    own = batch[3][0] == 1
    with torch.no_grad():
        alone = model.model(input_ids=batch[0][:1, own]).last_hidden_state[0]
    torch.testing.assert_close(packed[0, own], alone, rtol=0, atol=0.1)  # bfloat16 against float32
    assert (packed[0, own] - alone).abs().mean() < 0.01


def test_the_loss_is_the_mean_surprise_at_the_next_learned_token(
    tokenizer: PreTrainedTokenizerFast, batch: tuple[Tensor, ...]
) -> None:
    model = tiny(tokenizer)
    states, loss = states_of(model, batch)
    logits = (states @ model.lm_head.weight.detach().T).double()
    chances = logits.exp() / logits.exp().sum(dim=-1, keepdim=True)
    surprise = [
        -chances[row, place - 1, token].log().item()
        for row, labels in enumerate(batch[1].tolist())
        for place, token in enumerate(labels)
        if token != IGNORED
    ]
    assert loss.item() == pytest.approx(sum(surprise) / len(surprise), rel=1e-3)


def test_errors_move_towards_the_share_of_wrong_answers() -> None:
    documents = torch.tensor([[0, 0, 0, 0, 1, 1, 1, -1]])
    families = torch.tensor([[2, 2, 2, 2, 0, 0, 0, -1]])
    wanted = torch.tensor([[False, True, True, False, True, True, False]])  # places whose next token is learned
    errors = torch.full((3,), 0.5)
    note_errors(errors, torch.tensor([0.1, 0.2, 1.0, 0.0]), wanted, documents, families, keep=0.9)
    wrong = 1 - torch.exp(torch.tensor([-1.0, 0.0, -0.3]))  # family 1 is not in the batch
    assert errors[0].item() == pytest.approx(0.9 * 0.5 + 0.1 * wrong[0].item())
    assert errors[1].item() == 0.5
    assert errors[2].item() == pytest.approx(0.9 * 0.5 + 0.1 * wrong[2].item())


def test_several_answers_count_as_their_mean_and_other_examples_not_at_all() -> None:
    documents = torch.tensor([[0, 0, 0, 0, 0, 0], [0, 0, 0, 1, 1, 1]])
    families = torch.tensor([[0, 0, 0, 0, 0, 0], [-1, -1, -1, -1, -1, -1]])
    wanted = torch.tensor([[True, False, False, True, False], [True, True, False, True, True]])
    errors = torch.full((1,), 0.5)
    note_errors(errors, torch.tensor([0.4, 0.8, 9.0, 9.0, 9.0, 9.0]), wanted, documents, families, keep=0.0)
    assert errors.item() == pytest.approx(1 - math.exp(-0.6))


def test_former_weights_are_taken_over_token_by_token(tokenizer: PreTrainedTokenizerFast, tmp_path: Path) -> None:
    former, other = tiny(tokenizer), build([" write", " entirely", " new"], "ü")
    save(former, tokenizer, tmp_path)
    torch.manual_seed(1)
    model = LlamaForCausalLM(LlamaConfig(**{**former.config.to_dict(), "vocab_size": len(other)}))
    fresh = model.model.embed_tokens.weight.detach().clone()
    start_from(model, other, tmp_path)
    embeddings, old = model.model.embed_tokens.weight, former.model.embed_tokens.weight.bfloat16().float()
    ids, known = other.get_vocab(), tokenizer.get_vocab()
    assert torch.equal(embeddings[ids[" write"]], old[known[" write"]])
    assert torch.equal(embeddings[ids["a"]], old[known["a"]])
    assert torch.equal(embeddings[ids[" entirely"]], fresh[ids[" entirely"]])
    assert torch.equal(model.lm_head.weight, embeddings)
    norm = "model.layers.1.mlp.up_proj.weight"
    assert torch.equal(model.state_dict()[norm], former.state_dict()[norm].bfloat16().float())


def test_each_parameter_has_one_optimiser(tokenizer: PreTrainedTokenizerFast) -> None:
    model = tiny(tokenizer)
    muon, adam = optimisers(model, 1e-3)
    [matrices], [rest] = ([group["params"] for group in each.param_groups] for each in (muon, adam))
    assert sorted(map(id, [*matrices, *rest])) == sorted(map(id, model.parameters()))
    assert all(each.ndim == 2 for each in matrices)
    assert any(each is model.get_input_embeddings().weight for each in rest)


def test_the_loss_of_a_tiny_model_falls(tokenizer: PreTrainedTokenizerFast) -> None:
    model, losses = tiny(tokenizer), []
    both = optimisers(model, 1e-2)
    for row in itertools.islice(PackedRows(tokenizer, 4, LENGTH, seed=1), 20):
        loss = surprise_of(model, model.model, *row[:4])[0].mean()
        loss.backward()  # type: ignore[no-untyped-call]
        for optimiser in both:
            optimiser.step()
            optimiser.zero_grad()
        losses.append(loss.item())
    assert sum(losses[-3:]) / 3 < 0.8 * sum(losses[:3]) / 3


def test_what_is_saved_is_loaded_in_bfloat16(tokenizer: PreTrainedTokenizerFast, tmp_path: Path) -> None:
    model = tiny(tokenizer)
    save(model, tokenizer, tmp_path)
    assert json.loads((tmp_path / "config.json").read_text())["dtype"] == "bfloat16"
    loaded = LlamaForCausalLM.from_pretrained(tmp_path)
    states = loaded.state_dict()
    assert all(torch.equal(states[name].bfloat16(), each.bfloat16()) for name, each in model.state_dict().items())
    assert model.dtype == torch.float32
    text = "Instruction: Write it.\n\nInput: cat\nOutput:"
    assert AutoTokenizer.from_pretrained(tmp_path)(text).input_ids == tokenizer(text).input_ids


def test_the_vocabulary_does_not_depend_on_when_it_is_made(tokenizer: PreTrainedTokenizerFast) -> None:
    assert make_tokenizer(draws=4).get_vocab() == tokenizer.get_vocab()

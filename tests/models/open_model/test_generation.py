from __future__ import annotations

from itertools import combinations

import pytest
import torch
from transformers import TopPLogitsWarper

from duet.models.open_model.batching import TokenLimit
from duet.models.open_model.causal_lm import CausalLM, load_causal_lm
from duet.models.open_model.checkpoints import LoadOptions
from duet.models.open_model.generation import GumbelNoise, Row, fewest_moves, generate_rows, nucleus

TEXTS = ["a", "reverse the word", "sort", "What is 2 times 21?", "hello, world", "b" * 60, "c"]


@pytest.fixture(scope="module")
def lm(tiny: str) -> CausalLM:
    return load_causal_lm(LoadOptions(tiny))


def _rows(lm: CausalLM, temperature: float, soft: torch.Tensor | None = None, soft_first: bool = True) -> list[Row]:
    return [
        Row(ids, seed, temperature, None if soft is None else soft[seed], soft_first)
        for seed, ids in enumerate(lm.tokenise(TEXTS, special=True))
    ]


@pytest.mark.parametrize("temperature", [0.0, 0.7, 1.5])
@pytest.mark.parametrize("soft_first", [None, True, False])
def test_a_row_does_not_depend_on_its_neighbours(lm: CausalLM, temperature: float, soft_first: bool | None) -> None:
    soft = None if soft_first is None else torch.randn(len(TEXTS), 3, 32, generator=torch.Generator().manual_seed(0))
    rows = _rows(lm, temperature, soft, bool(soft_first))
    together = generate_rows(lm, rows, max_new_tokens=20, limit=TokenLimit(9999))
    alone = [generate_rows(lm, [row], max_new_tokens=20, limit=TokenLimit(1))[0] for row in rows]
    assert together == alone
    assert generate_rows(lm, rows[::-1], max_new_tokens=20, limit=TokenLimit(200))[::-1] == together


def test_greedy_rows_agree_with_a_plain_loop_over_the_argmax(lm: CausalLM) -> None:
    for row, new in zip(
        _rows(lm, 0.0), generate_rows(lm, _rows(lm, 0.0), max_new_tokens=8, limit=TokenLimit(300)), strict=True
    ):
        ids = list(row.ids)
        for _ in range(8):
            ids.append(int(lm.model(torch.tensor([ids])).logits[0, -1].argmax()))
            if ids[-1] == 2:
                ids.pop()
                break
        assert new == ids[len(row.ids) :]


def test_seeds_give_different_texts_and_the_same_seed_the_same(lm: CausalLM) -> None:
    ids = lm.tokenise(["sort"], special=True)[0]
    rows = [Row(ids, seed, 1.0) for seed in (1, 2, 3, 1)]
    first, second, third, again = generate_rows(lm, rows, max_new_tokens=20, limit=TokenLimit(300))
    assert first == again
    assert len({tuple(first), tuple(second), tuple(third)}) == 3


def test_gumbel_noise_draws_from_the_softmax() -> None:
    logits = torch.tensor([1.0, 0.0, -1.0, 2.0])
    noise = GumbelNoise([Row((0,), seed, 2.0) for seed in range(100)])
    draws = torch.cat([noise(torch.zeros(100, 1), logits.repeat(100, 1)).argmax(dim=1) for _ in range(200)])
    frequencies = torch.bincount(draws, minlength=4) / len(draws)
    torch.testing.assert_close(frequencies, torch.softmax(logits / 2.0, dim=0), atol=0.015, rtol=0.0)


@pytest.mark.parametrize("top_p", [0.05, 0.5, 0.9, 0.999])
def test_the_nucleus_is_that_of_transformers(top_p: float) -> None:
    logits = torch.randn(20, 50, generator=torch.Generator().manual_seed(0)) * 3
    expected = TopPLogitsWarper(top_p)(torch.zeros(20, 1), logits)
    assert torch.equal(nucleus(logits, [top_p] * 20), expected)
    assert torch.equal(nucleus(logits, [1.0] * 19 + [top_p]), torch.cat([logits[:19], expected[19:]]))


def test_a_row_with_a_nucleus_draws_its_likeliest_tokens_only() -> None:
    logits = torch.tensor([1.0, 0.0, -1.0, 2.0])
    noise = GumbelNoise([Row((0,), seed, 1.0, top_p=0.8) for seed in range(100)])
    draws = torch.cat([noise(torch.zeros(100, 1), logits.repeat(100, 1)).argmax(dim=1) for _ in range(20)])
    assert set(draws.tolist()) == {0, 3}  # .64 + .24


def test_gumbel_noise_leaves_greedy_rows_and_its_input_alone() -> None:
    scores = torch.zeros(2, 5)
    noisy = GumbelNoise([Row((0,), -1), Row((0,), 2**70, 1.0)])(torch.zeros(2, 1), scores)
    assert torch.equal(noisy[0], torch.zeros(5))
    assert not torch.equal(noisy[1], torch.zeros(5))
    assert torch.equal(scores, torch.zeros(2, 5))


def test_generation_warns_of_nothing(lm: CausalLM, caplog: pytest.LogCaptureFixture) -> None:
    generate_rows(lm, _rows(lm, 1.0), max_new_tokens=4, limit=TokenLimit(300))
    assert not caplog.records


def test_new_tokens_hold_no_end_token(lm: CausalLM) -> None:
    rows = [Row((1, 5), seed, 3.0) for seed in range(40)]
    texts = generate_rows(lm, rows, max_new_tokens=40, limit=TokenLimit(9999))
    assert any(len(text) < 40 for text in texts)
    assert not any(2 in text for text in texts)


def test_a_row_that_does_not_fit_is_refused(lm: CausalLM) -> None:
    rows = [Row((1,)), Row(tuple([5] * 120))]
    with pytest.raises(ValueError, match="in row 1 the prompt has 120 tokens and 9 may follow, the model takes 128"):
        generate_rows(lm, rows, max_new_tokens=9, limit=TokenLimit(100))
    assert len(generate_rows(lm, rows, max_new_tokens=8, limit=TokenLimit(100))) == 2


def test_only_rows_behind_the_others_move() -> None:
    for places in (list(some) for count in range(7) for some in combinations(range(6), count)):
        moved = fewest_moves(places)
        assert sorted(moved) == places
        assert sum(place != old for place, old in enumerate(moved)) == sum(old >= len(places) for old in places)


def test_no_rows_give_no_texts(lm: CausalLM) -> None:
    assert generate_rows(lm, [], max_new_tokens=8, limit=TokenLimit(100)) == []

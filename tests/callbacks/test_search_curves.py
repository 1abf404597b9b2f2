"""The curves: their tags in the event files, their values from elsewhere."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import torch
from scipy.stats import spearmanr
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator  # type: ignore[import-untyped]

from callbacks.search_curves import held_out_rank_correlation
from duet.pool import Candidate, Pool, ScoredInstruction

TAGS = {
    "reward/chosen", "reward/best", "reward/mean_of_pool", "predictor/predicted", "predictor/std",
    "predictor/held_out_rank_correlation", "loss/regression", "loss/similarity", "loss/lambda",
    "reward/examples_of_chosen", "reward/examples_of_best", "reward/examples_per_instruction",
    "cost/calls", "cost/tokens", "candidates/distinct_share", "final/validation_score", "final/test_score",
}  # fmt: skip


def events(folder: Any) -> EventAccumulator:
    accumulator = EventAccumulator(str(folder), size_guidance={"scalars": 0, "tensors": 0})
    accumulator.Reload()
    return accumulator


def test_the_event_files_hold_every_curve(run: Callable[..., Any]) -> None:
    done = run(iterations=6, threshold=1.1)
    found = events(done.folder)
    assert set(found.Tags()["scalars"]) >= TAGS
    chosen = [(event.step, event.value) for event in found.Scalars("reward/chosen")]
    assert chosen == [(row.iteration, row.score) for row in done.data.pool if row.iteration]
    best = [event.value for event in found.Scalars("reward/best")]
    pool = done.search.pool
    assert best[-1] == pytest.approx(pool.posterior_mean(pool.best()))
    assert len(best) == 7  # the start and six iterations
    for tag in ("reward/mean_of_pool", "reward/examples_of_best", "reward/examples_per_instruction"):
        assert [event.step for event in found.Scalars(tag)] == list(range(7))
    assert found.Scalars("cost/calls")[-1].value == 1 + 4 * (5 + 6)


def test_the_final_scores_stand_beside_the_settings(run: Callable[..., Any]) -> None:
    done = run()
    found = events(done.folder)
    assert found.Scalars("final/test_score")[0].value == pytest.approx(done.result["test_score"])
    assert found.Scalars("final/validation_score")[0].value == pytest.approx(done.result["validation_score"])
    settings = found.summary_metadata["_hparams_/session_start_info"].plugin_data.content
    words = (b"method", b"Duet", b"model.learning_rate", b"search.extractor.fusion", b"seed")
    assert all(word in settings for word in words)


def test_the_best_instruction_is_shown_as_text(run: Callable[..., Any], listed: Callable[..., Any]) -> None:
    done = run(lambda text: 1.1 * (text == "Good one."), strategy=listed(["Good one."]))
    found = events(done.folder)
    [event] = found.Tensors("best_instruction/text_summary")
    assert event.tensor_proto.string_val[0].decode() == "`1.000` Good one."


def test_the_projector_holds_the_pool(run: Callable[..., Any]) -> None:
    done = run()
    assert (done.folder / "projector_config.pbtxt").is_file()
    [metadata] = done.folder.rglob("metadata.tsv")
    assert len(metadata.read_text().splitlines()) == len(done.data.pool) + 1
    [tensors] = done.folder.rglob("tensors.tsv")
    assert len(tensors.read_text().splitlines()) == len(done.data.pool)


def test_each_scored_instruction_has_a_line(run: Callable[..., Any]) -> None:
    done = run(threshold=1.1)
    lines = [json.loads(line) for line in (done.folder / "candidates.jsonl").read_text().splitlines()]
    assert [line["instruction"] for line in lines] == done.texts
    assert [line["score"] for line in lines] == [row.score for row in done.data.pool]
    assert [line["predicted"] is None for line in lines] == [True] * 5 + [False] * 3


def observation(index: int, predicted: float | None, reward: float) -> ScoredInstruction:
    candidate = Candidate(f"{index}", "global", features=torch.zeros(2), predicted=predicted)
    return ScoredInstruction(candidate, index, (reward,), ("",))


def test_the_rank_correlation_is_that_of_scipy() -> None:
    predicted, rewards = [0.1, 0.4, 0.2, 0.9, 0.4, 0.3], [0.0, 0.5, 0.5, 0.75, 0.25, 0.5]
    rows = [observation(i, *pair) for i, pair in enumerate(zip(predicted, rewards, strict=True), 1)]
    pool = Pool((observation(0, None, 0.9), *rows))
    assert held_out_rank_correlation(pool) == pytest.approx(spearmanr(predicted, rewards).statistic)


@pytest.mark.parametrize("rewards", [[0.5, 0.1], [0.5, 0.5, 0.5]])
def test_too_little_is_no_correlation(rewards: list[float]) -> None:
    pool = Pool(tuple(observation(i, i / 10, reward) for i, reward in enumerate(rewards)))
    assert held_out_rank_correlation(pool) is None

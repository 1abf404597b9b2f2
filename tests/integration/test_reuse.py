"""A former predictor starts another task."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from duet.commands import main as cli
from duet.session.duet_cli import DuetCLI

SETTINGS = [
    "--black_box=duet.models.fakes.HashingBlackBox", "--white_box=duet.models.fakes.HashingWhiteBox",
    "--search.iterations=1",
    "--search.allocation.examples=3", "--search.initialisation.count=4", "--strategy.init_args.candidates=6",
    "--strategy.init_args.choose=1",
]  # fmt: skip


def test_another_task_starts_from_the_former_predictors_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.main(["fit", *SETTINGS, "--task.name=second_letter", "--run_dir=one", "--model.steps=20"]) == 0
    former = torch.load("one/checkpoints/last.ckpt", weights_only=True)["state_dict"]
    second = [*SETTINGS, "--task.name=reverse_word", "--run_dir=two", "--model.init_from=one/checkpoints/last.ckpt"]
    # At a learning rate of 0 the fit ends where it starts.
    model = DuetCLI([*second, "--model.learning_rate=0"]).model
    for name, value in model.network.state_dict().items():
        assert torch.equal(model.start[name], former[f"network.{name}"])
        assert torch.equal(value, former[f"network.{name}"])

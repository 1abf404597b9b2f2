"""Options of the trainer are honoured or refused in one line."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from lightning.pytorch.loggers import CSVLogger, TensorBoardLogger
from lightning.pytorch.plugins import AsyncCheckpointIO, MixedPrecision, TorchCheckpointIO

from callbacks.checkpoint_io import AtomicCheckpointIO
from duet.commands import main as cli
from duet.session.trainer_options import INSTEAD, UNUSED, loggers, plugins, trainer_options

CSV_LOGGER = [
    "--trainer.logger=lightning.pytorch.loggers.CSVLogger",
    "--trainer.logger.save_dir=curves",
    "--trainer.logger.name=mine",
]
BOTH = (
    "[{class_path: lightning.pytorch.loggers.CSVLogger, init_args: {save_dir: curves, name: mine}},"
    "{class_path: lightning.pytorch.loggers.TensorBoardLogger, init_args: {save_dir: curves, name: board}}]"
)


@pytest.fixture
def fit(folder: Path, search: list[str]) -> list[str]:
    """A small search without a network."""
    return ["fit", *search, "--black_box=duet.models.fakes.HashingBlackBox", "--search.allocation.kind=fixed"]


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_another_logger_gets_the_curves_and_the_final_scores(fit: list[str]) -> None:
    assert cli.main([*fit, *CSV_LOGGER]) == 0
    curves = rows(Path("curves/mine/version_0/metrics.csv"))
    best = {row["step"]: row["reward/best"] for row in curves if row["reward/best"]}
    assert list(best) == ["0", "1", "2"]
    assert [row["step"] for row in curves if row["loss/regression"]] == ["1", "2"]
    score = json.loads(Path("run/result.json").read_text())["validation_score"]
    assert [float(row["final/validation_score"]) for row in curves if row["final/validation_score"]] == [score]
    assert "method: Duet\n" in Path("curves/mine/version_0/hparams.yaml").read_text()
    assert list(Path("run").glob("events*")) == []


def test_several_loggers_get_the_same(fit: list[str]) -> None:
    assert cli.main([*fit, f"--trainer.logger={BOTH}"]) == 0
    assert len(rows(Path("curves/mine/version_0/metrics.csv"))) >= 3
    assert list(Path("curves/board").rglob("events*"))


def test_without_a_logger_there_are_no_curves(fit: list[str]) -> None:
    assert cli.main([*fit, "--trainer.logger=false"]) == 0
    assert list(Path("run").glob("events*")) == []
    assert Path("run/candidates.jsonl").is_file()


@pytest.mark.parametrize("option", ["devices=2", "num_nodes=2"])
def test_more_than_one_process_is_refused_before_anything_is_asked(
    option: str, fit: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    assert cli.main([*fit, f"--trainer.{option}"]) == 2
    [line] = capfd.readouterr().err.splitlines()
    assert line.endswith("expected one process, as each would pay for the whole search, but got 2")
    assert not Path("run/calls.sqlite").exists()


@pytest.mark.parametrize("name", [*INSTEAD, *UNUSED])
def test_an_option_that_a_search_would_ignore_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=rf"^trainer\.{name}: a search has no use for it, but it is 7(; set |$)"):
        trainer_options({name: 7}, tmp_path)


def test_the_command_line_refuses_it_in_one_line(fit: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    assert cli.main([*fit, "--trainer.max_steps=3"]) == 2
    line = "duet: trainer.max_steps: a search has no use for it, but it is 3; set search.iterations instead"
    assert capfd.readouterr().err.splitlines() == [line]


def test_the_defaults_of_lightning_pass(tmp_path: Path) -> None:
    options = trainer_options({"max_steps": -1, "fast_dev_run": False, "limit_val_batches": None}, tmp_path)
    assert options["default_root_dir"] == str(tmp_path)


@pytest.mark.parametrize("chosen", [None, True])
def test_tensorboard_in_the_run_folder_is_the_default(chosen: bool | None, tmp_path: Path) -> None:
    [logger] = loggers(chosen, tmp_path)
    assert isinstance(logger, TensorBoardLogger)
    assert Path(logger.log_dir) == tmp_path


def test_a_users_loggers_take_its_place(tmp_path: Path) -> None:
    logger = CSVLogger(tmp_path)
    assert loggers(logger, tmp_path) == loggers([logger], tmp_path) == [logger]
    assert loggers(False, tmp_path) == []


@pytest.mark.parametrize(
    ("chosen", "kinds"),
    [
        (None, [AtomicCheckpointIO]),
        (MixedPrecision("bf16-mixed", "cpu"), [MixedPrecision, AtomicCheckpointIO]),
        ([TorchCheckpointIO()], [TorchCheckpointIO]),
        ([AsyncCheckpointIO()], [AsyncCheckpointIO]),
    ],
)
def test_a_users_plugins_are_kept_and_checkpoints_stay_whole(chosen: Any, kinds: list[type]) -> None:
    assert [type(plugin) for plugin in plugins(chosen)] == kinds

"""``fit``: the main job. The LightningCLI subclass declares what is shared once and links it."""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml
from lightning import Trainer
from lightning.pytorch.callbacks import ModelCheckpoint
from lightning.pytorch.cli import LightningArgumentParser, LightningCLI
from lightning.pytorch.loggers import TensorBoardLogger
from lightning.pytorch.utilities.exceptions import SIGTERMException

from callbacks.checkpoint_io import AtomicCheckpointIO
from callbacks.instruction_search import InstructionSearch
from callbacks.search_curves import SearchCurves
from callbacks.search_progress import SearchProgress, printable
from datamodules.instruction_pool import InstructionPool
from lightning_modules.score_predictor import ScorePredictor
from llms.base import AbstractBlackBox, AbstractWhiteBox
from reporting.records import RESULT
from search.strategy import AbstractStrategy
from tasks.task import Task

DEFAULTS = Path(__file__).parents[1] / "configs" / "defaults.yaml"
CONFIG = "config.yaml"
MAY_CHANGE = ("trainer", "run_dir", "min_score", "search.iterations", "search.threshold", "search.budget")
FAMILIAR_NOISE = (
    ".*does not have many workers.*",
    ".*No `?val_dataloader.*",
    ".*was not in .*on_train_epoch_end.*",
    ".*GPU available but not used.*",
    ".*LeafSpec.*",
    ".*exists and is not empty.*",
    ".*treespec.*",
)
log = logging.getLogger("duet")


class Finished(Exception):
    """The run folder holds a finished run with these very settings."""


class DuetCLI(LightningCLI):
    """Task, models, strategy and callback are declared once; the callback gets them by links."""

    def add_arguments_to_parser(self, parser: LightningArgumentParser) -> None:
        """Adds our own keys beside Lightning's."""
        parser.add_class_arguments(Task, "task")
        parser.add_subclass_arguments(AbstractBlackBox, "black_box")
        parser.add_subclass_arguments(AbstractBlackBox, "initial_black_box", required=False)
        parser.add_subclass_arguments(AbstractWhiteBox, "white_box")
        parser.add_subclass_arguments(AbstractStrategy, "strategy")
        parser.add_lightning_class_args(InstructionSearch, "search")
        parser.add_argument(
            "--run_dir", type=str | None, default=None, help="Run folder; runs/TASK-STRATEGY-SEED by default."
        )
        parser.add_argument(
            "--min_score", type=float | None, default=None, help="Exit code 100 when the test score is lower."
        )
        for name in ("task", "black_box", "initial_black_box", "white_box", "strategy"):
            parser.link_arguments(name, f"search.{name}", apply_on="instantiate")
        parser.link_arguments("search.feature_size", "model.feature_size", apply_on="instantiate")
        parser.link_arguments("seed_everything", "search.seed")
        parser.link_arguments("seed_everything", "model.seed")
        parser.link_arguments("search.iterations", "trainer.max_epochs")

    @staticmethod
    def subcommands() -> dict[str, set[str]]:
        """Only ``fit``; the others are modules of their own."""
        return {"fit": {"model", "train_dataloaders", "val_dataloaders", "datamodule"}}

    @property
    def run_dir(self) -> Path:
        """The run folder, from the settings or made of task, strategy and seed."""
        settings = self.config.fit
        if settings.run_dir:
            return Path(settings.run_dir).expanduser()
        strategy = settings.strategy.class_path.rpartition(".")[2].lower()
        return Path("runs") / f"{settings.task.name}-{strategy}-{settings.seed_everything}"

    def before_instantiate_classes(self) -> None:
        """Refuses a folder of other settings before anything is loaded or paid."""
        check_run_dir(self.run_dir, yaml.safe_load(self.parser.dump(self.config, skip_check=True))["fit"])

    def instantiate_trainer(self, **kwargs: Any) -> Trainer:
        """The run folder's logger, checkpoints and curves."""
        folder = self.run_dir
        search = self._get(self.config_init, "search")
        checkpoints = ModelCheckpoint(
            folder / "checkpoints", filename="last", save_top_k=1, enable_version_counter=False,
            save_on_train_epoch_end=True,
        )  # fmt: skip
        self.trainer_defaults = {"callbacks": [SearchCurves(search), SearchProgress(search), checkpoints]}
        return super().instantiate_trainer(
            default_root_dir=str(folder),
            logger=TensorBoardLogger(str(folder), name="", version="", default_hp_metric=False),
            plugins=[AtomicCheckpointIO()],
            **kwargs,
        )

    def fit(self, **kwargs: Any) -> None:
        """Starts, or goes on where the run folder's checkpoint was written."""
        for note in self.search.notes:
            log.info(note)
        last = self.run_dir / "checkpoints" / "last.ckpt"
        checkpoint = kwargs.get("ckpt_path") or (str(last) if last.is_file() else None)
        if checkpoint:
            log.info("resuming from %s", checkpoint)
        self.trainer.fit(self.model, datamodule=self.datamodule, ckpt_path=checkpoint)

    @property
    def search(self) -> InstructionSearch:
        """The callback."""
        callback: InstructionSearch = self._get(self.config_init, "search")
        return callback


def check_run_dir(folder: Path, settings: dict[str, Any]) -> None:
    """Compares the settings with those that the folder was made with.

    Raises:
        ValueError: the folder holds a run with other settings.
        Finished: it holds a finished run with the same ones.
    """
    if not (folder / CONFIG).is_file():
        return
    former = flatten(yaml.safe_load((folder / CONFIG).read_text(encoding="utf-8")))
    present = flatten(settings)
    other = sorted(key for key in former.keys() | present.keys() if former.get(key) != present.get(key))
    fixed = [key for key in other if not key.startswith(MAY_CHANGE) and key != "config"]
    if fixed:
        key = fixed[0]
        raise ValueError(
            f"{folder} holds a run with other settings: {key} was {former.get(key)!r} and is {present.get(key)!r}; "
            "choose another --run_dir"
        )
    if (folder / RESULT).is_file() and not [key for key in other if key.startswith("search")]:
        raise Finished(str(folder))


def flatten(settings: Any, prefix: str = "") -> dict[str, Any]:
    """Nested settings with dotted keys.

    >>> flatten({"a": {"b": 1}, "c": [2]})
    {'a.b': 1, 'c': [2]}
    """
    if not isinstance(settings, dict):
        return {prefix: settings}
    flat: dict[str, Any] = {}
    for key, value in settings.items():
        flat |= flatten(value, f"{prefix}.{key}" if prefix else str(key))
    return flat


def run(argv: Sequence[str]) -> int:
    """Runs ``fit`` and reports; returns the exit code."""
    quiet()
    try:
        cli = DuetCLI(
            ScorePredictor,
            InstructionPool,
            args=["fit", *argv],
            save_config_kwargs={"overwrite": True, "config_filename": CONFIG},
            parser_kwargs={"fit": {"default_config_files": [str(DEFAULTS)], "exit_on_error": False}},
            trainer_defaults={},
        )
    except Finished as finished:
        return report(Path(str(finished)), None)
    except SIGTERMException:
        return 128 + signal.SIGTERM
    return report(cli.run_dir, cli.config.fit.min_score)


def report(folder: Path, min_score: float | None) -> int:
    """The end of a run in a few lines on standard output."""
    result = json.loads((folder / RESULT).read_text(encoding="utf-8"))
    sys.stdout.write("\n".join(summary(result, folder)) + "\n")
    score = result["test_score"]
    return 100 if min_score is not None and (score is None or score < min_score) else 0


def summary(result: dict[str, Any], folder: Path) -> list[str]:
    """Instruction, score with interval, the start, the cost, the place."""
    lines = [f"Best instruction: {printable(result['best_instruction'], 2000)}"]
    if result["test_score"] is None:
        lines.append("Not tested: the budget had no room for it")
    else:
        low, high = result["test_interval"]
        lines.append(
            f"Test score {result['test_score']:.3f}, 95 % interval [{low:.3f}, {high:.3f}], {result['n_test']} examples"
        )
    start = result["initial_best_test_score"]
    tested = "" if start is None else f"test score {start:.3f}: "
    lines.append(f"Before the search: {tested}{printable(result['initial_best_instruction'], 2000)}")
    tokens = result["prompt_tokens"] + result["completion_tokens"]
    lines.append(
        f"{result['iterations']} iterations, {result['calls']} calls, {tokens} tokens, {result['seconds']:.0f} s, "
        f"stopped by: {result['stop_reason']}"
    )
    return [*lines, f"Run folder: {folder}"]


def quiet() -> None:
    """Our own lines only: Lightning's tips and the familiar warnings say nothing about a search."""
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    for name in ("lightning.pytorch", "lightning.fabric", "lightning"):
        logging.getLogger(name).setLevel(logging.ERROR)
    for pattern in FAMILIAR_NOISE:
        warnings.filterwarnings("ignore", pattern)

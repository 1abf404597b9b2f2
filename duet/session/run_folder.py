"""The run folder: whether it may be used, whether it is finished, and whether a checkpoint belongs to the run."""

from __future__ import annotations

import json
import pickle
import sqlite3
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
import yaml
from lightning import LightningModule, Trainer
from lightning.pytorch.cli import SaveConfigCallback

from duet.atomic_files import replace_text
from duet.config_files import flatten
from duet.engine.search import Search
from duet.reporting.records import RESULT
from duet.reporting.runs import CONFIG
from duet.session.live import Live
from duet.spending.cache_file import CACHE
from duet.spending.cost_journal import SPENDING
from duet.tasks.task import Task
from lightning_modules.score_predictor import ScorePredictor

LAST = Path("checkpoints") / "last.ckpt"
MAY_CHANGE = (
    "trainer", "run_dir", "min_score", "config", "ckpt_path", "weights_only", "dry_run", "yes",
    "search.cache", "search.iterations", "search.threshold", "search.budget",
)  # fmt: skip
OF_ONE_START = ("dry_run", "yes")  # given for one start, not settings of the run
GOES_ON_WITH = ("search.iterations", "search.threshold", "search.budget")  # a finished run can be made longer
SHAPE = ("feature_size", "depth", "width")
FORMER_LAYOUT = ("llms.", "search.")  # where classes were before the package duet


class Finished(Exception):
    """The run folder holds a finished run with these very settings.

    Args:
        folder: that folder.
        min_score: the quality gate of the present settings.
    """

    def __init__(self, folder: Path, min_score: float | None) -> None:
        super().__init__(str(folder))
        self.folder, self.min_score = folder, min_score


class SaveConfig(SaveConfigCallback):
    """Writes the merged settings whole or not at all.

    Args:
        live: what stands in place of settings.
        options: as Lightning's.
    """

    def __init__(self, *arguments: Any, live: Live = Live(), **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._live = live

    def save_config(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Replaces config.yaml."""
        config = self.config.clone()
        for name in OF_ONE_START:
            config.pop(name, None)
        text = yaml.safe_dump(self._live.settings(self.parser, config), sort_keys=False, allow_unicode=True)
        replace_text(Path(trainer.default_root_dir) / CONFIG, text)


def check_run_dir(folder: Path, settings: dict[str, Any], task: Callable[[], Task]) -> None:
    """Compares the settings with those that the folder was made with; where nothing was paid for they don't matter.

    Args:
        folder: the run folder.
        settings: the present ones.
        task: reads the task that they name.

    Raises:
        ValueError: it is no folder, or holds a run with other settings.
        Finished: it holds a finished run with the same ones.
    """
    there = next(path for path in (folder, *folder.absolute().parents) if path.exists() or path.is_symlink())
    if not there.is_dir():
        raise ValueError(f"run_dir: expected a folder but {there} is a file")
    if not (folder / CONFIG).is_file() or not _was_used(folder):
        return
    former = flatten(_former_settings(folder / CONFIG))
    present = flatten(settings)
    other = sorted(key for key in former.keys() | present.keys() if former.get(key) != present.get(key))
    fixed = [key for key in other if not key.startswith(MAY_CHANGE)]
    if any(key.endswith("class_path") and str(former.get(key)).startswith(FORMER_LAYOUT) for key in fixed):
        raise ValueError(
            f"run_dir: {folder} holds a run of an earlier version of Duet, which this one can't resume; "
            "choose another --run_dir"
        )
    if fixed:
        key = fixed[0]
        raise ValueError(
            f"run_dir: {folder} holds a run with other settings: {key} was {former.get(key)!r} and is "
            f"{present.get(key)!r}; choose another run_dir"
        )
    if _is_complete(folder) and not [key for key in other if key.startswith(GOES_ON_WITH)]:
        _check_task(folder, task())
        raise Finished(folder, settings["min_score"])


def _former_settings(path: Path) -> dict[str, Any]:
    problem = ValueError(f"{path}: expected the settings of a run but found something else; choose another run_dir")
    try:
        settings = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise problem from error
    if not isinstance(settings, dict):
        raise problem
    return settings


def _check_task(folder: Path, task: Task) -> None:
    """The same settings may name files whose content is another one by now."""
    former = json.loads((folder / RESULT).read_text(encoding="utf-8")).get("task_fingerprint")
    if former is not None and former != task.fingerprint:
        raise ValueError(
            f"run_dir: {folder} holds a finished run of {task.name!r}, but the task's files have changed since; "
            "choose another run_dir"
        )


def _is_complete(folder: Path) -> bool:
    """Returns whether the folder has a result whose test lacks no answer."""
    try:
        return bool(json.loads((folder / RESULT).read_text(encoding="utf-8")).get("is_complete", True))
    except FileNotFoundError:
        return False


def _was_used(folder: Path) -> bool:
    """Returns whether anything was paid for, or found out, in the folder."""
    return (folder / SPENDING).is_file() or (folder / LAST).is_file() or _holds_answers(folder / CACHE)


def _holds_answers(path: Path) -> bool:
    """Returns whether the call cache holds an answer; what is no cache is reported when it is used."""
    if not path.is_file():
        return False
    connection = sqlite3.connect(path)
    try:
        return bool(connection.execute("SELECT EXISTS (SELECT 1 FROM completions)").fetchone()[0])
    except sqlite3.DatabaseError:
        return False
    finally:
        connection.close()


def check_checkpoint(path: str, search: Search, predictor: ScorePredictor) -> None:
    """Checks that the run can resume from a checkpoint.

    Raises:
        ValueError: it is none, or that of another task, seed or predictor.
    """
    if not Path(path).is_file():
        raise ValueError(f"ckpt_path: expected the checkpoint of a run but there is no file {path}")
    state, shape = _content(path)
    search.require_own(state)
    for name in SHAPE:
        former, present = shape.get(name), predictor.hparams.get(name)
        if former != present:
            raise ValueError(f"ckpt_path: expected a predictor with {name} {present} but {path} has {former}")


def _content(path: str) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """The search's state and the predictor's shape in a checkpoint, loaded without running code from it."""
    problem = ValueError(f"ckpt_path: expected the checkpoint of a run but found something else in {path}")
    if not zipfile.is_zipfile(path):
        raise problem
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
        state, shape = content["callbacks"]["InstructionSearch"], content.get("hyper_parameters", {})  # none to learn
    except (RuntimeError, pickle.UnpicklingError, LookupError, TypeError) as error:
        raise problem from error
    if not (isinstance(state, dict) and "fingerprint" in state and isinstance(shape, dict)):
        raise problem
    return state, shape

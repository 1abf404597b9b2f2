"""Options of Lightning's trainer: each one that a user sets is honoured, or refused in one line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from inspect import signature
from pathlib import Path
from typing import Any

from lightning import Trainer
from lightning.fabric.plugins.io.checkpoint_io import CheckpointIO
from lightning.pytorch.loggers import Logger, TensorBoardLogger

from callbacks.checkpoint_io import AtomicCheckpointIO

INSTEAD = {
    "default_root_dir": "run_dir",
    "fast_dev_run": "search.iterations",
    "max_epochs": "search.iterations",
    "max_steps": "search.iterations",
    "max_time": "search.budget.max_time",
    "min_epochs": "search.iterations",
    "min_steps": "search.iterations",
}
UNUSED = (  # one batch per iteration, optimised by hand, and no loop but the training's
    "accumulate_grad_batches", "check_val_every_n_epoch", "gradient_clip_algorithm", "gradient_clip_val",
    "limit_predict_batches", "limit_test_batches", "limit_train_batches", "limit_val_batches", "overfit_batches",
    "reload_dataloaders_every_n_epochs", "sync_batchnorm", "use_distributed_sampler", "val_check_interval",
)  # fmt: skip


def trainer_options(chosen: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """The options that a run folder decides, merged with the user's: root folder, loggers, plugins.

    Args:
        chosen: the user's options, with loggers and plugins as objects.
        folder: the run folder.

    Raises:
        ValueError: an option has no place in a search; names the one to use instead, if there is one.
    """
    refuse_unused(chosen)
    return {
        "default_root_dir": str(folder),
        "logger": loggers(chosen.get("logger"), folder),
        "plugins": plugins(chosen.get("plugins")),
    }


def refuse_unused(chosen: Mapping[str, Any]) -> None:
    """Refuses what a search would ignore, or what would end it before its final test.

    Raises:
        ValueError: names the option.
    """
    known = signature(Trainer).parameters
    for name in (*INSTEAD, *UNUSED):
        default = known[name].default
        if chosen.get(name, default) not in (None, default):
            hint = f"; set {INSTEAD[name]} instead" if name in INSTEAD else ""
            raise ValueError(f"trainer.{name}: a search has no use for it, but it is {chosen[name]}{hint}")


def loggers(chosen: Logger | Sequence[Logger] | bool | None, folder: Path) -> list[Logger]:
    """The user's loggers, all of which get the curves; TensorBoard in the run folder unless there are others."""
    if chosen is None or chosen is True:
        return [TensorBoardLogger(str(folder), name="", version="", default_hp_metric=False)]
    return [] if chosen is False else [chosen] if isinstance(chosen, Logger) else list(chosen)


def plugins(chosen: Any) -> list[Any]:
    """The user's plugins, and one that writes checkpoints whole or not at all unless they bring their own."""
    own = list(chosen) if isinstance(chosen, list) else [] if chosen is None else [chosen]
    return own if any(isinstance(plugin, CheckpointIO) for plugin in own) else [*own, AtomicCheckpointIO()]


def require_one_process(trainer: Trainer) -> None:
    """Refuses more than one process: each would run, and pay for, the whole search.

    Raises:
        ValueError: says how many there are.
    """
    if trainer.world_size > 1:
        raise ValueError(
            f"trainer.devices, trainer.num_nodes: expected one process, as each would pay for the whole search, but "
            f"got {trainer.world_size}"
        )

"""The LightningCLI subclass: declares what is shared once, links it, and says in one line what is wrong."""

from __future__ import annotations

import argparse
import logging
import signal
import threading
from collections.abc import Sequence
from contextlib import ExitStack, nullcontext
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jsonargparse import Namespace
from lightning import Trainer
from lightning.fabric.utilities.exceptions import MisconfigurationException
from lightning.pytorch.cli import LightningArgumentParser, LightningCLI

from callbacks.instruction_search import InstructionSearch
from callbacks.search_checkpoint import SearchCheckpoint
from callbacks.search_curves import SearchCurves
from callbacks.search_progress import SearchProgress
from datamodules.instruction_pool import InstructionPool
from duet.config_files import DEFAULTS, config_paths, flatten, read_config, require_numbers, with_found_configs
from duet.engine.search import Search
from duet.messages import plain_message, suggest, unknown_key
from duet.models.base import AbstractBlackBox, AbstractEncoder
from duet.reporting.records import RESULT
from duet.run_lock import run_lock
from duet.session.live import SHARED, Live, class_name
from duet.session.money import likely, most, require_cap
from duet.session.own_defaults import with_own_defaults
from duet.session.run_folder import LAST, SaveConfig, check_checkpoint, check_run_dir
from duet.session.trainer_options import require_one_process, trainer_options
from duet.session.without_toy import NO_WHITE_BOX, NOTE, lacks_white_box
from duet.strategies.strategy import AbstractStrategy
from duet.tasks.task import Task
from duet.threads import one_thread
from lightning_modules.no_predictor import NoPredictor
from lightning_modules.score_predictor import ScorePredictor

OF_NO_RUN = (
    "trainer", "run_dir", "config", "ckpt_path", "dry_run", "yes", "weights_only", "min_score", "search.cache",
    "task.examples",
)  # fmt: skip
NARROW = 1024  # numbers per instruction: a predictor of no more is as quick with one thread
log = logging.getLogger("duet")


class DryRun(Exception):
    """Ends a dry run: no calls are to be made.

    Args:
        cli: the settings.
        search: what would run.
    """

    def __init__(self, cli: DuetCLI, search: Search) -> None:
        super().__init__("a dry run")
        self.cli, self.search = cli, search


class DuetCLI(LightningCLI):
    """Task, models, strategy and callback are declared once; the callback gets them by links.

    Args:
        arguments: the command line behind the subcommand ``fit``.
        live: what a Python program has made itself, by its key in the settings, whose place it takes.
    """

    def __init__(self, arguments: Sequence[str], live: Live = Live()) -> None:
        self._live = live
        with ExitStack() as self._held:
            self._run(arguments)

    def _run(self, arguments: Sequence[str]) -> None:
        """Reads the settings and carries out the whole run."""
        self._lacks_white_box = lacks_white_box(arguments, {**self._live.overrides, **self._live.objects})
        if self._lacks_white_box:
            arguments = [f"--config={NO_WHITE_BOX}", *arguments]
        fit = {"default_config_files": [str(path) for path in DEFAULTS], "exit_on_error": False}
        super().__init__(
            ScorePredictor,
            InstructionPool,
            args=["fit", *with_found_configs(arguments), *self._live.arguments],
            save_config_callback=SaveConfig,
            save_config_kwargs={"save_to_log_dir": False, "live": self._live},
            parser_kwargs={"prog": "duet", "exit_on_error": False, "fit": fit},
        )

    def add_arguments_to_parser(self, parser: LightningArgumentParser) -> None:
        """Adds our own keys beside Lightning's."""
        declare_search(parser)
        parser.add_argument(
            "--run_dir", type=str | None, default=None, help="Run folder; runs/TASK-STRATEGY-SEED by default."
        )
        parser.add_argument(
            "--min_score",
            type=float | None,
            default=None,
            help="Exit with code 100 unless the 95 % interval of the test score begins at this score or above.",
        )
        parser.add_argument(
            "--dry_run",
            action="store_true",
            help="Print the maximum calls, tokens and US dollars that the run can spend, and make no calls.",
        )
        parser.add_argument("--yes", action="store_true", help="Start without a cap even if an endpoint costs money.")
        parser.link_arguments("search.feature_size", "model.feature_size", fitted_width, apply_on="instantiate")
        parser.link_arguments("seed_everything", "search.seed")
        parser.link_arguments("seed_everything", "model.seed")

    @staticmethod
    def subcommands() -> dict[str, set[str]]:
        """Only ``fit``; the others are modules of their own."""
        return {"fit": {"model", "train_dataloaders", "val_dataloaders", "datamodule"}}

    def parse_arguments(self, parser: LightningArgumentParser, args: Any) -> None:
        """Reads the settings.

        Raises:
            ValueError: one line that names the file or the key, what was expected and what was found.
        """
        typed = args[: len(args) - len(self._live.arguments)]
        files = {path: flatten(read_config(path)) for path in config_paths(typed)}
        for path, settings in files.items():
            require_numbers(settings, f"{path}: ")
        try:
            self.config = parser.parse_args(args)
        except argparse.ArgumentError as error:
            raise ValueError(self._explain(error.message, files)) from error
        except OverflowError as error:
            raise ValueError(f"command line: expected numbers that can be computed with but found: {error}") from error
        require_numbers(flatten(self.config.fit.as_dict()))
        for name in ("strategy", "black_box"):
            if self.config.fit[name] is None:
                raise ValueError(f"{name}: expected the dotted path of a class but got nothing")
        strategy, defaults = self.config.fit.strategy, [str(path) for path in DEFAULTS]
        self.config.fit.strategy = with_own_defaults(strategy, defaults, typed, self._live.overrides)
        self._live.put_into(self.config.fit)

    def _explain(self, message: str, files: dict[str, dict[str, Any]]) -> str:
        if "arguments are required" in message and "class_path" not in message:
            keys = message.partition(": ")[2].replace("fit.", "")
            return (
                f"{keys}: expected in a --config file or on the command line (--{keys.split(',')[0]} ...) but missing"
            )
        if not (key := unknown_key(message)):
            return plain_message(message)
        places = [path for path, settings in files.items() if any(setting.startswith(key) for setting in settings)]
        known = [action.dest for action in self._subcommand_parsers["fit"]._actions]
        return f"{places[-1] if places else 'command line'}: no such key: {key}{suggest(key, known)}"

    def _parse_ckpt_path(self) -> None:
        """Nothing: a checkpoint changes no setting."""

    @property
    def run_dir(self) -> Path:
        """The run folder, from the settings or made of task, strategy and seed."""
        settings = self.config.fit
        if settings.run_dir:
            return Path(settings.run_dir).expanduser()
        strategy = class_name(settings.strategy).lower()
        return Path("runs") / f"{settings.task.name}-{strategy}-{settings.seed_everything}"

    def before_instantiate_classes(self) -> None:
        """Refuses a folder of other settings, and money without a cap, before anything is loaded or paid.

        Raises:
            DryRun: only the estimate was requested.
        """
        settings = self.config.fit
        if settings.dry_run:
            raise DryRun(self, self.planned_search())
        self.check_run_dir()
        if not settings.yes:
            require_cap(self.planned_search())
        self._held.enter_context(run_lock(self.run_dir))

    def check_run_dir(self) -> None:
        """Checks whether the run folder may be used.

        Raises:
            ValueError, Finished: see duet.session.run_folder.
        """
        parser = self._subcommand_parsers["fit"]
        check_run_dir(self.run_dir, self._live.settings(parser, self.config.fit), self._planned_task)

    def _planned_task(self) -> Task:
        parser = LightningArgumentParser(exit_on_error=False)
        parser.add_class_arguments(Task, "task")
        task: Task = parser.instantiate_classes(Namespace(task=self.config.fit.task)).task  # type: ignore[no-untyped-call]
        return task

    def planned_search(self) -> Search:
        """The search alone: task and models are declared, but no weights are loaded and no calls are made."""
        settings = {name: self.config.fit[name] for name in (*SHARED, "search")}
        declared = Namespace(**settings)  # type: ignore[no-untyped-call]
        search: Search = _search_parser().instantiate_classes(declared).search
        return search

    def instantiate_trainer(self, **kwargs: Any) -> Trainer:
        """The run folder's logger, checkpoints and curves."""
        folder = self.run_dir
        search = self.search
        self.trainer_defaults = {
            "callbacks": [
                InstructionSearch(search),
                SearchCurves(search, self.settings_of_the_run),
                SearchProgress(search),
                SearchCheckpoint(folder / LAST),
                *self._live.callbacks,
            ]
        }
        options = trainer_options(self._get(self.config_init, "trainer", default={}), folder)
        try:
            trainer = super().instantiate_trainer(**options, max_epochs=search.iterations, **kwargs)
        except (TypeError, ValueError, MisconfigurationException) as error:
            raise ValueError(f"trainer: {error}") from error
        require_one_process(trainer)
        return trainer

    @property
    def settings_of_the_run(self) -> dict[str, Any]:
        """All that can set two runs apart, with dotted keys: places, examples and what holds for one start aside."""
        settings = self._live.settings(self._subcommand_parsers["fit"], self.config.fit)
        return {key: value for key, value in flatten(settings).items() if not key.startswith(OF_NO_RUN)}

    def fit(self, **kwargs: Any) -> None:
        """Starts the search, or resumes it from the run folder's checkpoint."""
        self.model.setup("fit")  # reads model.init_from before anything is printed or made
        checkpoint = kwargs.get("ckpt_path") or (str(self.run_dir / LAST) if (self.run_dir / LAST).is_file() else None)
        if checkpoint:
            check_checkpoint(checkpoint, self.search, self.model)
        for note in (*([NOTE] if self._lacks_white_box else []), *self.search.notes):
            log.info(note)
        if self.search.accounts.costs_money:
            log.info("Likely cost: %s. %s", likely(self.search), most(self.search))
        log.info("%s in %s", "Going on" if checkpoint else "Run", self.run_dir)
        (self.run_dir / RESULT).unlink(missing_ok=True)  # of a shorter search
        narrow = self.search.feature_size <= NARROW
        try:
            with one_thread() if narrow else nullcontext():
                self.trainer.fit(self.model, datamodule=self.datamodule, ckpt_path=checkpoint)
        except SystemExit as stop:
            if not isinstance(stop.__context__, KeyboardInterrupt):
                raise
            if threading.current_thread() is threading.main_thread():
                signal.signal(signal.SIGINT, signal.default_int_handler)  # Lightning ignores it by now
            raise stop.__context__ from None  # and leaves with 1

    def _dump_config(self) -> None:
        """Keeps the settings of predictor and data, which Lightning saves as their hyperparameters."""
        plain = self._live.without_objects(self.config, "fit.")
        text = self.parser.dump(plain, skip_link_targets=False, skip_none=False, skip_validation=True)
        self.config_dump = yaml.safe_load(text)["fit"]

    def instantiate_classes(self) -> None:
        """Puts a module that fits nothing in the predictor's place where the method needs none."""
        super().instantiate_classes()
        if not self.search.strategy.requirements.predictor:
            self.model = NoPredictor()

    @property
    def search(self) -> Search:
        """The search."""
        search: Search = self._get(self.config_init, "search")
        return search


def planned(arguments: Sequence[str], live: Live = Live()) -> DryRun:
    """The settings and the search that they describe; nothing is loaded or made, and no calls are sent.

    Raises:
        ValueError: a setting is wrong.
    """
    try:
        DuetCLI([*arguments, "--dry_run"], live)
    except DryRun as dry:
        return dry
    raise AssertionError("a dry run ends before anything is loaded")


def fitted_width(feature_size: int) -> int:
    """The predictor's width; a method without features has one that is replaced before anything is fitted."""
    return feature_size or 1


@cache
def _search_parser() -> LightningArgumentParser:
    """The parser of a search's arguments alone; it takes a while to declare."""
    parser = LightningArgumentParser(exit_on_error=False)
    declare_search(parser)
    return parser


def declare_search(parser: LightningArgumentParser) -> None:
    """The arguments of a search, each shared object once; the search gets them by links."""
    parser.add_class_arguments(Task, "task")
    parser.add_subclass_arguments(AbstractBlackBox, "black_box")
    parser.add_subclass_arguments(AbstractBlackBox, "proposer", required=False)
    parser.add_subclass_arguments(AbstractEncoder, "white_box", required=False)
    parser.add_subclass_arguments(AbstractStrategy, "strategy")
    parser.add_class_arguments(Search, "search")
    for name in SHARED:
        parser.link_arguments(name, f"search.{name}", apply_on="instantiate")

"""``optimize``: the whole search from Python, in the same run folder as the command line's."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from duet.api.arguments import (
    EMBEDDED,
    FOLLOWS_REQUESTS,
    BlackBox,
    Method,
    TaskLike,
    WhiteBox,
    black_box_settings,
    can_write,
    merged,
    nested,
    task_settings,
    white_box_settings,
)
from duet.api.own_thread import beside_a_loop
from duet.api.result import Result, read_result
from duet.config_files import find_config, read_config
from duet.session.output import library_lines
from duet.session.without_toy import NO_WHITE_BOX, NOTE
from duet.spending.budget import Budget

if TYPE_CHECKING:
    from lightning import Callback

    from duet.session.live import Live

log = logging.getLogger("duet")


def optimize(
    task: TaskLike,
    black_box: BlackBox = None,
    white_box: WhiteBox = None,
    *,
    proposer: BlackBox = None,
    method: Method = None,
    budget: Budget | None = None,
    iterations: int | None = None,
    seed: int = 0,
    run_dir: str | Path | None = None,
    callbacks: Sequence[Callback] = (),
    config: str | Sequence[str] = (),
    settings: Mapping[str, Any] | None = None,
    uncapped: bool = False,
    progress: bool = True,
) -> Result:
    """Finds the instruction with which a black box does a task best.

    The same call again resumes in the same run folder after any interruption; a finished run costs nothing.

    Args:
        task: a Task, a list of (input, output) pairs or of records, the name of a task that ships with Duet, or a task
            file.
        black_box: the model whose instruction is sought: its name (``gpt-4o-mini``, ``groq/llama-3.3-70b``), a function
            from a list of prompts to a list of answers, or a black box; by default the small embedded model.
        white_box: the open model that writes and encodes instructions: a folder, a name on the Hugging Face Hub, an
            encoder, ``embedded`` or ``n-grams``. By default the embedded model serves the embedded one; for every other
            model the proposer writes and n-grams are the features.
        proposer: the model that writes instructions, as ``black_box``; by default that one.
        method: a strategy, or the name of a file in configs/methods, such as ``ape``; by default Duet.
        budget: caps on calls, tokens, US dollars and time.
        iterations: most iterations.
        seed: of the splits, the demonstrations and the search.
        run_dir: the run folder; runs/TASK-METHOD-SEED by default.
        callbacks: Lightning callbacks, called between the iterations.
        config: files of settings, as of ``duet fit --config``.
        settings: any other settings, as in such a file; keys may be dotted. They win.
        uncapped: start without a budget even if a model may cost money.
        progress: show progress on standard error.

    Raises:
        ValueError: an argument or a setting is wrong, or nothing caps what a model may cost.
        LanguageModelError: as `duet.models.errors`; what was paid for is kept.
    """
    given = _Given(task, black_box, white_box, proposer, method)
    overrides: dict[str, Any] = {"seed_everything": seed, "run_dir": None if run_dir is None else str(run_dir)}
    if budget is not None:
        overrides["search"] = {"budget": asdict(budget)}
    if iterations is not None:
        overrides = merged(overrides, {"search": {"iterations": iterations}})
    files = [config] if isinstance(config, str) else list(config)
    arguments, more, live = given.settings(files)
    whole = merged(more, overrides, nested(settings or {}))
    arguments += ["--yes"] if uncapped else []
    note = NOTE if given.lacks_white_box(files) else None
    return beside_a_loop(lambda: carry_out(arguments, whole, live, tuple(callbacks), progress, note))


class _Given:
    """The arguments that name what takes part."""

    def __init__(
        self, task: TaskLike, black_box: BlackBox, white_box: WhiteBox, proposer: BlackBox, method: Method
    ) -> None:
        self.parts = [
            task_settings(task),
            black_box_settings(black_box),
            black_box_settings(proposer, "proposer"),
            white_box_settings(white_box),
            method_settings(method),
        ]
        self.black_box, self.white_box, self.method = black_box, white_box, method

    @property
    def is_embedded(self) -> bool:
        """Whether the embedded model does the task."""
        return self.black_box is None or self.black_box == EMBEDDED

    def settings(self, files: list[str]) -> tuple[list[str], dict[str, Any], dict[str, Any]]:
        """The command line, the settings above it, and the objects."""
        named = list(files)
        if self.lacks_white_box(files) or not can_write(self.white_box):
            named.insert(0, NO_WHITE_BOX)
        if isinstance(self.method, str):
            named.append(f"methods/{self.method}")
        (task, metric), *others = self.parts
        follows = {} if self.is_embedded else FOLLOWS_REQUESTS
        whole = merged(follows, *(found for found, _ in others), {"task": task})
        live = {key: value for _, objects in self.parts for key, value in objects.items()}
        return [f"--config={name}" for name in named], whole, live | metric

    def lacks_white_box(self, files: list[str]) -> bool:
        """Returns whether the embedded white box would be taken for a black box that it knows nothing of."""
        named = any("white_box" in read_config(find_config(name)) for name in files)
        return not self.is_embedded and self.white_box is None and not named


def method_settings(method: Method) -> tuple[dict[str, Any], dict[str, Any]]:
    """A strategy as settings where it is a record of plain values, else as an object."""
    if method is None or isinstance(method, str):
        return {}, {}
    if not is_dataclass(method) or "<locals>" in type(method).__qualname__ or type(method).__module__ == "__main__":
        return {}, {"strategy": method}
    init_args = {field.name: _value(getattr(method, field.name)) for field in fields(method) if field.init}
    path = f"{type(method).__module__}.{type(method).__qualname__}"
    return {"strategy": {"class_path": path, "init_args": init_args}}, {}


def _value(value: Any) -> Any:
    return asdict(value) if is_dataclass(value) and not isinstance(value, type) else value


def carry_out(
    arguments: list[str],
    overrides: Mapping[str, Any],
    objects: Mapping[str, Any],
    callbacks: tuple[Callback, ...] = (),
    progress: bool = True,
    note: str | None = None,
) -> Result:
    """Runs a search by the command line's own rules, and reads what it left."""
    with library_lines(progress):
        if note:
            log.info(note)
        from duet.reporting.html.page import write_run_page
        from duet.session.duet_cli import DuetCLI
        from duet.session.live import Live
        from duet.session.run_folder import Finished

        live: Live = Live(objects, overrides, callbacks)
        try:
            folder = DuetCLI(arguments, live).run_dir
        except Finished as finished:
            log.info("%s already contains the finished run; no calls were made", finished.folder)
            folder = finished.folder
        write_run_page(folder)
        return read_result(folder)

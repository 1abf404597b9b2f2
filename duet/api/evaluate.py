"""``evaluate``: scores given instructions from Python."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from duet.api.arguments import FOLLOWS_REQUESTS, BlackBox, TaskLike, black_box_settings, merged, nested, task_settings
from duet.api.own_thread import beside_a_loop
from duet.session.output import library_lines
from duet.spending.budget import Budget

if TYPE_CHECKING:
    from duet.engine.instruction_scores import Split
    from duet.session.instruction_evaluation import InstructionEvaluation


def evaluate(
    instructions: str | Sequence[str],
    task: TaskLike,
    black_box: BlackBox = None,
    *,
    split: Split = "test",
    budget: Budget | None = None,
    seed: int = 0,
    run_dir: str | Path | None = None,
    config: str | Sequence[str] = (),
    settings: Mapping[str, Any] | None = None,
    uncapped: bool = False,
    progress: bool = True,
) -> InstructionEvaluation:
    """Scores instructions on a split, each with its interval and its paired difference from the first one.

    Args:
        instructions: the texts.
        task: as of `duet.optimize`.
        black_box: likewise.
        split: ``test`` or ``validation``.
        budget: caps; as many instructions are scored as they have room for.
        seed: of the splits.
        run_dir: where answers and evaluation.json lie; by default a folder in runs/ for these very instructions.
        config: files of settings, as of ``duet evaluate --config``.
        settings: any other settings; keys may be dotted. They win.
        uncapped: start without a budget even if the model may cost money.
        progress: show what there is to know on standard error.

    Raises:
        ValueError: an argument or a setting is wrong, or nothing caps what the model may cost.
        LanguageModelError: as `duet.models.errors`; what was paid for is kept.
    """
    (own, metric), (box, objects) = task_settings(task), black_box_settings(black_box)
    overrides: dict[str, Any] = {"task": own, "seed_everything": seed}
    overrides |= {} if run_dir is None else {"run_dir": str(run_dir)}
    caps = {} if budget is None else {"search": {"budget": asdict(budget)}}
    follows = FOLLOWS_REQUESTS if box or objects else {}
    whole = merged(follows, box, overrides, caps, nested(settings or {}))
    files = [f"--config={name}" for name in ([config] if isinstance(config, str) else config)]
    consent = "give a budget, or uncapped=True" if not uncapped else None
    return beside_a_loop(lambda: _carry_out(instructions, files, whole, objects | metric, split, consent, progress))


def _carry_out(
    instructions: str | Sequence[str],
    arguments: list[str],
    overrides: Mapping[str, Any],
    objects: Mapping[str, Any],
    split: Split,
    consent: str | None,
    progress: bool,
) -> InstructionEvaluation:
    with library_lines(progress):
        from duet.session.duet_cli import planned
        from duet.session.instruction_evaluation import checked, default_folder, evaluate_in, require_evaluation_cap
        from duet.session.live import Live

        texts = checked([instructions] if isinstance(instructions, str) else instructions)
        dry = planned(arguments, Live(objects, overrides))
        cli, search = dry.cli, dry.search
        if consent is not None:
            require_evaluation_cap(search, texts, split, consent)
        folder = cli.run_dir if cli.config.fit.run_dir else default_folder(search, texts, split)
        return evaluate_in(folder, search, texts, split)

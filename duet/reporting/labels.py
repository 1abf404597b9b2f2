"""Names a run in a table: its task, its method, and what sets it apart from the method as it is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from duet.config_files import flatten
from duet.reporting.runs import Run

Settings = Mapping[str, Any]
CLASS = "strategy.class_path"
CLASSES = ("strategy", "black_box", "proposer", "white_box")
IN_PRINT = {
    "Ape": "APE", "EvoPromptDE": "EvoPrompt (DE)", "EvoPromptGA": "EvoPrompt (GA)", "Instinct": "INSTINCT",
    "RandomSearch": "random search",
}  # fmt: skip
HOW_LONG = ("search.iterations", "search.threshold", "search.initialisation.count")  # a method may have its own, or not
OF_NO_METHOD = (
    "task.", "run_dir", "trainer.", "seed_everything", "min_score", "config", "ckpt_path", "yes", "dry_run",
    "search.cache", "optimizer", "lr_scheduler", "weights_only", "_instantiator",
)  # fmt: skip


@dataclass(frozen=True)
class Names:
    """The names of settings, each with dotted keys and classes under ``class_path``.

    Args:
        methods: name -> the settings that make a method.
        ablations: name -> the settings that make an ablation.
        defaults: what holds without either.
    """

    methods: Mapping[str, Settings]
    ablations: Mapping[str, Settings]
    defaults: Settings


def label_runs(runs: Sequence[Run], names: Names) -> tuple[list[Run], list[str]]:
    """Names each run so that no two of them share task, label and seed, and says which ones are left out as repeats."""
    named = [_named(run, task, names) for run, task in zip(runs, _tasks(runs), strict=True)]
    return _without_repeats(_set_apart(named))


def dotted(settings: Any) -> dict[str, Any]:
    """Flattened; a class that is given by its path alone is spelled as it is in a merged file.

    >>> dotted({"strategy": "duet.strategies.duet.Duet", "model": {"depth": 1}})
    {'strategy.class_path': 'duet.strategies.duet.Duet', 'model.depth': 1}
    """
    return {f"{key}.class_path" if key in CLASSES else key: value for key, value in flatten(settings).items()}


def matches(settings: Settings, named: Mapping[str, Settings]) -> list[str]:
    """The names whose settings all hold; a name whose settings are part of another one's is left out.

    >>> matches({"a": 1, "b": 2}, {"first": {"a": 1}, "both": {"a": 1, "b": 2}, "other": {"b": 3}})
    ['both']
    """
    holding = {name: wanted for name, wanted in named.items() if wanted and wanted.items() <= settings.items()}
    return [
        name
        for name, wanted in holding.items()
        if not any(wanted.items() < other.items() for other in holding.values())
    ]


def _named(run: Run, task: str, names: Names) -> Run:
    """Sets the task's name, the method's, and the ablations that the method's own file doesn't imply."""
    method, own = _method(run, names)
    expected = {**names.defaults, **own}
    changes = {name: changed for name, changed in names.ablations.items() if not changed.items() <= expected.items()}
    return replace(run, task=task, method=method, variant=", ".join(matches(run.settings, changes)))


def _method(run: Run, names: Names) -> tuple[str, Settings]:
    """The class's name in print, with the rest of the file's name where files that share the class say more; and the
    file's settings.
    """
    name = run.result.method
    printed = IN_PRINT.get(name, name)
    of_class = {key: own for key, own in names.methods.items() if str(own.get(CLASS)).endswith(f".{name}")}
    holding = {key: own for key, own in of_class.items() if _holds(own, run.settings, names.ablations)}
    if not holding:
        return printed, {} if len(of_class) > 1 else next(iter(of_class.values()), {})
    found = max(holding, key=lambda key: len(holding[key]))  # the one that says most
    rest = found.removeprefix(_plain(name, of_class)).strip()
    return (f"{printed} ({rest})" if rest else printed), of_class[found]


def _plain(name: str, of_class: Mapping[str, Settings]) -> str:
    """The file that is named as the class is, if there is one."""
    return next((key for key in of_class if key.replace(" ", "").lower() == name.lower()), "")


def _holds(own: Settings, settings: Settings, ablations: Mapping[str, Settings]) -> bool:
    """Whether a run has a method's settings, those aside that an ablation of the run changes, or that say how long."""
    other = {key for key, value in own.items() if settings.get(key) != value and key not in HOW_LONG}
    changed = {key for changes in ablations.values() if changes.items() <= settings.items() for key in changes}
    return other <= changed


def _tasks(runs: Sequence[Run]) -> list[str]:
    """Task names; where one name stands for different examples, with the start of the fingerprint."""
    prints: dict[str, set[str]] = defaultdict(set)
    for run in runs:
        prints[run.result.task] |= {run.result.task_fingerprint} - {""}  # which an unfinished run doesn't know
    return [
        run.result.task
        if len(prints[run.result.task]) < 2
        else f"{run.result.task} ({run.result.task_fingerprint[:6]})"
        for run in runs
    ]


def _set_apart(runs: Sequence[Run]) -> list[Run]:
    """Runs of one label that meet on a task and seed get the settings in which they differ."""
    groups: dict[str, list[Run]] = defaultdict(list)
    for run in runs:
        groups[run.label].append(run)
    return [run for group in groups.values() for run in _with_details(group)]


def _with_details(group: Sequence[Run]) -> list[Run]:
    cells: dict[tuple[str, int], list[Run]] = defaultdict(list)
    for run in group:
        cells[run.task, run.result.seed].append(run)
    keys = sorted({key for cell in cells.values() for key in differing(run.settings for run in cell)})
    if not keys:
        return list(group)
    texts = [", ".join(f"{key.rpartition('.')[2]} {run.settings.get(key)}" for key in keys) for run in group]
    known = list(dict.fromkeys(texts))
    details = texts if len(keys) < 3 else [f"settings {known.index(text) + 1}" for text in texts]
    return [
        replace(run, variant=", ".join(filter(None, (run.variant, detail))))
        for run, detail in zip(group, details, strict=True)
    ]


def differing(settings: Iterable[Settings]) -> list[str]:
    """The keys that have different values, those left aside that say nothing of the method.

    >>> differing([{"a": 1, "run_dir": "x"}, {"a": 2, "run_dir": "y"}])
    ['a']
    """
    all_settings = list(settings)
    keys = sorted({key for each in all_settings for key in each if not key.startswith(OF_NO_METHOD)})
    return [key for key in keys if len({repr(each.get(key)) for each in all_settings}) > 1]


def _without_repeats(runs: Sequence[Run]) -> tuple[list[Run], list[str]]:
    first: dict[tuple[str, str, int], Run] = {}
    problems = []
    for run in sorted(runs, key=lambda run: not run.is_finished):
        kept = first.setdefault((run.task, run.label, run.result.seed), run)
        if kept is not run:
            problems.append(f"{run.folder}: left out, as {kept.folder} has the same task, settings and seed")
    return list(first.values()), problems

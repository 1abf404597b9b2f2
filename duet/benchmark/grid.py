"""The grid of a benchmark: tasks x methods x seeds x ablations, each cell of which is one ``fit``."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any

from duet.config_files import CONFIGS, flatten, read_config
from duet.messages import suggest
from duet.spending.cache_file import CACHE

BASE = "duet"  # the method that variants change, unless the file names another one
KEYS = ("tasks", "methods", "seeds", "max_calls", "variants", "base", "models", "settings")
LISTS = ("tasks", "methods", "seeds", "max_calls", "variants", "models")
NEEDED = ("tasks", "methods", "seeds")


@dataclass(frozen=True)
class Cell:
    """One run of the benchmark.

    Args:
        task: the task's name.
        method: the method's name, ``+`` and the variant's behind it.
        seed: of the run.
        folder: the run folder.
        arguments: the command line behind ``fit``.
        settings: those of its arguments that cells of other tasks and seeds can share.
    """

    task: str
    method: str
    seed: int
    folder: Path
    arguments: tuple[str, ...]
    settings: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.task}, {self.method}, seed {self.seed}"


@dataclass(frozen=True)
class TaskEntry:
    """The entry of a grid file for one task.

    Args:
        task: its keys under ``task`` beside the name, such as the directory.
        settings: with dotted keys, for its cells alone; they come after those for all cells.
    """

    task: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class MethodEntry:
    """The entry of a grid file for one method.

    Args:
        file: the name of a file in configs/methods, or a file.
        variant: what its columns are called behind the method's name and ``+``; empty for the method's name alone.
        settings: with dotted keys, for its cells alone; they come after its file.
    """

    file: str
    variant: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def path(self) -> Path:
        """The file."""
        return named_file("methods", self.file)

    @property
    def name(self) -> str:
        """What its column is called.

        >>> MethodEntry("ape", "fixed").name
        'ape+fixed'
        """
        return f"{self.path.stem}+{self.variant}" if self.variant else self.path.stem


@dataclass(frozen=True)
class Column:
    """What all cells of a method, or of a variant of it, share.

    Args:
        name: the method's, ``+`` and the variant's behind it.
        arguments: those behind the settings for all cells.
    """

    name: str
    arguments: tuple[str, ...]


@dataclass(frozen=True)
class Grid:
    """The content of a grid file.

    Args:
        tasks: by name.
        methods: what is compared.
        seeds: of the runs.
        variants: names of the files in configs/ablations, or files; each is a change to the base.
        base: the one of the methods that the variants change.
        models: names of the files in configs/models, or files, for all cells.
        settings: with dotted keys, for all cells; a method's or a variant's own file comes after them.
        max_calls: caps of a run, each for all columns, which then have it in their names; none for no cap.
    """

    tasks: Mapping[str, TaskEntry]
    methods: Sequence[MethodEntry]
    seeds: Sequence[int]
    variants: Sequence[str] = ()
    base: str = BASE
    models: Sequence[str] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    max_calls: Sequence[int] = ()

    def cells(self, output: Path, yes: bool = False, *, shared_cache: bool = True) -> list[Cell]:
        """All cells: by task, then by method, so that neighbours have different seeds and ask for different answers.

        Args:
            output: the folder of the benchmark.
            yes: start without a cap even if an endpoint costs money.
            shared_cache: one call cache for all cells of a task; else, as several machines can't write to one file,
                one in each run folder, unless ``settings`` say otherwise.
        """
        columns = list(self._columns())
        names = [column.name for column in columns]
        if repeated := [name for name, count in Counter(names).items() if count > 1]:
            raise ValueError(f"methods: expected each name once but {repeated[0]} appears twice")
        return [
            self._cell(output, task, column, seed, yes, shared_cache)
            for task, column, seed in product(self.tasks, columns, self.seeds)
        ]

    def _columns(self) -> Iterator[Column]:
        """Every method, with every variant of the base, under every cap."""
        for column in self._uncapped():
            for cap in self.max_calls:
                yield Column(f"{column.name}+{cap}_calls", (*column.arguments, f"--search.budget.max_calls={cap}"))
            if not self.max_calls:
                yield column

    def _uncapped(self) -> Iterator[Column]:
        for method in self.methods:
            own = (f"--config={shown(method.path)}", *options(method.settings))
            yield Column(method.name, own)
            for variant in self.variants if method.name == Path(self.base).stem else ():
                change = named_file("ablations", variant)
                yield Column(f"{method.name}+{change.stem}", (*own, f"--config={shown(change)}"))

    def _cell(self, output: Path, task: str, column: Column, seed: int, yes: bool, shared_cache: bool) -> Cell:
        """Later arguments win: a variant over its method, and both over what holds for all cells."""
        row = self.tasks[task]
        folder = output / task / column.name / str(seed)
        settings = [f"--config={shown(named_file('models', model))}" for model in self.models]
        settings += options(self.settings) + options(row.settings)
        settings += column.arguments
        cache = f"--search.cache={output / task / CACHE if shared_cache else 'run'}"
        own = options({"task.name": task} | {f"task.{key}": value for key, value in row.task.items()})
        own += [f"--seed_everything={seed}", f"--run_dir={folder}", *(["--yes"] if yes else [])]
        return Cell(task, column.name, seed, folder, (cache, *settings, *own), tuple(settings))


def read_grid(path: Path) -> Grid:
    """Reads a grid file.

    Raises:
        ValueError: names the file, the key, what was expected and what was found.
    """
    content = read_config(str(path))
    try:
        return _grid(content)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def _grid(content: Mapping[str, Any]) -> Grid:
    for key in content:
        if key not in KEYS:
            raise ValueError(f"no such key: {key}{suggest(str(key), KEYS)}; there are {', '.join(KEYS)}")
    for key in NEEDED:
        if key not in content:
            raise ValueError(f"{key}: expected a list but it is missing")
    lists = {key: _list(key, content.get(key, [])) for key in LISTS}
    methods = _methods(lists["methods"])
    for key in ("variants", "models"):
        for name in _all(key, lists[key], str):
            named_file("ablations" if key == "variants" else key, name)
    return Grid(
        _tasks(lists["tasks"]), methods, _all("seeds", lists["seeds"], int), lists["variants"],
        _base(content, lists["variants"], methods), lists["models"], _settings("settings", content),
        _all("max_calls", lists["max_calls"], int),
    )  # fmt: skip


def _base(content: Mapping[str, Any], variants: Sequence[str], methods: Sequence[MethodEntry]) -> str:
    """The method that the variants change."""
    base = content.get("base", BASE)
    if not isinstance(base, str) or not base:
        raise ValueError(f"base: expected the name of a method but found {base!r}")
    if (variants or "base" in content) and Path(base).stem not in [method.name for method in methods]:
        raise ValueError(f"variants: expected their base, {base}, among the methods, but it is missing")
    return base


def _methods(entries: Iterable[Any]) -> list[MethodEntry]:
    """A name is a method as it is; ``names`` with ``settings`` are methods with these, which ``variant`` names."""
    methods = []
    for entry in entries:
        group = entry if isinstance(entry, dict) else {"names": [entry]}
        for key in group:
            if key not in ("names", "variant", "settings"):
                raise ValueError(f"methods: no such key: {key}; there are names, variant, settings")
        variant = group.get("variant", "")
        if not isinstance(variant, str) or "/" in variant:
            raise ValueError(f"methods: variant: expected a name but found {variant!r}")
        settings = _settings("methods: settings", group)
        for name in _all("methods", _list("methods: names", group.get("names")), str):
            named_file("methods", name)
            methods.append(MethodEntry(name, variant, settings))
    return methods


def _tasks(entries: Iterable[Any]) -> dict[str, TaskEntry]:
    """A name is a task that ships with Duet; ``names`` and other keys of ``task`` are any others."""
    tasks: dict[str, TaskEntry] = {}
    for entry in entries:
        group = entry if isinstance(entry, dict) else {"names": [entry]}
        own = {key: value for key, value in group.items() if key not in ("names", "settings")}
        row = TaskEntry(own, _settings("tasks: settings", group))
        for name in _all("tasks", _list("tasks: names", group.get("names")), str):
            if name in tasks:
                raise ValueError(f"tasks: expected each name once but {name} appears twice")
            tasks[name] = row
    return tasks


def _settings(key: str, content: Mapping[str, Any]) -> dict[str, Any]:
    """Returns what stands under ``settings``, with dotted keys."""
    settings = content.get("settings", {})
    if not isinstance(settings, dict):
        raise ValueError(f"{key}: expected keys and values but found {settings!r}")
    return flatten(settings)


def _list(key: str, value: Any) -> list[Any]:
    if not isinstance(value, list) or (not value and key.partition(":")[0] in NEEDED):
        raise ValueError(f"{key}: expected a list but found {value!r}")
    return value


def _all(key: str, values: list[Any], kind: type) -> list[Any]:
    """The values, of one kind, each once."""
    expected = "whole numbers of at least 0" if kind is int else "names"
    for number, value in enumerate(values):
        if type(value) is not kind or (isinstance(value, int) and value < 0) or value == "":
            raise ValueError(f"{key}: expected {expected} but found {value!r}")
        if value in values[:number]:
            raise ValueError(f"{key}: expected each once but {value} appears twice")
    return values


def named_file(kind: str, name: str) -> Path:
    """The file of that name in a folder of configs/, or the file itself where the name ends in .yaml.

    Raises:
        ValueError: there is none.
    """
    path = Path(name).expanduser() if name.endswith((".yaml", ".yml")) else CONFIGS / kind / f"{name}.yaml"
    if path.is_file():
        return path
    names = sorted(path.stem for path in (CONFIGS / kind).glob("*.yaml"))
    raise ValueError(f"no such file: {path}{suggest(name, names)}; there are {', '.join(names)}")


def options(settings: Mapping[str, Any]) -> list[str]:
    """Settings with dotted keys as they stand on a command line.

    >>> options({"search.iterations": 12, "task.name": "sum", "search.budget.max_calls": None})
    ['--search.iterations=12', '--task.name=sum', '--search.budget.max_calls=null']
    """
    return [f"--{key}={value if isinstance(value, str) else json.dumps(value)}" for key, value in settings.items()]


def shown(path: Path) -> str:
    """The path, from the current directory where it lies below."""
    here = Path.cwd()
    return os.fspath(path.relative_to(here) if path.is_relative_to(here) else path)


def shard(cells: Sequence[Cell], part: str) -> list[Cell]:
    """Every n-th cell from the i-th on, for ``i/n``; the shards 1/n to n/n are the whole.

    Raises:
        ValueError: it is no such part.
    """
    first, _, count = part.partition("/")
    if not (first.isdecimal() and count.isdecimal() and 1 <= int(first) <= int(count)):
        raise ValueError(f"--shard: expected i/n with i from 1 to n, such as 1/4, but found {part!r}")
    return list(cells[int(first) - 1 :: int(count)])

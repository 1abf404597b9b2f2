"""Gives each method the defaults of its own class.

Settings outlive a change of class: Duet's defaults are read first, so a method that has a ``temperature``, too, would
get Duet's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from inspect import signature
from typing import Any

import yaml
from jsonargparse import Namespace
from lightning.pytorch.cli import LightningArgumentParser

from duet.config_files import flatten, given_settings
from duet.strategies.strategy import AbstractStrategy

_CLASS = "class_path"


def with_own_defaults(
    strategy: Namespace, files: Sequence[str], arguments: Sequence[str], overrides: Mapping[str, Any]
) -> Namespace:
    """The settings of a method, in which what nobody set for it is its class's default.

    A file that names another method sets that one's arguments, and those that both inherit from one class. A file that
    names none, such as a model's, sets every method's.

    Args:
        strategy: as it was read, with a class path.
        files: those of the defaults.
        arguments: the command line.
        overrides: settings of a Python program.
    """
    options = [f"--config={path}" for path in files]
    sources = [*(found for _, found in given_settings([*options, *arguments])), flatten(dict(overrides))]
    own = {name for source in sources for name in _shared(_of_method(source), strategy.class_path)}
    plain = strategy.as_dict()
    plain["init_args"] = {name: value for name, value in plain.get("init_args", {}).items() if name in own}
    parser = LightningArgumentParser(exit_on_error=False)
    parser.add_subclass_arguments(AbstractStrategy, "strategy")
    found: Namespace = parser.parse_object({"strategy": plain}).strategy
    return found


def _shared(source: Mapping[str, str], path: str) -> set[str]:
    """The arguments in a source that are those of the method at a path, too."""
    names, other = source.keys() - {_CLASS}, source.get(_CLASS)
    if other is None:
        return set(names)
    theirs, mine = _declared(other), _declared(path)
    return {name for name in names if name in mine and mine[name] is theirs.get(name)}


def _declared(path: str) -> dict[str, type]:
    """The arguments of a method, each with the class that declares it first; empty if there is no such method."""
    module, _, name = path.rpartition(".")
    kinds = [kind for kind in _below(AbstractStrategy) if kind.__name__ == name]
    kind = next((kind for kind in kinds if module in ("", kind.__module__)), None)
    return {name: each for each in (kind.__mro__ if kind else ()) for name in _own_arguments(each)}


def _own_arguments(kind: type) -> Iterable[str]:
    """The arguments of a class's own constructor; those of a dataclass are its parents', too."""
    constructor = vars(kind).get("__init__")
    return signature(constructor).parameters if constructor and kind is not object else ()


def _below(kind: type) -> Iterator[type]:
    """All classes that derive from it, of those that are loaded."""
    children: list[type] = type.__subclasses__(kind)
    for child in children:
        yield child
        yield from _below(child)


def _of_method(source: Mapping[str, Any]) -> dict[str, str]:
    """What a source sets of the method, however it is spelled: its class, and the names of its arguments.

    >>> _of_method({"strategy.init_args.beta": 1, "strategy.sets.a": 2, "model.beta": 3})
    {'beta': '', 'sets': ''}
    >>> _of_method({"strategy": "{class_path: x.Ape, init_args: {sets: 2}}"})
    {'class_path': 'x.Ape', 'sets': ''}
    """
    found: dict[str, str] = {}
    for key, value in source.items():
        first, _, rest = key.partition(".")
        if first != "strategy":
            continue
        content = yaml.safe_load(value) if isinstance(value, str) and not rest else value
        if not rest and isinstance(content, dict):
            found |= _of_method(flatten(content, "strategy"))
        elif rest in ("", _CLASS):
            found[_CLASS] = str(value)
        else:
            found[rest.removeprefix("init_args.").partition(".")[0]] = ""
    return found

"""Finds the metric behind the config key ``task.metric``."""

from __future__ import annotations

import difflib
import hashlib
import inspect
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from jsonargparse import ArgumentError, ArgumentParser

from duet.examples.example import TaskError
from duet.messages import plain_message
from duet.metrics.custom import ScoreFunction, as_metric, load_custom
from duet.metrics.induction import induction_contains, induction_exact_match, induction_exact_set, induction_f1
from duet.metrics.json_data import Json
from duet.metrics.judge import Judge
from duet.metrics.matching import Contains, ExactMatch, ExactSet, Label, LenientMatch, Regex, TokenF1
from duet.metrics.numbers import Number
from duet.metrics.similarity import Bleu, Chrf, EditDistance, RougeL

PUBLISHED: dict[str, ScoreFunction] = {
    "induction_exact_match": induction_exact_match,
    "induction_f1": induction_f1,
    "induction_exact_set": induction_exact_set,
    "induction_contains": induction_contains,
}
CLASSES: dict[str, Callable[..., ScoreFunction | Judge]] = {
    "exact_match": ExactMatch,
    "lenient_match": LenientMatch,
    "label": Label,
    "number": Number,
    "json": Json,
    "contains": Contains,
    "regex": Regex,
    "f1": TokenF1,
    "exact_set": ExactSet,
    "rouge_l": RougeL,
    "bleu": Bleu,
    "chrf": Chrf,
    "edit_distance": EditDistance,
    "judge": Judge,
}
BUILT_IN = (*CLASSES, *PUBLISHED)
Setting = str | Mapping[str, Any] | Callable[..., float]


@dataclass(frozen=True)
class Metric:
    """A metric that was found.

    Args:
        name: as the user wrote it, without arguments.
        identity: everything that its scores depend on: name, arguments, the content of a file.
        score: (answer, accepted outputs) -> [0, 1]; a `Judge` calls a black box instead.
    """

    name: str
    identity: str
    score: ScoreFunction | Judge


def resolve_metric(setting: Setting, outputs: Sequence[str] = (), folders: Sequence[Path] = ()) -> Metric:
    """The metric that a setting stands for.

    >>> resolve_metric({"name": "number", "tolerance": 0.1}).score
    Number(tolerance=0.1, relative_tolerance=0.0, decimal_comma=False)

    Args:
        setting: one of ``BUILT_IN``; ``file.py:function``; the dotted path of a function, a class or a torchmetrics
            class; the same with arguments, as {name: ..., argument: ...}; or a Python function.
        outputs: the task's accepted outputs, which are the labels of `Label`.
        folders: where a file is looked for.

    Raises:
        TaskError: there is no such metric, or it can't be used.
    """
    if not isinstance(setting, str | Mapping):
        return _python(setting)
    name, arguments = _name_and_arguments(setting)
    if name in PUBLISHED:
        if arguments:
            raise TaskError(f"task.metric: expected {name} without arguments but found {', '.join(arguments)}")
        return Metric(name, name, PUBLISHED[name])
    if name in CLASSES:
        score = _built_in(name, arguments)
        if isinstance(score, Label) and not score.labels:
            score = replace(score, labels=tuple(dict.fromkeys(outputs)))
        return Metric(name, _identity(name, arguments), score)
    if "." in name:
        custom, content = load_custom(name, arguments, folders)
        return Metric(name, _identity(name, arguments, content), custom)
    close = difflib.get_close_matches(name, BUILT_IN, n=1)
    hint = f" (did you mean {close[0]!r}?)" if close else ""
    raise TaskError(
        f"task.metric: expected one of {', '.join(BUILT_IN)}, the dotted path of a function or a torchmetrics class, "
        f"or file.py:function, but found {name!r}{hint}"
    )


def _name_and_arguments(setting: str | Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    if isinstance(setting, str):
        return setting, {}
    name, arguments = setting.get("name"), {key: value for key, value in setting.items() if key != "name"}
    if not isinstance(name, str) or not all(isinstance(key, str) for key in arguments):
        raise TaskError(f"task.metric: expected {{name: METRIC, argument: value, ...}} but found {dict(setting)}")
    return name, arguments


def _built_in(name: str, arguments: Mapping[str, Any]) -> ScoreFunction | Judge:
    parser = ArgumentParser(exit_on_error=False)
    parser.add_class_arguments(CLASSES[name])
    known = [action.dest for action in parser._actions if action.dest not in ("help", "config")]
    if unknown := [key for key in arguments if key not in known]:
        listed = ", ".join(known) or "no arguments"
        raise TaskError(f"task.metric: expected {listed} for {name} but found {', '.join(unknown)}")
    try:
        return CLASSES[name](**parser.parse_object(dict(arguments)).as_dict())
    except ArgumentError as error:
        raise TaskError(f"task.metric: {name}: {plain_message(error.message)}") from error
    except ValueError as error:
        raise TaskError(f"task.metric: {name}: {error}") from error


def _identity(name: str, arguments: Mapping[str, Any], content: str = "") -> str:
    """The name alone where there is nothing more."""
    return json.dumps([name, arguments, content], sort_keys=True, default=repr) if arguments or content else name


def _python(function: Callable[..., float]) -> Metric:
    """A Python function; where its source can be read, that is part of its identity."""
    if not callable(function):
        raise TaskError(f"task.metric: expected a name, {{name: ...}} or a function but found {function!r}")
    name = f"{function.__module__}.{getattr(function, '__qualname__', type(function).__qualname__)}"
    try:
        source = hashlib.sha256(inspect.getsource(function).encode()).hexdigest()
    except (OSError, TypeError):
        source = ""
    return Metric(name, _identity(name, {}, source), as_metric(function, name, {}))

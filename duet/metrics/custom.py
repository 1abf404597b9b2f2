"""Metrics of one's own: a function or a class by its dotted path or in a file, or a torchmetrics class."""

from __future__ import annotations

import hashlib
import importlib.util
import inspect
import math
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from duet.examples.example import TaskError
from duet.threads import all_threads

ScoreFunction = Callable[[str, Sequence[str]], float]
_MOST_REASON = 200


def load_custom(name: str, arguments: Mapping[str, Any], folders: Sequence[Path]) -> tuple[ScoreFunction, str]:
    """The metric that a name stands for, checked at every call, and what its scores depend on besides its name.

    Args:
        name: ``package.module.attribute`` or ``file.py:attribute``.
        arguments: a function's keyword arguments, or a class's.
        folders: where a file is looked for, in this order.

    Raises:
        TaskError: in one line, why it can't be used.
    """
    found, source = _from_file(name, folders) if ".py:" in name else (_import(name), "")
    return as_metric(found, name, arguments), source


def as_metric(found: object, name: str, arguments: Mapping[str, Any]) -> ScoreFunction:
    """A function, a torchmetrics class or a class whose objects can be called, as a metric with checked results.

    Raises:
        TaskError: it is none of these, or does not take the arguments.
    """
    if isinstance(found, type):
        found = _instance(found, name, arguments)
    elif callable(found) and arguments:
        found = _with_arguments(found, name, arguments)
    if not callable(found):
        raise TaskError(f"task.metric: expected {name} to be a function or a class but found {_short(repr(found))}")
    _check_signature(found, name)
    return _checked(found, name)


def _import(name: str) -> object:
    module, _, attribute = name.rpartition(".")
    try:
        return getattr(import_module(module), attribute)
    except Exception as error:  # an import runs code that is not ours
        raise TaskError(f"task.metric: expected {name!r} to be importable but found: {reason(error)}") from error


def _from_file(name: str, folders: Sequence[Path]) -> tuple[object, str]:
    """The attribute and the file's hash."""
    file, _, attribute = name.rpartition(":")
    places = [folder / Path(file).expanduser() for folder in folders or (Path(),)]
    path = next((place for place in places if place.is_file()), None)
    if path is None:
        looked = " or ".join(dict.fromkeys(str(place.parent.absolute()) for place in places))
        raise TaskError(f"task.metric: expected a file {Path(file).name} in {looked} but found none")
    content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    module_name = f"duet_metric_{digest[:16]}"
    spec = importlib.util.spec_from_file_location(module_name, path)
    assert spec is not None and spec.loader is not None  # a path that ends in .py has both  # noqa: PT018
    module = sys.modules.setdefault(module_name, importlib.util.module_from_spec(spec))
    try:
        spec.loader.exec_module(module)
    except Exception as error:  # the file is the user's
        raise TaskError(f"task.metric: expected {path} to run but found: {reason(error)}") from error
    if not hasattr(module, attribute):
        raise TaskError(f"task.metric: expected {attribute!r} in {path} but it has no such name")
    return getattr(module, attribute), digest


def _with_arguments(function: Callable[..., Any], name: str, arguments: Mapping[str, Any]) -> Callable[..., Any]:
    try:
        inspect.signature(function).bind("", (), **arguments)
    except TypeError as error:
        raise TaskError(f"task.metric: expected arguments that {name} takes but found: {error}") from error
    except ValueError:  # a function without a signature, such as some of C
        pass
    return lambda answer, outputs: function(answer, outputs, **arguments)


def _instance(found: type, name: str, arguments: Mapping[str, Any]) -> object:
    if any(base.__module__.startswith("torchmetrics") for base in found.__mro__):
        return _torchmetric(found, name, arguments)
    return _made(found, name, arguments)


def _made(found: type, name: str, arguments: Mapping[str, Any]) -> Any:
    try:
        return found(**arguments)
    except Exception as error:  # a constructor that is not ours
        given = f"with {dict(arguments)}" if arguments else "without arguments"
        raise TaskError(f"task.metric: expected {name} to be made {given} but found: {reason(error)}") from error


def _torchmetric(found: type, name: str, arguments: Mapping[str, Any]) -> ScoreFunction:
    """A class of torchmetrics as a function of one example; ``result`` names the number of several that is meant.

    It holds a state during a call: one thread at a time.
    """
    result = arguments.get("result")
    if getattr(found, "higher_is_better", None) is False:
        raise TaskError(f"task.metric: expected a metric where higher is better but found {name} (try edit_distance)")
    metric = _made(found, name, {key: value for key, value in arguments.items() if key != "result"})

    def score(answer: str, outputs: Sequence[str]) -> Any:
        try:
            metric.update([answer], [list(outputs)])
            values = metric.compute()
        finally:
            metric.reset()
        if not isinstance(values, dict):
            return values
        if result not in values:
            listed = ", ".join(values)
            raise TaskError(f"task.metric: expected one number from {name} but found several: set result to {listed}")
        return values[result]

    return score


def _check_signature(function: Callable[..., Any], name: str) -> None:
    try:
        inspect.signature(function).bind("", ())
    except TypeError as error:
        raise TaskError(
            f"task.metric: expected {name} to take an answer and the accepted outputs but found: {error}"
        ) from error
    except ValueError:
        pass


def _checked(function: Callable[..., Any], name: str) -> ScoreFunction:
    def score(answer: str, outputs: Sequence[str]) -> float:
        try:
            with all_threads():
                value = function(answer, outputs)
        except TaskError:
            raise
        except Exception as error:  # whatever it raises, the user gets a line and no traceback of a library
            shown = f"the answer {_short(repr(answer), 40)}"
            raise TaskError(f"task.metric: expected {name} to score {shown} but found: {reason(error)}") from error
        return _number(value, name)

    return score


def _number(value: Any, name: str) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError, RuntimeError) as error:
        raise TaskError(f"task.metric: expected one number from {name} but found {_short(repr(value))}") from error
    if math.isnan(number) or not -1e-6 <= number <= 1 + 1e-6:
        raise TaskError(f"task.metric: expected a score in [0, 1] from {name} but found {number:g}")
    return min(1.0, max(0.0, number))


def reason(error: BaseException) -> str:
    """An error in a line: its kind and the first of its lines that has words.

    >>> reason(LookupError("\\n*****\\n  Resource punkt not found.\\n  Please use the downloader"))
    'LookupError: Resource punkt not found.'
    """
    lines = [line.strip() for line in str(error).splitlines()]
    told = next((line for line in lines if any(letter.isalpha() for letter in line)), "")
    return f"{type(error).__name__}: {_short(told)}".rstrip(": ")


def _short(text: str, most: int = _MOST_REASON) -> str:
    text = " ".join(text.split())
    return text if len(text) <= most else f"{text[: most - 1]}…"

"""Turns the arguments of a Python program into the settings and objects of a run."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import Any

from duet.config_files import find_config, read_config
from duet.metrics.extraction import Extraction
from duet.models.base import AbstractBlackBox, AbstractEncoder, AbstractWhiteBox
from duet.models.function_black_box import FunctionBlackBox
from duet.models.providers import LITELLM, OTHERS
from duet.strategies.strategy import AbstractStrategy
from duet.tasks.task import Task

Answers = Callable[[list[str]], Sequence[str | None]]
TaskLike = Task | str | Path | Mapping[str, Any] | Sequence[Any]
BlackBox = AbstractBlackBox | Answers | str | Mapping[str, Any] | None
WhiteBox = AbstractEncoder | str | Mapping[str, Any] | None
Method = AbstractStrategy | str | None

EMBEDDED = "embedded"
N_GRAMS = "n-grams"
NAME = "task"  # of a task that is only a list of examples
FOLLOWS_REQUESTS = {
    "search": {"initialisation": {"mode": "request", "max_tokens": 4096}, "evaluation": {"max_tokens": 64}}
}
_OPENAI = "duet.models.openai_black_box.OpenAIBlackBox"
_OPEN_MODEL = "duet.models.huggingface_white_box.HuggingFaceWhiteBox"


def merged(*settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings one above the other; later ones win, and a class that is named anew keeps no arguments.

    >>> merged({"a": {"b": 1, "c": 2}}, {"a": {"c": 3}})
    {'a': {'b': 1, 'c': 3}}
    """
    whole: dict[str, Any] = {}
    for part in settings:
        for key, value in part.items():
            known = whole.get(key)
            if isinstance(value, Mapping) and isinstance(known, Mapping) and "class_path" not in value:
                whole[key] = merged(known, value)
            else:
                whole[key] = value
    return whole


def nested(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings whose keys may be dotted, as the command line has them.

    >>> nested({"search.iterations": 3, "search": {"threshold": 0.9}})
    {'search': {'iterations': 3, 'threshold': 0.9}}
    """
    parts = []
    for key, value in settings.items():
        inner: Any = nested(value) if isinstance(value, Mapping) else value
        for name in reversed(str(key).split(".")):
            inner = {name: inner}
        parts.append(inner)
    return merged(*parts)


def task_settings(task: TaskLike) -> tuple[dict[str, Any], dict[str, Any]]:
    """A task's settings, and its metric where that is a function.

    Raises:
        ValueError: it is no task.
    """
    if isinstance(task, Task):
        settings = {key: value for key, value in task.arguments.items() if value is not None}
    elif isinstance(task, str | Path) and Path(task).suffix in (".yaml", ".yml"):
        settings = dict(read_config(find_config(str(task))).get("task", {}))
    elif isinstance(task, str | Path):
        settings = {"name": str(task)}
    elif isinstance(task, Mapping):
        settings = dict(task)
    elif isinstance(task, Sequence):
        settings = {"name": NAME, "examples": list(task)}
    else:
        raise ValueError(f"Expected a Task, a list of examples or a name but got a {type(task).__name__}")
    if "examples" in settings:
        settings["examples"] = [_plain(example) for example in settings["examples"]]
    live = {"task.metric": settings.pop("metric")} if callable(settings.get("metric")) else {}
    return {key: _plain(value) for key, value in settings.items()}, live


def _plain(value: Any) -> Any:
    """Values as YAML has them."""
    if isinstance(value, Extraction):
        return {"extract": _plain(value.extract)}
    if is_dataclass(value) and not isinstance(value, type):
        return {key: _plain(part) for key, part in asdict(value).items()}
    if isinstance(value, Mapping):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(part) for part in (sorted(value) if isinstance(value, set | frozenset) else value)]
    return str(value) if isinstance(value, Path) else value


def black_box_settings(black_box: BlackBox, key: str = "black_box") -> tuple[dict[str, Any], dict[str, Any]]:
    """A black box as settings, or as an object.

    Raises:
        ValueError: it is none.
    """
    if black_box is None or black_box == EMBEDDED:
        return {}, {}
    if isinstance(black_box, str):
        other = black_box.partition("/")[0] in OTHERS and not os.environ.get("OPENAI_BASE_URL", "").strip()
        return {key: {"class_path": LITELLM if other else _OPENAI, "init_args": {"model": black_box}}}, {}
    if isinstance(black_box, Mapping):
        return {key: dict(black_box)}, {}
    if isinstance(black_box, AbstractBlackBox):
        return {}, {key: black_box}
    if callable(black_box):
        return {}, {key: FunctionBlackBox(black_box)}
    raise ValueError(f"{key}: expected a model's name, a black box or a function but got a {type(black_box).__name__}")


def white_box_settings(white_box: WhiteBox) -> tuple[dict[str, Any], dict[str, Any]]:
    """A white box as settings, or as an object.

    Raises:
        ValueError: it is none.
    """
    if white_box is None or (isinstance(white_box, str) and white_box in (EMBEDDED, N_GRAMS)):
        return {}, {}
    if isinstance(white_box, str):
        return {"white_box": {"class_path": _OPEN_MODEL, "init_args": {"model": white_box}}}, {}
    if isinstance(white_box, Mapping):
        return {"white_box": dict(white_box)}, {}
    if isinstance(white_box, AbstractEncoder):
        return {}, {"white_box": white_box}
    raise ValueError(f"white_box: expected a model's name or an encoder but got a {type(white_box).__name__}")


def can_write(white_box: WhiteBox) -> bool:
    """Returns whether a white box that is named writes instructions."""
    return white_box != N_GRAMS and (
        not isinstance(white_box, AbstractEncoder) or isinstance(white_box, AbstractWhiteBox)
    )

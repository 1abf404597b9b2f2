"""Files of settings: where they lie, and one line for what is wrong with one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

CONFIGS = Path(__file__).parents[1] / "configs"


def config_paths(arguments: Sequence[str]) -> list[str]:
    """The files that a command line names.

    >>> config_paths(["fit", "--config", "a.yaml", "-c=b.yaml"])
    ['a.yaml', 'b.yaml']
    """
    paths = []
    for argument, following in zip(arguments, [*arguments[1:], ""], strict=True):
        name, has_value, value = argument.partition("=")
        if name in ("-c", "--config") and (value or following):
            paths.append(value if has_value else following)
    return paths


def read_config(path: str) -> dict[str, Any]:
    """A file of settings.

    Raises:
        ValueError: names the file and the line.
    """
    try:
        content = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise ValueError(f"{path}: expected a file of settings (YAML) but found: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: expected a file of settings (YAML) but found binary data") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or getattr(error, "reason", "not readable")
        raise ValueError(f"{path}{line}: expected valid YAML but found: {problem}") from error
    if not isinstance(content, dict):
        raise ValueError(f"{path}: expected settings (key: value) but found {_kind(content)}")
    return content


def _kind(content: object) -> str:
    return "nothing" if content is None else f"a {type(content).__name__}"

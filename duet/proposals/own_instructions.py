"""Starting instructions of the user's own: given as texts, or in a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from duet.tasks.text_files import read_text

_LISTS = (".json", ".yaml", ".yml")
_KEY = "initialisation.instructions"


def read_instructions(source: tuple[str, ...] | str) -> tuple[str, ...]:
    """The distinct instructions, as they are but for outer blanks.

    Args:
        source: texts, or the path of a file: JSON or YAML with a list, whose texts can have several lines; any other
            file has an instruction per line.

    Raises:
        ValueError: there is no such file, or no text in it.

    >>> read_instructions(("Sort it. ", "Sort it.", "Reverse it."))
    ('Sort it.', 'Reverse it.')
    """
    texts = _in_file(Path(source)) if isinstance(source, str) else list(source)
    for text in texts:
        if not isinstance(text, str) or not text.strip():
            raise ValueError(f"{_KEY}: expected instructions but got {text!r}")
    return tuple(dict.fromkeys(text.strip() for text in texts))


def _in_file(path: Path) -> list[Any]:
    if not path.is_file():
        raise ValueError(f"{_KEY}: expected a list of instructions or a file but found no file {str(path)!r}")
    content = read_text(path)
    texts = _parsed(content) if path.suffix.lower() in _LISTS else _lines(content)
    if not isinstance(texts, list):
        raise ValueError(f"{path}: expected a list of instructions but found none")
    if not texts:
        raise ValueError(f"{path}: expected an instruction but found none")
    return texts


def _lines(content: str) -> list[str]:
    return [line for line in content.splitlines() if line.strip()]


def _parsed(content: str) -> Any:
    try:
        return yaml.safe_load(content)
    except yaml.YAMLError:
        return None

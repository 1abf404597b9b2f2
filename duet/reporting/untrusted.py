"""Reads files that anybody may have written: bounded in size and depth, links not followed, nothing executed."""

from __future__ import annotations

import errno
import json
import math
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn, TextIO

import yaml

LARGEST_FILE = 4 * 2**20  # bytes of a file that is read whole
LARGEST_SETTINGS = 2**20
LARGEST_LINES = 2**30  # bytes of a JSONL file
LONGEST_LINE = 16 * 2**20  # characters of a line of a JSONL file
DEEPEST = 50  # levels of lists and mappings
MOST_NODES = 20_000  # of settings, counted after aliases are expanded
LONGEST_NUMBER = 300  # digits


class NotReportable(ValueError):
    """A file or folder that can't be shown; the message says why."""


def read_text(path: Path, largest: int = LARGEST_FILE) -> str:
    """The text of a regular file; bytes that are no UTF-8 become U+FFFD.

    Raises:
        NotReportable: it is a link, no regular file, too large or unreadable.
    """
    with _opened(path, largest) as file:
        try:
            return file.read()
        except OSError as error:
            raise _unreadable(path, error) from error


def read_lines(path: Path) -> Iterator[tuple[str, str]]:
    """Yields where each line of a JSONL file stands, and its text; nothing if there is no file.

    Raises:
        NotReportable: as for ``read_text``, or a line is too long.
    """
    if not os.path.lexists(path):
        return
    with _opened(path, LARGEST_LINES) as file:
        number = 0
        while line := file.readline(LONGEST_LINE):
            number += 1
            if len(line) == LONGEST_LINE:
                raise NotReportable(f"{path}, line {number}: expected at most {LONGEST_LINE:,} characters")
            yield f"{path}, line {number}", line


def parse_json(text: str, place: str) -> dict[str, Any]:
    """A JSON object whose numbers are finite and of sensible length.

    Raises:
        NotReportable: it is something else.
    """
    try:
        content = json.loads(text, parse_constant=_refuse, parse_float=_finite, parse_int=_integer)
    except RecursionError as error:
        raise NotReportable(f"{place}: expected JSON but found lists or objects nested too deeply") from error
    except ValueError as error:
        raise NotReportable(f"{place}: expected JSON but found: {error}") from error
    if not isinstance(content, dict):
        raise NotReportable(f"{place}: expected a JSON object but found {type(content).__name__}")
    return content


def parse_settings(text: str, place: str) -> dict[str, Any]:
    """YAML keys and values; nothing but plain scalars, lists and mappings is built.

    Raises:
        NotReportable: it is something else, nested too deeply, or too large once its aliases are expanded.
    """
    try:
        _measure(text, place)
        content = yaml.load(text, Loader=_PlainLoader) or {}
    except yaml.YAMLError as error:
        raise NotReportable(f"{place}: expected YAML but found: {' '.join(str(error).split())[:200]}") from error
    except (ValueError, LookupError, AttributeError) as error:  # of PyYAML's scalars, such as !!int x
        if isinstance(error, NotReportable):
            raise
        raise NotReportable(f"{place}: expected YAML but found a value that can't be read") from error
    if not isinstance(content, dict):
        raise NotReportable(f"{place}: expected keys and values but found {type(content).__name__}")
    return content


class _PlainLoader(yaml.SafeLoader):
    """Dates stay text, and no tag makes an object of its own."""


_PLAIN = ("null", "bool", "int", "float", "str", "seq", "map")
_PlainLoader.yaml_constructors = {
    tag: build
    for tag, build in yaml.SafeLoader.yaml_constructors.items()
    if tag is None or tag.rpartition(":")[2] in _PLAIN
} | {"tag:yaml.org,2002:timestamp": yaml.SafeLoader.construct_yaml_str}


def _measure(text: str, place: str) -> None:
    """Refuses depth and expanded size before anything is built; the events themselves take no recursion."""
    depth, sizes, open_anchors, total = 0, dict[str, int](), list[tuple[str | None, int]](), 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        if isinstance(event, yaml.AliasEvent):
            total += sizes.get(event.anchor or "", MOST_NODES)  # an alias within its own anchor never ends
        elif isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            open_anchors.append((event.anchor, total))
            total += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
            anchor, before = open_anchors.pop()
            if anchor:
                sizes[anchor] = total - before
        elif isinstance(event, yaml.ScalarEvent):
            total += 1
            if event.anchor:
                sizes[event.anchor] = 1
        if depth > DEEPEST:
            raise NotReportable(f"{place}: expected settings but found lists or mappings nested too deeply")
        if total > MOST_NODES:
            raise NotReportable(f"{place}: expected settings but found more than {MOST_NODES:,} values")


def _opened(path: Path, largest: int) -> TextIO:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        if getattr(error, "errno", None) == errno.ELOOP:
            raise NotReportable(f"{path}: expected a file but found a link, which is not followed") from error
        raise _unreadable(path, error) from error
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode):
        os.close(descriptor)
        raise NotReportable(f"{path}: expected a file but found something else")
    if found.st_size > largest:
        os.close(descriptor)
        raise NotReportable(f"{path}: expected at most {largest:,} bytes but found {found.st_size:,}")
    return os.fdopen(descriptor, encoding="utf-8", errors="replace", newline="\n")


def _unreadable(path: Path, error: Exception) -> NotReportable:
    return NotReportable(f"{path}: expected a readable file but found: {getattr(error, 'strerror', None) or error}")


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not a number")


def _finite(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else _refuse(text[:20])


def _integer(text: str) -> int:
    return int(text) if len(text) <= LONGEST_NUMBER else _refuse(f"{text[:20]}...")

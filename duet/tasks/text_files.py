"""Text files as they come: with or without a byte order mark, in UTF-8, UTF-16 or a named encoding, line by line."""

from __future__ import annotations

import codecs
import re
from collections.abc import Generator
from pathlib import Path

from duet.examples.example import TaskError

_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",  # before UTF-16, as it begins with its mark
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_SNIFFED = 4096  # bytes


def read_text(path: Path, encoding: str = "auto") -> str:
    """The whole text of a file, line ends as they are.

    Raises:
        TaskError: there is no such file, or it isn't text.
    """
    return "".join(read_lines(path, encoding))


def read_lines(path: Path, encoding: str = "auto", newline: str = "\n") -> Generator[str]:
    """The lines of a file with their ends, one after another, so that a large file needs no memory.

    Args:
        path: the file.
        encoding: a name that Python knows; ``auto`` is UTF-8, or UTF-16 if the file's first bytes say so.
        newline: what ends a line, as ``open`` has it: a line feed alone, or with ``""`` any line end.

    Raises:
        TaskError: there is no such file, or it isn't text.
    """
    number = 0
    try:
        name = _detect(path) if encoding == "auto" else codecs.lookup(encoding).name
        with path.open(encoding=name, newline=newline) as stream:
            for number, line in enumerate(stream, start=1):
                if "\0" in line:
                    raise TaskError(f"{path}, line {number}: expected {_words(name)} text but found binary data")
                yield line
    except OSError as error:
        raise TaskError(f"{path}: expected a readable file but found: {error.strerror}") from error
    except LookupError as error:
        raise TaskError(
            f"task.encoding: expected auto or a name that Python knows, such as cp1252, but found {encoding!r}"
        ) from error
    except UnicodeError as error:
        raise TaskError(_undecodable(path, name, number)) from error


def _detect(path: Path) -> str:
    """The encoding that the first bytes speak for; every second byte of UTF-16 text in Latin letters is zero."""
    with path.open("rb") as stream:
        start = stream.read(_SNIFFED)
    for mark, name in _MARKS.items():
        if start.startswith(mark) and re.search("[ -~]", start.decode(name, errors="ignore")):  # else it is binary
            return name
    even, odd = start[::2], start[1::2]
    if len(start) >= 4 and odd.count(0) > 0.7 * len(odd) and not even.count(0):
        return "utf-16-le"
    if len(start) >= 4 and even.count(0) > 0.7 * len(even) and not odd.count(0):
        return "utf-16-be"
    return "utf-8"


def _undecodable(path: Path, name: str, decoded: int) -> str:
    """One line for bytes that are no text; a UTF-8 file is read once more to find their line.

    Args:
        path: the file.
        name: its encoding.
        decoded: the lines that were read before.
    """
    hint = "set task.encoding if it has another encoding (Excel uses cp1252)"
    if not name.startswith("utf-8"):
        return f"{path}, after line {decoded}: expected {_words(name)} text but found other bytes; {hint}"
    with path.open("rb") as stream:
        for number, line in enumerate(stream, start=1):
            try:
                line.decode()
            except UnicodeDecodeError as error:
                found = f"byte {line[error.start]:#04x}"
                return f"{path}, line {number}: expected UTF-8 text but found {found}; {hint}"
    return f"{path}: expected UTF-8 text but its end is cut off; {hint}"


def _words(name: str) -> str:
    return {"utf-8-sig": "UTF-8"}.get(name, name.upper())

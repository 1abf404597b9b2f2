"""CSV as spreadsheets write it: commas, semicolons or tabs, blank cells at the ends of rows, cells of any length."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from duet.examples.example import TaskError
from duet.tasks.columns import find_column
from duet.tasks.rows import Rows
from duet.tasks.text_files import read_lines

_DELIMITERS = ",;\t|"
_LONGEST_CELL = 2**31 - 1  # the module's own limit is 131,072 characters


def csv_rows(path: Path, columns: Sequence[str], encoding: str = "auto") -> Rows:
    """The rows of a file with a header; what separates its cells is what makes ``columns`` stand in the header.

    Rows without any text are left out, and so are blank cells to the right of the header's last name.

    Raises:
        TaskError: the file can't be read.
    """
    delimiter, n_before = _separator(path, columns, encoding)
    records = _records(path, delimiter, encoding, n_before)
    _, names = next(records, (0, []))
    header = _without_end([name.strip() for name in names])
    filled = ((number, cells) for number, cells in records if any(cell.strip() for cell in cells))

    def parse(where: str, cells: list[str]) -> Mapping[str, Any]:
        cells = cells if len(cells) <= len(header) else [*cells[: len(header)], *_without_end(cells[len(header) :])]
        if len(cells) != len(header):
            problem = "more" if len(cells) > len(header) else "fewer"
            raise TaskError(f"{where}: expected {len(header)} cells but found {problem}")
        return dict(zip(header, cells, strict=True))

    return Rows(filled, parse, "line")


def _separator(path: Path, columns: Sequence[str], encoding: str) -> tuple[str, int]:
    """The character between the cells, and how many lines stand before the header: Excel's ``sep=;`` is one."""
    lines = read_lines(path, encoding, newline="")
    first = next(lines, "")
    lines.close()
    if first.lower().startswith("sep=") and len(first.strip("\r\n")) == 5:
        return first[4], 1
    for delimiter in _DELIMITERS:
        header = [name.strip() for name in next(csv.reader([first], delimiter=delimiter), [])]
        if all(find_column(header, column) is not None for column in columns):
            return delimiter, 0
    return ("\t" if path.suffix.lower() == ".tsv" else ","), 0


def _records(path: Path, delimiter: str, encoding: str, n_before: int) -> Iterator[tuple[int, list[str]]]:
    """The cells of each row, with the number of its last line."""
    csv.field_size_limit(_LONGEST_CELL)
    lines = read_lines(path, encoding, newline="")
    for _ in range(n_before):
        next(lines)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    try:
        for cells in reader:
            yield reader.line_num + n_before, cells
    except csv.Error as error:
        line = reader.line_num + n_before
        raise TaskError(f"{path}, line {line}: expected valid CSV but found: {error}") from error


def _without_end(cells: Sequence[str]) -> list[str]:
    """Without the blank cells at the end.

    >>> _without_end(["a", "", "b", "", " "])
    ['a', '', 'b']
    """
    filled = [index for index, cell in enumerate(cells) if cell.strip()]
    return list(cells[: filled[-1] + 1]) if filled else []

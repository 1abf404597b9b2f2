"""A table, and how it is written: Markdown for a page, CSV for a program, LaTeX for a paper."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable
from dataclasses import dataclass

FORMULA = ("=", "+", "-", "@", "\t", "\n")
LATEX = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", "±": r"$\pm$", "−": r"$-$", "†": r"$\dagger$", "–": "--",
}  # fmt: skip


@dataclass(frozen=True)
class MeanWithError:
    """A mean, its standard error where there is one, and whether it leads its row."""

    value: float
    error: float | None = None
    best: bool = False

    def __str__(self) -> str:
        return f"{self.value:.3f}" + ("" if self.error is None else f" ± {self.error:.3f}")


@dataclass(frozen=True)
class Interval:
    """A 95 % confidence interval."""

    low: float
    high: float

    def __str__(self) -> str:
        return f"{minus(self.low)} to {minus(self.high)}"


Value = str | int | float | MeanWithError | Interval | None


@dataclass(frozen=True)
class Table:
    """Rows under a header.

    Args:
        name: of its files.
        title: what it shows.
        header: the columns' names.
        rows: as many values each; None if there is nothing.
        notes: what a reader must know, one sentence each.
    """

    name: str
    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[Value, ...], ...]
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row) != len(self.header):
                raise ValueError(f"Expected {len(self.header)} values in a row of {self.name} but got {len(row)}")

    def is_number(self, column: int) -> bool:
        """Returns whether a column holds no text."""
        return not any(isinstance(row[column], str) for row in self.rows)


def minus(value: float) -> str:
    """Three digits, with a true minus sign."""
    return f"{value:.3f}".replace("-", "−")


def shown(value: Value) -> str:
    """A value for reading."""
    if value is None:
        return "–"
    if isinstance(value, float):
        return minus(value)
    return f"{value:,}" if isinstance(value, int) else str(value)


def markdown(table: Table) -> str:
    """Title, table and notes."""
    lines = [f"**{_markdown(table.title)}**", "", _pipes(map(_markdown, table.header))]
    lines.append(_pipes("---:" if table.is_number(index) else "---" for index in range(len(table.header))))
    lines += [_pipes(map(_markdown_value, row)) for row in table.rows]
    return "\n".join([*lines, "", *(f"{_markdown(note)}  " for note in table.notes)]).rstrip() + "\n"


def _pipes(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _markdown_value(value: Value) -> str:
    text = _markdown(shown(value))
    return f"**{text}**" if isinstance(value, MeanWithError) and value.best else text


def _markdown(text: str) -> str:
    escaped = re.sub(r"([\\`*_{}\[\]<>|#~&!])", r"\\\1", text)
    return " ".join(escaped.split())


def comma_separated(table: Table) -> str:
    """Full numbers; a mean and its error, or an interval's ends, are columns of their own."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    kinds = [{type(row[index]) for row in table.rows} for index in range(len(table.header))]
    writer.writerow(name for title, kind in zip(table.header, kinds, strict=True) for name in _csv_header(title, kind))
    for row in table.rows:
        writer.writerow(part for value, kind in zip(row, kinds, strict=True) for part in _csv_parts(value, kind))
    return file.getvalue()


def _csv_header(title: str, kinds: set[type]) -> list[str]:
    title = _guarded(title)
    if MeanWithError in kinds:
        return [title, f"{title} standard error"]
    return [f"{title} low", f"{title} high"] if Interval in kinds else [title]


def _guarded(text: str) -> str:
    """Text that a spreadsheet would compute begins with an apostrophe; a lone carriage return, which ends a row in some
    readers without being quoted by the writer, becomes a line feed.
    """
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    return f"'{plain}" if plain.startswith(FORMULA) else plain


def _csv_parts(value: Value, kinds: set[type]) -> list[str | int | float | None]:
    if isinstance(value, MeanWithError):
        return [value.value, value.error]
    if isinstance(value, Interval):
        return [value.low, value.high]
    if isinstance(value, str):
        value = _guarded(value)
    return [value, None] if kinds & {MeanWithError, Interval} else [value]


def latex(table: Table) -> str:
    """A table with booktabs' rules."""
    columns = "".join("r" if table.is_number(index) else "l" for index in range(len(table.header)))
    body = [_ampersands(_latex(title) for title in table.header), r"\midrule"]
    body += [_ampersands(map(_latex_value, row)) for row in table.rows]
    notes = [rf"\par\smallskip\footnotesize {' '.join(map(_latex, table.notes))}"] if table.notes else []
    return "\n".join([
        "% needs \\usepackage{booktabs}", r"\begin{table}", r"\centering", rf"\caption{{{_latex(table.title)}}}",
        rf"\label{{tab:{table.name}}}", rf"\begin{{tabular}}{{{columns}}}", r"\toprule", *body, r"\bottomrule",
        r"\end{tabular}", *notes, r"\end{table}", "",
    ])  # fmt: skip


def _ampersands(cells: Iterable[str]) -> str:
    return f"{' & '.join(cells)} \\\\"


def _latex_value(value: Value) -> str:
    text = _latex(shown(value))
    return rf"\textbf{{{text}}}" if isinstance(value, MeanWithError) and value.best else text


def _latex(text: str) -> str:
    return "".join(LATEX.get(character, character) for character in " ".join(text.split()))

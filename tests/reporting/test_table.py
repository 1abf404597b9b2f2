"""A table in three forms."""

from __future__ import annotations

import csv
import io

import pytest

from duet.reporting.table import Interval, MeanWithError, Table, comma_separated, latex, markdown

TABLE = Table(
    "t",
    "Scores_of 3 & more",
    ("task", "Duet", "interval", "n", "p"),
    (
        ("a_b", MeanWithError(0.5, 0.125, best=True), Interval(-0.25, 0.5), 1200, 0.04),
        ("=1|2", MeanWithError(0.25), None, None, None),
    ),
    ("100 % of $5.",),
)


def test_markdown_escapes_what_would_be_markup() -> None:
    assert markdown(TABLE).splitlines() == [
        r"**Scores\_of 3 \& more**",
        "",
        "| task | Duet | interval | n | p |",
        "| --- | ---: | ---: | ---: | ---: |",
        r"| a\_b | **0.500 ± 0.125** | −0.250 to 0.500 | 1,200 | 0.040 |",
        r"| =1\|2 | 0.250 | – | – | – |",
        "",
        "100 % of $5.",
    ]


def test_a_model_can_not_write_markup_or_a_row_into_markdown() -> None:
    row = markdown(Table("t", "t", ("x",), (("<img src=x onerror=y> [a](b)\n| c |",),))).splitlines()[4]
    assert row == r"| \<img src=x onerror=y\> \[a\](b) \| c \| |"


def test_numbers_are_whole_in_csv_and_ends_have_their_own_columns() -> None:
    rows = list(csv.reader(io.StringIO(comma_separated(TABLE))))
    assert rows == [
        ["task", "Duet", "Duet standard error", "interval low", "interval high", "n", "p"],
        ["a_b", "0.5", "0.125", "-0.25", "0.5", "1200", "0.04"],
        ["'=1|2", "0.25", "", "", "", "", ""],
    ]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_no_heading_and_no_value_is_a_formula_to_a_spreadsheet(start: str) -> None:
    text = f"{start}cmd|' /C calc'!A0"
    table = Table("t", "t", (text, f"{text} 2", f"{text} 3"), ((text, MeanWithError(0.5), Interval(0.0, 1.0)),))
    values = [value for row in csv.reader(io.StringIO(comma_separated(table), newline="")) for value in row]
    assert [value for value in values if value.startswith(start)] == []
    assert values[0] == values[5] == "'" + text.replace("\r", "\n")


def test_a_carriage_return_inside_a_text_begins_no_row() -> None:
    text = comma_separated(Table("t", "t", ("x",), (("harmless\r=cmd()",),)))
    assert text == 'x\n"harmless\n=cmd()"\n'


def test_latex_escapes_its_special_characters() -> None:
    lines = latex(TABLE).splitlines()
    assert r"\caption{Scores\_of 3 \& more}" in lines
    assert r"\begin{tabular}{lrrrr}" in lines
    assert r"a\_b & \textbf{0.500 $\pm$ 0.125} & $-$0.250 to 0.500 & 1,200 & 0.040 \\" in lines
    assert r"=1\textbar{}2 & 0.250 & -- & -- & -- \\" in lines
    assert r"\par\smallskip\footnotesize 100 \% of \$5." in lines


def test_a_backslash_of_a_model_is_no_latex_command() -> None:
    text = latex(Table("t", "t", ("x",), ((r"\input{/etc/passwd}",),)))
    assert r"\textbackslash{}input\{/etc/passwd\} \\" in text


def test_a_row_that_is_too_short_is_refused() -> None:
    with pytest.raises(ValueError, match="Expected 2 values in a row of t but got 1"):
        Table("t", "t", ("a", "b"), ((1,),))

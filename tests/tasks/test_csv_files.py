"""CSV as spreadsheets and people write it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from duet.examples.example import Example
from duet.tasks.readers import FileFormat, read_examples

EXPECTED = (Example("a, b", ("yes",)), Example("c; d", ("no",)))


def read(folder: Path, content: str | bytes, name: str = "a.csv", **columns: Any) -> tuple[Example, ...]:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_examples(path, FileFormat(**columns))[0]


@pytest.mark.parametrize(
    "content",
    [
        'input,output\n"a, b",yes\nc; d,no\n',
        'input;output\na, b;yes\n"c; d";no\n',
        "input\toutput\na, b\tyes\nc; d\tno\n",
        "input|output\na, b|yes\nc; d|no\n",
        'sep=;\ninput;output\na, b;yes\n"c; d";no\n',
        'Input,OUTPUT\n"a, b",yes\nc; d,no\n',
        ' Input , Output \n"a, b",yes\nc; d,no\n',
        'input,output,\n"a, b",yes,\nc; d,no,\n',
        'input,output,,\n"a, b",yes\nc; d,no, ,,\n',
        'input,output\n"a, b",yes\n\nc; d,no\n,\n,,\n',
        'input,output\r"a, b",yes\rc; d,no\r',
        'id;input;note;output\n1;a, b;x;yes\n2;"c; d";;no\n'.encode("utf-16"),
        '"input","output"\n"a, b","yes"\n"c; d","no"\n',
    ],
)
def test_what_separates_cells_and_what_is_blank_does_not_matter(tmp_path: Path, content: str | bytes) -> None:
    assert read(tmp_path, content) == EXPECTED


def test_a_file_of_tabs_may_say_so_in_its_name(tmp_path: Path) -> None:
    assert read(tmp_path, "input\toutput\na, b\tyes\nc; d\tno\n", "a.tsv") == EXPECTED


def test_columns_of_other_names_decide_the_separator_too(tmp_path: Path) -> None:
    content = "Text;Label\na, b;yes\n'c;no\n"
    assert read(tmp_path, content, input_column="text", output_column="label")[0] == EXPECTED[0]


@pytest.mark.parametrize("length", [20_000, 131_073, 1_000_000])
def test_a_cell_may_be_of_any_length(tmp_path: Path, length: int) -> None:
    assert len(read(tmp_path, f"input,output\n{'x' * length},yes\n")[0].input) == length


def test_errors_name_the_last_line_of_a_row_of_several(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"a\.csv, line 5: expected 2 cells but found more"):
        read(tmp_path, 'sep=,\ninput,output\n"a\nb",c\nd,e,f\n')

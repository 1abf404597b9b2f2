"""Task files, good and bad."""

from __future__ import annotations

from pathlib import Path

import pytest

from duet.examples.example import Example, TaskError
from duet.tasks.readers import FileFormat, read_examples


def written(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def refusal(path: Path) -> str:
    with pytest.raises(TaskError) as error:
        read_examples(path)
    message = str(error.value)
    assert str(path) in message
    assert "expected" in message
    assert "\n" not in message
    return message.replace(str(path), path.name)


def test_jsonl_lines_become_examples_with_one_or_several_answers(tmp_path: Path) -> None:
    path = written(
        tmp_path, "a.jsonl", '{"input": "a", "output": "b", "id": 1}\n\n{"input": "c", "output": ["d", "e"]}'
    )
    assert read_examples(path)[0] == (Example("a", ("b",)), Example("c", ("d", "e")))


def test_numbers_become_text_as_they_are_written(tmp_path: Path) -> None:
    path = written(tmp_path, "a.jsonl", '{"input": 1.50, "output": [7, 1e3, true]}')
    assert read_examples(path)[0] == (Example("1.50", ("7", "1e3", "true")),)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_byte_order_mark_and_windows_lines_are_tolerated(tmp_path: Path, end: str) -> None:
    jsonl = f'\ufeff{{"input": "ä", "output": "b"}}{end}{{"input": "c", "output": "d"}}{end}'
    expected = (Example("ä", ("b",)), Example("c", ("d",)))
    assert read_examples(written(tmp_path, "a.jsonl", jsonl))[0] == expected
    assert read_examples(written(tmp_path, "a.csv", f"\ufeffinput,output{end}ä,b{end}c,d{end}"))[0] == expected


def test_only_a_line_feed_ends_a_line(tmp_path: Path) -> None:
    path = written(tmp_path, "a.jsonl", '{"input": "a\u2028b\x85c", "output": "d"}\n')
    assert read_examples(path)[0] == (Example("a\u2028b\x85c", ("d",)),)


def test_csv_cells_may_hold_quotes_lines_and_lists(tmp_path: Path) -> None:
    path = written(tmp_path, "a.csv", 'id,input,output\n1,"a, ""b""\nc","[""yes"", 1]"\n2,[x],no\n')
    assert read_examples(path)[0] == (Example('a, "b"\nc', ("yes", "1")), Example("[x]", ("no",)))


def test_columns_can_have_other_names(tmp_path: Path) -> None:
    path = written(tmp_path, "a.csv", "question,answer\nq,a\n")
    assert read_examples(path, FileFormat("question", "answer"))[0] == (Example("q", ("a",)),)


def test_outer_blanks_are_kept(tmp_path: Path) -> None:
    assert read_examples(written(tmp_path, "a.jsonl", '{"input": "\\n a ", "output": " b"}'))[0][0].input == "\n a "


GOOD = '{"input": "a", "output": "b"}\n'


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.jsonl", "", "a.jsonl: expected examples but it holds none"),
        ("a.csv", "", "a.csv: expected examples but it holds none"),
        ("a.csv", "input,output\n", "a.csv: expected examples but it holds none"),
        ("a.jsonl", GOOD + "{'input': 1}", "a.jsonl, line 2: expected valid JSON but found: Expecting property name"),
        ("a.jsonl", GOOD + '{"input": "a"', "a.jsonl, line 2: expected valid JSON"),
        ("a.jsonl", '[{"input": "a"}]', "item 1: expected a column 'output' but found 'input'"),
        ("a.jsonl", GOOD + "[1]", "line 2: expected a JSON object but found '[1]'"),
        ("a.jsonl", "[1, 2]", "item 1: expected a JSON object but found '\"1\"'"),
        ("a.jsonl", "[" * 100_000, "a.jsonl: expected valid JSON"),
        (
            "a.json",
            '{"a": [], "b": []}',
            "a.json: expected a list of objects, or one object per line, but found 2 lists",
        ),
        (
            "a.jsonl",
            GOOD + '{"question": "a", "output": "b"}',
            "line 2: expected a column 'input' but found 'question', '",
        ),
        ("a.jsonl", "{}", "line 1: expected a column 'input' but found no columns"),
        ("a.jsonl", GOOD + '{"input": " ", "output": "b"}', "line 2: expected text in 'input' but it is empty"),
        ("a.jsonl", '{"input": "a", "output": ""}', "line 1: expected text in 'output' but it is empty"),
        ("a.jsonl", '{"input": "a", "output": ["b", ""]}', "line 1: expected text in 'output' but it is empty"),
        ("a.jsonl", '{"input": "a", "output": []}', "at least one accepted output in 'output' but found an empty list"),
        ("a.jsonl", '{"input": "a", "output": null}', "expected text or a number in 'output' but found null"),
        ("a.jsonl", '{"input": ["a"], "output": "b"}', "expected text or a number in 'input' but found a list"),
        ("a.jsonl", '{"input": "a", "output": {"b": 1}}', "expected text or a number in 'output' but found an object"),
        ("a.jsonl", GOOD.encode() + b'{"input": "\xe4"}', "a.jsonl, line 2: expected UTF-8 text but found byte 0xe4"),
        ("a.jsonl", b"\x89PNG\r\n\x1a\n\x00", "expected UTF-8 text but found byte 0x89"),
        ("a.csv", b"PK\x03\x04\n\x00\x00", "a.csv, line 2: expected UTF-8 text but found binary data"),
        ("a.csv", "input,output\na,b\n,d\n", "a.csv, line 3: expected text in 'input' but it is empty"),
        ("a.csv", "input,output\na,\n", "a.csv, line 2: expected text in 'output' but it is empty"),
        ("a.csv", "text;output\na;b\n", "a.csv, line 2: expected a column 'input' but found 'text;output'; name yours"),
        ("a.csv", "Input,INPUT,output\na,b,c\n", "expected a column 'input' but found 'Input', 'INPUT', 'output'"),
        ("a.csv", "input,output\na,b,c\n", "a.csv, line 2: expected 2 cells but found more"),
        ("a.csv", "input,output\na,b\nc\n", "a.csv, line 3: expected 2 cells but found fewer"),
        ("a.csv", 'input,output\na,"b\n', "a.csv, line 2: expected valid CSV but found: unexpected end of data"),
        ("a.csv", 'input,output\na,b\na,"b"c\n', "a.csv, line 3: expected valid CSV but found: ',' expected after"),
        (
            "a.csv",
            'input,output\na,"[""b"", "\n',
            "a.csv, line 2, column 'output' (a cell that starts with [ is a list",
        ),
        (
            "a.txt",
            GOOD,
            "a.txt: expected a file that ends in .jsonl or .csv but found .txt; .json, .ndjson",
        ),
        ("a", GOOD, "a: expected a file that ends in .jsonl or .csv but found no suffix"),
        ("a.xlsx", b"PK", "a.xlsx: expected a file that ends in .jsonl or .csv but found .xlsx; save the sheet as CSV"),
    ],
)
def test_a_bad_file_is_refused_with_its_place(tmp_path: Path, name: str, content: str | bytes, words: str) -> None:
    assert words in refusal(written(tmp_path, name, content))


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    assert "No such file" in refusal(tmp_path / "a.jsonl")
    (tmp_path / "folder.csv").mkdir()
    assert "Is a directory" in refusal(tmp_path / "folder.csv")


def test_several_input_columns_become_fields_and_a_text_of_one_line_each(tmp_path: Path) -> None:
    path = written(tmp_path, "a.csv", "id,subject,body,label\n1,Hi,my bill,billing\n2,,log in,account\n")
    (first, second), _ = read_examples(path, FileFormat(("subject", "body"), "label"))
    assert first == Example("subject: Hi\nbody: my bill", ("billing",), {"subject": "Hi", "body": "my bill"})
    assert second.fields == {"subject": "", "body": "log in"}
    assert len({first, second, first}) == 2


def test_an_object_as_the_input_has_fields_with_numbers_as_they_are_written(tmp_path: Path) -> None:
    line = '{"input": {"n": 1.50, "list": [1, "a", {"b": 2e3}], "ok": true, "none": null}, "output": "x"}'
    [example], _ = read_examples(written(tmp_path, "a.jsonl", line))
    assert example.fields == {"n": "1.50", "list": '[1, "a", {"b": 2e3}]', "ok": "true", "none": ""}


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('{"a": "x", "output": "y"}', "line 1: expected a column 'b' but found 'a', 'output'"),
        ('{"a": " ", "b": "", "output": "y"}', "line 1: expected text in 'a', 'b' but it is empty"),
    ],
)
def test_a_row_without_its_input_columns_is_refused(tmp_path: Path, line: str, words: str) -> None:
    with pytest.raises(TaskError, match=words):
        read_examples(written(tmp_path, "a.jsonl", line), FileFormat(("a", "b")))

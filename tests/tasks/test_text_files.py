"""Text in the encodings that people's programs write."""

from __future__ import annotations

import codecs
from pathlib import Path

import pytest

from duet.examples.example import TaskError
from duet.tasks.text_files import read_lines, read_text

TEXT = "input,output\nGrüße,好\n"


@pytest.mark.parametrize(
    "content",
    [
        TEXT.encode(),
        codecs.BOM_UTF8 + TEXT.encode(),
        codecs.BOM_UTF16_LE + TEXT.encode("utf-16-le"),
        codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"),
        codecs.BOM_UTF32_LE + TEXT.encode("utf-32-le"),
        TEXT.encode("utf-16-le"),
        TEXT.encode("utf-16-be"),
    ],
)
def test_unicode_is_known_by_its_first_bytes(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    assert read_text(path) == TEXT
    assert list(read_lines(path)) == TEXT.splitlines(keepends=True)


def test_another_encoding_is_an_option_and_the_error_names_it(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"input,output\na,b\nGr\xfc\xdfe,c\n")
    with pytest.raises(TaskError, match=r"a\.csv, line 3: expected UTF-8 text but found byte 0xfc; set task\.encoding"):
        read_text(path)
    assert read_text(path, "cp1252") == "input,output\na,b\nGrüße,c\n"
    with pytest.raises(TaskError, match=r"a\.csv, after line 0: expected ASCII text but found other bytes; set task"):
        read_text(path, "ascii")


@pytest.mark.parametrize("name", ["klingon", "hex"])
def test_an_unknown_encoding_is_one_line(tmp_path: Path, name: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(TEXT, encoding="utf-8")
    with pytest.raises(TaskError, match=f"task.encoding: expected auto or a name that Python knows.*found '{name}'"):
        read_text(path, name)


def test_a_file_that_is_cut_in_the_middle_of_a_character_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(codecs.BOM_UTF16_LE + TEXT.encode("utf-16-le")[:-1])
    with pytest.raises(TaskError, match=r"expected UTF-16 text but found other bytes"):
        read_text(path)


def test_lines_end_where_the_reader_says(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes("a\u2028b\rc\nd".encode())
    assert list(read_lines(path)) == ["a\u2028b\rc\n", "d"]
    assert list(read_lines(path, newline="")) == ["a\u2028b\r", "c\n", "d"]


def test_a_mark_of_utf_16_before_binary_data_is_not_believed(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(TaskError, match=r"a\.jsonl, line 1: expected UTF-8 text but found byte 0xff"):
        read_text(path)

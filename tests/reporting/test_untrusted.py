"""Files that anybody may have written: bounded, and links are not followed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from duet.reporting.untrusted import MOST_NODES, NotReportable, parse_json, parse_settings, read_lines, read_text


def test_a_file_is_read_and_bytes_that_are_no_utf_8_are_replaced(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"caf\xc3\xa9 \xff")
    assert read_text(tmp_path / "a") == "café \N{REPLACEMENT CHARACTER}"


def test_a_link_a_folder_a_pipe_and_too_much_are_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("abc")
    (tmp_path / "link").symlink_to(tmp_path / "file")
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(NotReportable, match="found a link, which is not followed"):
        read_text(tmp_path / "link")
    for name in ("folder", "pipe"):
        with pytest.raises(NotReportable, match="expected a file but found something else"):
            read_text(tmp_path / name)
    with pytest.raises(NotReportable, match="expected at most 2 bytes but found 3"):
        read_text(tmp_path / "file", 2)
    with pytest.raises(NotReportable, match="No such file"):
        read_text(tmp_path / "none")


def test_lines_come_with_their_places_and_separators_inside_a_text_end_none(tmp_path: Path) -> None:
    (tmp_path / "a").write_text('"x\u2028y"\n2\n', encoding="utf-8")
    assert [(place.rpartition(", ")[2], line) for place, line in read_lines(tmp_path / "a")] == [
        ("line 1", '"x\u2028y"\n'), ("line 2", "2\n"),
    ]  # fmt: skip
    assert list(read_lines(tmp_path / "none")) == []


def test_numbers_are_finite_and_of_sensible_length() -> None:
    assert parse_json('{"a": 1.5, "b": -3}', "x") == {"a": 1.5, "b": -3}
    for text in ("1e999", "NaN", "-Infinity", "1" * 400):
        with pytest.raises(NotReportable, match=r"x: expected JSON but found: .* is not a number"):
            parse_json(f'{{"a": {text}}}', "x")


def test_settings_of_a_run_may_have_aliases_as_yaml_writes_them() -> None:
    assert parse_settings("a: &id001 [1, 2]\nb: *id001\nc: {<<: {d: 1}, e: 2020-01-01}", "x") == {
        "a": [1, 2], "b": [1, 2], "c": {"d": 1, "e": "2020-01-01"},
    }  # fmt: skip


def test_what_aliases_expand_to_is_counted() -> None:
    ten = ", ".join(["*a"] * 10)
    few = f"a: &a [{'x, ' * 999}x]\nb: [{ten}]"
    many = f"a: &a [{'x, ' * 2999}x]\nb: [{ten}]"
    assert len(parse_settings(few, "x")["b"]) == 10
    with pytest.raises(NotReportable, match=f"found more than {MOST_NODES:,} values"):
        parse_settings(many, "x")


def test_no_tag_builds_anything(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    for tag in (f"!!python/object/apply:os.mkdir ['{mark}']", "!!binary aGk=", "!!set {a}", "!own {a: 1}"):
        with pytest.raises(NotReportable, match="x: expected YAML but found"):
            parse_settings(f"a: {tag}", "x")
    assert not mark.exists()

"""Errors of the parsers, in one line."""

from __future__ import annotations

import io
import logging
import sys

import pytest

from duet.messages import OneLineParser, fitted, plain_message, printable, suggest, unknown_key
from duet.session.output import our_lines

UNION = """Parser key "white_box":
  Does not validate against any of the Union subtypes
  Subtypes: [<class 'duet.models.base.AbstractWhiteBox'>, <class 'NoneType'>]
  Errors:
    - Problem with given class_path 'duet.models.huggingface_white_box.HuggingFaceWhiteBox':
        Parser key "layer":
          Does not validate against any of the Union subtypes
          Subtypes: [<class 'int'>, typing.Literal['middle']]
          Errors:
            - Expected a <class 'int'>
            - Expected a typing.Literal['middle']
          Given value type: <class 'str'>
          Given value: high
    - Expected a <class 'NoneType'>
  Given value type: <class 'jsonargparse._util.NestedArg'>
  Given value: NestedArg(key='layer', val='high')"""

CLASS_PATH = """Parser key "strategy":
  - Expected a path but Duett either not accessible or invalid
  - Does not validate against any of the Union subtypes
  Errors:
    - Expected a dot import path string: Duett
  Given value: Duett"""


@pytest.mark.parametrize(
    ("message", "line"),
    [
        (UNION, "white_box.init_args.layer: expected int or 'middle' but got high"),
        (
            "Parser key \"model.weight\":\n  Expected a typing.Literal['balance', 'none']. Got value: auto",
            "model.weight: expected one of 'balance', 'none' but got auto",
        ),
        (
            CLASS_PATH,
            "strategy: expected the dotted path of a class but got Duett",
        ),
        ("Expected a template but got 'x'", "Expected a template but got 'x'"),
        ("two\n  lines", "two lines"),
    ],
)
def test_a_message_becomes_one_line(message: str, line: str) -> None:
    assert plain_message(message) == line


@pytest.mark.parametrize(
    ("message", "key"),
    [
        ("Subcommand 'fit' does not accept option 'a.b'", "a.b"),
        ("unrecognized arguments: --a.b 3", "a.b"),
        ("unrecognized arguments: --a.b=3", "a.b"),
        ("expected one argument", None),
    ],
)
def test_the_key_that_is_unknown_is_found(message: str, key: str | None) -> None:
    assert unknown_key(message) == key


def test_nothing_is_suggested_where_nothing_is_close() -> None:
    assert suggest("zzz", ["task.name"]) == ""


def test_a_parser_of_the_door_raises() -> None:
    parser = OneLineParser(prog="duet data")
    with pytest.raises(ValueError, match=r"unrecognized arguments: x \(see duet data --help\)"):
        parser.parse_args(["x"])


@pytest.mark.parametrize(
    ("text", "shown"),
    [("é ü 漢", "é ü 漢"), ("a\nb\tc", "a\ufffdb\ufffdc"), ("\ud800", "\ufffd"), ("x" * 300, "x" * 199 + "…")],
)
def test_what_is_shown_is_printable_and_ends(text: str, shown: str) -> None:
    assert printable(text, 200) == shown


class Terminal(io.StringIO):
    """A terminal in memory."""

    def isatty(self) -> bool:
        return True


def test_lines_are_no_wider_than_the_terminal_and_whole_in_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    text = "ok      black box         gpt-4o-mini at https://api.example.com/v1/a/path/that/has/no/blank\n\n  short"
    assert fitted(text, io.StringIO()) == text
    lines = fitted(text, Terminal()).split("\n")
    assert lines[0] == "ok      black box         gpt-4o-mini at"
    assert lines[1] == "    https://api.example.com/v1/a/path/that/has/no/blank"  # an address stays whole
    assert lines[2:] == ["", "  short"]


def test_the_log_is_fitted_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setattr(sys, "stderr", terminal := Terminal())
    with our_lines():
        logging.getLogger("duet").info("iteration 1/4: scored 10, up to %.3f on 5, best 0.7 on 20", 1)
    assert terminal.getvalue().splitlines() == ["iteration 1/4: scored 10, up to 1.000 on", "    5, best 0.7 on 20"]

"""Lines that a person reads: errors in one, safe for a terminal, and no wider than it is."""

from __future__ import annotations

import argparse
import difflib
import re
import shutil
import textwrap
from collections.abc import Iterable
from typing import NoReturn, TextIO

_KEY = re.compile(r'Parser key "([^"]+)":?')
_EMPTY_GROUP = "argument after ** must be a mapping, not NoneType"
_NOISE = re.compile(
    r"Does not validate against|Subtypes:|Errors:|Given value|Expected a path but|Expected a <class 'NoneType'>"
    r"|Problem with given class_path|Parser key|Expected a dot import path string"
)
_UNKNOWN = re.compile(r"(?:does not accept option '|unrecognized arguments: --)([\w.]+)'?")


class OneLineParser(argparse.ArgumentParser):
    """An argparse parser whose errors are exceptions."""

    def error(self, message: str) -> NoReturn:
        """Raises instead of printing the usage and leaving.

        Raises:
            ValueError: always.
        """
        raise ValueError(f"{message} (see {self.prog} --help)")


def plain_message(message: str) -> str:
    """The telling part of a message: key, expected, found.

    >>> plain_message('Parser key "search.iterations":\\n  Expected a <class \\'int\\'>. Got value: abc')
    'search.iterations: expected int but got abc'
    >>> plain_message("No such file:\\n  a.yaml")
    'No such file: a.yaml'
    """
    if _EMPTY_GROUP in message:
        return "expected keys and values in a group of settings but one is empty (null): leave it out, or name a key"
    keys = _KEY.findall(message)
    if not keys and "Does not validate against" not in message:
        return " ".join(message.split())
    reasons = [line for line in map(_reason, message.splitlines()) if line]
    text = _plain(" or ".join(dict.fromkeys(reasons))) or "expected something else"
    text += _found(message, text)
    return f"{'.init_args.'.join(keys)}: {text[0].lower()}{text[1:]}" if keys else text


def printable(text: str, most: int | None = None) -> str:
    """Makes a text that may quote anything safe for a terminal: no control characters, at most ``most`` characters.

    >>> printable("red\\x1b[31m"), printable("Reverse it.", 5)
    ('red\\ufffd[31m', 'Reve…')
    """
    shown = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)
    return shown if most is None or len(shown) <= most else shown[: most - 1] + "…"


def fitted(text: str, stream: TextIO) -> str:
    """Breaks lines between words where a terminal is narrower; a file or a pipe gets them whole."""
    if not stream.isatty():
        return text
    width = shutil.get_terminal_size().columns
    wrapper = textwrap.TextWrapper(width, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False)
    return "\n".join(wrapper.fill(line) for line in text.split("\n"))


def unknown_key(message: str) -> str | None:
    """The key that a parser's message rejects, if it is about one.

    >>> unknown_key("Subcommand 'fit' does not accept option 'task.nam'")
    'task.nam'
    """
    match = _UNKNOWN.search(message)
    return match[1] if match else None


def suggest(key: str, known: Iterable[str]) -> str:
    """A question that names the closest key, or nothing.

    >>> suggest("task.nam", ["task.name", "search.seed"])
    ' (did you mean task.name?)'
    """
    names = [name.removesuffix(".*") for name in known]  # as a key that has keys below it is listed
    close = difflib.get_close_matches(key, names, n=1, cutoff=0.8)
    return f" (did you mean {close[0]}?)" if close else ""


def _reason(line: str) -> str:
    text = line.strip().removeprefix("- ")
    if name := re.fullmatch(r"Expected a dot import path string: (\S+)", text):
        return f"Expected the dotted path of a class but got {name[1]}"
    if text.startswith("Parser key"):
        text = _KEY.sub("", text).strip()
    return "" if _NOISE.match(text) else text


def _found(message: str, text: str) -> str:
    """The value, where the reasons leave it out and it is short."""
    value = re.search(r"Given value: (.+)", message)
    if "but got" in text or value is None or value[1].startswith(("Namespace(", "NestedArg(", "{")):
        return ""
    return f" but got {value[1]}" if text.lower().startswith("expected") else f" (got {value[1]})"


def _plain(text: str) -> str:
    """Types as a user writes them."""
    text = re.sub(r"a <class '(?:\w+\.)*(\w+)'>", r"\1", text)
    text = re.sub(r"a typing\.Literal\[([^\],]*)\]", r"\1", text)
    text = re.sub(r"a typing\.Literal\[([^\]]*)\]", r"one of \1", text)
    text = text.replace(". Got value:", " but got").replace(" or Expected ", " or ")
    text = text.replace("Expected an instantiatable class, but is abstract", "Expected a class that is not abstract")
    return text.replace("'str' object has no attribute 'keys'", "expected keys and values")

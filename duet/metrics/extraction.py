"""Extracts the part of an answer that is scored, such as its last line; keeps the raw answer."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from duet.examples.example import TaskError
from duet.metrics.json_data import NotJson, as_text, at_path, find_json, is_path
from duet.metrics.texts import last_fenced_block

Step = str | dict[str, str]
_KEY = "task.answer.extract"


@dataclass(frozen=True)
class Extraction:
    """Extracts the part of an answer that is scored. If a step finds nothing, the answer counts as empty.

    >>> Extraction([{"after": "Answer:"}, "last_line"])("Two.\\nAnswer: let me see\\n 42 ")
    '42'
    >>> Extraction()(" as it is ")
    ' as it is '

    Args:
        extract: One step, or a list of steps that follow each other. ``last_line``: the last line with text.
            ``fenced_block``: the content of the last code fence, or all where there is no fence. ``after_think``: the
            text behind </think>, or all where there is no reasoning. ``json``: the first JSON object or list.
            {after: "Answer:"}: the text behind the last such marker. {regex: "= (.*)"}: the last match, its first
            group if it has one. {json: "result.name"}: what lies there in that JSON.
    """

    extract: Step | list[Step] | None = None

    def __post_init__(self) -> None:
        for step in self._steps:
            _check(step)

    def __call__(self, answer: str) -> str:
        """The part that is scored."""
        for kind, argument in self._steps:
            answer = _extractor(kind, argument)(answer)
        return answer

    @property
    def _steps(self) -> list[tuple[str, str | None]]:
        listed = self.extract if isinstance(self.extract, list) else [self.extract] if self.extract else []
        return [pair for step in listed for pair in ([(step, None)] if isinstance(step, str) else step.items())]


def last_line(answer: str) -> str:
    """The last line that is not blank.

    >>> last_line("So:\\n\\n 42 \\n")
    '42'
    """
    return next((line.strip() for line in reversed(answer.splitlines()) if line.strip()), "")


def fenced_block(answer: str) -> str:
    """The content of the last code fence; the answer where there is none."""
    block = last_fenced_block(answer)
    return answer if block is None else block


def after_think(answer: str) -> str:
    """The text behind the last ``</think>``; nothing if the reasoning was cut off.

    >>> [after_think(text) for text in ("<think>hm</think>\\n42", "hm</think>42", "42", "<think>hm")]
    ['42', '42', '42', '']
    """
    _, end, rest = answer.rpartition("</think>")
    return rest.strip() if end else answer.partition("<think>")[0].strip() if "<think>" in answer else answer


def after(marker: str, answer: str) -> str:
    """The text behind the last ``marker``, whose case does not count.

    >>> after("Answer:", "Answer: 41? No. ANSWER: 42"), after("Answer:", "42")
    ('42', '')
    """
    *_, last = [None, *re.finditer(re.escape(marker), answer, re.IGNORECASE)]
    return answer[last.end() :].strip() if last else ""


def matched(pattern: str, answer: str) -> str:
    """The first group, or else all, of the last match.

    >>> matched(r"= (\\d+)", "1 = 1, 2 = 2"), matched(r"\\d+", "none")
    ('2', '')
    """
    *_, last = [None, *re.finditer(pattern, answer)]
    return (last[1] or "" if last.re.groups else last[0]) if last else ""


def json_at(path: str, answer: str) -> str:
    """Returns what lies at a path of the answer's first JSON object or list, as text.

    >>> json_at("a[0]", 'Here it is: {"a": ["x", 2]}'), json_at("b", "{}")
    ('x', '')
    """
    try:
        return as_text(at_path(find_json(answer), path))
    except NotJson:
        return ""


_ALONE: Mapping[str, Callable[[str], str]] = {
    "last_line": last_line,
    "fenced_block": fenced_block,
    "after_think": after_think,
    "json": lambda answer: json_at("$", answer),
}
_WITH_ARGUMENT: Mapping[str, Callable[[str, str], str]] = {"after": after, "regex": matched, "json": json_at}


def _extractor(kind: str, argument: str | None) -> Callable[[str], str]:
    return _ALONE[kind] if argument is None else lambda answer: _WITH_ARGUMENT[kind](argument, answer)


def _check(step: tuple[str, str | None]) -> None:
    """Checks whether there is such a step.

    Raises:
        TaskError: there is none.
    """
    kind, argument = step
    if kind not in (_ALONE if argument is None else _WITH_ARGUMENT):
        known = ", ".join([*_ALONE, *(f"{{{name}: ...}}" for name in _WITH_ARGUMENT)])
        found = kind if argument is None else f"{{{kind}: {argument}}}"
        raise TaskError(f"{_KEY}: expected {known}, or a list of them, but found {found}")
    if argument == "":
        raise TaskError(f"{_KEY}: expected a text for {kind} but it is empty")
    if kind == "json" and argument and not is_path(argument):
        raise TaskError(f"{_KEY}: expected a path such as result.items[0].name but found {argument!r}")
    if kind == "regex" and argument:
        try:
            re.compile(argument)
        except re.error as error:
            raise TaskError(f"{_KEY}: expected a regular expression but found {argument!r}: {error}") from error

"""Separates a model's reasoning from its answer."""

from __future__ import annotations

import re
from dataclasses import dataclass

_TAGS = "think|thinking|thought|thoughts|reasoning|seed:think"
_OPEN = re.compile(rf"\s*(?:<({_TAGS})>|\u25c1think\u25b7|\[THINK\])", re.IGNORECASE)
_CLOSE = re.compile(rf"(?:</(?:{_TAGS})>|\u25c1/think\u25b7|\[/THINK\])", re.IGNORECASE)
_UNOPENED = re.compile(r"</think>", re.IGNORECASE)  # templates that put <think> into the prompt leave the end only
_CHANNELS = re.compile(r"\s*<\|channel\|>")  # the format of gpt-oss
_FINAL = "<|channel|>final<|message|>"


@dataclass(frozen=True)
class Answer:
    """What a model wrote, without its reasoning.

    Args:
        text: the answer; empty if the reasoning never ended.
        has_reasoning: whether there was any.
    """

    text: str
    has_reasoning: bool = False


def without_reasoning(text: str) -> Answer:
    r"""The answer behind the reasoning; a text without reasoning stays as it is.

    >>> without_reasoning("<think>2 and 2\n</think>\n\n4")
    Answer(text='4', has_reasoning=True)
    >>> without_reasoning("<think>2 and 2 is"), without_reasoning("2 < 4")
    (Answer(text='', has_reasoning=True), Answer(text='2 < 4', has_reasoning=False))
    """
    if _CHANNELS.match(text):
        return Answer(text.rpartition(_FINAL)[2].lstrip() if _FINAL in text else "", has_reasoning=True)
    begins = _OPEN.match(text) is not None
    ends = list((_CLOSE if begins else _UNOPENED).finditer(text))
    if ends:
        return Answer(text[ends[-1].end() :].lstrip(), has_reasoning=True)
    return Answer("", has_reasoning=True) if begins else Answer(text)


def no_room(tokens: int) -> str:
    """Why there is no answer, and what to do."""
    return f"all {tokens} tokens went into reasoning, none was left for the answer: raise init_args.reasoning_tokens"

"""Keeps the small embedded model out of searches for an API, for which it can write no good instructions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from duet.config_files import given_settings

NO_WHITE_BOX = "models/no_white_box"
NOTE = "No white box is named: the proposer writes the candidates, and hashed n-grams are their features"
_APIS = ("OpenAIBlackBox", "LiteLLMBlackBox")
_CLASS = ("black_box", "black_box.class_path")


def lacks_white_box(arguments: Sequence[str], given: Mapping[str, Any]) -> bool:
    """Returns whether an API does the task, and nothing says which white box helps.

    >>> lacks_white_box(["--black_box=duet.models.openai_black_box.OpenAIBlackBox"], {})
    True
    >>> lacks_white_box(["--config=models/openai", "--white_box", "duet.models.ngram_encoder.NGramEncoder"], {})
    False

    Args:
        arguments: the command line.
        given: settings and objects of a Python program, by their keys.
    """
    settings = [setting for _, found in given_settings(arguments) for setting in found.items()]
    if any(key.partition(".")[0] == "white_box" for key in (*(key for key, _ in settings), *given)):
        return False
    classes = [str(value) for key, value in settings if key in _CLASS]
    return bool(classes) and classes[-1].endswith(_APIS)

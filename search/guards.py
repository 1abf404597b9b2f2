"""What may stand in the pool: canonical texts that tell what to do and give no example away."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from search.prompts import PREFIX
from tasks.example import Example

_MARKER = re.compile(r"^\s*(?:[-*•]+\s+|\(?\d{1,3}[.):]\s*|#+\s*)")
_QUOTES = "\"'“”‘’`«»*"


def canonical(text: str) -> str:
    """One spelling per instruction: first line, no marker, quotes or prefix, single blanks, a capital, an end mark.

    >>> canonical('3. "The instruction was to write  the last letter" ')
    'Write the last letter.'
    """
    lines = [line for line in text.strip().splitlines() if line.strip()]
    text = _MARKER.sub("", lines[0]) if lines else ""
    text = " ".join(text.split()).strip(_QUOTES + " ")
    if text.lower().startswith(PREFIX.lower()):
        text = text[len(PREFIX) :].lstrip(" :,").strip(_QUOTES)
    text = text.strip()
    if not text:
        return ""
    return text[0].upper() + text[1:] + ("" if text[-1] in ".?!" else ".")


@dataclass(frozen=True)
class Guard:
    """Rejects texts that can't be instructions.

    Args:
        min_words: fewer words are rejected.
        max_characters: longer texts are rejected.
    """

    min_words: int = 2
    max_characters: int = 400

    def reason(self, text: str, examples: Sequence[Example]) -> str | None:
        """Why ``text`` (canonical) is rejected, or None."""
        if len(text.split()) < self.min_words:
            return "too short"
        if len(text) > self.max_characters:
            return "too long"
        if re.search(r"\b(input|output)s?:", text, re.IGNORECASE):
            return "copies the demonstrations' form"
        if any(_quotes(text, example) for example in examples):
            return "quotes an example"
        return None


def _quotes(text: str, example: Example) -> bool:
    """Whether an example's input (3 characters or more) stands in the text together with one of its outputs."""
    if len(example.input) < 3 or not _holds(text, example.input):
        return False
    return len(example.input) >= 24 or any(_holds(text, output) for output in example.outputs)


def _holds(text: str, part: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(part.strip().lower())}(?!\w)", text.lower()) is not None

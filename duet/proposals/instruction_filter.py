"""What may stand in the pool: canonical texts that tell what to do and give no example away."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from duet.prompts import PREFIX
from duet.tasks.example import Example

_MARKER = re.compile(r"^\s*(?:[-*•]+\s+|\(?\d{1,3}[.):](?!\d)\s*|#+\s*)")
_CONTROL = re.compile("[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ud800-\udfff]")  # with half surrogate pairs
_MOST_QUOTES = 8  # layers of them around a text; more are nobody's spelling
_LONGEST = 10_000  # characters; what is longer is no instruction, with or without its quotes
_QUOTES = {'"': '"', "'": "'", "`": "`", "“": "”", "‘": "’", "«": "»"}


def canonical(text: str) -> str:
    """One spelling per instruction: first line, no marker, quotes or prefix, single blanks, a capital, an end mark.

    Control characters are blanks.

    >>> canonical('3. "The instruction was to write  the last letter" ')
    'Write the last letter.'
    """
    lines = [line for line in _CONTROL.sub(" ", text).replace("**", "").splitlines() if line.strip()]
    text = _bare(" ".join(_MARKER.sub("", lines[0]).split())) if lines else ""
    if text.lower().startswith(PREFIX.lower()):
        text = _bare(text[len(PREFIX) :].lstrip(" :,"))
    if not re.search(r"\w", text):
        return ""
    return text[0].upper() + text[1:] + ("" if text[-1] in ".?!" else ".")


def _bare(text: str, layers: int = _MOST_QUOTES) -> str:
    """Without quotes that stand around the whole or have no partner; those around a part stay."""
    text = text.strip(" *")
    if not layers or len(text) > _LONGEST:
        return text
    core = text.rstrip(".?!")
    mark = text[len(core) :]
    for opening, closing in _QUOTES.items():
        edge = [one.start() for one in re.finditer(rf"(?<!\w)[{opening}{closing}]|[{opening}{closing}](?!\w)", core)]
        wrapped = core.startswith(opening) and core.endswith(closing) and len(edge) % 2 == 0
        if wrapped and (len(edge) == 2 or core[edge[1] - 1] in f" ({opening}"):
            return _bare(core[1:-1] + mark, layers - 1)
        if len(edge) % 2 and core.endswith(closing):
            return _bare(core[:-1] + mark, layers - 1)
        if len(edge) % 2 and core.startswith((opening, closing)):
            return _bare(core[1:] + mark, layers - 1)
    return text


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

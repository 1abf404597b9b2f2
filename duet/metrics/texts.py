"""Two forms of a text that are compared: a strict one, and a lenient one that leaves its dress aside."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence

_TRAILING_SPACE = re.compile(r"[^\S\n]+$", re.MULTILINE)
_BULLET = re.compile(r"(?:[-*+>•–]|#{1,6})\s+(?![\d.,$€£¥])")  # before a number it may be a sign
_FENCE = re.compile(r"(?P<ticks>`{3,}|~{3,})[^\n`]*\n(?P<inside>.*?)\n?[^\S\n]*(?P=ticks)", re.DOTALL)
_PAIRS = ("**", "__", "*", "_", "`", '"', "'", "“”", "‘’", "«»", "„“")
_LAST = ".,;:!?…。！？"
_OPENING, _CLOSING = "\"'([{“‘«„*_`¿¡", _LAST + "\"')]}”’»“*_`"


def strict_form(text: str) -> str:
    """The text in Unicode's composed form, without outer white space, trailing spaces and carriage returns.

    White space inside stays, as it counts in code.

    >>> strict_form(" Cafe\\u0301 \\r\\n  au lait\\n") == "Café\\n  au lait"
    True
    """
    text = unicodedata.normalize("NFC", text).replace("\r\n", "\n")
    return _TRAILING_SPACE.sub("", text).strip()


def squeezed(text: str) -> str:
    """The strict form with every run of white space as one space, and without case.

    >>> squeezed(" Red\\n  Fox ")
    'red fox'
    """
    return " ".join(strict_form(text).split()).casefold()


def lenient_form(text: str) -> str:
    """The text without case, code fence, Markdown bullet, surrounding quotes and emphasis, and final punctuation.

    It never becomes empty unless the text is blank.

    >>> [lenient_form(text) for text in ("- Blue", "> blue", " blue . ", "**Blue!**", "'blue'", "C++", "U.S.", "?")]
    ['blue', 'blue', 'blue', 'blue', 'blue', 'c++', 'u.s', '?']
    """
    text = strict_form(text)
    while (shorter := _undressed(text)) not in ("", text):
        text = shorter
    return squeezed(text)


def words(text: str) -> list[str]:
    """The words of the lenient form, each without the punctuation around it.

    >>> words('"Dr. Smith" paid $12.50 (twice), in C++.')
    ['dr', 'smith', 'paid', '$12.50', 'twice', 'in', 'c++']
    """
    return [word.lstrip(_OPENING).rstrip(_CLOSING) or word for word in lenient_form(text).split()]


def last_fenced_block(text: str) -> str | None:
    """Returns what stands inside the last code fence; None without a fence.

    >>> last_fenced_block("Here:\\n```json\\n{}\\n```\\nDone.")
    '{}'
    """
    blocks = [match["inside"] for match in _FENCE.finditer(text)]
    return blocks[-1] if blocks else None


def overlap_f1(found: Sequence[str], expected: Sequence[str]) -> float:
    """F1 over the multisets of words; without a common one 0.

    >>> overlap_f1(["a", "b"], ["b", "b"])
    0.5
    """
    shared = (Counter(found) & Counter(expected)).total()
    return 2 * shared / (len(found) + len(expected)) if shared else 0.0


def _undressed(text: str) -> str:
    """The text with one layer less."""
    fenced = _FENCE.fullmatch(text)
    text = fenced["inside"].strip() if fenced else text
    text = _BULLET.sub("", text, count=1) if _BULLET.match(text) else text
    for pair in _PAIRS:
        first, last = (pair[0], pair[1]) if len(set(pair)) == 2 else (pair, pair)
        if len(text) > len(first + last) and text.startswith(first) and text.endswith(last):
            text = text[len(first) : -len(last)].strip()
    text = text.strip("`").removeprefix("**").removesuffix("**") or text  # where only one end is left of a pair
    return text.rstrip(_LAST).strip() or text

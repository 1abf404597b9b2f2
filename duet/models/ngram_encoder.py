"""Features without a model: hashed n-grams of characters and words."""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache

import torch
from torch import Tensor

from duet.models.base import AbstractEncoder, Encoding


class NGramEncoder(AbstractEncoder):
    """Counts of n-grams, hashed to a fixed width with a sign (feature hashing, Weinberger et al. 2009), of length 1.

    Texts with the same words or the same parts of words have similar features; it knows nothing of meaning. It needs no
    model, no GPU and no download, reads each text by itself, and gives the same features everywhere.

    >>> encoder = NGramEncoder(width=64)
    >>> one, other, third = encoder.encode(["Sort the words.", "Sort all the words.", "Count to 9!"]).states
    >>> bool(one @ other > one @ third), encoder.encode(["Sort the words.", ""]).token_counts.tolist()
    (True, [3, 0])

    Args:
        width: d, numbers per text.
        characters: most characters of a part of a word, its borders included; from two on.
        words: most words in a row.
    """

    def __init__(self, width: int = 512, characters: int = 4, words: int = 2) -> None:
        if min(width, words) < 1 or characters < 2:
            found = f"{width}, {words} and {characters}"
            raise ValueError(f"Expected width and words of at least 1, characters of at least 2, but got {found}")
        self._width, self._characters, self._words = width, characters, words

    @property
    def identity(self) -> str:
        """The name and the numbers."""
        return f"ngrams:{self._width}:{self._characters}:{self._words}"

    @property
    def hidden_size(self) -> int:
        """d, as it was given."""
        return self._width

    def encode(self, texts: Sequence[str], contexts: Sequence[str] | None = None) -> Encoding:
        """Features of each text; a token is a word, and contexts play no part."""
        states = torch.stack([self._state(text) for text in texts]) if texts else torch.zeros(0, self._width)
        return Encoding(states, torch.tensor([len(text.split()) for text in texts], dtype=torch.int64))

    def _state(self, text: str) -> Tensor:
        state = [0.0] * self._width
        for gram, count in Counter(self._grams(text.lower().split())).items():
            number = _hash(gram)
            state[number % self._width] += math.sqrt(count) * (1 if number & 2**60 else -1)
        return torch.tensor(state) / (math.hypot(*state) or 1.0)

    def _grams(self, words: Sequence[str]) -> Iterator[str]:
        """Words, runs of words, and parts of words between their borders."""
        for size in range(1, self._words + 1):
            yield from (f"w {' '.join(words[at : at + size])}" for at in range(len(words) - size + 1))
        for word in (f"<{word}>" for word in words):
            for size in range(2, self._characters + 1):
                yield from (f"c {word[at : at + size]}" for at in range(len(word) - size + 1))


@lru_cache(maxsize=2**16)
def _hash(gram: str) -> int:
    """The same on every machine and in every process, which Python's own is not."""
    return int.from_bytes(hashlib.blake2b(gram.encode(errors="replace"), digest_size=8).digest())

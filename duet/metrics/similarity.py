"""Metrics of how alike two texts are, in [0, 1]; the best accepted output counts.

The work is rapidfuzz's and sacrebleu's.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from duet.metrics.texts import strict_form

if TYPE_CHECKING:
    from sacrebleu.metrics.bleu import BLEU
    from sacrebleu.metrics.chrf import CHRF


@dataclass(frozen=True)
class RougeL:
    """F1 of the longest common subsequence of words (C.-Y. Lin, 2004), case and punctuation aside, without stemming.

    >>> round(RougeL()("the cat sat down", ["The cat sat on the mat."]), 2)
    0.6
    """

    def __call__(self, answer: str, outputs: Sequence[str]) -> float:
        """In [0, 1]."""
        return max((_rouge_l(answer, output) for output in outputs), default=0.0)


@dataclass(frozen=True)
class Bleu:
    """BLEU of a sentence (K. Papineni et al., 2002) against all accepted outputs, smoothed, as sacrebleu computes it.

    >>> Bleu()("the cat sat", ["the cat sat"]), round(Bleu()("the cat sat", ["a cat sat"]), 2)
    (1.0, 0.55)

    Args:
        tokenize: how words are found: ``13a``, the standard; ``intl``; ``zh`` for Chinese; ``char``, letter by letter.
    """

    tokenize: Literal["13a", "intl", "zh", "char"] = "13a"

    def __call__(self, answer: str, outputs: Sequence[str]) -> float:
        """In [0, 1]."""
        return _share(_bleu(self.tokenize).sentence_score(answer, outputs).score) if outputs else 0.0


@dataclass(frozen=True)
class Chrf:
    """chrF2, F-score of letter n-grams (M. Popović, 2015), as sacrebleu computes it; for languages of any kind.

    >>> Chrf()("Haus", ["Haus"]), 0 < Chrf()("Hause", ["Haus"]) < 1
    (1.0, True)
    """

    def __call__(self, answer: str, outputs: Sequence[str]) -> float:
        """In [0, 1]."""
        return _share(_chrf().sentence_score(answer, outputs).score) if outputs else 0.0


@dataclass(frozen=True)
class EditDistance:
    """1 less the share of letters to insert, delete or replace (V. Levenshtein, 1965), outer white space aside.

    >>> EditDistance()("kitten", ["sitting"]), EditDistance()("abc", ["abc"])
    (0.5714285714285714, 1.0)
    """

    def __call__(self, answer: str, outputs: Sequence[str]) -> float:
        """In [0, 1]."""
        from rapidfuzz.distance import Levenshtein

        found = strict_form(answer)
        return max((Levenshtein.normalized_similarity(found, strict_form(output)) for output in outputs), default=0.0)


def _rouge_l(answer: str, output: str) -> float:
    from rapidfuzz.distance import LCSseq

    found, expected = (re.findall(r"[^\W_]+", strict_form(text).casefold()) for text in (answer, output))
    if not (found or expected):  # nothing but signs
        return float(strict_form(answer) == strict_form(output))
    return 2 * LCSseq.similarity(found, expected) / (len(found) + len(expected))


def _share(percent: float) -> float:
    """Of one, without the last digit's rounding error."""
    return min(1.0, round(percent / 100, 12))


@lru_cache
def _bleu(tokenize: str) -> BLEU:
    from sacrebleu.metrics.bleu import BLEU

    return BLEU(tokenize=tokenize, effective_order=True)


@lru_cache
def _chrf() -> CHRF:
    from sacrebleu.metrics.chrf import CHRF

    return CHRF()

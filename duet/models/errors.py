"""Everything that can go wrong with a language model.

    LanguageModelError
    ├── ProviderError            the provider can't be used: wrong key, unknown model, unreachable  (exit code 3)
    └── BudgetSpent              the next call would exceed a cap                           (exit code 4 or none)

Wrong arguments are ``ValueError``, as everywhere. A single call that failed is no exception but a `CallFailure`
(duet/models/base.py): it belongs to its request and never becomes an answer.
"""

from __future__ import annotations


class LanguageModelError(Exception):
    """Root of all errors of this room."""


class ProviderError(LanguageModelError):
    """The model's provider can't be used at all; asking again will not help."""


class BudgetSpent(LanguageModelError):
    """The next call would exceed a cap of the budget; nothing was sent."""

"""Why a model that was to write instructions wrote none."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from duet.models.base import NOT_SENT, CallFailure
from duet.models.errors import BudgetSpent, ProviderError

MAY_PASS = ("failed",)


def explain_silence(
    failures: Sequence[CallFailure], wanted: str = "instruction", kinds: Collection[str] = MAY_PASS
) -> None:
    """Says why no text came where it is not the texts' fault.

    Args:
        failures: of the requests.
        wanted: what was requested.
        kinds: of the failures that explain it; others say something of one request only.

    Raises:
        BudgetSpent: the time was up.
        ProviderError: calls failed.
    """
    if NOT_SENT in failures:
        raise BudgetSpent(f"Time ran out before any {wanted} arrived")
    for failure in failures:
        if failure.kind in kinds:
            advice = "; start again to request it" if failure.kind in MAY_PASS else ""
            raise ProviderError(f"No {wanted} arrived ({failure.reason}){advice}")

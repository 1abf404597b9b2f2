"""Amounts of money as text."""

from __future__ import annotations


def usd(amount: float | None) -> str:
    """US dollars to read: cents, and two significant digits of little money.

    >>> usd(0.00123), usd(0.0125), usd(0.5), usd(12345.678), usd(0.0), usd(None)
    ('$0.0012', '$0.013', '$0.50', '$12,345.68', '$0', 'an unknown amount of money')
    """
    if amount is None:
        return "an unknown amount of money"
    return f"${amount:,.2f}" if amount >= 0.1 else f"${amount:.2g}"

"""The whole search of the engine's tests, with what it pays."""

from __future__ import annotations

from tests.engine.conftest import paid, run

__all__ = ["paid", "run"]

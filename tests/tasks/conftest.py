"""The reference values and the published tasks, where this machine has them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

_SHARED = Path(__file__).resolve().parents[2].parent / "shared"


@pytest.fixture
def golden() -> Callable[[str], Any]:
    """Reads a reference file by name; skips where there is none."""

    def read(name: str) -> Any:
        path = _SHARED / "golden" / name
        if not path.is_file():
            pytest.skip(f"no reference values at {path}")
        return json.loads(path.read_text(encoding="utf-8"))

    return read


@pytest.fixture
def landscapes() -> Path:
    """The folder of the reshaped landscapes; skips where there is none."""
    path = _SHARED / "data" / "landscapes"
    if not path.is_dir():
        pytest.skip(f"no landscapes at {path}")
    return path


@pytest.fixture
def published() -> Path:
    """The folder of the 30 published tasks; skips where there is none."""
    path = _SHARED / "data" / "instruction_induction"
    if not path.is_dir():
        pytest.skip(f"no published tasks at {path}")
    return path

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from callbacks import search_checkpoint
from tests.engine.conftest import run as run


def saved_pools(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Notes the number of rows in each checkpoint that is written."""
    from callbacks.checkpoint_io import AtomicCheckpointIO

    sizes: list[int] = []
    save = AtomicCheckpointIO.save_checkpoint

    def note(self: AtomicCheckpointIO, checkpoint: dict[str, Any], path: Path, storage_options: Any = None) -> None:
        sizes.append(len(checkpoint["InstructionPool"]["rows"]))
        save(self, checkpoint, path, storage_options)

    monkeypatch.setattr(AtomicCheckpointIO, "save_checkpoint", note)
    return sizes


def test_a_small_pool_is_written_after_each_iteration(
    run: Callable[..., Any], listed: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = saved_pools(monkeypatch)
    run(strategy=listed(["a b."], ["c d."], ["e f."]), iterations=3)
    assert sizes == [6, 7, 8]


def test_a_pool_that_has_hardly_grown_is_not_written_anew_but_at_the_end(
    run: Callable[..., Any], listed: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search_checkpoint, "_GROWTH", 0.3)
    sizes = saved_pools(monkeypatch)
    found = run(strategy=listed(["a b."], ["c d."], ["e f."], ["g h."], ["i j."]), iterations=5)
    assert sizes == [6, 9, 10]
    checkpoint = torch.load(found.folder / "checkpoints" / "last.ckpt", weights_only=True)
    assert len(checkpoint["InstructionPool"]["rows"]) == len(found.data.pool) == 10

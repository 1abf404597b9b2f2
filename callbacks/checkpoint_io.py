"""Checkpoints that are whole or not there: kill -9 at any moment leaves the former one readable."""

from __future__ import annotations

from pathlib import Path
from typing import IO, Any

import torch
from lightning.fabric.plugins.io.checkpoint_io import CheckpointIO

from duet.atomic_files import replacing


class AtomicCheckpointIO(CheckpointIO):
    """Writes beside the target, syncs and renames; Lightning's own goes through TMPDIR, and a move from there can tear.

    Local paths only. ``trainer.plugins`` takes it by its class path.
    """

    def save_checkpoint(self, checkpoint: dict[str, Any], path: str | Path, storage_options: Any | None = None) -> None:
        """Replace ``path`` in one step; it stays as it was when the write fails.

        Args:
            checkpoint: tensors and plain Python values.
            path: the target; missing folders are made.
            storage_options: none are known.
        """
        if storage_options is not None:
            raise TypeError(f"Expected no storage_options but got {storage_options!r}")
        with replacing(Path(path)) as file:
            _write(checkpoint, file)

    def load_checkpoint(
        self, path: str | Path, map_location: Any | None = "cpu", weights_only: bool | None = None
    ) -> dict[str, Any]:
        """The checkpoint at ``path``; never runs code from it, whatever ``weights_only`` says.

        Raises:
            FileNotFoundError: there is none.
        """
        checkpoint: dict[str, Any] = torch.load(path, map_location=map_location, weights_only=True)
        return checkpoint

    def remove_checkpoint(self, path: str | Path) -> None:
        """Delete ``path`` if it is there."""
        Path(path).unlink(missing_ok=True)


def _write(checkpoint: dict[str, Any], file: IO[bytes]) -> None:
    """Serialise into an open file; a signal's exception stays that exception."""
    try:
        torch.save(checkpoint, file)
    except RuntimeError as error:  # torch's own, on the half-written file, in place of the signal's
        if isinstance(error.__context__, KeyboardInterrupt | SystemExit):
            raise error.__context__ from None
        raise

"""Checkpoints that are whole or not there: kill -9 at any moment leaves the former one readable."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

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
        content = _serialised(checkpoint)
        with replacing(Path(path)) as file:
            file.write(content)

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


def _serialised(checkpoint: dict[str, Any]) -> memoryview:
    """What torch saves; a signal's exception stays that exception.

    Into memory, as a signal can leave torch's archive unfinished: its destructor then writes the rest, and where that
    fails, as in a file that was closed meanwhile, the process is aborted.
    """
    buffer = BytesIO()
    try:
        torch.save(checkpoint, buffer)
    except RuntimeError as error:  # torch's own, on the half-written archive, in place of the signal's
        if isinstance(error.__context__, KeyboardInterrupt | SystemExit):
            raise error.__context__ from None
        raise
    return buffer.getbuffer()

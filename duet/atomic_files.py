"""Files that are replaced whole or not at all: kill -9 or a power cut at any moment leaves the old one readable."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO
from uuid import uuid4

ABANDONED = 3600.0  # seconds since the last write to a partial file, after which its writer must be dead


@contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """Opens a new file beside ``path`` that takes its name when the body ends, and is deleted when the body raises.

    The partial file has a name of its own and is created exclusively, so nothing that lies there, a symbolic link
    included, is ever written to. Missing folders are made.

    Raises:
        OSError: the folder or the file can't be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    delete_abandoned(path)
    partial = path.with_name(f".{path.name}.{uuid4().hex[:12]}.partial")
    try:
        with partial.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
    _sync_folder(path.parent)


def replace_text(path: Path, text: str) -> None:
    """Replaces a text file (UTF-8); half a surrogate pair, which no file can hold, becomes ``?``."""
    replace_bytes(path, text.encode("utf-8", errors="replace"))


def replace_bytes(path: Path, content: bytes) -> None:
    """Replaces a file."""
    with replacing(path) as file:
        file.write(content)


def delete_abandoned(path: Path) -> None:
    """Deletes the partial files that killed writers of ``path`` have left."""
    oldest = time.time() - ABANDONED
    with os.scandir(path.parent) as entries:
        for entry in entries:
            is_partial = entry.name.startswith(f".{path.name}.") and entry.name.endswith(".partial")
            if is_partial and entry.stat(follow_symlinks=False).st_mtime < oldest:
                Path(entry.path).unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    """Waits until the disk has the folder's new entry."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

"""Checkpoints are whole or not there."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, NoReturn

import pytest
import torch

from callbacks.checkpoint_io import AtomicCheckpointIO

ROOT = Path(__file__).parents[2]


class Unsavable:
    """Fails in the middle of a write."""

    def __reduce__(self) -> tuple[object, ...]:
        raise OSError("No space left on device")


class Harmful:
    """Runs code when unpickled."""

    def __reduce__(self) -> tuple[object, ...]:
        return (os.getcwd, ())


class Stopped(SystemExit):
    """What a signal's handler raises."""


def _stop(*_: object) -> NoReturn:
    raise Stopped


def _save_until_stopped(checkpoint: dict[str, Any], path: Path, seconds: float) -> None:
    signal.setitimer(signal.ITIMER_REAL, seconds)
    for _ in range(1000):
        AtomicCheckpointIO().save_checkpoint(checkpoint, path)


def test_a_signal_in_the_middle_of_a_write_is_still_that_signal(tmp_path: Path) -> None:
    checkpoint = {str(number): torch.zeros(200_000) for number in range(60)}
    former = signal.signal(signal.SIGALRM, _stop)
    try:
        for delay in range(1, 13):
            with pytest.raises(Stopped):  # torch raises a RuntimeError of its own over it
                _save_until_stopped(checkpoint, tmp_path / "last.ckpt", delay / 1000)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, former)
    assert not list(tmp_path.glob("*.partial"))


def test_a_signal_that_leaves_torchs_archive_unfinished_does_not_abort_the_process(tmp_path: Path) -> None:
    code = """if True:
        import torch
        from callbacks.checkpoint_io import AtomicCheckpointIO

        def interrupted(*_):  # before the archive's end is written; its destructor writes it
            raise KeyboardInterrupt

        torch.serialization._open_zipfile_writer_buffer.__exit__ = interrupted
        try:
            AtomicCheckpointIO().save_checkpoint({"a": torch.zeros(3)}, "last.ckpt")
        except KeyboardInterrupt:
            print("interrupted")
        """
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, "interrupted\n", "")
    assert not list(tmp_path.iterdir())


def _note(monkeypatch: pytest.MonkeyPatch, name: str, calls: list[str]) -> None:
    """Have the function of os note its calls."""
    original = getattr(os, name)

    def noted(*arguments: object) -> object:
        calls.append(name)
        return original(*arguments)

    monkeypatch.setattr(os, name, noted)


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    path = tmp_path / "run" / "checkpoints" / "last.ckpt"
    AtomicCheckpointIO().save_checkpoint({"epoch": 3, "weights": torch.arange(4)}, path)
    loaded = AtomicCheckpointIO().load_checkpoint(path)
    assert loaded["epoch"] == 3
    assert torch.equal(loaded["weights"], torch.arange(4))


def test_a_failing_write_leaves_the_old_file_and_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "last.ckpt"
    AtomicCheckpointIO().save_checkpoint({"epoch": 3}, path)
    with pytest.raises(OSError, match="No space left"):
        AtomicCheckpointIO().save_checkpoint({"weights": torch.zeros(1000), "epoch": Unsavable()}, path)
    assert AtomicCheckpointIO().load_checkpoint(path) == {"epoch": 3}
    assert [file.name for file in tmp_path.iterdir()] == ["last.ckpt"]


def test_a_failing_rename_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "last.ckpt"
    AtomicCheckpointIO().save_checkpoint({"epoch": 3}, path)
    monkeypatch.setattr(os, "replace", lambda source, target: os.rename(f"{source}.gone", target))
    with pytest.raises(FileNotFoundError):
        AtomicCheckpointIO().save_checkpoint({"epoch": 4}, path)
    assert AtomicCheckpointIO().load_checkpoint(path) == {"epoch": 3}


def test_the_disk_has_the_file_before_it_takes_the_targets_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []
    _note(monkeypatch, "fsync", calls)
    _note(monkeypatch, "replace", calls)
    AtomicCheckpointIO().save_checkpoint({"epoch": 3}, tmp_path / "last.ckpt")
    assert calls == ["fsync", "replace", "fsync"]  # the file, its name, the folder


@pytest.mark.parametrize("weights_only", [None, True, False])
def test_no_code_runs_on_load_whatever_is_asked(tmp_path: Path, weights_only: bool | None) -> None:
    torch.save({"harm": Harmful()}, tmp_path / "last.ckpt")
    with pytest.raises(pickle.UnpicklingError):
        AtomicCheckpointIO().load_checkpoint(tmp_path / "last.ckpt", weights_only=weights_only)


def test_removing_twice_is_no_error(tmp_path: Path) -> None:
    path = tmp_path / "last.ckpt"
    AtomicCheckpointIO().save_checkpoint({}, path)
    AtomicCheckpointIO().remove_checkpoint(path)
    AtomicCheckpointIO().remove_checkpoint(path)
    assert not path.exists()


def test_storage_options_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="Expected no storage_options"):
        AtomicCheckpointIO().save_checkpoint({}, tmp_path / "last.ckpt", storage_options={"a": 1})

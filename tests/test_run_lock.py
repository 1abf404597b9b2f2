"""One process at a time works in a run folder, with real processes."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from duet.run_lock import run_lock

ROOT = Path(__file__).parents[1]
HOLDING = """
import sys, time; from pathlib import Path
from duet.run_lock import run_lock
with run_lock(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def holder(folder: Path) -> subprocess.Popen[bytes]:
    process = subprocess.Popen([sys.executable, "-c", HOLDING, str(folder)], cwd=ROOT, stdout=subprocess.PIPE)
    assert process.stdout
    assert process.stdout.readline() == b"held\n"
    return process


def test_a_second_process_is_told_in_one_line_who_is_there(tmp_path: Path) -> None:
    first = holder(tmp_path / "runs" / "a")
    try:
        with (
            pytest.raises(ValueError, match=r"run_dir: \S+ is in use by process") as caught,
            run_lock(tmp_path / "runs/a"),
        ):
            pass
        assert f"process {first.pid} on {socket.gethostname()!r}" in str(caught.value)
        with run_lock(tmp_path / "runs" / "b"):
            pass
    finally:
        first.kill()
        first.communicate()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_the_lock_of_a_dead_process_is_taken_over(tmp_path: Path, number: signal.Signals) -> None:
    first = holder(tmp_path)
    first.send_signal(number)
    first.communicate()
    for _ in range(2):  # and given back
        with run_lock(tmp_path):
            pass


def test_of_many_processes_one_holds_it(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from duet.run_lock import run_lock\n"
        "print('ready', flush=True); sys.stdin.readline()\n"
        "try:\n  with run_lock(Path(sys.argv[1])): time.sleep(3)\n"
        "except ValueError: sys.exit(7)\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    started = [
        subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(4)
    ]
    for process in started:
        assert process.stdout
        process.stdout.readline()
    for process in started:
        assert process.stdin
        process.stdin.write("\n")
        process.stdin.flush()
    for process in started:
        process.communicate()
    assert sorted(process.returncode for process in started) == [0, 7, 7, 7]


@pytest.mark.parametrize("content", [b"", b"[1]", b"\xff", b'{"pid": "x"}', b"[" * 900])
def test_a_damaged_lock_still_locks(tmp_path: Path, content: bytes) -> None:
    (tmp_path / ".lock").write_bytes(content)
    with run_lock(tmp_path):
        (tmp_path / ".lock").write_bytes(content)
        with pytest.raises(ValueError, match="is in use by another process"), run_lock(tmp_path):
            pass


def test_a_link_in_place_of_the_lock_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "other").write_text("mine")
    (tmp_path / ".lock").symlink_to(tmp_path / "other")
    with pytest.raises(OSError, match=r"\.lock"), run_lock(tmp_path):
        pass
    assert (tmp_path / "other").read_text() == "mine"


def test_a_child_that_was_forked_does_not_keep_it(tmp_path: Path) -> None:
    with run_lock(tmp_path):
        process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(5)"])
    began = time.monotonic()
    with run_lock(tmp_path):
        assert time.monotonic() - began < 1
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()

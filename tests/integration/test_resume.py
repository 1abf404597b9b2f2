"""kill -9 at any moment, the same command again, and nothing is lost, sent twice or different."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from duet.models.open_model.causal_lm import EMBEDDED_FOLDER

ROOT = Path(__file__).parents[2]
INITIAL, ITERATIONS, EXAMPLES = 6, 3, 4
COMMAND = [
    sys.executable, str(ROOT / "cli.py"), "fit", "--run_dir=run", "--task.name=second_letter",
    "--task.directory=tasks", f"--search.iterations={ITERATIONS}", f"--search.initialisation.count={INITIAL}",
    f"--search.allocation.examples={EXAMPLES}", "--black_box.init_args.batch_prompts=8", "--search.threshold=1.1",
    "--strategy.init_args.candidates=8", "--strategy.init_args.choose=2", "--model.steps=12",
]  # fmt: skip

pytestmark = pytest.mark.skipif(not EMBEDDED_FOLDER.is_dir(), reason="the embedded model's weights are missing")


def keys(folder: Path) -> set[str]:
    """The calls that were committed."""
    path = folder / "run" / "calls.sqlite"
    if not path.is_file():
        return set()
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        return {key for (key,) in connection.execute("SELECT key FROM completions")}
    except sqlite3.OperationalError:  # no table yet
        return set()
    finally:
        connection.close()


def lines(folder: Path) -> int:
    path = folder / "run" / "candidates.jsonl"
    return len(path.read_text().splitlines()) if path.is_file() else 0


MOMENTS: dict[str, Callable[[Path], bool]] = {
    "before the first answer": lambda folder: (folder / "run" / "config.yaml").is_file(),
    "while the initial instructions are scored": lambda folder: len(keys(folder)) >= INITIAL + 2 * EXAMPLES,
    "after the initial phase": lambda folder: lines(folder) == INITIAL,
    "in the second iteration": lambda folder: (folder / "run" / "checkpoints" / "last.ckpt").is_file(),
    "before the final rounds": lambda folder: lines(folder) == INITIAL + 2 * ITERATIONS,
}


def make(folder: Path) -> Path:
    """A folder with a small task of the embedded model's own kind."""
    source = ROOT / "duet" / "tasks" / "shipped"
    for part, count in (("induce", 30), ("execute", 20)):
        content = json.loads((source / part / "second_letter.json").read_text())
        content["examples"] = dict(list(content["examples"].items())[:count])
        (folder / "tasks" / part).mkdir(parents=True)
        (folder / "tasks" / part / "second_letter.json").write_text(json.dumps(content))
    return folder


def finish(folder: Path) -> str:
    """Runs the command to its end; what it printed on standard error."""
    process = subprocess.run(COMMAND, cwd=folder, capture_output=True, text=True, check=False, timeout=600)
    assert process.returncode == 0, process.stderr
    return process.stderr


def kill_when(folder: Path, reached: Callable[[Path], bool]) -> None:
    """Starts the command and kills it at a moment."""
    process = subprocess.Popen(COMMAND, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 600
    while not reached(folder):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.002)
    process.kill()
    process.communicate()
    assert not (folder / "run" / "result.json").exists(), "it was faster than the kill"


def left_behind(folder: Path) -> dict[str, Any]:
    """All that a run leaves but the time that it took."""
    run = folder / "run"
    checkpoint = torch.load(run / "checkpoints" / "last.ckpt", weights_only=True)
    result = json.loads((run / "result.json").read_text())
    return {
        "candidates": (run / "candidates.jsonl").read_bytes(),
        "best": (run / "best_instruction.txt").read_bytes(),
        "result": {key: value for key, value in result.items() if key != "seconds"},
        "pool": checkpoint["InstructionPool"]["features"].numpy().tobytes(),
        "weights": [value.numpy().tobytes() for value in checkpoint["state_dict"].values()],
        "calls": keys(folder),
    }


def test_a_run_that_is_killed_at_every_moment_in_turn_ends_as_if_nothing_had_happened(tmp_path: Path) -> None:
    whole, folder = make(tmp_path / "whole"), make(tmp_path / "killed")
    finish(whole)
    uninterrupted = left_behind(whole)
    for reached in MOMENTS.values():
        kill_when(folder, reached)
        assert keys(folder) <= uninterrupted["calls"]
    assert "Going on in run" in finish(folder)
    assert left_behind(folder) == uninterrupted

"""The embedded model behind ``transformers serve``: over real HTTP, a search finds what it finds in process."""

from __future__ import annotations

import importlib.util
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from duet.commands import main as cli
from duet.models.open_model.causal_lm import EMBEDDED_FOLDER

MISSING = [name for name in ("fastapi", "uvicorn") if importlib.util.find_spec(name) is None]
IN_PROCESS = "duet.models.huggingface_black_box.HuggingFaceBlackBox"

pytestmark = [
    pytest.mark.skipif(bool(MISSING), reason=f"transformers serve needs {' and '.join(MISSING)}"),
    pytest.mark.skipif(not EMBEDDED_FOLDER.is_dir(), reason="the embedded model's weights are missing"),
]


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """Of a server that lives as long as the test."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [
        sys.executable, "-c", "from transformers.cli.transformers import main; main()", "serve", str(EMBEDDED_FOLDER),
        "--host", "127.0.0.1", "--port", str(port), "--device", "cpu", "--dtype", "float32",
    ]  # fmt: skip
    with (tmp_path / "server.log").open("w+b") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=os.environ | {"HF_HUB_OFFLINE": "1"})
        try:
            _wait_for(port, process, tmp_path / "server.log")
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            process.kill()
            process.wait()


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text()
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1.0).close()
            return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError(log.read_text())


def fit(folder: str, box: str, **options: Any) -> int:
    """The first instructions are sampled in process by both runs, as other software draws other samples."""
    return cli.main([
        "fit", "--task.name=second_letter", f"--run_dir={folder}", "--search.cache=run", "--search.iterations=2",
        "--search.initialisation.count=6", "--search.allocation.examples=4", "--task.max_test=20",
        "--search.threshold=1.1", "--strategy.init_args.candidates=8", "--strategy.init_args.choose=1",
        "--model.steps=12", f"--proposer={IN_PROCESS}",
        "--white_box=duet.models.huggingface_white_box.HuggingFaceWhiteBox", "--white_box.init_args.model=embedded",
        f"--black_box={box}", *(f"--black_box.init_args.{name}={value}" for name, value in options.items()),
    ])  # fmt: skip


def left_behind(folder: str) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Every instruction with its scores and the scores of the result."""
    rows = [json.loads(line) for line in Path(folder, "candidates.jsonl").read_text().splitlines()]
    result = json.loads(Path(folder, "result.json").read_text())
    same = ("best_instruction", "validation_score", "test_score", "initial_best_test_score", "n_test", "calls")
    return rows, {name: result[name] for name in same}


def test_a_search_over_http_finds_what_it_finds_in_process(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    # One prompt at a time, as the server does it: a padded batch rounds otherwise, and a tie may go the other way.
    assert fit("in_process", IN_PROCESS, batch_tokens=1) == 0
    remote = {"model": EMBEDDED_FOLDER, "base_url": address}
    assert fit("over_http", "duet.models.openai_black_box.OpenAIBlackBox", **remote) == 0
    assert left_behind("over_http") == left_behind("in_process")

"""The code of docs/python.md and of the notebook runs, offline, as a reader would run it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
PAGE, NOTEBOOK = ROOT / "docs" / "python.md", ROOT / "docs" / "quickstart.ipynb"


def blocks(page: Path) -> list[str]:
    """The Python blocks of a page, in order."""
    return re.findall(r"^```python\n(.*?)^```$", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """That of a new process which finds this working copy, and no key."""
    kept = {name: value for name, value in os.environ.items() if not name.endswith("_API_KEY")}
    return kept | {"PYTHONPATH": str(ROOT), "HF_HUB_OFFLINE": "1", "IPYTHONDIR": str(tmp_path / "ipython")}


def test_the_blocks_of_the_page_run_one_after_the_other(tmp_path: Path, environment: dict[str, str]) -> None:
    found = blocks(PAGE)
    assert len(found) >= 8
    program = tmp_path / "page.py"
    program.write_text("\n".join(found))
    done = subprocess.run(
        [sys.executable, str(program)], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False,
        timeout=500,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "runs" / "first" / "report.html").is_file()
    assert "No white box" not in done.stderr


def test_a_first_result_takes_at_most_ten_lines() -> None:
    assert len(blocks(PAGE)[0].strip().splitlines()) <= 10


def test_the_notebook_runs_in_a_kernel_and_shows_progress(
    tmp_path: Path, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    nbformat = pytest.importorskip("nbformat", reason="the extra test is not installed")
    nbclient = pytest.importorskip("nbclient", reason="the extra test is not installed")
    for name in ("PYTHONPATH", "HF_HUB_OFFLINE", "IPYTHONDIR"):
        monkeypatch.setenv(name, environment[name])
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    client = nbclient.NotebookClient(notebook, timeout=400, resources={"metadata": {"path": str(tmp_path)}})
    client.execute()
    shown = "".join(text_of(output) for cell in notebook.cells for output in cell.get("outputs", []))
    assert "iteration 1/2" in shown
    assert "Lightning" not in shown
    assert (tmp_path / "runs" / "notebook" / "result.json").is_file()


def text_of(output: Any) -> str:
    return str(output.get("text", "")) + str(output.get("data", {}).get("text/plain", ""))

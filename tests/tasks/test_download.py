"""Downloads from a real server on this machine: good, altered, missing, cut off, killed."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

import duet.tasks.download
from duet.tasks.download import add_arguments, download, run, verify
from duet.tasks.example import TaskError
from duet.tasks.manifest import ManifestFile, manifest_files

CONTENT = {"induce/a.json": b'{"a": 1}' * 5000, "execute/a.json": b'{"b": 2}' * 900, "induce/b.json": b'{"c": 3}' * 700}
FILES = tuple(
    ManifestFile(name, f"owner/data/c0ffee/raw {name}", hashlib.sha256(content).hexdigest(), len(content), 1)
    for name, content in CONTENT.items()
)
REPOSITORY = Path(__file__).resolve().parents[2]


@dataclass
class Served:
    """What the server has, how it behaves, and what it was asked.

    Args:
        url: its address.
        files: content by path.
        faults: by path, the behaviours of the next requests: an HTTP status, ``cut`` or ``stall``.
        asked: the paths, in order.
    """

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    faults: dict[str, list[int | str]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    stalled: threading.Event = field(default_factory=threading.Event)
    go_on: threading.Event = field(default_factory=threading.Event)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(duet.tasks.download, "manifest_files", lambda: FILES)
    served = Served(files={f"/owner/data/c0ffee/raw%20{name}": content for name, content in CONTENT.items()})

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            served.asked.append(self.path)
            fault = (served.faults.get(self.path) or [200]).pop(0)
            if self.path not in served.files:
                fault = 404
            if isinstance(fault, int) and fault != 200:
                self.send_error(fault)
                return
            content = served.files[self.path]
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content if fault == 200 else content[: len(content) // 2])
            if fault == "stall":
                served.stalled.set()
                served.go_on.wait(30)

        def log_message(self, format: str, *args: object) -> None:
            """Silent."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        threading.Thread(target=http.serve_forever, args=(0.01,), daemon=True).start()
        served.url = f"http://127.0.0.1:{http.server_port}"
        yield served
        served.go_on.set()
        http.shutdown()


def path_of(name: str) -> str:
    return f"/owner/data/c0ffee/raw%20{name}"


def content_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_every_file_is_fetched_and_nothing_else_is_left(server: Served, tmp_path: Path) -> None:
    summary = download(tmp_path / "new" / "folder", server.url)
    assert (summary.n_ok, summary.n_fetched, summary.problems, summary.exit_code) == (3, 3, (), 0)
    assert content_of(tmp_path / "new" / "folder") == CONTENT
    assert verify(tmp_path / "new" / "folder").n_ok == 3


def test_a_second_call_asks_for_nothing(server: Served, tmp_path: Path) -> None:
    download(tmp_path, server.url)
    server.asked.clear()
    summary = download(tmp_path, server.url)
    assert (summary.n_ok, summary.n_fetched, server.asked) == (3, 0, [])


def test_only_what_is_missing_is_fetched(server: Served, tmp_path: Path) -> None:
    download(tmp_path, server.url)
    (tmp_path / "execute" / "a.json").unlink()
    server.asked.clear()
    assert download(tmp_path, server.url).n_fetched == 1
    assert server.asked == [path_of("execute/a.json")]


def test_a_wrong_file_of_the_users_is_reported_and_kept(server: Served, tmp_path: Path) -> None:
    (tmp_path / "induce").mkdir()
    (tmp_path / "induce" / "a.json").write_text("mine")
    summary = download(tmp_path, server.url)
    assert (summary.n_ok, summary.n_fetched, summary.exit_code) == (2, 2, 2)
    assert len(summary.problems) == 1
    assert "move it away" in summary.problems[0]
    assert (tmp_path / "induce" / "a.json").read_text() == "mine"
    assert verify(tmp_path).problems[0].startswith(f"{tmp_path / 'induce' / 'a.json'}: expected 40000 bytes")


@pytest.mark.parametrize("altered", [b"x" * 40000, b"short", b"y" * 40001, b"z" * 90000, b""])
def test_an_altered_file_is_refused_at_once_and_the_others_are_fetched(
    server: Served, tmp_path: Path, altered: bytes
) -> None:
    server.files[path_of("induce/a.json")] = altered
    summary = download(tmp_path, server.url)
    assert (summary.n_ok, len(summary.problems), summary.exit_code) == (2, 1, 2)
    assert "sha256" in summary.problems[0]
    assert server.asked.count(path_of("induce/a.json")) == 1
    assert "induce/a.json" not in content_of(tmp_path)


def test_a_file_that_the_server_lacks_is_reported_and_the_others_are_fetched(server: Served, tmp_path: Path) -> None:
    del server.files[path_of("execute/a.json")]
    summary = download(tmp_path, server.url)
    assert (summary.n_ok, summary.exit_code) == (2, 2)
    assert "HTTP 404" in summary.problems[0]
    assert "\n" not in summary.problems[0]
    assert set(content_of(tmp_path)) == {"induce/a.json", "induce/b.json"}


@pytest.mark.parametrize("fault", [500, 503, 429, "cut"])
def test_a_passing_fault_is_tried_again_after_growing_waits(server: Served, tmp_path: Path, fault: int | str) -> None:
    server.faults[path_of("induce/a.json")] = [fault, fault]
    waits: list[float] = []
    assert download(tmp_path, server.url, wait=waits.append).n_ok == 3
    assert waits == [1.0, 2.0]


@pytest.mark.parametrize("fault", [503, "cut"])
def test_a_lasting_fault_ends_the_download_and_keeps_what_was_fetched(
    server: Served, tmp_path: Path, fault: int | str
) -> None:
    server.faults[path_of("execute/a.json")] = [fault] * 4
    waits: list[float] = []
    summary = download(tmp_path, server.url, wait=waits.append)
    assert (summary.n_ok, summary.unreachable, summary.exit_code) == (1, True, 3)
    assert waits == [1.0, 2.0, 4.0]
    assert content_of(tmp_path) == {"induce/a.json": CONTENT["induce/a.json"]}
    assert download(tmp_path, server.url).n_fetched == 2


def test_a_server_that_refuses_is_not_asked_again(server: Served, tmp_path: Path) -> None:
    server.faults[path_of("induce/a.json")] = [403]
    summary = download(tmp_path, server.url, wait=lambda seconds: pytest.fail("waited"))
    assert (summary.exit_code, len(summary.problems)) == (3, 1)
    assert "HTTP 403" in summary.problems[0]


def test_without_a_network_one_line_says_so(server: Served, tmp_path: Path) -> None:
    waits: list[float] = []
    summary = download(tmp_path, "http://127.0.0.1:1", wait=waits.append)
    assert (summary.n_ok, summary.exit_code, len(waits)) == (0, 3, 3)
    assert len(summary.problems) == 1
    assert "refused" in summary.problems[0]
    assert "\n" not in summary.problems[0]


def test_a_silent_server_is_given_up(server: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duet.tasks.download, "TIMEOUT", 0.2)
    server.faults[path_of("induce/a.json")] = ["stall"] * 4
    summary = download(tmp_path, server.url, wait=lambda seconds: None)
    assert summary.exit_code == 3
    assert "timed out" in summary.problems[0]


def test_a_killed_download_leaves_whole_files_only_and_goes_on(server: Served, tmp_path: Path) -> None:
    server.faults[path_of("execute/a.json")] = ["stall"]
    code = (
        "import json, sys, duet.tasks.download as d; from duet.tasks.manifest import ManifestFile\n"
        "d.manifest_files = lambda: [ManifestFile(**row) for row in json.loads(sys.argv[3])]\n"
        "d.download(sys.argv[1], sys.argv[2])"
    )
    rows = json.dumps([asdict(file) for file in FILES])
    child = subprocess.Popen([sys.executable, "-c", code, str(tmp_path), server.url, rows], cwd=REPOSITORY)
    assert server.stalled.wait(60)
    os.kill(child.pid, signal.SIGKILL)
    child.wait(30)
    server.go_on.set()
    assert content_of(tmp_path) == {"induce/a.json": CONTENT["induce/a.json"]}
    server.asked.clear()
    assert download(tmp_path, server.url).n_fetched == 2
    assert path_of("induce/a.json") not in server.asked
    assert content_of(tmp_path) == CONTENT


def test_a_failed_write_leaves_no_partial_file(server: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(TaskError, match="No space left on device"):
        download(tmp_path, server.url)
    assert content_of(tmp_path) == {}


def test_a_folder_that_is_no_folder_is_refused(server: Served, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(TaskError, match="--directory: expected a folder"):
        verify(tmp_path / "nowhere")
    with pytest.raises(TaskError, match="--directory"):
        download(tmp_path / "file", server.url)
    assert server.asked == []


def parsed(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return parser.parse_args(words)


def test_the_commands_print_one_line_per_problem_and_return_the_exit_code(
    server: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    original = duet.tasks.download.download
    monkeypatch.setattr(duet.tasks.download, "download", lambda folder: original(folder, server.url))
    assert run(parsed("verify", "--directory", str(tmp_path))) == 2
    assert len(capsys.readouterr().err.splitlines()) == 3
    assert run(parsed("download", "--directory", str(tmp_path))) == 0
    assert "3 of 3 files are right, 3 fetched now" in capsys.readouterr().out
    assert run(parsed("verify", "--directory", str(tmp_path))) == 0
    assert run(parsed("verify", "--directory", str(tmp_path / "nowhere"))) == 2
    assert capsys.readouterr().err.startswith("--directory: expected a folder")


def test_the_sixty_published_files_come_through(
    server: Served, published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(duet.tasks.download, "manifest_files", manifest_files)
    server.files = {f"/{file.source}": (published / file.name).read_bytes() for file in manifest_files()}
    start = time.monotonic()
    assert download(tmp_path, server.url).n_fetched == 60
    assert verify(tmp_path).n_ok == verify(published).n_ok == 60
    assert time.monotonic() - start < 60

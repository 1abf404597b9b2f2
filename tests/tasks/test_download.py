"""Downloads from a real server on this machine: good, altered, missing, cut off, killed."""

from __future__ import annotations

import argparse
import contextlib
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
import duet.tasks.web
from duet.examples.example import TaskError
from duet.tasks.download import add_arguments, download, run, verify
from duet.tasks.manifest import ManifestFile, manifest_files

CONTENT = {"induce/a.json": b'{"a": 1}' * 5000, "execute/a.json": b'{"b": 2}' * 900, "induce/b.json": b'{"c": 3}' * 700}
FILES = tuple(
    ManifestFile(name, f"owner/data/c0ffee/raw {name}", hashlib.sha256(content).hexdigest(), len(content), 1)
    for name, content in CONTENT.items()
)
REPOSITORY = Path(__file__).resolve().parents[2]


@dataclass
class Served:
    """What the server has, how it behaves, and its requests.

    Args:
        url: its address.
        files: content by path.
        faults: by path, the behaviours of the next requests: an HTTP status, ``cut``, ``stall``, ``drip`` or raw bytes.
        requests: the paths, in order.
    """

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    faults: dict[str, list[int | str | bytes]] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    stalled: threading.Event = field(default_factory=threading.Event)
    go_on: threading.Event = field(default_factory=threading.Event)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(duet.tasks.download, "manifest_files", lambda data_set=None: FILES)
    served = Served(files={f"/owner/data/c0ffee/raw%20{name}": content for name, content in CONTENT.items()})

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            served.requests.append(self.path)
            fault = (served.faults.get(self.path) or [200]).pop(0)
            if self.path not in served.files:
                fault = 404
            if isinstance(fault, int) and fault != 200:
                self.send_error(fault)
                return
            content = served.files[self.path]
            if isinstance(fault, bytes):
                self.wfile.write(fault)
                return
            if fault in ("drip", "drip of headers"):
                self.drip(fault)
                return
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content if fault == 200 else content[: len(content) // 2])
            if fault == "stall":
                served.stalled.set()
                served.go_on.wait(30)

        def drip(self, fault: str) -> None:
            self.wfile.write(b"HTTP/1.1 200 OK\r\n" + (b"Content-Length: 40000\r\n\r\n" if fault == "drip" else b"X: "))
            with contextlib.suppress(OSError):
                while not served.go_on.wait(0.05):
                    self.wfile.write(b"x")

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
    server.requests.clear()
    summary = download(tmp_path, server.url)
    assert (summary.n_ok, summary.n_fetched, server.requests) == (3, 0, [])


def test_only_what_is_missing_is_fetched(server: Served, tmp_path: Path) -> None:
    download(tmp_path, server.url)
    (tmp_path / "execute" / "a.json").unlink()
    server.requests.clear()
    assert download(tmp_path, server.url).n_fetched == 1
    assert server.requests == [path_of("execute/a.json")]


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
    assert server.requests.count(path_of("induce/a.json")) == 1
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
    monkeypatch.setattr(duet.tasks.web, "TIMEOUT", 0.2)
    server.faults[path_of("induce/a.json")] = ["stall"] * 4
    summary = download(tmp_path, server.url, wait=lambda seconds: None)
    assert summary.exit_code == 3
    assert "timed out" in summary.problems[0]


def test_a_killed_download_leaves_whole_files_only_and_goes_on(server: Served, tmp_path: Path) -> None:
    server.faults[path_of("execute/a.json")] = ["stall"]
    code = (
        "import json, sys, duet.tasks.download as d; from duet.tasks.manifest import ManifestFile\n"
        "d.manifest_files = lambda data_set: [ManifestFile(**row) for row in json.loads(sys.argv[3])]\n"
        "d.download(sys.argv[1], sys.argv[2])"
    )
    rows = json.dumps([asdict(file) for file in FILES])
    child = subprocess.Popen([sys.executable, "-c", code, str(tmp_path), server.url, rows], cwd=REPOSITORY)
    assert server.stalled.wait(60)
    os.kill(child.pid, signal.SIGKILL)
    child.wait(30)
    server.go_on.set()
    assert content_of(tmp_path) == {"induce/a.json": CONTENT["induce/a.json"]}
    server.requests.clear()
    assert download(tmp_path, server.url).n_fetched == 2
    assert path_of("induce/a.json") not in server.requests
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
    assert server.requests == []


def parsed(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return parser.parse_args(words)


def test_the_commands_print_one_line_per_problem_and_return_the_exit_code(
    server: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    original = duet.tasks.download.download
    monkeypatch.setattr(
        duet.tasks.download, "download", lambda folder, data_set: original(folder, server.url, data_set)
    )
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


@pytest.mark.parametrize("fault", ["drip", "drip of headers"])
def test_a_server_that_sends_a_byte_now_and_then_is_given_up(
    server: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    monkeypatch.setattr(duet.tasks.web, "TIMEOUT", 0.2)
    monkeypatch.setattr(duet.tasks.web, "SLOWEST", 10**6)
    server.faults[path_of("execute/a.json")] = [fault] * 4
    start = time.monotonic()
    summary = download(tmp_path, server.url, wait=lambda seconds: None)
    assert time.monotonic() - start < 10
    assert (summary.n_ok, summary.exit_code) == (1, 3)
    assert "too slow, not done after 0 s" in summary.problems[0]
    assert content_of(tmp_path) == {"induce/a.json": CONTENT["induce/a.json"]}


HEAD = b"HTTP/1.1 "


@pytest.mark.parametrize(
    ("reply", "code", "words"),
    [
        (HEAD + b"403 \x1b[2J\x9b31m\xe9\r\n\r\n", 3, "HTTP 403"),
        (HEAD + b"200 OK\r\nContent-Length: many\r\n\r\n{}", 3, "IncompleteRead"),
        (HEAD + b"200 OK\r\nContent-Length: 999999999999\r\n\r\n{}", 3, "IncompleteRead"),
        (HEAD + b"200 OK\r\nContent-Length: -5\r\n\r\n{}", 3, "IncompleteRead"),
        (HEAD + b"200 OK\r\nConnection: close\r\n\r\n" + b"{}" * 5, 3, "IncompleteRead"),
        (HEAD + b"200 OK\r\nConnection: close\r\n\r\n" + b"{}" * 90_000, 2, "but found 7201 with"),
        (HEAD + b"302 Found\r\nLocation: http://localhost:1/x\r\n\r\n", 3, "redirect to another host"),
        (HEAD + b"302 Found\r\nLocation: http://" + b"a" * 300 + b".org/x\r\n\r\n", 3, "redirect to another host"),
        (HEAD + b"302 Found\r\nLocation: http://[/x\r\n\r\n", 3, "Invalid IPv6 URL"),
        (HEAD + b"302 Found\r\nLocation: file:///etc/passwd\r\n\r\n", 3, "302"),
        (b"\x00\xff\x1b[31m no HTTP\r\n\r\n", 3, "server is unusable"),
    ],
)
def test_whatever_a_server_says_is_one_line_and_nothing_is_lost(
    server: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    reply: bytes, code: int, words: str,
) -> None:  # fmt: skip
    original = duet.tasks.download.download

    def patient(folder: str, *, data_set: str) -> object:
        return original(folder, server.url, data_set, wait=lambda seconds: None)

    monkeypatch.setattr(duet.tasks.download, "download", patient)
    server.faults[path_of("execute/a.json")] = [reply] * 4
    assert run(parsed("download", "--directory", str(tmp_path))) == code
    [line] = capsys.readouterr().err.splitlines()
    assert words in line
    assert line.isprintable()
    assert content_of(tmp_path)["induce/a.json"] == CONTENT["induce/a.json"]
    assert "execute/a.json" not in content_of(tmp_path)


def test_a_folder_with_escapes_in_its_name_is_printed_without_them(
    server: Served, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "a\x1b[31m\nb"
    folder.mkdir()
    assert run(parsed("verify", "--directory", str(folder))) == 2
    assert len(capsys.readouterr().err.splitlines()) == 3
    assert run(parsed("verify", "--directory", f"{folder}/none")) == 2
    assert capsys.readouterr().err.rstrip("\n").isprintable()


def test_links_in_the_folder_lead_nowhere_else(server: Served, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_text("mine")
    inside = tmp_path / "data" / "induce"
    inside.mkdir(parents=True)
    (inside / "a.json").symlink_to(tmp_path / "absent")
    (inside / f".b.json.{os.getpid()}.part").symlink_to(outside)
    assert download(tmp_path / "data", server.url).n_fetched == 3
    assert outside.read_text() == "mine"
    assert not (tmp_path / "absent").exists()
    assert (inside / "a.json").read_bytes() == CONTENT["induce/a.json"]


def test_what_is_no_file_is_said(server: Served, tmp_path: Path) -> None:
    (tmp_path / "induce" / "a.json").mkdir(parents=True)
    assert "expected a file of 40000 bytes but found none" in verify(tmp_path).problems[0]
    assert download(tmp_path, server.url).n_fetched == 2


WORDINGS = {
    "1": {"template": "Say {word}", "method": "default", "correct": True, "accs": {"b": 0.5, "a": 0.25}, "ranks": {}},
    "2": {"template": "Sägé {word}", "method": "gradual", "correct": False, "accs": {"a": 1.0}, "ranks": {}},
}
SOURCE = json.dumps({"paraphrases": WORDINGS}, indent=2).encode()
RESHAPED = (
    '{"task":"say","benchmark":"LMentry","examples":100,"models":["a","b"],"instructions":['
    '{"template":"Say {word}","correct":true,"accuracy":[0.25,0.5]},'
    '{"template":"Sägé {word}","correct":false,"accuracy":[1.0,null]}]}'
).encode()


def test_a_landscape_is_reshaped_and_checked_in_its_new_shape(
    server: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed = hashlib.sha256(RESHAPED).hexdigest()
    file = ManifestFile("say.json", "o/r/c/say.json", hashed, len(RESHAPED), 2, "LMentry")
    monkeypatch.setattr(duet.tasks.download, "manifest_files", lambda data_set: [file])
    server.files = {"/o/r/c/say.json": SOURCE}
    assert download(tmp_path / "good", server.url, "landscapes").n_fetched == 1
    assert content_of(tmp_path / "good") == {"say.json": RESHAPED}
    for other, words in ((SOURCE.replace(b"0.25", b"0.26"), "sha256"), (b"{}", "expected wordings with their accur")):
        server.files = {"/o/r/c/say.json": other}
        summary = download(tmp_path / "bad", server.url, "landscapes")
        assert (summary.exit_code, content_of(tmp_path / "bad")) == (2, {})
        assert words in summary.problems[0]

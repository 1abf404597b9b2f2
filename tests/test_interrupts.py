"""Ctrl-C, SIGTERM and standing still lose no answer that has arrived: counted at a server, with real signals."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from duet.interrupts import postponed
from duet.models.base import NOT_SENT, Completion, Request
from duet.models.fakes import ScriptedBlackBox
from duet.models.openai_black_box import OpenAIBlackBox
from duet.spending.cached import CachedBlackBox
from tests.servers.chat_server import ChatServer

ROOT = Path(__file__).parents[1]
PROGRAM = """
import sys, time; from pathlib import Path
from duet.interrupts import handled
from duet.commands.main import interrupt, Terminated
import duet.models.network.connection
from duet.models.base import Request; from duet.models.openai_black_box import OpenAIBlackBox
from duet.spending.cached import CachedBlackBox
url, path, count, grace, timeout = sys.argv[1], Path(sys.argv[2]), *map(float, sys.argv[3:])
inner = OpenAIBlackBox("m", url, max_concurrency=64, grace=grace, timeout=timeout, pause=0.01)
with handled(interrupt):
    try:
        CachedBlackBox(inner, path).complete([Request(str(number)) for number in range(int(count))])
        print("done", flush=True)
    except KeyboardInterrupt:
        sys.exit(130)
    except Terminated:
        sys.exit(143)
"""


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")


@pytest.fixture
def server() -> Iterator[ChatServer]:
    with ChatServer(latency=1.0) as server:
        yield server


@pytest.fixture
def start(server: ChatServer, tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts the program, and waits until so many requests are under way."""
    started = []

    def begin(count: int = 200, grace: float = 10.0, timeout: float = 30.0, busy: int = 64) -> subprocess.Popen[str]:
        command = [
            sys.executable,
            "-c",
            PROGRAM,
            server.url,
            str(tmp_path / "cache"),
            *map(str, (count, grace, timeout)),
        ]
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        started.append(process)
        server.wait_until(lambda: server.busy >= busy, seconds=120)
        return process

    yield begin
    for process in started:
        process.kill()
        process.communicate()


def stored(folder: Path) -> int:
    connection = sqlite3.connect(folder / "cache")
    try:
        count: int = connection.execute("SELECT count(*) FROM completions").fetchone()[0]
        assert connection.execute("SELECT count(*) FROM claims").fetchone() == (0,)
        return count
    finally:
        connection.close()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_what_is_under_way_is_stored_and_nothing_more_is_sent(
    server: ChatServer, start: Callable[..., Any], tmp_path: Path, number: signal.Signals, code: int
) -> None:
    process = start()
    process.send_signal(number)
    _, said = process.communicate(timeout=60)
    assert process.returncode == code, said
    assert said == "duet: stopping; answers that are under way are stored first (once more to leave at once)\n"
    assert 64 <= len(server.seen) < 200
    assert stored(tmp_path) == len(server.seen) == server.paid.total()


def test_the_next_start_buys_the_rest_only(server: ChatServer, start: Callable[..., Any], tmp_path: Path) -> None:
    process = start(100)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    server.latency = 0.0
    again = start(100, busy=0)
    assert again.communicate(timeout=60)[0] == "done\n"
    assert (len(server.seen), stored(tmp_path)) == (100, 100)


def test_it_waits_no_longer_than_the_grace_time(server: ChatServer, start: Callable[..., Any]) -> None:
    server.latency = 60.0
    process = start(grace=0.5)
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 130
    assert 0.4 < time.monotonic() - began < 10


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_second_signal_leaves_at_once(
    server: ChatServer, start: Callable[..., Any], number: signal.Signals, code: int
) -> None:
    server.latency = 60.0
    process = start(grace=60.0)
    process.send_signal(number)
    time.sleep(0.5)
    assert process.poll() is None
    began = time.monotonic()
    process.send_signal(number)
    _, said = process.communicate(timeout=60)
    assert process.returncode == code
    assert time.monotonic() - began < 5
    assert said.splitlines()[-1] == "duet: left at once; what was stored is kept, and the same command continues"


def test_replies_that_came_while_the_process_stood_still_are_read_before_they_are_judged(
    server: ChatServer, start: Callable[..., Any], tmp_path: Path
) -> None:
    process = start(64, timeout=2.0)
    process.send_signal(signal.SIGSTOP)
    server.wait_until(lambda: server.busy == 0)
    time.sleep(2.0)  # by now every attempt is late
    process.send_signal(signal.SIGCONT)
    assert process.communicate(timeout=60)[0] == "done\n"
    assert (len(server.seen), stored(tmp_path)) == (64, 64)


def test_a_locked_cache_is_waited_for_and_nothing_is_bought_twice(
    server: ChatServer, start: Callable[..., Any], tmp_path: Path
) -> None:
    process = start(200, timeout=2.0)
    lock = sqlite3.connect(tmp_path / "cache", isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")
    server.wait_until(lambda: server.busy == 0)
    time.sleep(4.0)
    lock.execute("ROLLBACK")
    lock.close()
    out, said = process.communicate(timeout=60)
    assert out == "done\n"
    assert f"Waiting for the call cache {tmp_path / 'cache'}: database is locked" in said
    assert (len(server.seen), stored(tmp_path)) == (200, 200)


def test_a_caller_that_leaves_drops_no_answer_that_is_under_way(server: ChatServer, tmp_path: Path) -> None:
    server.latency = 0.2
    box = CachedBlackBox(OpenAIBlackBox("m", server.url, max_concurrency=8), tmp_path / "cache")
    with pytest.raises(ZeroDivisionError):  # noqa: PT012
        for _ in box.stream([Request(str(number)) for number in range(50)]):
            raise ZeroDivisionError
    server.wait_until(lambda: server.busy == 0)
    assert 8 <= len(server.seen) < 20
    assert stored(tmp_path) == len(server.seen)


def test_a_model_in_this_process_stops_after_its_batch(tmp_path: Path) -> None:
    def answer(request: Request) -> str:
        if request.prompt == "3":
            os.kill(os.getpid(), signal.SIGINT)
        return request.prompt

    inner = ScriptedBlackBox(answer)
    with pytest.raises(KeyboardInterrupt):
        CachedBlackBox(inner, tmp_path / "cache").complete([Request(str(number)) for number in range(200)])
    assert (len(inner.requests), stored(tmp_path)) == (64, 64)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_handler_that_does_not_raise_gets_every_outcome(tmp_path: Path) -> None:
    heard: list[int] = []

    def terminate_once(request: Request) -> str:
        if request.prompt == "5":
            os.kill(os.getpid(), signal.SIGTERM)
        return request.prompt

    former = signal.signal(signal.SIGTERM, lambda number, _: heard.append(number))
    try:
        inner = ScriptedBlackBox(terminate_once)
        outcomes = CachedBlackBox(inner, tmp_path / "cache").complete([Request(str(number)) for number in range(100)])
    finally:
        signal.signal(signal.SIGTERM, former)
    assert heard == [signal.SIGTERM]
    assert [type(outcome) for outcome in outcomes[:64]] == [Completion] * 64
    assert outcomes[64:] == [NOT_SENT] * 36


def test_blocks_that_overlap_share_one_signal() -> None:
    with pytest.raises(KeyboardInterrupt), postponed() as outer:  # noqa: PT012
        with postponed() as inner:
            os.kill(os.getpid(), signal.SIGINT)
            assert (inner.requested, outer.requested) == (True, True)
        assert outer.requested  # nothing is raised before the last one ends
    with postponed() as later:
        assert not later.requested


def test_a_signal_that_is_ignored_stays_ignored() -> None:
    former = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with postponed() as interruption:
            os.kill(os.getpid(), signal.SIGINT)
            assert not interruption.requested
    finally:
        signal.signal(signal.SIGINT, former)

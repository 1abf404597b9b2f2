from __future__ import annotations

import hashlib
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from duet.models.base import NOT_SENT, Arrived, CallFailure, Completion, Message, Outcome, Request, always
from duet.models.errors import ProviderError
from duet.models.fakes import ScriptedBlackBox
from duet.models.openai_black_box import OpenAIBlackBox
from duet.spending.cached import CachedBlackBox, _keys
from duet.spending.claims import Owner
from tests.servers.chat_server import ChatServer, Faults, completion, error

ROOT = Path(__file__).parents[2]


def _echo(identity: str = "echo") -> ScriptedBlackBox:
    return ScriptedBlackBox(lambda request: f"{request.prompt} {request.seed}", identity)


def test_an_answer_survives_its_box(tmp_path: Path) -> None:
    requests = [Request("a"), Request("b", temperature=1.0, seed=1)]
    first = CachedBlackBox(_echo(), tmp_path / "deep" / "cache.sqlite").complete(requests)
    silent = ScriptedBlackBox({}, "echo")
    again = CachedBlackBox(silent, tmp_path / "deep" / "cache.sqlite")
    assert again.complete(requests) == first
    assert silent.requests == []


def test_a_text_that_is_none_is_one_line(tmp_path: Path) -> None:
    """Python finds this fault, and SQLite's error codes know nothing of it."""
    path = tmp_path / "cache"
    box = CachedBlackBox(_echo(), path)
    box.complete([Request("a")])
    connection = sqlite3.connect(path)
    connection.execute("UPDATE completions SET value = CAST(x'7bff' AS TEXT)")
    connection.commit()
    connection.close()
    with pytest.raises(ValueError, match=f"Expected a call cache at {path} but found"):
        CachedBlackBox(_echo(), path).complete([Request("a")])


@pytest.mark.parametrize(
    "other",
    [
        Request("b"), Request("a", max_tokens=1), Request("a", temperature=0.1), Request("a", seed=1),
        Request("a", top_p=0.9), Request("a", stop=("x",)), Request("a", messages=(Message("system", "a"),)),
    ],
)  # fmt: skip
def test_every_field_of_a_request_is_part_of_the_key(tmp_path: Path, other: Request) -> None:
    inner = _echo()
    box = CachedBlackBox(inner, tmp_path / "cache")
    box.complete([Request("a")])
    box.complete([other])
    assert inner.requests == [Request("a"), other]


def test_a_plain_request_has_the_key_that_it_had_before_there_were_messages_and_stop_sequences() -> None:
    expected = "c6889a74d3ce69d7ab47a479d5b9cf4b1e6e8715b670fee5341e11adc3a61f22"
    assert hashlib.sha256(b'["m", "a", 64, 0.0, 0]').hexdigest() == expected
    assert _keys("m", [Request("a")]) == [expected]


def test_messages_and_stop_sequences_are_told_apart_in_the_key() -> None:
    chat = (Message("system", "a"), Message("user", "b"))
    several = [
        Request("a", messages=chat), Request("a", messages=chat[::-1]), Request("a", messages=chat, stop=("a",)),
        Request("a", messages=chat, stop=("a", "b")), Request("a", messages=(Message("user", "a"),)),
    ]  # fmt: skip
    assert len(set(_keys("m", several))) == len(several)


def test_the_identity_is_part_of_the_key(tmp_path: Path) -> None:
    CachedBlackBox(_echo("one"), tmp_path / "cache").complete([Request("a")])
    inner = _echo("two")
    other = CachedBlackBox(inner, tmp_path / "cache")
    other.complete([Request("a")])
    assert (other.identity, len(inner.requests)) == ("two", 1)


def test_duplicates_are_asked_once_and_the_rest_in_order(tmp_path: Path) -> None:
    inner = _echo()
    box = CachedBlackBox(inner, tmp_path / "cache")
    box.complete([Request("b")])
    outcomes = box.complete([Request(text) for text in "cabac"])
    assert [request.prompt for request in inner.requests] == ["b", "c", "a"]
    assert [outcome.text for outcome in outcomes if isinstance(outcome, Completion)] == [
        f"{text} 0" for text in "cabac"
    ]


def test_a_failure_is_asked_again(tmp_path: Path) -> None:
    answers: list[str | CallFailure] = [CallFailure("busy"), "A"]
    box = CachedBlackBox(ScriptedBlackBox(lambda _: answers.pop(0)), tmp_path / "cache")
    assert box.complete([Request("a"), Request("a")]) == [CallFailure("busy")] * 2
    assert box.complete([Request("a")]) == [Completion("A", 1, 1)]


def test_a_refusal_that_was_charged_is_not_charged_again(tmp_path: Path) -> None:
    refused = CallFailure("refused: no", 9, 3, "refused")
    inner = ScriptedBlackBox({"a": refused})
    for _ in range(2):
        assert CachedBlackBox(inner, tmp_path / "cache").complete([Request("a")]) == [refused]
    assert inner.requests == [Request("a")]


@pytest.mark.parametrize(
    "failure",
    [CallFailure("400 no such field", kind="rejected"), CallFailure("late", 9, 3), CallFailure("", 9, 3, "not_sent")],
)
def test_a_failure_that_cost_nothing_or_may_pass_is_asked_again(tmp_path: Path, failure: CallFailure) -> None:
    answers: list[str | CallFailure] = [failure, "A"]
    box = CachedBlackBox(ScriptedBlackBox(lambda _: answers.pop(0)), tmp_path / "cache")
    assert box.complete([Request("a")]) == [failure]
    assert box.complete([Request("a")]) == [Completion("A", 1, 1)]


@pytest.mark.parametrize(
    "value",
    [
        "x", "[]", "1", '"reason"', "{}", '{"reason": "r", "text": "t"}',
        '{"reason": 1, "prompt_tokens": 1, "kind": "empty"}',
        '{"reason": "r", "prompt_tokens": 1, "kind": "failed"}', '{"reason": "r", "kind": "refused"}',
        '{"reason": "r", "prompt_tokens": -1, "kind": "refused"}', '{"reason": "r", "prompt_tokens": 1, "kind": []}',
    ],
)  # fmt: skip
def test_what_is_no_outcome_is_refused_in_one_line(tmp_path: Path, value: str) -> None:
    box = CachedBlackBox(_echo(), tmp_path / "cache")
    box.complete([Request("a")])
    with sqlite3.connect(tmp_path / "cache") as connection:
        connection.execute("UPDATE completions SET value = ?", (value,))
    connection.close()
    with pytest.raises(ValueError, match="Expected an answer in the call cache but entry"):
        box.complete([Request("a")])


def test_an_error_of_the_provider_passes_through(tmp_path: Path) -> None:
    def refuse(_: Request) -> str:
        raise ProviderError("no key")

    with pytest.raises(ProviderError, match="no key"):
        CachedBlackBox(ScriptedBlackBox(refuse), tmp_path / "cache").complete([Request("a")])


def test_any_text_comes_back_as_it_was(tmp_path: Path) -> None:
    text = "line\nbreak \u2028 ünï \U0001f600 \x00 \ud800 end"
    for answer in (text, "another one"):
        box = CachedBlackBox(ScriptedBlackBox({text: answer}), tmp_path / "cache")
        [outcome] = box.complete([Request(text)])
        assert isinstance(outcome, Completion)
        assert outcome.text == text


def test_the_first_stored_answer_wins(tmp_path: Path) -> None:
    other = CachedBlackBox(ScriptedBlackBox({"a": "first"}, "same"), tmp_path / "cache")

    def slow(_: Request) -> str:
        other.complete([Request("a")])  # another process answers meanwhile
        return "second"

    box = CachedBlackBox(ScriptedBlackBox(slow, "same"), tmp_path / "cache")
    assert box.complete([Request("a")]) == other.complete([Request("a")]) == [Completion("first", 1, 1)]


@pytest.mark.parametrize("content", [b"this is no database, but long enough to be one" * 50, None])
def test_another_kind_of_file_is_refused_in_one_line(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "cache"
    if content is None:
        path.mkdir()
    else:
        path.write_bytes(content)
    with pytest.raises(ValueError, match=f"Expected a call cache at {path} but found: "):
        CachedBlackBox(_echo(), path).complete([Request("a")])


def _run(code: str, path: Path) -> subprocess.Popen[str]:
    setting = (
        "import os, sys; from duet.models.base import *; "
        "from duet.spending.cached import *; from duet.models.fakes import *\n"
    )
    return subprocess.Popen([sys.executable, "-c", setting + code, str(path)], cwd=ROOT, text=True)


def test_a_batch_that_was_returned_survives_a_kill(tmp_path: Path) -> None:
    code = (
        "box = CachedBlackBox(ScriptedBlackBox(lambda r: r.prompt), sys.argv[1])\n"
        "box.complete([Request(str(i)) for i in range(5)]); os._exit(9)"
    )
    assert _run(code, tmp_path / "cache").wait() == 9
    silent = ScriptedBlackBox({})
    CachedBlackBox(silent, tmp_path / "cache").complete([Request(str(i)) for i in range(5)])
    assert silent.requests == []


def test_a_batch_that_was_not_returned_leaves_nothing_behind(tmp_path: Path) -> None:
    code = (
        "box = CachedBlackBox(ScriptedBlackBox(lambda r: os._exit(9) if r.prompt == '3' else 'x'), sys.argv[1])\n"
        "box.complete([Request(str(i)) for i in range(5)])"
    )
    assert _run(code, tmp_path / "cache").wait() == 9
    inner = ScriptedBlackBox(lambda request: request.prompt)
    CachedBlackBox(inner, tmp_path / "cache").complete([Request(str(i)) for i in range(5)])
    assert len(inner.requests) == 5


def test_what_arrived_is_stored_before_more_is_asked(tmp_path: Path) -> None:
    requests = [Request(str(number)) for number in range(200)]
    inner = ScriptedBlackBox(lambda request: request.prompt)
    for arrived in CachedBlackBox(inner, tmp_path / "cache").stream(requests):
        silent = ScriptedBlackBox({})
        CachedBlackBox(silent, tmp_path / "cache").complete([requests[index] for index in arrived])
        assert silent.requests == []
        assert len(inner.requests) == max(arrived) + 1


def test_answers_that_came_before_an_error_are_kept(tmp_path: Path) -> None:
    def spend(request: Request) -> str:
        if request.prompt == "100":
            raise ProviderError("no money left")
        return request.prompt

    requests = [Request(str(number)) for number in range(200)]
    with pytest.raises(ProviderError, match="no money left"):
        CachedBlackBox(ScriptedBlackBox(spend), tmp_path / "cache").complete(requests)
    again = ScriptedBlackBox(lambda request: request.prompt)
    CachedBlackBox(again, tmp_path / "cache").complete(requests)
    assert again.requests == requests[64:]


def test_what_was_not_sent_is_not_stored(tmp_path: Path) -> None:
    [arrived] = CachedBlackBox(_echo(), tmp_path / "cache").stream([Request("a")], lambda: False)
    assert arrived == {0: NOT_SENT}
    assert CachedBlackBox(_echo(), tmp_path / "cache").complete([Request("a")]) == [Completion("a 0", 1, 2)]


def test_flags_of_an_answer_are_kept(tmp_path: Path) -> None:
    class Cut(ScriptedBlackBox):
        """Answers that are cut off and not counted."""

        def _one(self, request: Request) -> Outcome:
            return Completion("A", 1, 1, cut=True, estimated=True)

    for box in (Cut({}), ScriptedBlackBox({})):
        assert CachedBlackBox(box, tmp_path / "cache").complete([Request("a")]) == [
            Completion("A", 1, 1, cut=True, estimated=True)
        ]


KILLS = """
import os, random, select, signal, sqlite3, sys, time
from duet.models.base import *; from duet.spending.cached import *; from duet.models.fakes import *
path, kills, draws, acknowledged, start = sys.argv[1], int(sys.argv[2]), random.Random(0), [], 0

def write(pipe, start):  # never returns: it is killed
    box = CachedBlackBox(ScriptedBlackBox(lambda r: r.prompt * 3), path)
    while True:
        requests = [Request(str(number)) for number in range(start, start + draws.choice([1, 5, 150]))]
        for arrived in box.stream(requests):
            os.write(pipe, "".join(f"{start + index}\\n" for index in arrived).encode())
        start += len(requests)

for kill in range(kills):
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        write(writing, start)
    os.close(writing)
    if kill % 2:  # in the middle of its work; else while it opens the file
        select.select([reading], [], [], 60)
    time.sleep(draws.uniform(0, 0.01))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    with open(reading, "rb") as pipe:
        lines = pipe.read().decode().splitlines(keepends=True)
    acknowledged += [int(line) for line in lines if line.endswith("\\n")]
    start += 100_000
silent = ScriptedBlackBox({})
found = CachedBlackBox(silent, path).complete([Request(str(number)) for number in acknowledged])
assert silent.requests == [], len(silent.requests)
assert [each.text for each in found] == [str(number) * 3 for number in acknowledged]
assert sqlite3.connect(path).execute("PRAGMA integrity_check").fetchall() == [("ok",)]
print(len(acknowledged))
"""


def test_five_hundred_kills_of_the_writer_lose_no_stored_answer_and_corrupt_nothing(tmp_path: Path) -> None:
    command = [sys.executable, "-c", KILLS, str(tmp_path / "cache"), "500"]
    process = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    assert process.returncode == 0, process.stderr
    assert int(process.stdout) >= 250


def test_processes_share_a_new_file(tmp_path: Path) -> None:
    code = (
        "box = CachedBlackBox(ScriptedBlackBox(lambda r: r.prompt), sys.argv[1])\n"
        "for i in range(30): box.complete([Request(f'{i} {j}') for j in range(4)])"
    )
    processes = [_run(code, tmp_path / "cache") for _ in range(4)]
    assert [process.wait() for process in processes] == [0] * 4
    with sqlite3.connect(tmp_path / "cache") as connection:
        assert connection.execute("SELECT count(*) FROM completions").fetchone() == (120,)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()


# Claims: of several that need an answer, one sends the request

BUYING = """
import os, random, signal, sys
import httpcore2; import duet.models.network.connection
from duet.models.base import *; from duet.models.openai_black_box import OpenAIBlackBox
from duet.spending.cached import *
url, path, count, is_killed = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4] == "kill"

def buy(seed, pipe):
    box = CachedBlackBox(OpenAIBlackBox("m", url, max_concurrency=8, pause=0.01), path)
    requests = [Request(str(number)) for number in range(60)]
    random.Random(seed).shuffle(requests)
    for start in range(0, 60, 20):
        part, found = requests[start : start + 20], {}
        for arrived in box.stream(part):
            found |= arrived
            os.write(pipe, b"x")
        assert [found[index].text for index in range(20)] == [request.prompt for request in part]

children, pipes = [], []
for seed in range(count):
    reading, writing = os.pipe()
    children.append(os.fork())
    pipes.append(reading)
    if not children[-1]:
        try:
            buy(seed, writing)
        finally:
            os._exit(sys.exc_info()[0] is not None)
if is_killed:
    os.read(pipes[0], 1)
    os.kill(children[0], signal.SIGKILL)
codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
assert codes == [-9 * is_killed] + [0] * (count - 1), codes
"""


def _buy(url: str, path: Path, count: int, way: str) -> None:
    command = [sys.executable, "-c", BUYING, url, str(path), str(count), way]
    subprocess.run(command, cwd=ROOT, check=True, timeout=300)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ChatServer]:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    with ChatServer(latency=0.05) as server:
        yield server


def test_three_processes_buy_every_answer_once(server: ChatServer, tmp_path: Path) -> None:
    server.faults = Faults(0.1, ("500", "429"))  # which charge nothing
    _buy(server.url, tmp_path / "cache", 3, "live")
    assert (len(server.paid), server.paid.total()) == (60, 60)
    with sqlite3.connect(tmp_path / "cache") as connection:
        assert connection.execute("SELECT count(*) FROM claims").fetchone() == (0,)
    connection.close()


def test_what_a_killed_process_had_claimed_is_bought_by_those_that_wait(server: ChatServer, tmp_path: Path) -> None:
    _buy(server.url, tmp_path / "cache", 2, "kill")
    assert len(server.paid) == 60
    assert server.paid.total() <= 60 + 8  # what was under way at the kill


def test_two_threads_buy_every_answer_once(server: ChatServer, tmp_path: Path) -> None:
    requests = [Request(str(number)) for number in range(40)]

    def buy(_: int) -> list[Outcome]:
        return CachedBlackBox(OpenAIBlackBox("m", server.url), tmp_path / "cache").complete(requests)

    with ThreadPoolExecutor(2) as threads:
        first, second = threads.map(buy, range(2))
    assert first == second
    assert server.paid.total() == 40


def test_a_claim_of_another_machine_times_out(tmp_path: Path) -> None:
    box = CachedBlackBox(_echo(), tmp_path / "cache")
    box.complete([Request("a")])
    [key] = _keys(box.identity, [Request("b")])
    elsewhere = str(Owner(host="elsewhere"))
    with sqlite3.connect(tmp_path / "cache") as connection:
        connection.execute("INSERT INTO claims VALUES (?, ?, ?)", (key, elsewhere, time.time() - 14 * 60))
    connection.close()
    allowed = iter([True, True, False])
    [waited] = box.stream([Request("b")], lambda: next(allowed))
    assert waited == {0: NOT_SENT}
    with sqlite3.connect(tmp_path / "cache") as connection:
        connection.execute("UPDATE claims SET renewed = ?", (time.time() - 16 * 60,))
    connection.close()
    assert box.complete([Request("b")]) == [Completion("b 0", 1, 2)]


@pytest.mark.parametrize("owner", ["x", "[1]", "[" * 50_000, '["h", "x", "y", 1, "s"]', '["h", 1]'])
def test_a_damaged_claim_holds_nobody_up(tmp_path: Path, owner: str) -> None:
    box = CachedBlackBox(_echo(), tmp_path / "cache")
    box.complete([Request("a")])
    with sqlite3.connect(tmp_path / "cache") as connection:
        row = (_keys(box.identity, [Request("b")])[0], owner, time.time())
        connection.execute("INSERT INTO claims VALUES (?, ?, ?)", row)
    connection.close()
    assert box.complete([Request("b")]) == [Completion("b 0", 1, 2)]


def test_what_the_claimer_gave_up_is_tried_by_the_next(server: ChatServer, tmp_path: Path) -> None:
    server.reply = lambda _: (400, error("no")) if len(server.seen) == 1 else (200, completion("A"))

    def buy(_: int) -> list[Outcome]:
        return CachedBlackBox(OpenAIBlackBox("m", server.url), tmp_path / "cache").complete([Request("a")])

    with ThreadPoolExecutor(2) as threads:
        found = [outcome for outcomes in threads.map(buy, range(2)) for outcome in outcomes]
    assert sorted(type(outcome).__name__ for outcome in found) == ["CallFailure", "Completion"]
    assert len(server.seen) == 2


# A file that would keep nothing is refused before anything is paid

TABLES = {
    "a column of another version": "CREATE TABLE completions (key TEXT PRIMARY KEY, value TEXT, extra TEXT NOT NULL)",
    "no key": "CREATE TABLE completions (key TEXT, value TEXT NOT NULL, created INTEGER, identity TEXT)",
    "a view": "CREATE VIEW completions AS SELECT 'a' AS key, 'b' AS value, 1 AS created, 'c' AS identity",
    "a column that is missing": "CREATE TABLE completions (key TEXT PRIMARY KEY)",
}  # fmt: skip


@pytest.mark.parametrize("table", TABLES)
def test_a_table_that_can_not_keep_answers_is_refused_before_anything_is_paid(tmp_path: Path, table: str) -> None:
    with sqlite3.connect(tmp_path / "cache") as connection:
        connection.execute(TABLES[table])
    connection.close()
    inner = _echo()
    with pytest.raises(ValueError, match=f"Expected a call cache at {tmp_path / 'cache'} but found: "):
        CachedBlackBox(inner, tmp_path / "cache").complete([Request("a")])
    assert inner.requests == []


def test_a_column_of_a_newer_version_that_may_be_empty_is_left_alone(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "cache") as connection:
        connection.execute("CREATE TABLE completions (key TEXT PRIMARY KEY, value TEXT NOT NULL, extra TEXT)")
    connection.close()
    for inner in (_echo(), ScriptedBlackBox({}, "echo")):
        assert CachedBlackBox(inner, tmp_path / "cache").complete([Request("a")]) == [Completion("a 0", 1, 2)]


def test_a_full_disk_is_waited_for_and_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("duet.spending.cache_file._SAID_AFTER", 0.05)
    path = tmp_path / "cache"
    box = CachedBlackBox(_echo(), path)
    box.complete([Request("a")])
    began, plain = time.monotonic(), sqlite3.connect

    class Full(sqlite3.Connection):
        def execute(self, sql: str, *rest: Any) -> sqlite3.Cursor:
            if sql == "PRAGMA synchronous=FULL":  # once a connection is set up it has no page left, for a while
                pages = super().execute("PRAGMA page_count").fetchone()[0]
                super().execute(f"PRAGMA max_page_count={pages}")
            if sql == "BEGIN IMMEDIATE" and time.monotonic() - began > 0.3:
                super().execute("PRAGMA max_page_count=100000")
            return super().execute(sql, *rest)

    monkeypatch.setattr(sqlite3, "connect", lambda *some, **named: plain(*some, **named, factory=Full))
    long = Request("b" * 20_000)
    assert isinstance(box.complete([long])[0], Completion)
    assert f"Waiting for the call cache {path}: database or disk is full" in caplog.text
    monkeypatch.undo()
    assert isinstance(CachedBlackBox(ScriptedBlackBox({}, "echo"), path).complete([long])[0], Completion)


def test_what_is_under_way_ends_before_the_error_of_a_cache_that_fails_is_said(tmp_path: Path) -> None:
    ended: list[bool] = []

    class Breaking(ScriptedBlackBox):
        def stream(self, requests: Sequence[Request], may_send: Callable[[], bool] = always) -> Iterator[Arrived]:
            with sqlite3.connect(tmp_path / "cache") as connection:
                connection.execute("DROP TABLE completions")
            connection.close()
            try:
                yield from super().stream(requests, may_send)
            finally:
                ended.append(True)

    with pytest.raises((ValueError, sqlite3.Error)) as raised:
        CachedBlackBox(Breaking({"a": "1"}, "m"), tmp_path / "cache").complete([Request("a")])
    assert raised.value.__traceback__ is not None  # its frames are still there
    assert ended == [True]

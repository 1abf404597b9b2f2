"""Every attempt is paid for by its bound or its price, and no cap is exceeded by the server's own count."""

from __future__ import annotations

import errno
import json
import logging
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from duet.models.base import NOT_SENT, AbstractBlackBox, CallFailure, Completion, Request
from duet.models.errors import BudgetSpent, ProviderError
from duet.models.fakes import ScriptedBlackBox
from duet.models.openai_black_box import OpenAIBlackBox
from duet.models.prices import Prices
from duet.spending import cost_journal
from duet.spending.budget import Budget
from duet.spending.budgeted import BudgetedBlackBox
from duet.spending.cached import CachedBlackBox
from duet.spending.call_budget import CallBudget
from duet.spending.cost_journal import Cost, CostJournal
from duet.spending.metered import MeteredBlackBox
from duet.spending.purchase_budget import PurchaseBudget
from tests.servers.chat_server import Body, ChatServer, Faults, completion, error

ROOT = Path(__file__).parents[2]
DOLLAR = Prices(10**6, 10**6)  # a dollar per token
USD = 10**12


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")


def echo(inner: Callable[[Request], str | CallFailure] | None = None) -> ScriptedBlackBox:
    return ScriptedBlackBox(inner or (lambda request: request.prompt))


def metered(box: AbstractBlackBox, cap: float | None = None, journal: CostJournal | None = None) -> MeteredBlackBox:
    budget = Budget(max_cost_usd=cap)
    return MeteredBlackBox(box, DOLLAR, PurchaseBudget(budget, journal), CallBudget(budget))


def paid(box: MeteredBlackBox) -> float:
    return box.purchases.journal.paid.picodollars / USD


def possible(box: MeteredBlackBox) -> float:
    return box.purchases.journal.possible.picodollars / USD


# With answers at once


def test_it_continues_to_count_where_the_last_run_was_stopped(tmp_path: Path) -> None:
    path = tmp_path / "spending.jsonl"
    metered(echo(), journal=CostJournal(path)).complete([Request("a")])
    again = metered(echo(), journal=CostJournal(path))
    again.complete([Request("a")])
    assert paid(again) == CostJournal(path).paid.picodollars / USD == 4.0


def test_a_cap_counts_the_most_that_a_call_can_cost() -> None:
    box = metered(echo(), 70.0)
    request = Request("a", max_tokens=4)  # at most 1 byte, 64 tokens of a template, 4 tokens: 69; in fact 2
    box.complete([request])
    with pytest.raises(BudgetSpent, match=r"cap max_cost_usd=70.0: 2.000000 paid, 69.000000 more needed"):
        box.complete([request])
    assert metered(echo(), 69.0).complete([request])
    with pytest.raises(BudgetSpent):
        metered(echo(), 68.999999).complete([request])


def test_what_is_kept_for_the_final_test_is_not_spent() -> None:
    box = metered(echo(), 100.0)
    box.purchases.kept = Cost(0, 0, 32 * USD)
    with pytest.raises(BudgetSpent, match=r"32.000000 kept for the final test"):
        box.complete([Request("a", max_tokens=4)])
    box.purchases.kept = Cost()
    box.complete([Request("a", max_tokens=4)])


def test_no_cap_is_exceeded_by_many_threads() -> None:
    box = metered(echo(lambda request: "w " * request.max_tokens), 1000.0)

    def complete(_: int) -> int:
        try:
            outcomes = box.complete([Request("a", max_tokens=30)] * 2)
        except BudgetSpent:
            return 0
        return sum(isinstance(outcome, Completion) for outcome in outcomes)

    with ThreadPoolExecutor(16) as threads:
        answered = sum(threads.map(complete, range(100)))
    assert 0 < answered < 200
    assert paid(box) == answered * 31.0 <= 1000.0


def test_a_failed_call_costs_what_the_provider_charged() -> None:
    box = metered(echo(lambda _: CallFailure("refused", 7, 3)))
    box.complete([Request("a")])
    assert paid(box) == 10.0


def test_a_provider_that_refuses_charges_nothing() -> None:
    def refuse(_: Request) -> str:
        raise ProviderError("no key")

    box = metered(echo(refuse), 100.0)
    with pytest.raises(ProviderError):
        box.complete([Request("a", max_tokens=4)])
    assert (paid(box), possible(box)) == (0.0, 0.0)


def test_an_answer_from_the_cache_needs_no_room(tmp_path: Path) -> None:
    inner = metered(echo(), 70.0)
    box = CachedBlackBox(inner, tmp_path / "cache")
    for _ in range(3):
        box.complete([Request("a", max_tokens=4)] * 5)
    assert paid(inner) == 2.0


def test_a_purchase_is_written_down_before_its_answer_is_used(tmp_path: Path) -> None:
    code = (
        "import os, sys; from pathlib import Path\n"
        "from tests.spending.test_metered import *\n"
        "box = metered(ScriptedBlackBox(lambda r: 'x'), journal=CostJournal(Path(sys.argv[1])))\n"
        "for arrived in box.stream([Request('a')]): os._exit(9)"
    )
    path = tmp_path / "spending.jsonl"
    assert subprocess.run([sys.executable, "-c", code, str(path)], cwd=ROOT, check=False, timeout=120).returncode == 9
    assert CostJournal(path).paid.picodollars == 2 * USD


def test_what_is_learned_lets_a_cap_be_used_up() -> None:
    # At most a call costs 3 + 64 + 1000 dollars, in fact 3: the room is used to the last call that might not fit.
    box = metered(echo(lambda _: "x"), 10_000.0)
    wrapped = BudgetedBlackBox(box, box.budget)
    wrapped.complete([Request("a b", max_tokens=1000) for _ in range(9)])
    with pytest.raises(BudgetSpent):
        wrapped.complete([Request("a b", max_tokens=1000) for _ in range(100)])  # nothing is learned from nine
    wrapped.complete([Request("a b", max_tokens=1000)])
    outcomes = wrapped.complete([Request("a b", max_tokens=1000) for _ in range(2000)])
    assert {type(outcome) for outcome in outcomes} == {Completion}
    rest = wrapped.complete([Request("a b", max_tokens=1000) for _ in range(1000)])
    answered = [outcome for outcome in rest if outcome != NOT_SENT]
    assert 10_000 - 1067 < paid(box) == 3 * (2010 + len(answered)) <= 10_000 - 1067 + 3


# At a server that counts


class Counting:
    """What a server has charged for: every answer that it made, whether or not it arrived whole.

    A token costs a dollar, and every answer takes 10.
    """

    def __init__(self, server: ChatServer, free: tuple[str, ...] = ("429", "500", "503")) -> None:
        self.server, self.free = server, free

    @property
    def calls(self) -> int:
        return len(self.server.seen)

    @property
    def charged(self) -> int:
        return 10 * (self.calls - sum(self.server.faulty[kind] for kind in self.free))


FAULTS_THAT_CHARGE = (
    "time-out", "reset before the body", "reset in the body", "malformed JSON", "wrong content type", "empty choices",
    "error object in a 200", "slow drip", "502",
)  # fmt: skip


@pytest.fixture
def server() -> Iterator[ChatServer]:
    with ChatServer() as server:
        yield server


def at(server: ChatServer, budget: Budget, folder: Path, **options: Any) -> tuple[BudgetedBlackBox, PurchaseBudget]:
    inner = OpenAIBlackBox("m", server.url, **{"pause": 0.01, "timeout": 0.2, "patience": 60.0} | options)
    calls, purchases = CallBudget(budget), PurchaseBudget(budget, CostJournal(folder / "spending.jsonl"))
    box = CachedBlackBox(MeteredBlackBox(inner, DOLLAR, purchases, calls), folder / "cache.sqlite")
    return BudgetedBlackBox(box, calls), purchases


def spend(box: BudgetedBlackBox, prefix: str, size: int = 8) -> None:
    """Buys as much as there is room for, in groups that become smaller."""
    for number in range(1000):
        try:
            box.complete([Request(f"{prefix} {number} {index}", max_tokens=6) for index in range(size)])
        except BudgetSpent:
            if size == 1:
                return
            size //= 2


@pytest.mark.parametrize("fault", FAULTS_THAT_CHARGE)
def test_a_cap_in_dollars_holds_whatever_goes_wrong_with_most_answers(
    server: ChatServer, fault: str, tmp_path: Path
) -> None:
    server.faults = Faults(0.6, (fault,))
    box, purchases = at(server, Budget(max_cost_usd=1000.0), tmp_path)
    spend(box, fault)
    charged = Counting(server).charged
    booked = purchases.journal.total.picodollars / USD
    assert charged <= booked <= 1000.0
    assert server.faulty[fault] > 3
    assert purchases.journal.paid.picodollars / USD == 10 * server.paid.total()
    assert booked > 1000 - 90 - 10  # used up to the last call that might not fit


@pytest.mark.parametrize("fault", ["429", "500", "503"])
def test_what_the_server_refuses_costs_nothing_and_is_a_call(server: ChatServer, fault: str, tmp_path: Path) -> None:
    server.faults = Faults(0.5, (fault,))
    box, purchases = at(server, Budget(max_calls=60), tmp_path)
    spend(box, fault)
    assert len(server.seen) == 60 == purchases.journal.total.calls
    assert purchases.journal.total.picodollars / USD == 10 * server.paid.total() == Counting(server).charged


@pytest.mark.parametrize("cap", [Budget(max_calls=57), Budget(max_tokens=3000)])
def test_every_attempt_counts_against_caps_on_calls_and_tokens(server: ChatServer, cap: Budget, tmp_path: Path) -> None:
    server.faults = Faults(0.5, ("malformed JSON", "500"))
    box, purchases = at(server, cap, tmp_path)
    spend(box, "q")
    counted = Counting(server)
    assert counted.calls == purchases.journal.total.calls <= (cap.max_calls or 10**9)
    assert counted.charged <= purchases.journal.total.tokens <= (cap.max_tokens or 10**9)
    assert counted.calls == 57 or purchases.journal.total.tokens > 3000 - 90


@pytest.mark.parametrize("concurrency", [1, 64])
def test_a_cap_holds_at_any_concurrency_and_is_used_up(server: ChatServer, concurrency: int, tmp_path: Path) -> None:
    server.latency = 0.01
    box, purchases = at(server, Budget(max_cost_usd=1000.0), tmp_path, max_concurrency=concurrency, timeout=10.0)
    spend(box, "q", size=64)
    assert Counting(server).charged == purchases.journal.paid.picodollars / USD
    assert 1000 - 100 < Counting(server).charged <= 1000


def test_a_connection_that_was_never_made_costs_nothing(tmp_path: Path) -> None:
    with ChatServer() as gone:
        url = gone.url
    journal = CostJournal(tmp_path / "spending.jsonl")
    box = metered(OpenAIBlackBox("m", url, pause=0.01, patience=0.1), journal=journal)
    with pytest.raises(ProviderError):
        box.complete([Request("a")])
    assert (journal.paid.picodollars, journal.possible) == (0, Cost())


def test_a_reply_that_is_too_large_may_have_been_charged(
    server: ChatServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("duet.models.network.connection.MOST_BYTES", 10_000)
    server.answer = lambda text: text * 20_000
    box, purchases = at(server, Budget(), tmp_path, timeout=10.0)
    [outcome] = box.complete([Request("a", max_tokens=6)])
    assert isinstance(outcome, CallFailure)
    assert purchases.journal.possible == Cost(1, 71, 71 * USD)


@pytest.mark.parametrize("usage", [None, {"prompt_tokens": "7"}, {"prompt_tokens": -1, "completion_tokens": 5}])
def test_an_answer_that_was_not_counted_is_booked_at_its_bound(server: ChatServer, usage: Any, tmp_path: Path) -> None:
    server.reply = lambda _: (200, completion("A", usage=usage))
    box, purchases = at(server, Budget(), tmp_path)
    assert isinstance(box.complete([Request("a", max_tokens=6)])[0], Completion)
    assert (purchases.journal.paid.picodollars, purchases.journal.possible) == (0, Cost(1, 71, 71 * USD))
    assert purchases.wasted == Cost()


@pytest.mark.parametrize("count", [10**9, int("9" * 4000)])
def test_a_count_that_no_answer_can_have_is_booked_at_its_bound_and_said(
    server: ChatServer, count: int, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    server.reply = lambda _: (200, completion("A", usage=(count, 3)))
    box, purchases = at(server, Budget(max_cost_usd=1000.0), tmp_path)
    box.complete([Request("a", max_tokens=6)])
    assert purchases.journal.total == Cost(1, 71, 71 * USD)
    assert "reports more tokens than an answer can have" in caplog.text


def test_useless_retries_are_bounded_and_said(
    server: ChatServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def reply(body: Body) -> tuple[int, Any]:
        return (200, b"{") if body["messages"][-1]["content"] == "bad" else (200, completion("A"))

    server.reply = reply
    box, _ = at(server, Budget(), tmp_path)
    with caplog.at_level(logging.WARNING, "duet"):
        bad, good = box.complete([Request("bad", max_tokens=6), Request("good", max_tokens=6)])
    assert (type(bad), type(good)) == (CallFailure, Completion)
    assert len(server.seen) == 7
    assert (
        "6 attempts brought no answer and may have been charged, up to $438.0000 in addition to what was paid"
        in caplog.text
    )


def test_no_retry_is_sent_and_no_pause_is_slept_beyond_the_time(server: ChatServer, tmp_path: Path) -> None:
    import time

    server.reply = lambda _: (503, error("later"))
    box, _ = at(server, Budget(max_time=0.6), tmp_path, pause=0.1)
    began = time.monotonic()
    [outcome] = box.complete([Request("a")])
    assert time.monotonic() - began < 0.6 + 0.2
    assert isinstance(outcome, CallFailure)
    assert 2 <= len(server.seen) <= 9
    server.extra_headers = {"retry_after": "30"}
    box, _ = at(server, Budget(max_time=0.6), tmp_path)
    began = time.monotonic()
    box.complete([Request("b")])
    assert time.monotonic() - began < 0.5  # a pause that the cap would end is not begun


@pytest.mark.parametrize("room", [1, 7, 8, 12])
def test_a_disk_that_becomes_full_loses_no_answer_that_is_in_flight(
    server: ChatServer, room: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines: list[bytes] = []
    write = cost_journal._write_whole

    def write_while_there_is_room(file: int, data: bytes) -> None:
        lines.append(data)
        if len(lines) > room:
            raise OSError(errno.ENOSPC, "No space left on device")
        write(file, data)

    monkeypatch.setattr(cost_journal, "_write_whole", write_while_there_is_room)
    server.latency = 0.05
    box, purchases = at(server, Budget(max_cost_usd=10_000.0), tmp_path, max_concurrency=4, timeout=10.0)
    requests = [Request(f"q{index}", max_tokens=6) for index in range(20)]
    with pytest.raises(OSError, match="no request is sent unless it can be recorded first"):
        box.complete(requests)
    sent, booked = len(server.seen), purchases.journal.total.picodollars / USD
    assert 1 <= sent == server.paid.total() < 20
    assert Counting(server).charged <= booked
    monkeypatch.undo()
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    again, _ = at(server, Budget(max_cost_usd=10_000.0), tmp_path, max_concurrency=4, timeout=10.0)
    assert all(isinstance(outcome, Completion) for outcome in again.complete(requests))
    assert set(server.paid.values()) == {1}


KILLED = """
import os, random, signal, sys, time; from pathlib import Path
import duet.models.network.connection
from tests.spending.test_metered import *
class Server: url = sys.argv[1]
folder, kills = Path(sys.argv[2]), int(sys.argv[3])
path = folder / "spending.jsonl"
def size(): return path.stat().st_size if path.exists() else 0
for kill in range(kills + 1):
    child = os.fork()
    if not child:
        spend(at(Server(), Budget(max_cost_usd=10_000.0), folder, max_concurrency=16, timeout=10.0)[0], "k", size=16)
        os._exit(0)
    if kill < kills:
        before = size()
        while size() < before + 2000:
            if os.waitpid(child, os.WNOHANG)[0]:
                sys.exit(f"kill {kill}: the child ended by itself with {size()} bytes written, {before} before it")
            time.sleep(0.01)
        time.sleep(random.uniform(0, 0.1))
        os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
"""


def test_a_cap_holds_over_kills_by_the_servers_count(server: ChatServer, tmp_path: Path) -> None:
    server.latency = 0.05
    subprocess.run([sys.executable, "-c", KILLED, server.url, str(tmp_path), "6"], cwd=ROOT, check=True, timeout=120)
    server.wait_until(lambda: server.busy == 0)
    journal = CostJournal(tmp_path / "spending.jsonl")
    assert len(server.seen) <= journal.total.calls <= len(server.seen) + 6 * 16  # written down, and maybe sent
    assert Counting(server).charged <= journal.total.picodollars / USD <= 10_000
    assert journal.possible.calls >= 6


def test_the_journal_holds_no_key(server: ChatServer, tmp_path: Path) -> None:
    box, _ = at(server, Budget(), tmp_path)
    box.complete([Request("a")])
    lines = (tmp_path / "spending.jsonl").read_text()
    assert json.loads(lines.splitlines()[-1])["paid_for"] == f"openai:{server.url}:m"
    assert "sk-test" not in lines

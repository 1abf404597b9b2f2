"""The journal of purchases, and a cap in dollars that no call exceeds."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from duet.models.base import CallFailure, Request
from duet.models.errors import BudgetSpent, ProviderError
from duet.models.fakes import ScriptedBlackBox
from duet.models.prices import Prices
from duet.spending.cached import CachedBlackBox
from duet.spending.spending import PaidBlackBox, Spending

ROOT = Path(__file__).parents[2]
DOLLAR = Prices(10**6, 10**6)  # a dollar per token


def echo(inner: Callable[[Request], str | CallFailure] | None = None) -> ScriptedBlackBox:
    return ScriptedBlackBox(inner or (lambda request: request.prompt))


def test_every_purchase_is_a_line(tmp_path: Path) -> None:
    spending = Spending(tmp_path / "deep" / "spending.jsonl")
    box = PaidBlackBox(echo(), DOLLAR, spending)
    box.complete([Request("a b"), Request("c")])
    box.complete([Request("d")])
    lines = (tmp_path / "deep" / "spending.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in lines] == [
        {"picodollars": 6 * 10**12, "paid_for": "scripted"},
        {"picodollars": 2 * 10**12, "paid_for": "scripted"},
    ]
    assert (spending.usd, box.identity) == (8.0, "scripted")


def test_it_goes_on_counting_where_the_last_run_was_stopped(tmp_path: Path) -> None:
    path = tmp_path / "spending.jsonl"
    PaidBlackBox(echo(), DOLLAR, Spending(path)).complete([Request("a")])
    again = Spending(path)
    PaidBlackBox(echo(), DOLLAR, again).complete([Request("a")])
    assert again.usd == Spending(path).usd == 4.0


@pytest.mark.parametrize(
    "torn", [b'{"picodollars": 50000', b"[1]\n", b"\xff\xfe\n", b'{"picodollars": "many"}', b"null"]
)
def test_a_line_that_was_torn_is_left_out(tmp_path: Path, torn: bytes) -> None:
    path = tmp_path / "spending.jsonl"
    path.write_bytes(b'{"picodollars": 1000000000000, "paid_for": "m"}\n' + torn)
    spending = Spending(path)
    assert spending.usd == 1.0
    PaidBlackBox(echo(), DOLLAR, spending).complete([Request("a")])
    assert Spending(path).usd == spending.usd == 3.0


def test_a_cap_counts_the_most_that_a_call_can_cost(tmp_path: Path) -> None:
    box = PaidBlackBox(echo(), DOLLAR, Spending(max_cost_usd=70.0))
    request = Request("a", max_tokens=4)  # at most 1 byte, 64 tokens of a template, 4 tokens: 69; in fact 2
    box.complete([request])
    with pytest.raises(BudgetSpent, match=r"cap max_cost_usd=70.0: 2.000000 spent, up to 69.000000 more asked, 0.0"):
        box.complete([request])
    assert PaidBlackBox(echo(), DOLLAR, Spending(max_cost_usd=69.0)).complete([request])
    with pytest.raises(BudgetSpent):
        PaidBlackBox(echo(), DOLLAR, Spending(max_cost_usd=68.999999)).complete([request])


def test_what_is_kept_for_the_final_test_is_not_spent() -> None:
    spending = Spending(max_cost_usd=100.0)
    spending.kept = 32 * 10**12
    box = PaidBlackBox(echo(), DOLLAR, spending)
    with pytest.raises(BudgetSpent, match=r"32.000000 kept for the final test"):
        box.complete([Request("a", max_tokens=4)])
    spending.kept = 0
    box.complete([Request("a", max_tokens=4)])


def test_no_cap_is_exceeded_whatever_the_concurrency() -> None:
    spending = Spending(max_cost_usd=1000.0)
    inner = echo(lambda request: "w " * request.max_tokens)
    box = PaidBlackBox(inner, DOLLAR, spending)

    def ask(_: int) -> bool:
        try:
            box.complete([Request("a", max_tokens=30)] * 2)
        except BudgetSpent:
            return False
        return True

    with ThreadPoolExecutor(16) as threads:
        answered = sum(threads.map(ask, range(100)))
    assert 0 < answered < 100
    assert spending.usd == answered * 62.0 <= 1000.0


def test_a_failed_call_costs_what_the_provider_charged() -> None:
    spending = Spending()
    PaidBlackBox(echo(lambda _: CallFailure("refused", 7, 3)), DOLLAR, spending).complete([Request("a")])
    assert spending.usd == 10.0


def test_a_call_that_raised_frees_what_was_reserved() -> None:
    def refuse(_: Request) -> str:
        raise ProviderError("no key")

    spending = Spending(max_cost_usd=100.0)
    with pytest.raises(ProviderError):
        PaidBlackBox(echo(refuse), DOLLAR, spending).complete([Request("a", max_tokens=4)])
    PaidBlackBox(echo(), DOLLAR, spending).complete([Request("a", max_tokens=4)])
    assert spending.usd == 2.0


def test_an_answer_from_the_cache_needs_no_room(tmp_path: Path) -> None:
    spending = Spending(max_cost_usd=70.0)
    box = CachedBlackBox(PaidBlackBox(echo(), DOLLAR, spending), tmp_path / "cache")
    for _ in range(3):
        box.complete([Request("a", max_tokens=4)] * 5)
    assert spending.usd == 2.0


def test_a_purchase_is_on_disk_before_its_answer_is_used(tmp_path: Path) -> None:
    code = (
        "import os, sys; from pathlib import Path\n"
        "from duet.models.base import Request; from duet.models.fakes import ScriptedBlackBox\n"
        "from duet.models.prices import Prices; from duet.spending.spending import PaidBlackBox, Spending\n"
        "box = PaidBlackBox(ScriptedBlackBox(lambda r: 'x'), Prices(1e6, 1e6), Spending(Path(sys.argv[1])))\n"
        "for arrived in box.stream([Request('a')]): os._exit(9)"
    )
    path = tmp_path / "spending.jsonl"
    assert subprocess.run([sys.executable, "-c", code, str(path)], cwd=ROOT, check=False).returncode == 9
    assert Spending(path).usd == 2.0

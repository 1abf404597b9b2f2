"""The journal of attempts: what was paid, and what may have been charged, whatever happened to the process."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from duet.spending.cost_journal import Cost, CostJournal

ROOT = Path(__file__).parents[2]
MOST = Cost(1, 70, 7_000)


def test_an_attempt_has_a_line_before_and_a_line_after(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "spending.jsonl"
    journal = CostJournal(path)
    name = journal.begin(MOST)
    assert [json.loads(line) for line in path.read_text().splitlines()] == [
        {"sent": name, "at_most": {"tokens": 70, "picodollars": 7000}}
    ]
    journal.end(name, Cost(1, 5, 500), "m")
    assert json.loads(path.read_text().splitlines()[1]) == {
        "ended": name, "tokens": 5, "picodollars": 500, "paid_for": "m",
    }  # fmt: skip
    assert (journal.paid, journal.possible) == (Cost(1, 5, 500), Cost())
    journal.close()


def test_what_was_not_ended_may_have_been_charged_for_ever(tmp_path: Path) -> None:
    path = tmp_path / "spending.jsonl"
    first = CostJournal(path)
    names = [first.begin(MOST) for _ in range(3)]
    first.end(names[1], Cost(1, 5, 500), "m")
    first.close()
    again = CostJournal(path)
    assert (again.paid, again.possible) == (Cost(1, 5, 500), Cost(2, 140, 14_000))
    again.end(again.begin(MOST), Cost(1, 6, 600), "m")
    again.close()
    assert CostJournal(path).total == Cost(4, 151, 15_100) == again.total


def test_attempts_whose_cost_stays_unknown_take_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "spending.jsonl"
    journal = CostJournal(path)
    for _ in range(3):
        journal.end(journal.begin(MOST), None, "m")
    journal.close()
    again = CostJournal(path)
    assert journal.possible == again.possible == Cost(3, 210, 21_000)
    assert journal._open == again._open == {}


def test_without_a_file_it_counts_all_the_same() -> None:
    journal = CostJournal()
    journal.end(journal.begin(MOST), Cost(1, 5, 500), "m")
    journal.begin(MOST)
    assert (journal.paid, journal.possible) == (Cost(1, 5, 500), MOST)


def test_purchases_of_a_former_version_are_read(tmp_path: Path) -> None:
    path = tmp_path / "spending.jsonl"
    path.write_text('{"picodollars": 4, "paid_for": "m"}\n{"picodollars": 5, "paid_for": "m"}\n')
    assert CostJournal(path).paid == Cost(0, 0, 9)


@pytest.mark.parametrize(
    "line",
    [
        b'{"picodollars": 50000', b"[1]\n", b"\xff\xfe\n", b'{"picodollars": "many"}', b"null", b"[" * 100_000,
        b'{"sent": "x", "at_most": {"tokens": 1e999}}\n{"ended": "x", "picodollars": -5}', b'{"picodollars": true}',
        b'{"ended": "x", "picodollars": 7}', b'{"picodollars": %s}' % (b"9" * 4000),
        b'{"picodollars": %s}' % (b"9" * 9999),
    ],
)  # fmt: skip
def test_a_line_that_is_none_is_left_out_and_ended(tmp_path: Path, line: bytes) -> None:
    path = tmp_path / "spending.jsonl"
    path.write_bytes(b'{"picodollars": 3, "paid_for": "m"}\n' + line)
    journal = CostJournal(path)
    assert journal.paid.picodollars == 3
    journal.end(journal.begin(MOST), Cost(1, 5, 500), "m")
    journal.close()
    assert CostJournal(path).paid.picodollars == 503


KILLED = """
import os, sys; from pathlib import Path
from duet.spending.cost_journal import Cost, CostJournal
journal = CostJournal(Path(sys.argv[1]))
for number in range(50):
    name = journal.begin(Cost(1, 70, 7000))
    print(number, flush=True)
    if number % 2: journal.end(name, Cost(1, 5, 500), "m")
os.kill(os.getpid(), 9)
"""


def test_a_process_that_is_killed_forgets_no_attempt(tmp_path: Path) -> None:
    path = tmp_path / "spending.jsonl"
    ended = subprocess.run(
        [sys.executable, "-c", KILLED, str(path)], cwd=ROOT, capture_output=True, check=False, timeout=120
    )
    assert (ended.returncode, len(ended.stdout.split())) == (-9, 50)
    journal = CostJournal(path)
    assert (journal.paid, journal.possible) == (Cost(25, 125, 12_500), Cost(25, 1_750, 175_000))


def test_what_can_not_be_written_down_is_refused_in_one_line_and_leaves_no_torn_line(tmp_path: Path) -> None:
    path = tmp_path / "spending.jsonl"
    code = (
        "import resource, signal, sys; from pathlib import Path\n"
        "from duet.spending.cost_journal import Cost, CostJournal\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "journal = CostJournal(Path(sys.argv[1]))\n"
        "try:\n    while True: journal.begin(Cost(1, 70, 7000))\n"
        "except OSError as error: print(error, journal.possible.calls)\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code, str(path)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    message, _, count = ended.stdout.strip().rpartition(" ")
    assert "no request is sent unless it can be recorded first" in message
    assert str(path) in message
    assert CostJournal(path).possible.calls == int(count) == len(path.read_bytes().splitlines())
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] != 1000


def test_many_attempts_are_read_fast_enough(tmp_path: Path) -> None:
    path = tmp_path / "spending.jsonl"
    journal = CostJournal(path)
    for _ in range(2000):
        journal.end(journal.begin(MOST), Cost(1, 5, 500), "m")
    journal.close()
    assert CostJournal(path).paid == Cost(2000, 10_000, 1_000_000)

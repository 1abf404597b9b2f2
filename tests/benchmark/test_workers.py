"""Jobs in processes: nothing heavy is imported here, as every process imports it again."""

from __future__ import annotations

import os
import sys

import pytest

from duet.benchmark.workers import attempt, outcomes

JOBS = [("a", "b"), ("die",), ("a",), ("wrong",), ("a", "b", "c")]


def count(job: tuple[str, ...]) -> int:
    print("said by the job")
    sys.stderr.write("and on standard error")
    if job == ("die",):
        os._exit(9)
    if job == ("wrong",):
        raise ValueError("Expected a\n letter")
    return len(job)


def test_a_process_that_dies_takes_only_its_own_job_with_it(capfd: pytest.CaptureFixture[str]) -> None:
    found = dict(outcomes(count, JOBS, 2))
    assert {number: outcome.value for number, outcome in found.items()} == {0: 2, 1: None, 2: 1, 3: None, 4: 3}
    assert found[1].problem == "its process ended with exit code 9"
    assert found[3].problem == "Expected a letter"
    assert capfd.readouterr() == ("", "")


def test_one_process_is_this_one() -> None:
    here = list(outcomes(lambda job: (job, os.getpid()), [("a",), ("b",)], 1))
    assert [(number, outcome.value) for number, outcome in here] == [
        (0, (("a",), os.getpid())), (1, (("b",), os.getpid())),
    ]  # fmt: skip


def broken(job: tuple[str, ...]) -> None:
    raise AssertionError(job)


def test_a_mistake_of_the_program_is_not_taken_for_a_failed_job() -> None:
    with pytest.raises(AssertionError, match="a"):
        attempt(broken, ("a",))


def test_a_job_is_silent_and_its_problem_is_one_line(capfd: pytest.CaptureFixture[str]) -> None:
    assert attempt(count, ("wrong",)).problem == "Expected a letter"
    assert attempt(count, ("a",)).value == 1
    assert capfd.readouterr() == ("", "")

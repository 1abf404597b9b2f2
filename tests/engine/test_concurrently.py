"""Work beside the body of a with statement."""

from __future__ import annotations

import threading

import pytest

from duet.engine.concurrently import run_concurrently


def test_in_a_thread_the_work_goes_on_while_the_body_waits_for_it() -> None:
    reached = threading.Event()

    def work() -> int:
        reached.set()
        return 7

    with run_concurrently(work, in_thread=True) as result:
        assert reached.wait(10)
        assert result() == 7


def test_without_a_thread_it_is_done_when_its_result_is_asked_for() -> None:
    done: list[str] = []
    with run_concurrently(lambda: done.append("work"), in_thread=False) as result:
        done.append("body")
        result()
    assert done == ["body", "work"]


@pytest.mark.parametrize("in_thread", [True, False])
def test_what_the_work_raises_is_raised_where_its_result_is_asked_for(in_thread: bool) -> None:
    def work() -> None:
        raise KeyError

    with run_concurrently(work, in_thread) as result, pytest.raises(KeyError):
        result()


def test_when_the_body_fails_its_error_stands() -> None:
    ended = threading.Event()
    with pytest.raises(IndexError), run_concurrently(ended.set, in_thread=True):
        raise IndexError
    assert ended.is_set()

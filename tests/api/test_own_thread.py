from __future__ import annotations

import asyncio
import signal
import threading
import time

import pytest

from duet.api.own_thread import beside_a_loop
from duet.interrupts import ThreadInterrupted, postponed


def test_without_a_loop_the_work_is_done_where_it_is_called() -> None:
    assert beside_a_loop(threading.current_thread) is threading.current_thread()


def test_beside_a_running_loop_the_work_may_run_a_loop_of_its_own() -> None:
    async def inner() -> str:
        return "done"

    async def main() -> str:
        return beside_a_loop(lambda: asyncio.run(inner()))

    assert asyncio.run(main()) == "done"


def test_an_error_of_the_work_is_raised_in_the_callers_thread() -> None:
    def fail() -> None:
        raise LookupError("gone")

    async def main() -> None:
        beside_a_loop(fail)

    with pytest.raises(LookupError, match="gone"):
        asyncio.run(main())


def interrupted(work: list[str], drains: bool) -> None:
    """Does some work in a coroutine and sends it a Ctrl-C as soon as the work has begun."""
    begun = threading.Event()

    def carry_out() -> None:
        try:
            if drains:
                with postponed() as interruption:
                    begun.set()
                    until = time.monotonic() + 30
                    while not interruption.requested:
                        assert time.monotonic() < until
                        time.sleep(0.01)
                    work.append("stored")
            begun.set()
            for _ in range(3000):
                time.sleep(0.01)
        except ThreadInterrupted:
            work.append("interrupted")
            raise

    def send() -> None:
        assert begun.wait(30)
        signal.raise_signal(signal.SIGINT)

    async def main() -> None:
        threading.Thread(target=send).start()
        beside_a_loop(carry_out)

    async def watched() -> None:
        await main()

    former = signal.signal(signal.SIGINT, signal.default_int_handler)
    loop = asyncio.new_event_loop()  # asyncio.run has a handler of its own, which Jupyter has not
    try:
        loop.run_until_complete(watched())
    finally:
        loop.close()
        signal.signal(signal.SIGINT, former)


@pytest.mark.parametrize(("drains", "done"), [(False, ["interrupted"]), (True, ["stored", "interrupted"])])
def test_ctrl_c_interrupts_the_work_once_what_is_under_way_is_stored(drains: bool, done: list[str]) -> None:
    work: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        interrupted(work, drains)
    assert work == done

"""The benchmark of the start-up: its processes."""

from __future__ import annotations

import pytest

from benchmarks.start_up import first_line, least, process


def test_a_process_that_sleeps_takes_no_time_of_the_processor() -> None:
    seconds = least({"idle": ["-c", "import time; time.sleep(0.3)"]}, repeats=1)["idle"]
    assert seconds.clock - seconds.processor >= 0.3 - 0.01  # the processor's clock ticks in milliseconds


def test_a_process_that_fails_is_no_measurement() -> None:
    with pytest.raises(RuntimeError, match="got 3: what went wrong"):
        process(["-c", "import sys; print('what went wrong'); sys.exit(3)"])


def test_the_first_line_is_awaited_and_no_more() -> None:
    code = "import sys, time; time.sleep(0.2); print('here', file=sys.stderr, flush=True); time.sleep(60)"
    assert 0.2 <= first_line(["-c", code]) < 30
    with pytest.raises(RuntimeError, match="Expected a line"):
        first_line(["-c", ""])

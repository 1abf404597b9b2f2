"""The benchmark of the start-up: its processes."""

from __future__ import annotations

import pytest

from benchmarks.start_up import least, process


def test_a_process_that_sleeps_takes_no_time_of_the_processor() -> None:
    seconds = least({"idle": ["-c", "import time; time.sleep(0.3)"]}, repeats=1)["idle"]
    assert seconds.clock - seconds.processor >= 0.3 - 0.01  # the processor's clock ticks in milliseconds


def test_a_process_that_fails_is_no_measurement() -> None:
    with pytest.raises(RuntimeError, match="got 3: what went wrong"):
        process(["-c", "import sys; print('what went wrong'); sys.exit(3)"])

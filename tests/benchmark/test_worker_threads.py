"""torch is imported with this module, hence with every job of it, as with every job of ``benchmark``."""

from __future__ import annotations

import os

import pytest
import torch

from duet.benchmark.workers import outcomes


def threads(_job: tuple[str, ...]) -> int:
    return torch.get_num_threads()


def in_two_processes() -> list[int | None]:
    return [outcome.value for _, outcome in outcomes(threads, [("a",), ("b",)], 2)]


def test_processes_share_the_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    assert in_two_processes() == 2 * [max(1, len(os.sched_getaffinity(0)) // 2)]
    assert "OMP_NUM_THREADS" not in os.environ


def test_the_environment_may_say_how_many_threads_each_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    assert in_two_processes() == [2, 2]

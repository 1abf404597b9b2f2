"""Jobs on a real Ray cluster; left out where Ray is missing. Nothing heavy is imported: every process imports this."""

from __future__ import annotations

import os
import re
import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from duet.benchmark.ray_workers import RayCluster, require_somebody
from duet.benchmark.workers import Outcome

JOBS = [("a", "b"), ("die",), ("a",), ("wrong",), ("mistake",), ("a", "b", "c")]


def count(job: tuple[str, ...]) -> int:
    print("said by the job")
    if job == ("die",):
        os._exit(9)
    if job == ("wrong",):
        raise ValueError("Expected a\n letter")
    assert job != ("mistake",), "a mistake of the program"
    return len(job)


def surroundings(job: tuple[str, ...]) -> tuple[Path, str | None]:
    return Path.cwd(), os.environ.get("CUDA_VISIBLE_DEVICES")


def wait_until(reached: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not reached():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def sleep(job: tuple[str, ...]) -> None:
    """Says that it runs, or waits until the other job does; ends much too late for a test."""
    if job == ("short",):
        wait_until(Path("long").is_file)
        return
    Path("new").write_text(str(os.getpid()))
    Path("new").rename("long")
    time.sleep(600)


def test_a_job_that_dies_takes_no_other_with_it(ray_address: str) -> None:
    found = dict(RayCluster(ray_address).outcomes(count, JOBS))
    assert {number: one.value for number, one in found.items()} == {0: 2, 1: None, 2: 1, 3: None, 4: None, 5: 3}
    assert "died" in str(found[1].problem)
    assert found[3].problem == "Expected a letter"
    assert "a mistake of the program" in str(found[4].problem)


def test_a_job_runs_in_this_folder_with_its_share_of_a_gpu(
    ray_address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    [(_, one), (_, other)] = RayCluster(ray_address, gpus=0.5).outcomes(surroundings, [("a",), ("b",)])
    assert one == other == Outcome((tmp_path, "0"))


def test_what_still_runs_is_cancelled_when_nobody_waits_for_it(
    ray_address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    waiting = RayCluster(ray_address).outcomes(sleep, [("long",), ("short",)])
    assert next(waiting)[0] == 1
    waiting.close()  # type: ignore[attr-defined]
    number = int(Path("long").read_text())
    wait_until(lambda: not Path(f"/proc/{number}").exists())


@pytest.mark.parametrize("form", ["127.0.0.1:{}", "ray://127.0.0.1:{}", "ray://[::1]:{}"])
def test_an_address_where_nobody_listens_is_refused_at_once(form: str) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = form.format(free.getsockname()[1])
        with pytest.raises(
            ValueError, match=rf"--ray: expected local or a running cluster but found {re.escape(address)}: "
        ):
            require_somebody(address)


@pytest.mark.parametrize("address", ["127.0.0.1:port", "ray://:99999999"])
def test_an_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="--ray: expected local or a running cluster but found"):
        require_somebody(address)


def test_an_address_where_somebody_listens_is_left_to_ray() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        require_somebody(f"127.0.0.1:{server.getsockname()[1]}")
    require_somebody("auto")
    require_somebody("local")

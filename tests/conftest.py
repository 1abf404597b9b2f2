"""No test touches the user's own cache; reference values, threads and a Ray cluster for those that need them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

_SHARED = Path(__file__).resolve().parents[1].parent / "shared"


@pytest.fixture(scope="session", autouse=True)
def _no_users_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """For fixtures that live longer than a test."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test has a cache of its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture(scope="session")
def ray_address() -> Iterator[str]:
    """A Ray cluster of this machine, with two processors and, as far as it knows, one GPU."""
    cluster_utils = pytest.importorskip("ray.cluster_utils", reason="the extra ray is not installed")
    machine = {"num_cpus": 2, "num_gpus": 1, "include_dashboard": False}
    cluster = cluster_utils.Cluster(initialize_head=True, head_node_args=machine)
    yield cluster.address
    cluster.shutdown()


@pytest.fixture
def three_threads() -> Iterator[None]:
    """Torch has three threads, however many processors there are."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(3)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def golden() -> Callable[[str], Any]:
    """Reads a reference file by name; skips where there is none."""

    def read(name: str) -> Any:
        path = _SHARED / "golden" / name
        if not path.is_file():
            pytest.skip(f"no reference values at {path}")
        return json.loads(path.read_text(encoding="utf-8"))

    return read


@pytest.fixture
def published() -> Path:
    """The folder of the 30 published tasks; skips where there is none."""
    path = _SHARED / "data" / "instruction_induction"
    if not path.is_dir():
        pytest.skip(f"no published tasks at {path}")
    return path


@pytest.fixture
def landscapes() -> Path:
    """The folder of the reshaped landscapes; skips where there is none."""
    path = _SHARED / "data" / "landscapes"
    if not path.is_dir():
        pytest.skip(f"no landscapes at {path}")
    return path

"""Where a fit starts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from lightning_modules.initial_weights import build_network, default_weights, former_weights, normal_weights

Draw = Callable[[nn.Sequential, int], dict[str, Tensor]]


def test_default_weights_are_those_that_pytorch_draws_from_the_same_seed() -> None:
    torch.manual_seed(3)
    expected = nn.Sequential(nn.Linear(7, 5), nn.ReLU(), nn.Linear(5, 5), nn.ReLU(), nn.Linear(5, 1)).state_dict()
    torch.testing.assert_close(default_weights(build_network(7, 2, 5), seed=3), dict(expected), rtol=0, atol=0)


def test_normal_weights_are_standard_normal() -> None:
    values = torch.cat([value.flatten() for value in normal_weights(build_network(50, 3, 100), seed=0).values()])
    assert abs(values.mean().item()) < 0.02
    assert values.std().item() == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize("draw", [default_weights, normal_weights])
def test_drawing_weights_leaves_the_global_stream_alone(draw: Draw) -> None:
    network = build_network(4, 1, 3)
    before = torch.get_rng_state()
    first, second = draw(network, 0), draw(network, 0)
    assert torch.equal(before, torch.get_rng_state())
    torch.testing.assert_close(first, second, rtol=0, atol=0)


def _checkpoint(folder: Path, network: nn.Module) -> str:
    path = folder / "former.ckpt"
    torch.save({"state_dict": {f"network.{name}": value for name, value in network.state_dict().items()}}, path)
    return str(path)


def test_a_former_predictors_weights_come_back_bit_for_bit(tmp_path: Path) -> None:
    network = build_network(7, 2, 5)
    loaded = former_weights(_checkpoint(tmp_path, network), build_network(7, 2, 5))
    torch.testing.assert_close(loaded, dict(network.state_dict()), rtol=0, atol=0)


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((8, 2, 5), "feature width 8, 2 hidden layers of 5 but .* has feature width 7, 2 hidden layers of 5"),
        ((7, 3, 5), "feature width 7, 3 hidden layers of 5 but .* has feature width 7, 2 hidden layers of 5"),
        ((7, 2, 6), "feature width 7, 2 hidden layers of 6 but .* has feature width 7, 2 hidden layers of 5"),
    ],
)
def test_another_shape_is_refused_and_both_are_named(tmp_path: Path, shape: tuple[int, int, int], message: str) -> None:
    path = _checkpoint(tmp_path, build_network(7, 2, 5))
    with pytest.raises(ValueError, match=message):
        former_weights(path, build_network(*shape))


class NotPlain:
    """What weights_only refuses."""


@pytest.mark.parametrize("content", ["text", "zip", "plain", "object", "other", "empty", "folder", "missing"])
def test_what_is_no_predictors_checkpoint_is_refused_in_one_line(tmp_path: Path, content: str) -> None:
    path = tmp_path / "former.ckpt"
    if content == "text":
        path.write_text("hello\n")
    elif content == "empty":
        path.touch()
    elif content == "folder":
        path.mkdir()
    elif content == "zip":
        path.write_bytes(b"PK\x05\x06" + bytes(18))  # an archive without members
    elif content != "missing":
        state = {"plain": [1, 2], "object": NotPlain(), "other": {"state_dict": {"head.weight": torch.zeros(2)}}}
        torch.save(state[content], path)
    with pytest.raises(ValueError, match=r"Expected the checkpoint of .*former\.ckpt") as caught:
        former_weights(str(path), build_network(7, 2, 5))
    assert "\n" not in str(caught.value)

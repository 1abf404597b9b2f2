"""What is known of a model that was not loaded."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from duet.models.errors import ProviderError
from duet.models.inspection import inspect_open_model


@pytest.mark.parametrize(("dtype", "size"), [("float32", 4), ("bfloat16", 2)])
def test_an_open_model_is_known_by_its_config(tiny: str, dtype: str, size: int) -> None:
    found = inspect_open_model({"model": tiny, "dtype": dtype, "device_map": "cpu", "batch_tokens": 7})
    weights = sum(tensor.numel() for tensor in load_file(Path(tiny) / "model.safetensors").values())
    assert found is not None
    assert (found.parameters, found.bytes) == (weights, size * weights)
    assert (found.precision, found.device) == (dtype, "cpu")
    assert found.free is not None
    assert found.free > 10**7


def test_fewer_bits_take_less(tiny: str) -> None:
    whole = inspect_open_model({"model": tiny, "device_map": "cpu"})
    quantised = inspect_open_model({"model": tiny, "device_map": "cpu", "load_in_8bit": True})
    assert whole is not None
    assert quantised is not None
    assert quantised.bytes < whole.bytes
    assert quantised.precision == "8 bit"


def test_a_model_of_the_hub_that_is_not_here_is_none() -> None:
    assert inspect_open_model({"model": "nobody/no-such-model"}) is None


def test_what_is_no_model_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ProviderError, match="No such model"):
        inspect_open_model({"model": "./no/such/folder"})
    with pytest.raises(ProviderError, match="Can't load the model"):
        inspect_open_model({"model": str(tmp_path)})


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_device_that_is_not_here_is_an_error(tiny: str) -> None:
    with pytest.raises(ProviderError, match="this machine has no GPU"):
        inspect_open_model({"model": tiny, "device_map": "cuda:0"})

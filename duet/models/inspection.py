"""Inspects a model without loading it, and an endpoint without a paid call."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from importlib import import_module
from pathlib import Path
from typing import Any

import torch

from duet.models.endpoint import Endpoint
from duet.models.errors import ProviderError
from duet.models.network.replies import one_line
from duet.models.open_model.causal_lm import resolve_model
from duet.models.open_model.checkpoints import LoadOptions, reading
from duet.models.open_model.memory import count_weights

_SECONDS = 10.0
_NO_LIST = (405, 501)


@dataclass(frozen=True)
class OpenModel:
    """A model on this machine.

    Args:
        parameters: its weights, by its config.
        bytes: what they take.
        precision: in which they are loaded.
        device: where to.
        free: bytes that the device has free; None if several share the model.
    """

    parameters: int
    bytes: int
    precision: str
    device: str
    free: int | None


def inspect_open_model(settings: Mapping[str, Any]) -> OpenModel | None:
    """Returns what loading a model of transformers will take; None if it has to be downloaded first.

    Args:
        settings: arguments of a class that loads one; those that `LoadOptions` does not know are left aside.

    Raises:
        ProviderError: there is no such model, or it can't be loaded here.
    """
    known = {field.name for field in fields(LoadOptions)}
    options = LoadOptions(**{name: value for name, value in settings.items() if name in known}).resolved()
    name = resolve_model(options.model)
    options.check_device()
    if not (Path(name).is_dir() or _is_downloaded(name, options.gguf_file or "config.json")):
        return None
    transformers: Any = import_module("transformers")
    with reading(name, options):
        config = transformers.AutoConfig.from_pretrained(name, local_files_only=True, **options.source)
    weights = count_weights(config)
    dtype = getattr(torch, options.dtype) if options.dtype != "auto" else config.dtype or torch.float32
    precision = f"{options.bits} bit" if options.bits else str(dtype).removeprefix("torch.")
    return OpenModel(weights.total, weights.bytes(dtype, options.bits), precision, options.device, _free(options))


def listed_models(endpoint: Endpoint) -> list[str] | None:
    """The models that an endpoint says it has; None if it has no list. Nothing else is requested.

    Raises:
        ProviderError: it can't be reached, or refuses.
    """
    openai: Any = import_module("openai")
    try:
        with openai.OpenAI(
            api_key=endpoint.key or "none",
            base_url=endpoint.address,
            timeout=_SECONDS,
            max_retries=0,
            default_headers=endpoint.headers,
            default_query=dict(endpoint.query),
            http_client=_without_redirects(openai),
        ) as client:
            return [str(model.id) for model in client.models.list().data]
    except (openai.NotFoundError, openai.BadRequestError):
        return None
    except openai.APIStatusError as error:
        if error.status_code in _NO_LIST:
            return None
        raise ProviderError(one_line(error, *endpoint.secrets)) from error
    except (openai.OpenAIError, ValueError, TypeError, AttributeError) as error:
        raise ProviderError(one_line(error.__cause__ or error, *endpoint.secrets)) from error


def _without_redirects(openai: Any) -> Any:
    """The key goes to no other host."""
    return openai.DefaultHttpxClient(follow_redirects=False, timeout=_SECONDS)


def _is_downloaded(name: str, file: str) -> bool:
    hub: Any = import_module("huggingface_hub")
    return isinstance(hub.try_to_load_from_cache(name, file), str)


def _free(options: LoadOptions) -> int | None:
    if options.device.startswith("cuda"):
        return torch.cuda.mem_get_info(options.device)[0]
    return _free_memory() if options.device == "cpu" else None


def _free_memory() -> int:
    """Returns what programs can still get on this machine, in bytes; all of it where the system does not say."""
    table = Path("/proc/meminfo")
    rows = dict(line.split(":", 1) for line in table.read_text().splitlines()) if table.is_file() else {}
    if "MemAvailable" in rows:
        return 1024 * int(rows["MemAvailable"].split()[0])
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")

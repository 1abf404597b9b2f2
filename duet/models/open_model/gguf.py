"""Models in one GGUF file, as llama.cpp and Ollama use them, read by transformers' own reader."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path

from duet.models.errors import ProviderError

_ON_THE_HUB = re.compile(r"(?P<place>[\w.-]+/[\w.-]+):(?P<file>[^:]+\.gguf)", re.IGNORECASE)
_MAGIC = b"GGUF"


def split_gguf(model: str) -> tuple[str, str | None]:
    """The folder, or the name on the Hub, and the GGUF file in it; None if the model is no such file.

    >>> split_gguf("models/tiny.gguf"), split_gguf("a/b-GGUF:b-Q8_0.gguf"), split_gguf("a/b")
    (('models', 'tiny.gguf'), ('a/b-GGUF', 'b-Q8_0.gguf'), ('a/b', None))
    """
    if not model.lower().endswith(".gguf"):
        return model, None
    if found := _ON_THE_HUB.fullmatch(model):
        return found["place"], found["file"]
    path = Path(model).expanduser()
    return str(path.parent), path.name


def check_gguf(model: str, place: str, file: str) -> None:
    """Checks whether a GGUF file can be read here.

    Raises:
        ProviderError: it is not there or no GGUF file, or the package that reads it is missing.
    """
    path = Path(place) / file
    if Path(place).is_dir():
        if not path.is_file():
            raise ProviderError(f"No such model: there is no file {model!r}")
        with path.open("rb") as opened:
            if opened.read(len(_MAGIC)) != _MAGIC:
                raise ProviderError(f"No such model: {model!r} is not a GGUF file")
    elif not _ON_THE_HUB.fullmatch(model):
        raise ProviderError(f"No such model: there is no file {model!r}; on the Hub it is OWNER/NAME:FILE.gguf")
    if find_spec("gguf") is None:
        raise ProviderError(f"Can't read {model}: pip install 'duet-instructions[gguf]', or serve it with Ollama")

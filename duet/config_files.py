"""Settings files: finds them by path or by the name of one that ships with Duet, and says what is wrong with one."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

_PACKAGED = Path(__file__).parent / "configs"  # in the wheel
CONFIGS = _PACKAGED if _PACKAGED.is_dir() else Path(__file__).parents[1] / "configs"
DEFAULTS = (CONFIGS / "defaults.yaml", CONFIGS / "models" / "embedded.yaml")  # the latter wins
_OPTIONS = ("-c", "--config")
_ENDINGS = (".yaml", ".yml")
_LARGEST = 10**18  # no setting is as large


def config_paths(arguments: Sequence[str]) -> list[str]:
    """The files that a command line names.

    >>> config_paths(["fit", "--config", "a.yaml", "-c=b.yaml"])
    ['a.yaml', 'b.yaml']
    """
    return [arguments[at].partition("=")[2] if at == of else arguments[at] for of, at in _values(arguments)]


def with_found_configs(arguments: Sequence[str]) -> list[str]:
    """The command line with the path of each settings file in place of its name.

    Raises:
        ValueError: there is no such file.
    """
    found = list(arguments)
    for of, at in _values(arguments):
        option, _, value = arguments[at].partition("=") if at == of else ("", "", arguments[at])
        found[at] = f"{option}={find_config(value)}" if option else find_config(value)
    return found


def _values(arguments: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Positions of each option that names a file, and of its value: the same where ``=`` joins them."""
    for number, argument in enumerate(arguments):
        option, joined, value = argument.partition("=")
        if option not in _OPTIONS:
            continue
        if joined and value:
            yield number, number
        elif not joined and arguments[number + 1 : number + 2] not in ([], [""]):
            yield number, number + 1


def find_config(name: str) -> str:
    """The path of a settings file.

    Args:
        name: a path, or the name of a file that ships with Duet, such as ``models/openai.yaml``; ``.yaml`` may be left
            out. A file at the path wins.

    Raises:
        ValueError: there is neither; names those with a similar name.
    """
    names = [name] if name.endswith(_ENDINGS) else [name, f"{name}.yaml"]
    for path in map(Path, names):
        if path.exists() and not path.is_dir():
            return str(path)
    for shipped in set(names).intersection(shipped_configs()):
        return str(CONFIGS / shipped)
    problem = "Is a directory" if Path(name).is_dir() else "No such file or directory"
    raise ValueError(f"{name}: expected a file of settings (YAML) but found: {problem}{_similar(name)}")


def shipped_configs() -> list[str]:
    """The names of all settings files that ship with Duet: ``quickstart.yaml``, ``methods/ape.yaml``."""
    return sorted(path.relative_to(CONFIGS).as_posix() for path in CONFIGS.rglob("*.yaml"))


def _similar(name: str) -> str:
    """A question with up to three shipped files, most similar first, by their whole name or its last part."""
    wanted = Path(name).with_suffix("").as_posix()
    likeness = {shipped: _likeness(wanted, shipped.removesuffix(".yaml")) for shipped in shipped_configs()}
    close = sorted((shipped for shipped in likeness if likeness[shipped] >= 0.75), key=likeness.__getitem__)[-3:]
    return f" (did you mean {' or '.join(reversed(close))}?)" if close else ""


def _likeness(wanted: str, shipped: str) -> float:
    pairs = (wanted, shipped), (wanted.rpartition("/")[2], shipped.rpartition("/")[2])
    return max(difflib.SequenceMatcher(None, *pair).ratio() for pair in pairs)


def read_config(path: str) -> dict[str, Any]:
    """A file of settings.

    Raises:
        ValueError: names the file and the line.
    """
    try:
        content = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise ValueError(f"{path}: expected a file of settings (YAML) but found: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: expected a file of settings (YAML) but found binary data") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or getattr(error, "reason", "not readable")
        raise ValueError(f"{path}{line}: expected valid YAML but found: {problem}") from error
    if not isinstance(content, dict):
        raise ValueError(f"{path}: expected settings (key: value) but found {_kind(content)}")
    return content


def _kind(content: object) -> str:
    return "nothing" if content is None else f"a {type(content).__name__}"


def flatten(settings: Any, prefix: str = "") -> dict[str, Any]:
    """Nested settings with dotted keys.

    >>> flatten({"a": {"b": 1}, "c": [2]})
    {'a.b': 1, 'c': [2]}
    """
    if not isinstance(settings, dict):
        return {prefix: settings}
    flat: dict[str, Any] = {}
    for key, value in settings.items():
        flat |= flatten(value, f"{prefix}.{key}" if prefix else str(key))
    return flat


def given_settings(arguments: Sequence[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Where settings stand and what they are, by dotted keys, in order: those of each file, and that of each option.

    >>> list(given_settings(["--task.name=mine", "--yes"]))
    [('command line', {'task.name': 'mine'}), ('command line', {'yes': ''})]

    Args:
        arguments: the command line.

    Raises:
        ValueError: a file can't be read.
    """
    for argument, following in zip(arguments, [*arguments, ""][1:], strict=True):
        option, joined, value = argument.partition("=")
        value = value if joined else following
        if option in _OPTIONS:
            if not value:
                raise ValueError(f"{option}: expected one argument but got none")
            path = find_config(value)
            yield path, flatten(read_config(path))
        elif option.startswith("--"):
            yield "command line", {option[2:].removesuffix("+"): value}


def require_numbers(settings: Mapping[str, Any], place: str = "") -> None:
    """Checks that every number can be computed with, unlike ``.inf`` and ``.nan`` in YAML.

    Args:
        settings: by their dotted keys.
        place: where they stand.

    Raises:
        ValueError: names the first one that is infinite, not a number, or too large.
    """
    for key, value in settings.items():
        for number in value if isinstance(value, list) else [value]:
            if isinstance(number, int | float) and not abs(number) < _LARGEST:
                found = number if isinstance(number, float) else "a larger one"
                raise ValueError(f"{place}{key}: expected a number below 10^18 but got {found}")

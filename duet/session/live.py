"""Carries the objects that a Python program hands to a run instead of settings: models, a method, a metric."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import yaml
from jsonargparse import ArgumentParser, Namespace
from lightning import Callback

SHARED = ("task", "black_box", "proposer", "white_box", "strategy")


@dataclass(frozen=True)
class Live:
    """Objects, and the settings beside them.

    Args:
        objects: by their key in the settings: ``black_box``, ``strategy``, ``task.metric``, ...
        overrides: settings of the program, which win over every file and argument.
        callbacks: callbacks that are called between the iterations.
    """

    objects: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    overrides: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    callbacks: tuple[Callback, ...] = ()

    @property
    def arguments(self) -> list[str]:
        """The settings as the end of a command line."""
        return ["--config", yaml.safe_dump(dict(self.overrides), allow_unicode=True)] if self.overrides else []

    def put_into(self, settings: Namespace) -> None:
        """Puts the objects in the place of parsed settings."""
        for key, value in self.objects.items():
            settings[key] = value

    def without_objects(self, settings: Namespace, below: str = "") -> Namespace:
        """The settings that are plain values."""
        plain = settings.clone()
        for key in self.objects:
            plain.pop(f"{below}{key}", None)
        return plain

    def settings(self, parser: ArgumentParser, parsed: Namespace) -> dict[str, Any]:
        """The settings as plain values, with a description of each object in its place."""
        found: dict[str, Any] = yaml.safe_load(
            parser.dump(self.without_objects(parsed), skip_none=False, skip_validation=True)
        )
        for key, value in self.objects.items():
            room, _, name = key.rpartition(".")
            (found[room] if room else found)[name] = description(value)
        return found


def description(value: Any) -> str:
    """A line for an object: its class, and a model's identity, or a function's name; the same in every start.

    >>> description(description)
    'duet.session.live.description, made in Python'
    """
    named = value if hasattr(value, "__qualname__") else type(value)
    identity = getattr(value, "identity", None)
    model = f" ({identity})" if isinstance(identity, str) else ""
    return f"{named.__module__}.{named.__qualname__}{model}, made in Python"


def class_name(setting: Any) -> str:
    """The name of the class that a setting names, or that an object is of."""
    return str(setting.class_path).rpartition(".")[2] if hasattr(setting, "class_path") else type(setting).__name__

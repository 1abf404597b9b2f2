"""The fixtures of the engine, whose callbacks these are."""

from tests.engine.conftest import *  # noqa: F403

"""The fixtures of the engine, whose spending this is."""

from tests.engine.conftest import *  # noqa: F403

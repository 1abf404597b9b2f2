"""The run folders of the reports."""

from tests.reporting.conftest import *  # noqa: F403

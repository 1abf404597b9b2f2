"""The folder and the small search of the commands' tests."""

from tests.commands.conftest import folder as folder
from tests.commands.conftest import search as search

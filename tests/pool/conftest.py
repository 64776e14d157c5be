from collections.abc import Callable

import pytest
from click.testing import CliRunner, Result

from smith_lib.cli.app import smith


@pytest.fixture
def invoke() -> Callable[..., Result]:
    """Call `smith` in this process."""
    return lambda *arguments: CliRunner().invoke(smith, [str(a) for a in arguments])

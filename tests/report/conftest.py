import pytest

from tests.report.published import published


@pytest.fixture(scope="session")
def shown(tmp_path_factory):
    """A root with two versions that no test changes."""
    return published(tmp_path_factory.mktemp("shown"))

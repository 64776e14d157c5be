"""The tasks of two versions that no test changes, and the service that shows them."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from smith_lib.publish.version import versions
from smith_lib.report.held import held
from smith_lib.review.answers import Book
from smith_lib.review.app import app
from smith_lib.review.sample import drawn
from smith_lib.serve.running import listening, served
from smith_lib.storage import Root
from tests.report.published import published


@pytest.fixture(scope="session")
def shown(tmp_path_factory) -> Root:
    """A root with two versions."""
    return published(tmp_path_factory.mktemp("reviewed"))


@pytest.fixture
def serve(shown, tmp_path):
    """Serve a sample of the newest version; answers go to a folder of the test's own."""

    @contextmanager
    def start(many: int = 4, seed: int = 1, token: str = "", reviewer: str = "ada") -> Iterator[str]:
        version = versions(shown)[1]
        tasks = drawn(held(shown, version), many, seed)
        book = Book(Root.at(tmp_path), version, reviewer)
        with listening("127.0.0.1", 0) as (where, url), served(app(version, tasks, book, token), where, 16):
            yield url

    return start

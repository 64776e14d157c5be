"""An object store that answers 500, and one that does not answer."""

from pathlib import Path

import pytest

from smith_lib.errors import StorageError, may_be_cured
from smith_lib.storage import Root
from tests.faults.conftest import Copy, Line, Undisturbed
from tests.servers import s3, weather

pytestmark = pytest.mark.timeout(900)


def uploaded(folder: Path, root: Root) -> None:
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        root.write_bytes(file.relative_to(folder).as_posix(), file.read_bytes())


def test_a_store_that_fails_for_a_while_costs_a_try_and_no_row(
    line: Line, undisturbed: Undisturbed, copy: Copy, monkeypatch: pytest.MonkeyPatch
) -> None:
    shards = copy("instances")
    with s3.bucket("tasks") as variables, weather.before(variables["AWS_ENDPOINT_URL"], "store") as proxy:
        s3.set_variables(monkeypatch, {**variables, "AWS_ENDPOINT_URL": proxy.url})
        desk = line.desk("s3://tasks/night")
        uploaded(shards, desk.root)
        proxy.failing = 1.0
        with pytest.raises(StorageError) as told:
            line.stages(desk)
        assert may_be_cured(told.value)
        assert proxy.failed > 1, "it was asked more than once"
        proxy.failing = 0.3  # every third answer; the client asks again
        assert line.at_last(desk) == undisturbed.data
        assert proxy.failed > 10

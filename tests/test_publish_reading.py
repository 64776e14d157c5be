"""A dataset is found by its root or its version, and only whole."""

import pytest

from smith_lib.curate.choose import Choice
from smith_lib.errors import InputError, StorageError
from smith_lib.publish import write_version
from smith_lib.publish.reading import dataset_at, version_at
from smith_lib.settings import PublishSettings
from smith_lib.storage import Root
from tests.rows import an_instance


@pytest.fixture
def root(tmp_path):
    rows = tuple(an_instance(n) for n in range(3))
    low = (an_instance(9, subset="subtle"),)
    write_version(Root.at(tmp_path), Choice(rows, low, ()), {}, None, PublishSettings())
    return tmp_path


def test_a_root_is_its_newest_version_and_a_folder_itself(root):
    first = dataset_at(str(root))
    assert len(first.rows) == 3
    write_version(Root.at(root), Choice((an_instance(7),), (), ()), {}, None, PublishSettings())
    assert len(dataset_at(str(root)).rows) == 1
    assert dataset_at(f"{root}/published/{first.name}/") == first
    assert dataset_at(f"{root}/published/latest").name == dataset_at(str(root)).name


def test_a_subset_is_never_mixed_with_another_silently(root):
    assert {row.subset for row in dataset_at(str(root)).rows} == {"main"}
    assert [row.subset for row in dataset_at(str(root), "subtle").rows] == ["subtle"]
    assert len(dataset_at(str(root), "all").rows) == 4


def test_what_is_not_there_is_told(root, tmp_path_factory):
    with pytest.raises(InputError, match=r"no version 'v9'.*known: v0001-"):
        dataset_at(f"{root}/published/v9")
    with pytest.raises(InputError, match=r"no version 'v9999'.*known: v0001-"):
        version_at("v9999", str(root))
    with pytest.raises(InputError, match=r"`smith run SOURCE\.\.\. --out .*` makes one"):
        dataset_at(str(tmp_path_factory.mktemp("empty")))
    low = Choice((), (an_instance(7, subset="subtle"),), ())
    write_version(Root.at(root), low, {}, None, PublishSettings())
    with pytest.raises(InputError, match="no tasks in 'main'; it has: subtle"):
        dataset_at(str(root))


def test_a_version_without_its_figures_is_damaged(root):
    for figures in (root / "published").glob("v*/metrics.json"):
        figures.unlink()
    with pytest.raises(StorageError, match=r"version v0001-.* is damaged: metrics\.json is missing"):
        dataset_at(str(root))


def test_a_damaged_version_is_refused(root):
    next((root / "published").glob("v*/data/train-*")).write_bytes(b"PAR1")
    with pytest.raises(StorageError, match="is not what was published; `smith publish` mends it"):
        dataset_at(str(root))

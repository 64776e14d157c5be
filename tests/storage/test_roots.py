import pytest

from smith_lib.errors import InputError, StorageError, UnknownName
from smith_lib.storage import Root, Shard, read, write
from smith_lib.types import Stability, Test, Tier
from tests.servers import s3


@pytest.fixture(scope="module")
def end_point():
    with s3.bucket("shards") as variables:
        yield variables["AWS_ENDPOINT_URL"]


@pytest.fixture
def keys(monkeypatch):
    names = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"}
    s3.set_variables(monkeypatch, names | {"AWS_EC2_METADATA_DISABLED": "true"})


@pytest.fixture(params=["folder", "file URL", "s3"])
def root(request, tmp_path):
    if request.param == "folder":
        return Root.at(tmp_path / "a b é")
    if request.param == "file URL":
        return Root.at((tmp_path / "x").as_uri() + "/")
    request.getfixturevalue("keys")
    monkeypatch = request.getfixturevalue("monkeypatch")
    monkeypatch.setenv("AWS_ENDPOINT_URL", request.getfixturevalue("end_point"))
    return Root.at(f"s3://shards/{tmp_path.name}/a b é/")


def test_what_is_written_is_there_and_comes_back(root):
    assert not root.exists("t/a")
    root.write_bytes("t/a", b"one")
    root.write_bytes("t/a", b"two")
    root.write_bytes("t/empty", b"")
    assert root.exists("t/a")
    assert root.exists("t/empty")
    assert root.read_bytes("t/a") == b"two"
    assert root.read_bytes("t/empty") == b""


def test_a_folder_is_no_file(root):
    root.write_bytes("t/a", b"")
    assert not root.exists("t")
    assert not root.exists("nothing")


def test_names_are_sorted_below_the_folder_and_relative_to_the_root(root):
    for name in ("t/b", "t/a", "t/deep/er/c", "tt/d", "e"):
        root.write_bytes(name, b"x")
    root.write_bytes("t/.hidden", b"x")
    root.write_bytes("t/.unfinished/f", b"x")
    assert list(root.names("t")) == ["t/a", "t/b", "t/deep/er/c"]
    assert list(root.names("")) == ["e", "t/a", "t/b", "t/deep/er/c", "tt/d"]
    assert list(root.names("nowhere")) == []


def test_shards_live_there(root):
    reliable = (Stability.RELIABLE, True, Tier.SWAP)
    rows = [Test("r", f"t::x[🐍 {n}]", "t", ("passed",), 0.5, *reliable) for n in range(3)]
    shard = write(root, Shard("tests", "r", "0123456789abcdef"), Test, rows)
    assert read(root, shard, Test) == rows
    assert list(root.names("tests")) == ["tests/r-0123456789abcdef.parquet"]


def test_many_megabytes_are_one_object(root):
    data = bytes(range(256)) * 60_000
    root.write_bytes("big", data)
    assert root.read_bytes("big") == data


def test_what_is_not_there_is_a_storage_error_that_names_it(root):
    with pytest.raises(StorageError, match="cannot read 'no/thing' in"):
        root.read_bytes("no/thing")


def test_only_a_local_root_is_a_folder(root, tmp_path):
    assert (root.local is None) == root.url.startswith("s3:")


@pytest.mark.parametrize("url", ["hdfs://a/b", "S4://a", "http://x/y", "mock:///a"])
def test_an_unknown_kind_of_root_lists_the_known_ones(url):
    with pytest.raises(UnknownName, match=r"unknown kind of root '.*'; known: file, gs, s3"):
        Root.at(url)


@pytest.mark.parametrize("url", ["s3://", "s3:///", "s3://bucket:port:x/y"])
def test_a_url_that_names_no_bucket_is_an_input_error_that_names_it(url, keys, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(InputError, match=f"cannot use '{url}' as a root"):
        Root.at(url)


def test_the_end_point_may_stand_in_the_url(end_point, keys):
    host = end_point.removeprefix("http://")
    root = Root.at(f"s3://shards/q?scheme=http&endpoint_override={host}&region=us-east-1")
    root.write_bytes("a", b"x")
    assert list(root.names("")) == ["a"]


def test_a_missing_bucket_is_a_storage_error(end_point, keys, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", end_point)
    root = Root.at("s3://no-such-bucket/x")
    with pytest.raises(StorageError, match="cannot write 'a' in s3://no-such-bucket/x"):
        root.write_bytes("a", b"x")


def test_a_store_that_does_not_answer_is_a_storage_error(keys, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    root = Root.at("s3://shards/x")
    with pytest.raises(StorageError, match="cannot look for 'a' in s3://shards/x"):
        root.exists("a")

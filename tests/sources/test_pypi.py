import os
import shutil
import subprocess
import threading
from pathlib import Path

import pytest

from smith_lib.errors import NetworkError, SourceError, StorageError
from smith_lib.settings import SelectSettings
from smith_lib.sources import index as indexes
from smith_lib.sources.protocol import Pin
from smith_lib.sources.table import fetch, pin
from tests.servers.index import Index
from tests.sources.made import PACKAGE, contents, git, tarball

SELECT = SelectSettings()


def test_an_sdist_becomes_one_commit_that_git_agrees_with(packages: Index, tmp_path: Path):
    pinned = pin("pypi:Tiny", SELECT)
    assert pinned == Pin("pypi:tiny==1.2", "pypi/tiny")
    tree = fetch(pinned, tmp_path / "cache", SELECT)
    assert contents(tree.path) == {name: text.encode() for name, text in PACKAGE.items()}
    assert (tree.version, tree.license, tree.created_at) == ("1.2", "MIT", "2025-02-03T04:05:06Z")
    assert tree.repo_id == f"pypi__tiny.{tree.commit[:8]}"

    shutil.copytree(tree.path, tmp_path / "git")
    git(tmp_path / "git", "init", "-q")
    git(tmp_path / "git", "add", "-A")
    by_git = subprocess.run(
        ["git", "-C", tmp_path / "git", "commit-tree", git(tmp_path / "git", "write-tree"), "-m", "tiny 1.2"],
        env={
            "PATH": os.environ["PATH"],
            **{f"GIT_{who}_NAME": "Smith" for who in ("AUTHOR", "COMMITTER")},
            **{f"GIT_{who}_EMAIL": "smith@localhost" for who in ("AUTHOR", "COMMITTER")},
            **{f"GIT_{who}_DATE": "2025-02-03T04:05:06Z" for who in ("AUTHOR", "COMMITTER")},
        },
        capture_output=True, text=True, timeout=30, check=True,
    )  # fmt: skip
    assert by_git.stdout.strip() == tree.commit


def test_the_commit_depends_on_bytes_and_date_alone(packages: Index, tmp_path: Path):
    before = os.umask(0o077)
    try:
        first = fetch(pin("pypi:tiny", SELECT), tmp_path / "one", SELECT)
    finally:
        os.umask(before)
    second = fetch(pin("pypi:tiny", SELECT), tmp_path / "two", SELECT)
    assert {p.stat().st_mode & 0o777 for p in first.path.iterdir()} == {0o755, 0o644}
    assert first.commit == second.commit == "b3e72096505a27ff1a476a4d5f67e106d0640192"


def test_what_is_fetched_needs_no_network(packages: Index, tmp_path: Path):
    pinned = pin("pypi:tiny==1.2", SELECT)
    first = fetch(pinned, tmp_path, SELECT)
    asked = len(packages.seen)
    assert fetch(pinned, tmp_path, SELECT) == first
    assert len(packages.seen) == asked


def test_a_tree_that_was_changed_or_damaged_is_fetched_again(packages: Index, tmp_path: Path):
    pinned = pin("pypi:tiny", SELECT)
    tree = fetch(pinned, tmp_path, SELECT)
    (tree.path / "tiny/__init__.py").write_text("def one():\n    return 2\n")
    again = fetch(pinned, tmp_path, SELECT)
    assert (again.path / "tiny/__init__.py").read_text() == PACKAGE["tiny/__init__.py"]
    (tree.path.parent / "tree.json").write_text("{")
    assert fetch(pinned, tmp_path, SELECT) == tree


def test_what_a_killed_process_left_behind_is_cleared(packages: Index, tmp_path: Path):
    pinned = pin("pypi:tiny", SELECT)
    folder = fetch(pinned, tmp_path / "first", SELECT).path.parent
    left = tmp_path / "second" / "trees" / f".{folder.name}.abcdef"
    (left / "new" / "files").mkdir(parents=True)
    fetch(pinned, tmp_path / "second", SELECT)
    assert not left.exists()


def test_many_fetch_the_same_at_once_and_one_downloads(packages: Index, tmp_path: Path):
    pinned = pin("pypi:tiny", SELECT)
    got: list[object] = []
    threads = [threading.Thread(target=lambda: got.append(fetch(pinned, tmp_path, SELECT))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 8
    assert all(tree == got[0] for tree in got)
    assert packages.seen.count("/files/tiny-1.2.tar.gz") == 1
    assert [p.name for p in (tmp_path / "trees").iterdir() if not p.name.endswith(".lock")] == [
        fetch(pinned, tmp_path, SELECT).path.parent.name
    ]


def test_the_newest_is_neither_yanked_nor_a_prerelease_and_has_an_sdist(packages: Index):
    data = tarball(PACKAGE)
    packages.add("tiny", "tiny-1.10.tar.gz", data)
    packages.add("tiny", "tiny-1.11.tar.gz", data, yanked="broken")
    packages.add("tiny", "tiny-2.0rc1.tar.gz", data)
    packages.add("tiny", "tiny-2.1-py3-none-any.whl", data)
    packages.add("tiny", "tiny-not-a-version.tar.gz", data)
    assert pin("pypi:tiny", SELECT).source == "pypi:tiny==1.10"
    assert pin("pypi:tiny==1.11", SELECT).source == "pypi:tiny==1.11"
    assert pin("pypi:tiny==1.10.0", SELECT).source == "pypi:tiny==1.10"
    with pytest.raises(SourceError, match=r"release 2\.1 of 'tiny' has no sdist; .*2\.0rc1"):
        pin("pypi:tiny==2.1", SELECT)


def test_a_missing_version_names_those_near_it(packages: Index):
    for minor in range(3, 20):
        packages.add("tiny", f"tiny-1.{minor}.tar.gz", b"")
    with pytest.raises(SourceError, match=r"no release 1\.10\.5 of 'tiny'; near it: 1\.9, 1\.10, 1\.11"):
        pin("pypi:tiny==1.10.5", SELECT)
    with pytest.raises(SourceError, match=r"near it: 1\.15, 1\.16, 1\.17, 1\.18, 1\.19"):
        pin("pypi:tiny==9", SELECT)


def test_a_project_without_sdists_is_refused(packages: Index):
    packages.add("wheels", "wheels-1.0-py3-none-any.whl", b"")
    with pytest.raises(SourceError, match=r"'wheels' has 1 releases?, all without an sdist"):
        pin("pypi:wheels", SELECT)
    packages.add("early", "early-1.0a1.tar.gz", b"")
    with pytest.raises(SourceError, match=r"every sdist of 'early' is yanked or a pre-release.*1\.0a1"):
        pin("pypi:early", SELECT)


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ("pypi:absent", "no project 'absent' on the package index http://127"),
        ("pypi:", "names no project"),
        ("pypi:../x", "names no project"),
        ("pypi:a b", "names no project"),
        ("pypi:tiny[extra]", "names no project"),
        ("pypi:tiny==", "'' is no version"),
        ("pypi:tiny==one", "'one' is no version"),
    ],
)
def test_a_spec_that_names_nothing_says_so(packages: Index, spec: str, says: str):
    with pytest.raises(SourceError) as caught:
        pin(spec, SELECT)
    assert says in str(caught.value)


def test_a_file_that_is_not_the_one_promised_is_refused(packages: Index, tmp_path: Path):
    packages.add("tiny", "tiny-1.2.tar.gz", tarball(PACKAGE), hashes={"sha256": "0" * 64})
    with pytest.raises(SourceError, match=r"tiny-1\.2\.tar\.gz has sha256"):
        fetch(pin("pypi:tiny", SELECT), tmp_path, SELECT)
    assert list((tmp_path / "trees").glob("pypi*")) == []


def test_without_an_upload_time_the_newest_member_dates_the_commit(packages: Index, tmp_path: Path):
    packages.add("tiny", "tiny-1.2.tar.gz", tarball(PACKAGE), upload_time=None)
    assert fetch(pin("pypi:tiny", SELECT), tmp_path, SELECT).created_at == "2020-09-13T12:26:40Z"


def test_a_server_that_fails_is_asked_again_and_then_another_try_may_help(packages: Index):
    packages.troubles = [503, 502]
    assert pin("pypi:tiny", SELECT).source == "pypi:tiny==1.2"
    packages.troubles = [503] * 9
    with pytest.raises(NetworkError, match="answers 503"):
        pin("pypi:tiny", SELECT)


def test_an_index_that_is_not_there_is_no_fault_of_the_spec(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PIP_INDEX_URL", "http://user:hunter2@127.0.0.1:9/simple")
    with pytest.raises(NetworkError) as caught:
        pin("pypi:tiny", SELECT)
    assert "hunter2" not in str(caught.value)
    monkeypatch.setenv("PIP_INDEX_URL", "file:///srv/simple")
    with pytest.raises(SourceError, match="not http or https"):
        pin("pypi:tiny", SELECT)


def test_the_index_is_the_one_that_pip_or_uv_would_use(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    for name in ("PIP_INDEX_URL", "UV_INDEX_URL", "UV_DEFAULT_INDEX"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    default = indexes.index_url()
    assert default.startswith("https://")
    assert default.endswith("/simple/")
    (tmp_path / "pip").mkdir()
    (tmp_path / "pip/pip.conf").write_text("[global]\nindex-url = https://mirror.example/pip\n")
    assert indexes.index_url() == "https://mirror.example/pip/"
    monkeypatch.setenv("UV_DEFAULT_INDEX", "inner=https://mirror.example/uv/")
    assert indexes.index_url() == "https://mirror.example/uv/"


def test_a_cache_that_cannot_be_written_is_broken_machinery(packages: Index, tmp_path: Path):
    (tmp_path / "trees").write_text("a file")
    with pytest.raises(StorageError, match=r"cannot keep pypi:tiny==1\.2"):
        fetch(pin("pypi:tiny", SELECT), tmp_path, SELECT)


@pytest.mark.network
def test_a_real_release_has_the_same_commit_everywhere(tmp_path: Path):
    try:
        pinned = pin("pypi:h11==0.16.0", SELECT)
    except NetworkError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))
    tree = fetch(pinned, tmp_path, SELECT)
    assert tree.repo_id == "pypi__h11.409059b0"
    assert tree.commit == "409059b0bc169ae32787a1dcacd32d4b6481a84c"
    assert tree.license == "MIT"

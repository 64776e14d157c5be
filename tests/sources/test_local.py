import logging
import os
from pathlib import Path

import pytest

from smith_lib.errors import SourceError
from smith_lib.settings import SelectSettings
from smith_lib.sources.table import fetch, pin
from tests.sources.made import PACKAGE, commit, contents, git, repository, write

SELECT = SelectSettings()


def test_a_checkout_gives_its_commit_and_says_what_is_not_in_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    repo = repository(tmp_path / "repo", PACKAGE)
    write(repo, {"tiny/__init__.py": "changed\n", "new.py": ""})
    with caplog.at_level(logging.WARNING):
        pinned = pin(str(repo), SELECT)
    assert "2 files differ from the commit" in caplog.text
    assert (pinned.source, pinned.repo) == (f"{repo}@{git(repo, 'rev-parse', 'HEAD')}", "local/repo")
    tree = fetch(pinned, tmp_path / "cache", SELECT)
    assert contents(tree.path) == {name: text.encode() for name, text in PACKAGE.items()}
    assert tree.created_at == "2024-05-06T05:08:09Z"
    assert pin(pinned.source, SELECT) == pinned


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder to another user")
def test_a_checkout_of_another_user_is_told_with_the_remedy(tmp_path: Path):
    repo = repository(tmp_path / "repo", PACKAGE)
    for path in (repo, repo / ".git"):
        os.chown(path, 12_345, 12_345)
    remedy = f"git config --global --add safe.directory {repo}"
    with pytest.raises(SourceError, match=f"belongs to another user.*{remedy}"):
        pin(str(repo), SELECT)


def test_refs_of_a_checkout(tmp_path: Path):
    repo = repository(tmp_path / "repo", PACKAGE)
    first = git(repo, "rev-parse", "HEAD")
    git(repo, "tag", "v1")
    commit(repo, {"more.py": "x = 1\n"})
    assert pin(f"{repo}@v1", SELECT).source == f"{repo}@{first}"
    for ref in ("nothing", "--all", "HEAD:tiny"):
        with pytest.raises(SourceError, match="no ref"):
            pin(f"{repo}@{ref}", SELECT)


def test_a_checkout_is_known_by_its_remote(tmp_path: Path):
    repo = repository(tmp_path / "repo", PACKAGE)
    git(repo, "remote", "add", "origin", "git@example.org:owner/name.git")
    assert pin(str(repo), SELECT).repo == "owner/name"


def test_a_folder_without_git_is_one_commit_of_a_fixed_date(tmp_path: Path):
    names = ("__pycache__/x.pyc", ".venv/pyvenv.cfg", "env/pyvenv.cfg", "env/lib/x.py", "a.pyc")
    junk = dict.fromkeys(names, "")
    one = write(tmp_path / "one" / "tiny", {**PACKAGE, **junk})
    two = write(tmp_path / "two" / "tiny", PACKAGE)
    (one / "out").symlink_to("/etc")
    trees = [fetch(pin(str(path), SELECT), tmp_path / "cache", SELECT) for path in (one, two)]
    assert trees[0].commit == trees[1].commit
    assert trees[0].repo_id == f"local__tiny.{trees[0].commit[:8]}"
    assert contents(trees[0].path).keys() == PACKAGE.keys()
    assert trees[0].created_at == "2020-01-01T00:00:00Z"
    assert (trees[0].version, trees[0].license) == ("1.2", "MIT")


def test_a_folder_that_changed_after_it_was_pinned_is_refused(tmp_path: Path):
    folder = write(tmp_path / "tiny", PACKAGE)
    pinned = pin(str(folder), SELECT)
    write(folder, {"tiny/__init__.py": "changed\n"})
    with pytest.raises(SourceError, match="has changed since it was pinned"):
        fetch(pinned, tmp_path / "cache", SELECT)
    assert fetch(pin(str(folder), SELECT), tmp_path / "cache", SELECT).pin != pinned


def test_a_folder_inside_a_checkout_is_a_folder(tmp_path: Path):
    repo = repository(tmp_path / "repo", {f"data/{name}": text for name, text in PACKAGE.items()})
    tree = fetch(pin(str(repo / "data"), SELECT), tmp_path / "cache", SELECT)
    assert contents(tree.path).keys() == PACKAGE.keys()
    assert tree.created_at == "2020-01-01T00:00:00Z"


def test_what_is_no_file_is_left_out(tmp_path: Path):
    folder = write(tmp_path / "tiny", PACKAGE)
    os.mkfifo(folder / "pipe")
    (folder / "loop").symlink_to("loop")
    tree = fetch(pin(str(folder), SELECT), tmp_path / "cache", SELECT)
    assert contents(tree.path).keys() == PACKAGE.keys()


def test_a_checkouts_own_configuration_runs_nothing(tmp_path: Path):
    repo = repository(tmp_path / "repo", PACKAGE)
    git(repo, "config", "core.fsmonitor", f"touch {tmp_path}/pwned #")
    pin(str(repo), SELECT)
    assert not (tmp_path / "pwned").exists()


def test_a_path_that_is_no_folder_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "file").write_text("")
    monkeypatch.chdir(tmp_path)
    wanted = {"./absent": "does not exist", "./file": "is no folder", f"{tmp_path}/x@v1": "does not exist"}
    wanted["./caf\udce9"] = "is not UTF-8"
    for spec, says in wanted.items():
        with pytest.raises(SourceError, match=says):
            pin(spec, SELECT)

import logging
import os
import signal
import sys
import threading
import time
from pathlib import Path

import pytest

from smith_lib import closing
from smith_lib.errors import NetworkError, SourceError
from smith_lib.settings import SelectSettings
from smith_lib.sources import gitrun
from smith_lib.sources.git import parsed, repo_of
from smith_lib.sources.table import fetch, pin
from tests.servers.github import GitHub, Repository
from tests.servers.web import Answer, serving
from tests.sources.made import PACKAGE, commit, contents, git, repository, write

SELECT = SelectSettings()


def test_a_ref_is_pinned_to_the_commit_it_is_at(tmp_path: Path):
    repo = repository(tmp_path / "repo", PACKAGE)
    first = git(repo, "rev-parse", "HEAD")
    git(repo, "tag", "-a", "v1", "-m", "one")
    git(repo, "branch", "feature/one")
    commit(repo, {"more.py": "x = 1\n"})
    head = git(repo, "rev-parse", "HEAD")
    url = f"git+file://{repo}"
    assert pin(url, SELECT).source == f"{url}@{head}"
    assert pin(url, SELECT).repo == "local/repo"
    for ref in ("v1", "feature/one", "refs/heads/feature/one", first):
        assert pin(f"{url}@{ref}", SELECT).source == f"{url}@{first}"
    assert pin(f"{url}@{head[:9]}", SELECT).source == f"{url}@{head}"
    with pytest.raises(SourceError, match=r"no ref 'featur' in .*near: feature/one"):
        pin(f"{url}@featur", SELECT)
    assert pin(pin(url, SELECT).source, SELECT) == pin(url, SELECT)


def test_the_tree_is_the_commits_bytes_without_history(tmp_path: Path):
    files = {
        **PACKAGE,
        ".gitattributes": "* text=auto eol=crlf\nhidden.py export-ignore\nstamp.py export-subst ident\n",
        "hidden.py": "x = 1\n",
        "stamp.py": "# $Format:%H$ $Id$\n",
        "dos.py": b"x = 1\r\n",
        "caf\u00e9 1.txt": b"\xff\xfe\n",
        ".gitignore": "ignored.py\n",
        "ignored.py": "x = 1\n",
    }
    repo = repository(tmp_path / "repo", {})
    git(repo, "config", "core.autocrlf", "false")
    write(repo, files)
    (repo / "tiny/__init__.py").chmod(0o755)
    blobs = {name: git(repo, "hash-object", "-w", "--no-filters", name) for name in files}
    for name, sha in blobs.items():
        mode = "100755" if name == "tiny/__init__.py" else "100644"
        git(repo, "update-index", "--add", "--cacheinfo", f"{mode},{sha},{name}")
    git(repo, "commit", "-q", "-m", "raw bytes")
    tree = fetch(pin(f"git+file://{repo}", SELECT), tmp_path / "cache", SELECT)
    assert contents(tree.path) == {k: v.encode() if isinstance(v, str) else v for k, v in files.items()}
    assert os.access(tree.path / "tiny/__init__.py", os.X_OK)
    assert not os.access(tree.path / "hidden.py", os.X_OK)
    assert (tree.commit, tree.created_at) == (git(repo, "rev-parse", "HEAD"), "2024-05-06T05:08:09Z")
    assert tree.repo_id == f"local__repo.{tree.commit[:8]}"


def test_links_that_leave_and_submodules_are_left_out_and_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    repo = repository(tmp_path / "repo", PACKAGE)
    for name, to in {"out": "../../x", "root": "/etc", "fine": "tiny/__init__.py"}.items():
        (repo / name).symlink_to(to)
    inner = repository(tmp_path / "inner", PACKAGE)
    git(repo, "submodule", "--quiet", "add", str(inner), "vendored")
    commit(repo, {})
    with caplog.at_level(logging.WARNING):
        tree = fetch(pin(f"git+file://{repo}", SELECT), tmp_path / "cache", SELECT)
    assert sorted(p.name for p in tree.path.iterdir()) == [".gitmodules", "PKG-INFO", "fine", "tests", "tiny"]
    for left_out in ("'out'", "'root'", "submodule 'vendored'"):
        assert left_out in caplog.text


def served_flat(repo: Path):
    """A URL of the repository as plain files, which git calls the dumb protocol."""
    git(repo, "update-server-info")

    def answer(request):
        path = repo / ".git" / request.path.removeprefix("/flat.git/")
        return Answer(200, path.read_bytes()) if path.is_file() else Answer(404)

    return serving(answer)


def test_only_the_commit_is_fetched_where_the_server_can(hub: GitHub, tmp_path: Path):
    repo = repository(tmp_path / "repo", PACKAGE)
    wanted = git(repo, "rev-parse", "HEAD")
    commit(repo, {"later.py": "x = 1\n"})
    hub.add(Repository("o/repo", repo))
    tree = fetch(pin(f"git+{hub.url}/git/o/repo.git@{wanted}", SELECT), tmp_path / "cache", SELECT)
    assert contents(tree.path).keys() == PACKAGE.keys()
    bodies = b"".join(r.body for r in hub.seen if r.path.endswith("/git-upload-pack"))
    assert b"deepen 1" in bodies
    assert bodies.count(b"want ") == 1


def test_branches_and_tags_are_fetched_where_it_cannot(tmp_path: Path):
    repo = repository(tmp_path / "repo", PACKAGE)
    wanted = git(repo, "rev-parse", "HEAD")
    commit(repo, {"later.py": "x = 1\n"})
    with served_flat(repo) as url:
        tree = fetch(pin(f"git+{url}/flat.git@{wanted}", SELECT), tmp_path / "cache", SELECT)
        assert contents(tree.path).keys() == PACKAGE.keys()
        with pytest.raises(SourceError, match="no branch or tag leads to"):
            fetch(pin(f"git+{url}/flat.git@{'0' * 40}", SELECT), tmp_path / "cache", SELECT)


@pytest.mark.parametrize(
    "spec",
    [
        "git+ext::sh -c touch% pwned",
        "git+ext::touch",
        "git+fd::17/foo",
        "git+-u/x",
        "git+--upload-pack=touch pwned",
        "git+ssh://-oProxyCommand=touch/x",
        "git+-oProxyCommand=touch:x",
        "git+host:-x",
        "git+https://example.org/x@--upload-pack=touch",
        "git+https://example.org/x@",
        "git+https://",
        "git+",
        "git+https://example.org/x@a b",
        "git+file:///x\n@a",
    ],
)
def test_urls_that_would_run_something_are_refused(spec: str):
    with pytest.raises(SourceError):
        pin(spec, SELECT)


@pytest.mark.parametrize(
    ("spec", "url", "ref", "repo"),
    [
        ("git+https://example.org/a/b.git@v1", "https://example.org/a/b.git", "v1", "a/b"),
        ("git+https://example.org/a/b@feature/x", "https://example.org/a/b", "feature/x", "a/b"),
        ("git+ssh://git@example.org/a/b.git", "ssh://git@example.org/a/b.git", None, "a/b"),
        ("git+git@example.org:a/b.git@main", "git@example.org:a/b.git", "main", "a/b"),
        ("git+https://example.org/a/b/c/", "https://example.org/a/b/c/", None, "a/b/c"),
        ("git+file:///srv/x.git", "file:///srv/x.git", None, "local/x"),
    ],
)
def test_url_and_ref_are_told_apart(spec: str, url: str, ref: str | None, repo: str):
    assert parsed(spec) == (url, ref)
    assert repo_of(url) == repo


def test_an_unknown_transport_is_answered_with_the_known_ones():
    with pytest.raises(SourceError, match="'ftp' is no transport for it; known: https, http, ssh, git, file"):
        pin("git+ftp://example.org/x", SELECT)


def test_a_secret_in_a_url_is_refused_and_not_repeated():
    for user in ("u:hunter2", "hunter2"):
        with pytest.raises(SourceError, match="credential helper") as caught:
            pin(f"git+https://{user}@example.org/a/b@main", SELECT)
        assert "hunter2" not in str(caught.value)


def test_a_repository_that_is_not_there_is_the_specs_fault_and_silence_is_not(tmp_path: Path):
    with pytest.raises(SourceError, match="absent"):
        pin(f"git+file://{tmp_path}/absent", SELECT)
    with pytest.raises(NetworkError, match=r"127\.0\.0\.1:9"):
        pin("git+http://127.0.0.1:9/a/b", SELECT)
    (tmp_path / "empty").mkdir()
    git(tmp_path / "empty", "init", "-q")
    with pytest.raises(SourceError, match="has no default branch"):
        pin(f"git+file://{tmp_path}/empty", SELECT)
    for status, kind in ((404, SourceError), (401, SourceError), (503, NetworkError)):
        with serving(lambda _, s=status: Answer(s)) as url, pytest.raises(kind):
            pin(f"git+{url}/a/b", SELECT)


def test_git_is_ended_with_all_its_children(tmp_path: Path):
    hang = tmp_path / "hang.py"
    hang.write_text("import os, time\nopen('pid', 'w').write(str(os.getpid()))\ntime.sleep(60)\n")
    started = time.monotonic()
    with pytest.raises(NetworkError, match="took longer than 1 s"):
        gitrun.git(["-c", f"alias.hang=!{sys.executable} {hang}", "hang"], cwd=tmp_path, seconds=1)
    assert time.monotonic() - started < 10
    pid = int((tmp_path / "pid").read_text())
    for _ in range(50):
        status = Path(f"/proc/{pid}/status")
        if not status.exists() or "State:\tZ" in status.read_text():
            return
        time.sleep(0.1)
    raise AssertionError("git's child lives on")


def test_git_is_ended_when_everything_is(tmp_path: Path):
    started = time.monotonic()
    threading.Timer(1, closing.close_all).start()
    try:
        ran = gitrun.git(["-c", "alias.hang=!sleep 60", "hang"], cwd=tmp_path)
    finally:
        closing.reopen()
    assert ran.code == -signal.SIGKILL
    assert time.monotonic() - started < 30


def test_git_sees_no_repository_of_the_caller(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    repo = repository(tmp_path / "repo", PACKAGE)
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY"):
        monkeypatch.setenv(name, str(tmp_path / "elsewhere"))
    head = git(repo, "rev-parse", "HEAD")
    assert pin(str(repo), SELECT).source == f"{repo}@{head}"
    tree = fetch(pin(f"git+file://{repo}", SELECT), tmp_path / "cache", SELECT)
    assert (tree.commit, contents(tree.path).keys()) == (head, PACKAGE.keys())

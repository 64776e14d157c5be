from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

from smith_lib.sources.objects import tree_id, utc
from tests.sources.made import git, repository, write


def test_a_tree_has_the_id_that_git_gives_it(tmp_path: Path):
    names = ["a", "a.b", "a-b", "b/x", "b.c", "b-c/x", "b0", "Z", "é", "deep/er/x", "deep/er.x", "deep.er"]
    repo = repository(tmp_path / "repo", {name: name for name in names})
    write(repo, {"run": b"\0\r\n", "empty": ""})
    (repo / "run").chmod(0o700)
    (repo / "link").symlink_to("b")
    (repo / "nothing/at/all").mkdir(parents=True)
    git(repo, "add", "-A")
    wanted = git(repo, "write-tree")
    (repo / ".git").rename(tmp_path / "aside")
    assert tree_id(repo) == wanted


def test_an_empty_folder_is_gits_empty_tree(tmp_path: Path):
    assert tree_id(tmp_path) == "4b825dc642cb6eb9a060e54bf8d69288fbee4904"


def test_times_are_in_utc_to_the_second():
    zone = timezone(timedelta(hours=2))
    assert utc(datetime(2025, 1, 1, 1, 2, 3, 999_999, zone)) == "2024-12-31T23:02:03Z"
    assert utc(datetime(2025, 1, 1, tzinfo=UTC)) == "2025-01-01T00:00:00Z"

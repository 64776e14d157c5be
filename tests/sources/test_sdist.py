import os
import tarfile
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from smith_lib.errors import SourceError
from smith_lib.sources import layout
from smith_lib.sources.sdist import unpack
from tests.sources.made import PACKAGE, contents, member, tarball


def packed(folder: Path, *extra: tarfile.TarInfo, name: str = "tiny-1.2.tar.gz") -> Path:
    archive = folder / name
    archive.write_bytes(tarball(PACKAGE, extra=extra))
    return archive


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        (member("tiny-1.2/../../escaped"), "member '../../escaped' leaves the tree"),
        (member("../escaped"), "member '../escaped' leaves the tree"),
        (member("/etc/escaped"), "member '/etc/escaped' has an absolute path"),
        (member("tiny-1.2/../up", tarfile.DIRTYPE), "leaves the tree"),
        (member("tiny-1.2/link", tarfile.SYMTYPE, "../../outside"), "'link' is a link that leaves the tree"),
        (member("tiny-1.2/link", tarfile.SYMTYPE, "/etc/passwd"), "'link' is a link that leaves the tree"),
        (member("tiny-1.2/hard", tarfile.LNKTYPE, "/etc/passwd"), "is a hard link to '/etc/passwd'"),
        (member("tiny-1.2/null", tarfile.CHRTYPE), "is a device or a pipe"),
        (member("tiny-1.2/disk", tarfile.BLKTYPE), "is a device or a pipe"),
        (member("tiny-1.2/pipe", tarfile.FIFOTYPE), "is a device or a pipe"),
        (member("tiny-1.2/tiny"), "is a file and a folder at once"),
        (member("tiny-1.2/PKG-INFO/x"), "is a file and a folder at once"),
        (member("tiny-1.2/" + "n" * 300), "cannot be written"),
    ],
)
def test_a_member_that_reaches_out_is_refused_by_name(tmp_path: Path, bad: tarfile.TarInfo, says: str):
    with pytest.raises(SourceError) as caught:
        unpack(packed(tmp_path, bad), tmp_path / "in" / "tree")
    assert says in str(caught.value)
    assert str(caught.value).startswith("tiny-1.2.tar.gz")
    assert {p.name for p in tmp_path.iterdir()} <= {"in", "tiny-1.2.tar.gz"}
    assert [p.name for p in (tmp_path / "in").iterdir()] == ["tree"]


def test_nothing_is_written_through_a_link(tmp_path: Path):
    archive = packed(
        tmp_path, member("tiny-1.2/here", tarfile.SYMTYPE, "tiny"), member("tiny-1.2/here/__init__.py")
    )
    with pytest.raises(SourceError, match="cannot be made a link"):
        unpack(archive, tmp_path / "tree")


@pytest.mark.parametrize("out", ["../..", "a/b/root/../.."])
def test_no_link_is_made_through_a_link(tmp_path: Path, out: str):
    archive = packed(
        tmp_path,
        member("tiny-1.2/a/b/root", tarfile.SYMTYPE, "../.."),
        member("tiny-1.2/out", tarfile.SYMTYPE, out),
        member("tiny-1.2/out/planted", tarfile.SYMTYPE, "x"),
    )
    with pytest.raises(SourceError, match="'out/planted' lies below a link"):
        unpack(archive, tmp_path / "in" / "tree")
    assert {p.name for p in (tmp_path / "in").iterdir()} == {"tree"}
    assert not (tmp_path / "planted").is_symlink()


def test_a_link_that_leads_out_through_another_is_found(tmp_path: Path):
    archive = packed(
        tmp_path,
        member("tiny-1.2/a/b/c/root", tarfile.SYMTYPE, "../../.."),
        member("tiny-1.2/out", tarfile.SYMTYPE, "a/b/c/root/../.."),
    )
    with pytest.raises(SourceError, match="'out' is a link that leaves the tree"):
        unpack(archive, tmp_path / "tree")


def test_links_inside_the_tree_are_kept(tmp_path: Path):
    archive = packed(
        tmp_path,
        member("tiny-1.2/alias.py", tarfile.SYMTYPE, "tiny/__init__.py"),
        member("tiny-1.2/tests/up", tarfile.SYMTYPE, "../tiny"),
        member("tiny-1.2/same.py", tarfile.LNKTYPE, "tiny-1.2/tiny/__init__.py"),
    )
    unpack(archive, tmp_path / "tree")
    assert os.readlink(tmp_path / "tree/alias.py") == "tiny/__init__.py"
    assert (tmp_path / "tree/tests/up/__init__.py").read_text() == PACKAGE["tiny/__init__.py"]
    assert (tmp_path / "tree/same.py").read_text() == PACKAGE["tiny/__init__.py"]


def test_modes_are_plain_whatever_the_archive_says(tmp_path: Path):
    suid = member("tiny-1.2/run", mode=0o6777)
    odd = member("tiny-1.2/secret", mode=0o000)
    unpack(packed(tmp_path, suid, odd), tmp_path / "tree")
    assert (tmp_path / "tree/run").stat().st_mode & 0o7777 == 0o755
    assert (tmp_path / "tree/secret").stat().st_mode & 0o7777 == 0o644
    assert (tmp_path / "tree/tests").stat().st_mode & 0o7777 == 0o755


def test_git_folders_are_left_out(tmp_path: Path):
    hook = member("tiny-1.2/.git/hooks/post-checkout", mode=0o755)
    unpack(packed(tmp_path, hook, member("tiny-1.2/sub/.GIT/config")), tmp_path / "tree")
    assert contents(tmp_path / "tree").keys() == PACKAGE.keys()


def test_bounds_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(layout, "MAX_BYTES", 100)
    with pytest.raises(SourceError, match="is too much"):
        unpack(packed(tmp_path), tmp_path / "tree")
    monkeypatch.undo()
    monkeypatch.setattr(layout, "MAX_FILES", 2)
    with pytest.raises(SourceError, match="more than 2 files"):
        unpack(packed(tmp_path), tmp_path / "tree2")


@pytest.mark.parametrize("damage", ["cut", "no archive", "flipped"])
def test_a_damaged_archive_says_so(tmp_path: Path, damage: str):
    archive = packed(tmp_path)
    data = archive.read_bytes()
    flipped = data[:40] + b"\0\0" + data[42:]
    archive.write_bytes({"cut": data[: len(data) // 2], "no archive": b"<html>", "flipped": flipped}[damage])
    with pytest.raises(SourceError, match=r"tiny-1\.2\.tar\.gz is damaged"):
        unpack(archive, tmp_path / "tree")


@pytest.mark.parametrize("when", ["nan", "inf", "-1e300", "never"])
def test_dates_that_are_none_do_not_count(tmp_path: Path, when: str):
    odd = member("tiny-1.2/odd")
    odd.pax_headers = {"mtime": when}
    assert unpack(packed(tmp_path, odd), tmp_path / "tree") == datetime.fromtimestamp(1_600_000_000, UTC)


def test_names_and_bytes_that_are_no_text_are_kept(tmp_path: Path):
    archive = tmp_path / "tiny-1.2.tar.gz"
    archive.write_bytes(tarball({**PACKAGE, "tiny/d\udce9j\udce0 vu.py": b"# caf\xe9\n"}, top="./tiny-1.2/"))
    unpack(archive, tmp_path / "tree")
    assert os.fsencode("d\udce9j\udce0 vu.py") in os.listdir(os.fsencode(tmp_path / "tree/tiny"))


def test_files_beside_each_other_stay_where_they_are(tmp_path: Path):
    archive = tmp_path / "tiny-1.2.tar.gz"
    archive.write_bytes(tarball(PACKAGE, top=""))
    unpack(archive, tmp_path / "tree")
    assert contents(tmp_path / "tree").keys() == PACKAGE.keys()


def test_a_zip_is_an_sdist_too(tmp_path: Path):
    archive = tmp_path / "tiny-1.2.zip"
    with zipfile.ZipFile(archive, "w") as bundle:
        for name, text in PACKAGE.items():
            bundle.writestr(f"tiny-1.2/{name}", text)
    unpack(archive, tmp_path / "tree")
    assert contents(tmp_path / "tree").keys() == PACKAGE.keys()
    with zipfile.ZipFile(archive, "a") as bundle:
        bundle.writestr("../escaped", "x")
    with pytest.raises(SourceError, match=r"'\.\./escaped' leaves the tree"):
        unpack(archive, tmp_path / "tree2")

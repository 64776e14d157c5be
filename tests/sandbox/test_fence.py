"""What a run does to files is undone."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from tests.inside import inside


@pytest.fixture(scope="module")
def module() -> ModuleType:
    return inside("fence")


class Place:
    """A tree with its clean copy, and a folder of which there is none."""

    def __init__(self, folder: Path, module: ModuleType) -> None:
        self.folder = folder
        self.tree, self.clean, self.other = folder / "tree", folder / "clean", folder / "other"
        (self.tree / "pkg" / "deep").mkdir(parents=True)
        (self.tree / "pkg" / "a.py").write_text("x = 1\n")
        (self.tree / "pkg" / "deep" / "b.py").write_text("y = 1\n")
        (self.tree / "run.sh").write_text("true\n")
        (self.tree / "run.sh").chmod(0o755)
        (self.tree / "link.py").symlink_to("pkg/a.py")
        shutil.copytree(self.tree, self.clean, symlinks=True)
        self.other.mkdir()
        (self.other / "kept").write_bytes(b"kept")
        (self.folder / "outside").mkdir()
        (self.folder / "outside" / "mine").write_text("mine")
        self.fence = module.Fence(str(self.tree), str(self.clean), [str(self.tree), str(self.other)])
        self.fence.note()
        self.before = self.state()

    def state(self) -> dict[str, tuple[int, str]]:
        """Everything that is there: mode, and content or target."""
        found = {}
        for path in sorted(self.folder.rglob("*")):
            mode = path.lstat().st_mode
            text = os.readlink(path) if path.is_symlink() else "" if path.is_dir() else path.read_text()
            found[str(path.relative_to(self.folder))] = (mode, text)
        return found


@pytest.fixture
def place(tmp_path: Path, module: ModuleType) -> Place:
    return Place(tmp_path, module)


def _swapped(tree: Path) -> None:
    (tree / "pkg" / "a.py").rename(tree / "c")
    (tree / "run.sh").rename(tree / "pkg" / "a.py")
    (tree / "c").rename(tree / "run.sh")


def _same_size_and_time(tree: Path) -> None:
    file = tree / "pkg" / "a.py"
    before = file.stat()
    with file.open("r+") as opened:
        opened.write("x = 2\n")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


def _replaced(path: Path, act: Callable[[Path], object]) -> None:
    shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    act(path)


def _closed(tree: Path) -> None:
    (tree / "new" / "deep").mkdir(parents=True)
    (tree / "new" / "deep" / "file").write_text("")
    for folder in (tree / "new" / "deep", tree / "new", tree / "pkg" / "deep", tree / "pkg"):
        folder.chmod(0)


HARM: dict[str, Callable[[Path], object]] = {
    "nothing": lambda tree: None,
    "a file added": lambda tree: (tree / "conftest.py").write_text("raise ValueError"),
    "a folder added": lambda tree: shutil.copytree(tree / "pkg", tree / "pkg2"),
    "a file changed": lambda tree: (tree / "pkg" / "a.py").write_text("x = 2\n"),
    "a file changed and its time put back": _same_size_and_time,
    "a file deleted": lambda tree: (tree / "pkg" / "a.py").unlink(),
    "a folder deleted": lambda tree: shutil.rmtree(tree / "pkg"),
    "everything deleted": lambda tree: [_replaced(path, lambda p: None) for path in list(tree.iterdir())],
    "files swapped": _swapped,
    "a mode changed": lambda tree: (tree / "run.sh").chmod(0o600),
    "a folder's mode changed": lambda tree: (tree / "pkg").chmod(0o500),
    "a file is a folder": lambda tree: _replaced(tree / "pkg" / "a.py", Path.mkdir),
    "a file is a link": lambda tree: _replaced(
        tree / "pkg" / "a.py", lambda p: p.symlink_to(tree.parent / "outside" / "mine")
    ),
    "a folder is a file": lambda tree: _replaced(tree / "pkg", lambda p: p.write_text("")),
    "a folder is a link": lambda tree: _replaced(tree / "pkg", lambda p: p.symlink_to("../outside")),
    "a link elsewhere": lambda tree: _replaced(tree / "link.py", lambda p: p.symlink_to("run.sh")),
    "a link is a file": lambda tree: _replaced(tree / "link.py", lambda p: p.write_text("x = 1\n")),
    "a new link to a folder": lambda tree: (tree / "new").symlink_to(tree.parent / "outside"),
    "a dangling link": lambda tree: (tree / "new").symlink_to("nowhere"),
    "a pipe": lambda tree: os.mkfifo(tree / "pipe"),
    "folders that nobody can read": _closed,
    "the tree itself closed": lambda tree: tree.chmod(0o100),
    "a name that is no text": lambda tree: Path(os.fsdecode(os.fsencode(tree) + b"/\xff\xfe")).write_text(""),
}


@pytest.mark.parametrize("harm", HARM)
def test_the_tree_is_what_it_was(harm: str, place: Place) -> None:
    for _ in range(2):  # what was put back is noticed when it changes once more
        HARM[harm](place.tree)
        assert place.fence.restore() == ""
        place.tree.chmod(place.tree.stat().st_mode | 0o055)
        assert place.state() == place.before


def test_a_file_outside_the_tree_is_kept_in_memory(place: Place) -> None:
    for act in (lambda p: p.write_bytes(b"else"), Path.unlink, lambda p: p.chmod(0o400)):
        act(place.other / "kept")
        assert place.fence.restore() == ""
        assert place.state() == place.before


def test_what_was_not_touched_is_left_alone(place: Place) -> None:
    before = (place.tree / "pkg" / "deep" / "b.py").stat()
    (place.tree / "pkg" / "a.py").write_text("x = 2\n")
    assert place.fence.restore() == ""
    after = (place.tree / "pkg" / "deep" / "b.py").stat()
    assert (after.st_ino, after.st_ctime_ns) == (before.st_ino, before.st_ctime_ns)
    back = (place.tree / "pkg" / "a.py").stat()
    assert place.fence.restore() == ""
    assert (place.tree / "pkg" / "a.py").stat().st_ctime_ns == back.st_ctime_ns


def test_a_change_of_which_there_is_no_copy_is_told(place: Place, module: ModuleType) -> None:
    large = place.other / "large"
    large.write_bytes(bytes(module.MOST_KEPT + 1))
    made = place.tree / "built"
    made.write_text("made by the clean suite")
    os.mkfifo(place.other / "pipe")
    place.fence.note()
    for path in (large, made, place.other / "pipe"):
        mode = path.stat().st_mode
        path.chmod(0o400)
        assert place.fence.restore() == f"{path} was changed and there is no copy of it"
        path.chmod(mode)
        place.fence.note()
        path.unlink()
        assert place.fence.restore() == f"{path} was changed and there is no copy of it"
        place.fence.note()


def test_a_tree_made_by_the_clean_suite_is_what_has_to_be_there(place: Place) -> None:
    (place.other / "made").mkdir()
    (place.other / "made" / "file").write_text("made")
    place.fence.note()
    before = place.state()
    shutil.rmtree(place.other / "made")
    assert place.fence.restore() == ""
    assert place.state() == before

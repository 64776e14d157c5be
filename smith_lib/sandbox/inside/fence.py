"""Keeps what one run does to files from the next: a record of the folders that can be written to, and the
way back to it.

The record holds each entry's inode and change time, which an unprivileged process cannot set: an entry
whose record is the same was not touched. Standard library only, Python 3.8 and newer.
"""

import contextlib
import os
import shutil
import stat

MOST_KEPT = 1 << 20
"""Bytes of a file that is kept in memory, where the clean tree has no copy of it."""


class Fence:
    """The folders that a run can write to, as they were."""

    def __init__(self, tree, clean, folders):
        self.tree, self.clean, self.folders = tree, clean, folders
        self.record = {}
        self.kept = {}
        self.laid = {}
        """Files of the tree that are not the clean ones: path to bytes."""
        self.met = []
        """What the last restoring found that was new, gone or changed."""

    def note(self):
        """Take what is there now as what has to be there."""
        self.record = self.seen()
        self.kept = {}
        for path, (mode, _, _, size) in self.record.items():
            if stat.S_ISREG(mode) and size <= MOST_KEPT and not path.startswith(self.tree + os.sep):
                with contextlib.suppress(OSError), open(path, "rb") as file:
                    self.kept[path] = file.read()

    def seen(self):
        """Path to (mode, inode, change time, size) of everything below the folders."""
        found = {}
        todo = list(self.folders)
        while todo:
            try:
                with os.scandir(todo.pop()) as entries:
                    for entry in entries:
                        found[entry.path] = what(entry.stat(follow_symlinks=False))
                        if entry.is_dir(follow_symlinks=False):
                            todo.append(entry.path)
            except OSError:
                continue
        return found

    def restore(self):
        """Bring everything back; returns why it cannot be, or an empty string."""
        for folder in self.folders:
            with contextlib.suppress(OSError):
                os.chmod(folder, os.stat(folder).st_mode | 0o700)
        self.met = []
        now = self.opened()
        try:
            new = sorted(set(now) - set(self.record), reverse=True)
            for path in new:
                remove(path)
            back = [path for path in sorted(self.record) if now.get(path) != self.record[path]]
            self.met = [*new, *back]
            for path in back:
                why = self.put_back(path)
                if why:
                    return why
        except OSError as error:
            return "%s: %s" % (error.filename, error.strerror)
        for path in back:
            after = recorded(path)
            if after is None or after[0] != self.record[path][0]:
                return "%s could not be put back" % path
            self.record[path] = after
        return ""

    def opened(self):
        """What is there now, with folders made readable first where a run has closed them."""
        tried = set()
        while True:
            now = self.seen()
            closed = {p for p, r in now.items() if stat.S_ISDIR(r[0]) and r[0] & 0o700 != 0o700} - tried
            if not closed:
                return now
            for path in closed:
                with contextlib.suppress(OSError):
                    os.chmod(path, 0o700)
            tried |= closed

    def put_back(self, path):
        """Make one entry what it was; returns why that cannot be done, or an empty string."""
        mode = self.record[path][0]
        if stat.S_ISDIR(mode):
            if not os.path.isdir(path) or os.path.islink(path):
                remove(path)
                os.mkdir(path)
            os.chmod(path, stat.S_IMODE(mode))
            return ""
        if path in self.laid:
            remove(path)
            with open(path, "wb") as file:
                file.write(self.laid[path])
            os.chmod(path, stat.S_IMODE(mode))
            return ""
        source = self.clean + path[len(self.tree) :] if path.startswith(self.tree + os.sep) else None
        if source is not None and os.path.lexists(source):
            remove(path)
            if stat.S_ISLNK(mode):
                os.symlink(os.readlink(source), path)
            else:
                shutil.copyfile(source, path)
                os.chmod(path, stat.S_IMODE(mode))
            return ""
        if path in self.kept:
            remove(path)
            with open(path, "wb") as file:
                file.write(self.kept[path])
            os.chmod(path, stat.S_IMODE(mode))
            return ""
        return "%s was changed and there is no copy of it" % path


def what(now):
    """(mode, inode, change time, size); of a folder the mode alone: what it holds is looked at itself."""
    if stat.S_ISDIR(now.st_mode):
        return (now.st_mode, 0, 0, 0)
    return (now.st_mode, now.st_ino, now.st_ctime_ns, now.st_size)


def recorded(path):
    """The record of one entry, or None where there is none."""
    try:
        return what(os.lstat(path))
    except OSError:
        return None


def remove(path):
    """Take an entry away, whatever it is and holds."""
    with contextlib.suppress(FileNotFoundError):
        if os.path.isdir(path) and not os.path.islink(path):
            os.chmod(path, 0o700)
            for parent, folders, _ in os.walk(path):
                for name in folders:
                    inner = os.path.join(parent, name)
                    if not os.path.islink(inner):
                        os.chmod(inner, 0o700)
            shutil.rmtree(path)
        else:
            os.unlink(path)

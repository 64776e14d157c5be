"""Finds clean code in an image, wherever it may hide. Standard library only, Python 3.8 and newer.

Reads a JSON object: `chunks` (lists of lines that stand together in clean code, stripped, none blank),
`modules` (paths of the changed files), `tree` (whether to look into /testbed or everywhere else). Prints a
JSON list of `[number of the chunk, path]`; -1 is what no chunk has: history, bytecode of a changed module.
"""

import gzip
import io
import json
import os
import subprocess
import sys
import tarfile
import zipfile

TREE = "/testbed"
ASIDE = ("/proc", "/sys", "/dev", "/smith-copies", TREE)
MOST = 64 << 20
ARCHIVES = (".whl", ".zip", ".egg", ".pyz", ".jar", ".tar", ".tgz", ".tar.gz", ".tar.bz2", ".tar.xz", ".gz")


def contents(data, name):
    """What a file holds: itself, and the files in it where it is an archive."""
    yield data
    if not name.endswith(ARCHIVES):
        return
    try:
        if zipfile.is_zipfile(io.BytesIO(data)):
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                for inner in archive.namelist():
                    yield archive.read(inner)
        elif name.endswith((".tgz", ".tar", ".tar.gz", ".tar.bz2", ".tar.xz")):
            with tarfile.open(fileobj=io.BytesIO(data)) as archive:
                for inner in archive:
                    if inner.isfile():
                        yield archive.extractfile(inner).read()
        else:
            yield gzip.decompress(data)
    except (OSError, EOFError, tarfile.TarError, zipfile.BadZipFile, RuntimeError, NotImplementedError):
        return


def found(data, chunks, by_line):
    """Numbers of the chunks in that data."""
    lines = [line.strip() for line in data.split(b"\n")]
    hits = {number for line in set(lines) & set(by_line) for number in by_line[line]}
    if not hits:
        return
    text = b"\n".join([b"", *filter(None, lines), b""])
    for number in sorted(hits):
        if b"\n".join([b"", *chunks[number], b""]) in text:
            yield number


def files(top, aside):
    """Plain files below a folder, links not followed."""
    for parent, folders, names in os.walk(top):
        folders[:] = [name for name in folders if os.path.join(parent, name) not in aside]
        for name in names:
            path = os.path.join(parent, name)
            if os.path.isfile(path) and not os.path.islink(path) and os.path.getsize(path) <= MOST:
                yield path


def made(path):
    """Whether a file of the tree is one that installing makes; a repository's own code may repeat itself."""
    parts = path.split("/")
    known = parts[0] in ("build", "dist") or any(part.endswith((".egg-info", ".dist-info")) for part in parts)
    return known or ".eggs" in parts or "__pycache__" in parts or path.endswith((".pyc", ".pyo", *ARCHIVES))


def git(*words):
    """What git says of the tree, as lines."""
    ran = subprocess.run(["git", "-C", TREE, *words], stdout=subprocess.PIPE, check=True)
    return [line for line in os.fsdecode(ran.stdout).split("\0" if "-z" in words else "\n") if line]


def history():
    """What the tree's repository tells beyond its one commit."""
    where = TREE + "/.git"
    if not os.path.isdir(where):
        yield "no repository in " + TREE
        return
    if len(git("rev-list", "--all")) != 1:
        yield "more than one commit"
    if git("remote"):
        yield "a remote"
    if os.path.exists(where + "/logs"):
        yield "a reflog"
    listed = git("cat-file", "--batch-all-objects", "--batch-check=%(objectname)")
    if set(listed) != {line.split(" ")[0] for line in git("rev-list", "--objects", "--all")}:
        yield "objects that the commit does not name"


def main():
    """Search and print."""
    asked = json.load(sys.stdin)
    chunks = [[line.encode("utf-8", "surrogateescape") for line in chunk] for chunk in asked["chunks"]]
    by_line = {}
    for number, chunk in enumerate(chunks):
        by_line.setdefault(max(chunk, key=len), []).append(number)
    if asked["tree"]:
        told = [(-1, what) for what in history()]
        paths = [path for path in files(TREE, (TREE + "/.git",)) if made(path[len(TREE) + 1 :])]
    else:
        told, paths = [], files("/", ASIDE)
    compiled = {os.path.splitext(os.path.basename(module))[0] for module in asked["modules"]}
    parents = {os.path.basename(os.path.dirname(module)) for module in asked["modules"]}
    for path in paths:
        parts = path.split("/")
        if path.endswith((".pyc", ".pyo")) and parts[-1].split(".")[0] in compiled:
            if parts[-3 if parts[-2] == "__pycache__" else -2] in parents:
                told.append((-1, path))
            continue
        with open(path, "rb") as file:
            data = file.read()
        for part in contents(data, path):
            told += [(number, path) for number in found(part, chunks, by_line)]
    json.dump(sorted(set(told)), sys.stdout)


if __name__ == "__main__":
    main()

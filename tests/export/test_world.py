"""The world of a task: the buggy code in one commit, and the clean lines nowhere."""

import json
import os
import tarfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

import docker
import pytest

from smith_lib.errors import InputError
from smith_lib.export import copies, world
from smith_lib.export.images import Engine, make
from smith_lib.types import CodeFile
from tests.export.conftest import CLEAN, FILE, FILES, TEST, TESTS, a_task

Run = Callable[[str], str]


def test_the_context_holds_the_bug_and_not_the_fix(row):
    held = world.context(row)
    assert set(held) == {"Dockerfile", "task/seal.sh", f"task/buggy/{FILE}", "task/hidden.patch"}
    assert b"weight <= left" not in b"".join(held.values())
    assert f"FROM {row.image} AS whole\n".encode() in held["Dockerfile"]
    assert "task/hidden.patch" not in world.context(replace(row, test_patch=""))


def test_an_image_is_named_by_what_is_in_it_and_tells_nothing_of_the_bug(row):
    name = world.image_of(row)
    assert name.startswith("smith/export-test-task:")
    assert row.operator not in name and "swap" not in name
    assert world.image_of(replace(row, problem_statement="other")) == name
    assert world.image_of(replace(row, image_digest="b" * 64)) != name
    assert world.image_of(replace(row, test_patch="")) != name


@pytest.mark.parametrize("path", ["/etc/passwd", "a/../../b"])
def test_a_path_outside_the_tree_is_refused(row, path):
    with pytest.raises(InputError, match="not a path inside"):
        world.context(replace(row, buggy_code=(CodeFile(path, ""),)))


def test_the_lines_looked_for_are_the_clean_ones_with_two_around(row):
    [chunk] = copies.chunks(row)
    assert chunk == [
        "taken, left = [], most",
        "for weight in sorted(weights, reverse=True):",
        "if weight <= left:",
        "taken.append(weight)",
        "left -= weight",
    ]


@pytest.mark.engine
@pytest.mark.network
def test_the_task_is_one_commit_without_a_past(in_task: Run):
    told = "git rev-list --all --count; git status --porcelain --ignored; git remote; git reflog"
    said = in_task(f"cd /testbed; {told}; git stash list; git fsck --unreachable --no-reflogs; git ls-files")
    assert said.splitlines() == ["1", *sorted(FILES)]


@pytest.mark.engine
@pytest.mark.network
def test_the_clean_lines_are_in_no_file_of_the_image(in_task: Run):
    aside = " ".join(f"--exclude-dir={name}" for name in ("proc", "sys", "smith-copies"))
    assert in_task(f"grep -rlF 'weight <= left' / {aside} || true") == ""
    assert in_task("grep -c 'weight < left' /testbed/shelf/books.py").strip() == "1"
    assert in_task("find /testbed /opt /home /root -name '*.pyc'") == ""
    assert in_task("ls /opt") == "venv\n"


@pytest.mark.engine
@pytest.mark.network
def test_the_clean_lines_are_in_no_layer_of_the_image(built: Engine, row, tmp_path):
    client = docker.from_env()
    saved = tmp_path / "image.tar"
    with saved.open("wb") as file:
        file.writelines(client.images.get(world.image_of(row)).save())
    client.close()
    seen = 0
    with tarfile.open(saved) as image:
        layers = json.load(image.extractfile("manifest.json"))[0]["Layers"]
        for layer in layers[-2:]:  # what is below is the base
            with tarfile.open(fileobj=image.extractfile(layer)) as files:
                for member in files:
                    if member.isfile() and member.size < 1 << 20:
                        data = files.extractfile(member).read()
                        seen += b"weight < left" in data
                        assert b"weight <= left" not in data, (layer, member.name)
    assert seen


@pytest.mark.engine
@pytest.mark.network
def test_nothing_in_the_task_tells_its_id_or_operator(in_task: Run, row):
    told = in_task("hostname; env; ls -a / /opt /home/smith /testbed; git -C /testbed log --format=%an%s%b")
    for word in (row.instance_id, row.operator, "1a2b3c4d", "swap"):
        assert word not in told, word
    assert row.instance_id.encode() not in b"".join(world.context(row).values())


@pytest.mark.engine
@pytest.mark.network
def test_hidden_tests_are_out_and_what_is_left_passes_on_the_buggy_code(in_task: Run):
    said = in_task("cd /testbed; runuser -u smith -- python -m pytest -q -p no:cacheprovider 2>&1")
    assert "4 passed" in said
    assert in_task("grep -c all_that_fits /testbed/tests/test_books.py || true").strip() == "0"


@pytest.mark.engine
@pytest.mark.network
def test_the_test_patch_gives_the_clean_tests_back(in_task: Run, row):
    put = f"cd /testbed\ngit apply - <<'END'\n{row.test_patch}END\ncat {TESTS}\n"
    assert in_task(put) == TEST


@pytest.mark.engine
@pytest.mark.network
def test_nothing_is_found_in_a_sealed_image(built: Engine, row):
    assert copies.outside([row], row.image, built.ask) == {}
    assert copies.inside(row, world.image_of(row), built.ask) == []


HIDING = {
    "/opt/venv/lib/python3.11/site-packages/other.py": "cp /clean.py {}",
    "/usr/share/indented.txt": "sed 's/^/    /' /clean.py > {}",
    "/home/smith/shelf.whl": "python -m zipfile -c {} /clean.py",
    "/var/tmp/shelf.tar.gz": "tar -czf {} /clean.py",
    "/var/tmp/books.py.gz": "gzip -c /clean.py > {}",
    "/opt/shelf/__pycache__/books.cpython-311.pyc": "mkdir -p /opt/shelf/__pycache__ && touch {}",
}
"""Places outside the tree, and how a copy gets there."""
INSIDE = {
    "/testbed/build/lib/books.py": "mkdir -p build/lib && cp /clean.py {}",
    "/testbed/shelf/__pycache__/books.cpython-311.pyc": "mkdir -p shelf/__pycache__ && touch {}",
    "/testbed/dist/shelf.egg": "mkdir dist && python -m zipfile -c {} /clean.py",
    "objects that the commit does not name": "git hash-object -w /clean.py",
    "a remote": "git remote add origin https://example.org/shelf",
    "a reflog": "mkdir .git/logs",
}


@pytest.fixture
def spoilt(built: Engine) -> Iterator[Callable[[str, Mapping[str, str]], str]]:
    """From an image to one in which clean code lies in those places; removed afterwards."""
    client = docker.from_env()
    name = f"smith/export-test-spoilt:{os.getpid()}"

    def spoil(image: str, places: Mapping[str, str]) -> str:
        runs = "".join(f"RUN {how.format(place)}\n" for place, how in places.items())
        text = f"FROM {image}\nUSER root\nCOPY clean.py /clean.py\n{runs}RUN rm /clean.py\n"
        built.build(name, {"Dockerfile": text.encode(), "clean.py": CLEAN.encode()})
        return name

    yield spoil
    client.images.remove(name, force=True)
    client.close()


@pytest.mark.engine
@pytest.mark.network
def test_copies_outside_the_tree_are_found(built: Engine, spoilt, row):
    other = replace(row, instance_id="other", patch=row.patch.replace("taken", "kept"))
    found = copies.outside([row, other], spoilt(row.image, HIDING), built.ask)
    assert sorted(found[row.instance_id]) == sorted(HIDING)
    assert found["other"] == [path for path in HIDING if path.endswith(".pyc")]


@pytest.mark.engine
@pytest.mark.network
def test_copies_and_a_past_in_the_tree_are_found(built: Engine, spoilt, row):
    image = spoilt(world.image_of(row), INSIDE)
    assert sorted(copies.inside(row, image, built.ask)) == sorted(INSIDE)


@pytest.mark.engine
@pytest.mark.network
def test_a_second_commit_is_found(built: Engine, spoilt, row):
    commit = "cp /clean.py shelf/books.py && git -c user.name=a -c user.email=b commit -qam {}"
    found = copies.inside(row, spoilt(world.image_of(row), {"x": commit}), built.ask)
    assert "more than one commit" in found


@pytest.mark.engine
@pytest.mark.network
def test_images_are_made_and_weighed(built: Engine, docker_sandbox, shelf, row):
    [made] = make([row], docker_sandbox, lambda _: shelf, built)
    assert (made.image, made.problem) == (world.image_of(row), "")
    assert 0 < made.layer_bytes < 1_000_000 < made.repo_bytes


def test_the_task_stays_the_same_bytes():
    assert world.context(a_task()) == world.context(a_task())

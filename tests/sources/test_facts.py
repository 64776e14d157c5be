import threading
from pathlib import Path

import pytest

from smith_lib.sources.facts import facts
from tests.sources.made import PACKAGE, write

TESTS = '''
import unittest
import pytest

def test_one(): pass
async def test_two(): pass
def helper(): pass

class TestThings:
    def test_three(self): pass
    def helper(self): pass
    class TestInner:
        def test_four(self): pass

if True:
    def test_five(): pass
try:
    import x
except ImportError:
    def test_six(): pass
else:
    def test_seven(): pass

def made(base):
    class Test(base):
        def test_eight(self): pass
    return Test

def test_nine():
    def test_is_inside(): pass
'''


def test_the_parts_of_a_tree_are_told_apart(tmp_path: Path):
    source = ["src/tiny/__init__.py", "src/tiny/testing.py", "src/tiny/docs/x.py", "top.py"]
    tests = [
        "tests/test_a.py", "tests/data/x.json", "tests/plain.py", "src/tiny/tests/test_b.py", "test_top.py",
        "src/tiny/one_test.py", "unit_tests/x.py", "testing/x.py", "src/tiny/_tests/x.py",
    ]  # fmt: skip
    configure = ["conftest.py", "docs/conftest.py", "pytest.ini", "tox.ini", "setup.cfg", "pyproject.toml"]
    neither = ["setup.py", "docs/conf.py", "examples/x.py", "README.md", ".github/x.py", "benchmarks/b.py"]
    write(tmp_path, dict.fromkeys([*source, *tests, *configure, *neither], "x = 1\n"))
    (tmp_path / "pyproject.toml").write_text("")
    known = facts(tmp_path)
    assert known.source_files == tuple(sorted(source))
    assert known.test_files == tuple(sorted([*tests, *configure]))
    assert known.loc == len(source)


def test_lines_of_code_are_neither_blank_nor_comments(tmp_path: Path):
    write(tmp_path, {"a.py": '"""Doc."""\n\n# c\n  # c\nx = 1  # c\n\t\r\ny = (\n    2,\n)\n'})
    assert facts(tmp_path).loc == 5


def test_tests_are_counted_wherever_they_stand(tmp_path: Path):
    write(tmp_path, {"tests/test_x.py": TESTS, "tiny/__init__.py": "def test_not_a_test(): pass\n"})
    assert facts(tmp_path).n_tests == 9


def test_bad_files_count_for_nothing_and_stop_nothing(tmp_path: Path):
    good = {"tests/test_good.py": "def test_x(): pass\n", "tiny.py": "x = 1\n"}
    bad: dict[str, str | bytes] = {
        "tests/test_syntax.py": "def test_x(:\n",
        "tests/test_python2.py": "def test_x():\n    print 'x'\n    exec 'y'\n",
        "tests/test_latin.py": b"# caf\xe9\ndef test_x(): pass\n",
        "tests/test_null.py": b"def test_x(): pass\0\n",
        "tests/test_deep.py": "def test_x(): " + "(" * 5_000 + ")" * 5_000,
        "tests/test_coding.py": b"# coding: no-such-codec\ndef test_x(): pass\n",
        "tests/test_bytes.py": bytes(range(256)) + b"test",
        "tests/test_huge.py": "def test_x(): pass\n" + "# x\n" * 1_100_000,
        "tests/test_escape.py": "def test_x(): return '\\d'\n",
        "pyproject.toml": "[project\n",
        "setup.cfg": "name = x\n\xff[",
        "setup.py": "setup(name=",
        "PKG-INFO": b"Name: caf\xe9\nVersion: \xff\n\n",
        "LICENSE": b"\xff\xfe\x00",
    }
    write(tmp_path, {**good, **bad})
    (tmp_path / "tests/loop.py").symlink_to("loop.py")
    (tmp_path / "tests/folder").symlink_to(".")
    (tmp_path / "outside.py").symlink_to("/etc/hostname")
    known = facts(tmp_path)
    assert known.n_tests == 2  # test_good and test_escape
    assert known.source_files == ("tiny.py",)
    assert known.license == "unknown"


def test_a_latin_1_module_that_says_so_counts(tmp_path: Path):
    write(tmp_path, {"tests/test_l.py": b"# -*- coding: latin-1 -*-\ndef test_x(): return '\xe9'\n"})
    assert facts(tmp_path).n_tests == 1


def test_many_threads_leave_warnings_as_they_were(tmp_path: Path, recwarn: pytest.WarningsRecorder):
    write(tmp_path, {f"tests/test_{n}.py": "def test_x(): return '\\d'\n" for n in range(20)})
    found: list[int] = []
    threads = [threading.Thread(target=lambda: found.append(facts(tmp_path).n_tests)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [20] * 6
    assert not recwarn.list


@pytest.mark.parametrize(
    ("files", "name", "version", "python"),
    [
        (PACKAGE, "tiny", "1.2", ""),
        ({"pyproject.toml": '[project]\nname="a"\nversion="2"\nrequires-python=">3"\n'}, "a", "2", ">3"),
        ({"pyproject.toml": '[tool.poetry]\nname="a"\nversion="2"\n'}, "a", "2", ""),
        ({"setup.cfg": "[metadata]\nname=a\nversion=3\n[options]\npython_requires = >3\n"}, "a", "3", ">3"),
        (
            {"setup.cfg": "[metadata]\nname=a\nversion=attr: a.v\n", "a/__init__.py": "__version__ = '4'\n"},
            "a", "4", "",
        ),
        ({"setup.py": "import setuptools\nsetuptools.setup(name='a', version='5', x=y)\n"}, "a", "5", ""),
        ({"setup.py": "setup(name=NAME, version=f())\n", "a.py": "__version__ = '6'\n"}, "", "6", ""),
        ({"pyproject.toml": 'project = 3\ntool = "x"\n', "a.py": "__version__ = f()\n"}, "", "", ""),
    ],
)  # fmt: skip
def test_name_version_and_python_come_from_the_projects_metadata(
    tmp_path: Path, files: dict[str, str], name: str, version: str, python: str
):
    known = facts(write(tmp_path, files))
    assert (known.name, known.version, known.requires_python) == (name, version, python)


def test_an_empty_tree_has_no_facts(tmp_path: Path):
    known = facts(tmp_path)
    assert (known.name, known.version, known.license, known.loc, known.n_tests) == ("", "", "unknown", 0, 0)

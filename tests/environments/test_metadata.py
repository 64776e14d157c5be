"""What a tree says of how it is installed."""

from pathlib import Path

from smith_lib.environments.metadata import read


def test_pyproject_gives_extras_groups_and_interpreter(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("""
        [project]
        name = "Some.Thing"
        requires-python = ">=3.10"
        [project.optional-dependencies]
        test = ["pytest"]
        [dependency-groups]
        lint = ["ruff"]
        Tests = ["pytest>=8", {include-group = "more"}, {include-group = "lint"}]
        more = ["attrs", {include-group = "tests"}]
    """)
    metadata = read(tmp_path)
    assert (metadata.name, metadata.requires_python, metadata.extras) == ("some-thing", ">=3.10", ("test",))
    assert metadata.groups["tests"] == ("pytest>=8", "attrs")
    assert metadata.installable and not metadata.released


def test_poetry_pdm_hatch_and_uv_have_groups_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("""
        [tool.poetry]
        name = "x"
        [tool.poetry.dependencies]
        python = "^3.9"
        [tool.poetry.group.test.dependencies]
        pytest = "^8.0"
        [tool.pdm.dev-dependencies]
        unit = ["mock"]
        [tool.hatch.envs.default]
        dependencies = ["anyio"]
        [tool.uv]
        dev-dependencies = ["trio"]
    """)
    metadata = read(tmp_path)
    assert metadata.requires_python == ">=3.9,<4"
    assert metadata.groups == {"test": ("pytest<9,>=8.0", "anyio"), "unit": ("mock",), "dev": ("trio",)}


def test_setup_py_is_read_and_never_run(tmp_path: Path) -> None:
    (tmp_path / "setup.py").write_text("""
from pathlib import Path
from setuptools import setup
Path(__file__).with_name("ran").touch()
TESTS = ["pytest", "mock"]
setup(name="old", python_requires=">=3.6", tests_require=TESTS + ["attrs"],
      extras_require={"testing": TESTS, "s3": ["boto3"]}, packages=find_packages())
""")
    metadata = read(tmp_path)
    assert metadata.extras == ("testing", "s3")
    assert metadata.groups["tests-require"] == ("pytest", "mock", "attrs")
    assert metadata.requires_python == ">=3.6" and metadata.installable
    assert not (tmp_path / "ran").exists()


def test_an_sdists_pkg_info_fills_what_setup_py_computes(tmp_path: Path) -> None:
    (tmp_path / "setup.py").write_text("setup(**arguments())")
    (tmp_path / "PKG-INFO").write_text(
        "Metadata-Version: 2.1\nName: old\nVersion: 1.2\n"
        "Requires-Python: >=3.7\nProvides-Extra: test\n\nbody\n"
    )
    metadata = read(tmp_path)
    assert (metadata.name, metadata.requires_python, metadata.extras) == ("old", ">=3.7", ("test",))
    assert metadata.released


def test_files_that_cannot_be_parsed_count_as_missing(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_bytes(b"[project\xff")
    (tmp_path / "setup.cfg").write_text("no section\n[")
    (tmp_path / "setup.py").write_bytes(b"def \0")
    metadata = read(tmp_path)
    assert (metadata.name, metadata.extras, metadata.groups) == ("", (), {})
    assert metadata.installable  # there is a setup.py all the same


def test_requirement_files_are_found_and_locked_ones_preferred(tmp_path: Path) -> None:
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements/tests.in").write_text("pytest\n")
    (tmp_path / "requirements/tests.txt").write_text("pytest==8.0\n")
    (tmp_path / "dev-requirements.txt").write_text("mock\n")
    assert read(tmp_path).files == {
        "dev-requirements.txt": ("mock",), "requirements/tests.txt": ("pytest==8.0",),
    }  # fmt: skip

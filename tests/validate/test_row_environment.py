"""A row's environment is the one that its repository was selected with."""

import pytest

from smith_lib.environments.dockerfile import text
from smith_lib.errors import InputError
from smith_lib.sandbox.protocol import Environment
from smith_lib.sources.protocol import Pin, Tree
from smith_lib.validate.row_environment import environment_in
from tests.rows import an_instance, filled

TREE = filled(Tree, repo_id="o__n.12345678", commit="0" * 40, pin=Pin("pypi:n==1", "pypi/n"))
EDITABLE = ("--no-deps", "--no-sources", "--exclude-newer", "2024-01-01T00:00:00Z", "-e", "/testbed")


@pytest.mark.parametrize("install", [(), EDITABLE, ("--config-settings", "a b=c 'd'", "-e", "/testbed")])
@pytest.mark.parametrize("environ", [(), (("A", "1"), ("B", "x y='é'=$z"), ("PYTHONPATH", "/testbed/src:."))])
@pytest.mark.parametrize("base", ["smith-base:bookworm", "registry.example:5000/python:3.11"])
def test_an_environment_comes_back_from_its_row(
    base: str, install: tuple[str, ...], environ: tuple[tuple[str, str], ...]
) -> None:
    dockerfile = text(TREE, base, "python3.11", install, environ)
    made = Environment(
        "o__n.12345678", base, "python3.11", "a==1\n", install, environ, dockerfile, "d" * 64, "smith/n:dddd"
    )
    row = an_instance(
        repo_id=made.repo_id,
        dockerfile=dockerfile,
        requirements=made.requirements,
        image=made.image,
        image_digest=made.digest,
    )
    assert environment_in(row) == made


@pytest.mark.parametrize("dockerfile", ["", "ARG BASE=x\n", "# ARG BASE=x\n# RUN uv venv --python python3 v"])
def test_a_dockerfile_of_others_is_an_error(dockerfile: str) -> None:
    with pytest.raises(InputError, match="no base and interpreter"):
        environment_in(an_instance(dockerfile=dockerfile))

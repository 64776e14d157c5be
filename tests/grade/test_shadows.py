import pytest

from smith_lib.grade.shadows import shadowed

TREE = {"pkg/__init__.py", "pkg/a.py", "src/lib/__init__.py", "types/__init__.py", "docs/conf.py"}


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("pytest.py", "pytest"),
        ("pytest/__main__.py", "pytest"),
        ("src/json.py", "json"),
        ("docs/random.py", "random"),
        ("src/attr/__init__.py", "attr"),
        ("sitecustomize.py", "sitecustomize"),
        ("json.pyi", "json"),
        ("pkg/json.py", ""),
        ("src/lib/typing.py", ""),
        ("types/more.py", ""),
        ("pkg/a.py", ""),
        ("other.py", ""),
        ("src/lib/sub/new.py", ""),
    ],
)
def test_what_would_be_imported_for_somebody_elses_module_is_found(path, name):
    assert shadowed(path, TREE, {path}, {"attr"}) == name


def test_a_package_of_the_patch_is_one():
    assert shadowed("pkg/sub/json.py", TREE, {"pkg/sub/json.py", "pkg/sub/__init__.py"}, ()) == ""

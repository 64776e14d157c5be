import pytest

from tiny.patterns import Router, expand, matches, query, satisfies, version_key


@pytest.mark.parametrize(
    "pattern, name, fits",
    [
        ("*.py", "a.py", True),
        ("*.py", "a.pyc", False),
        ("a?c", "abc", True),
        ("[a-c]x", "bx", True),
        ("[!a-c]x", "bx", False),
        ("*ä*", "Häuser", True),
        ("**b", "aab", True),
        ("", "", True),
    ],
)
def test_matches(pattern, name, fits):
    assert matches(pattern, name) is fits


def test_expand():
    assert expand("a{b,c{d,e}}f") == ["abf", "acdf", "acef"]
    assert expand("plain") == ["plain"]
    with pytest.raises(ValueError):
        expand("a{b")


def test_router():
    router = Router()
    router.add("/items/{id:int}", "item")
    router.add("/items/{name}", "named")
    assert router.find("/items/12/") == ("item", {"id": 12})
    assert router.find("/items/new") == ("named", {"name": "new"})
    assert router.find("/items") is None
    with pytest.raises(ValueError):
        router.add("/{a}/{a}", "twice")


def test_query():
    assert query("?a=1&b=2&a=3&&c") == {"a": ["1", "3"], "b": ["2"], "c": [""]}


def test_versions_sort():
    given = ["1.10", "1.9", "1.10-rc1", "v1.2.0", "1.2.1"]
    assert sorted(given, key=version_key) == ["v1.2.0", "1.2.1", "1.9", "1.10-rc1", "1.10"]


@pytest.mark.parametrize("rule, met", [(">=1.2,<2", True), ("==1.5.0", True), ("!=1.5", False), (">1.5", False)])
def test_satisfies(rule, met):
    assert satisfies("1.5", rule) is met

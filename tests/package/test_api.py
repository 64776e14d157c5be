"""Which of a library's callables a piece of code is about."""

import pytest

from smith_lib.package import api
from smith_lib.package.snippet import Snippet

SOURCE = '''\
class Catalog:
    def __init__(self, things=()):
        pass

    def search(self, word):
        return []

    def load(self, path):
        pass


def total(things):
    return 0
'''
FILES = {"depot": "depot.py"}
MADE = "from depot import Catalog, total\n\ncatalog = Catalog([1, 2])\n"


@pytest.mark.parametrize(
    ("action", "about"),
    [
        ("catalog.search('a')", "depot.Catalog.search"),
        ("[thing.sku for thing in catalog.search('a')]", "depot.Catalog.search"),
        ("len([thing for thing in catalog.search('a')])", "depot.Catalog.search"),
        ("sum(thing for thing in total([1]))", "depot.total"),
        # Nothing of the package by itself: the last that was called before.
        ("catalog.load('x')\nstr(caught)", "depot.Catalog.load"),
        ("str(caught)", "depot.Catalog"),
    ],
)
def test_it_is_the_one_whose_result_is_looked_at(action: str, about: str) -> None:
    last = action.rpartition("\n")[2]
    made = Snippet(
        f"{MADE}{action}", last, True, "", "", False, True,
        (("Catalog", "depot.Catalog"), ("total", "depot.total")), (("catalog", "Catalog"),),
    )  # fmt: skip
    found = api.of(made, FILES, {"depot.py": SOURCE}.__getitem__)
    assert found is not None and found.name == about

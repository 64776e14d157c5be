import pytest

from tiny.graphs import CycleError, Graph, spanning_tree


@pytest.fixture
def roads():
    return Graph([("a", "b", 4), ("a", "c", 1), ("c", "b", 2), ("b", "d", 5), ("e", "f")])


def test_shortest(roads):
    assert roads.shortest("a", "d") == (8, ["a", "c", "b", "d"])
    assert roads.shortest("d", "a") is None
    assert roads.shortest("a", "a") == (0, ["a"])


def test_reachable(roads):
    assert roads.reachable("a") == ["a", "b", "c", "d"]
    assert roads.reversed().reachable("d") == ["d", "b", "a", "c"]


def test_order(roads):
    order = roads.order()
    assert order.index("c") < order.index("b") < order.index("d")


def test_cycle(roads):
    assert roads.cycle() is None
    roads.connect("d", "a")
    with pytest.raises(CycleError) as caught:
        roads.order()
    assert caught.value.nodes == ["a", "b", "d", "a"]


def test_components(roads):
    assert roads.components() == [{"a", "b", "c", "d"}, {"e", "f"}]


def test_degree(roads):
    assert roads.degree("b") == 3
    assert roads.successors("a") == ["b", "c"]
    with pytest.raises(ValueError):
        roads.connect("a", "b", -1)


def test_spanning_tree():
    edges = [(3, "a", "b"), (1, "b", "c"), (2, "a", "c"), (9, "c", "d")]
    assert spanning_tree(edges) == [(1, "b", "c"), (2, "a", "c"), (9, "c", "d")]

import pytest

from tiny.tables import Table, parse_csv, to_csv


@pytest.fixture
def people():
    return Table(["name", "age", "town"], [["Ann", 31, "Ulm"], ["Bob", None, "Bonn"], ["Cyd", 25, "Ulm"]])


def test_rows_are_checked():
    with pytest.raises(ValueError):
        Table(["a", "a"])
    table = Table(["a", "b"])
    table.add({"b": 2})
    assert table.rows == [[None, 2]]
    with pytest.raises(KeyError):
        table.add({"c": 1})
    with pytest.raises(ValueError):
        table.add([1])


def test_where_select_column(people):
    assert people.where(lambda row: row["town"] == "Ulm").column("name") == ["Ann", "Cyd"]
    assert people.select("town", "name").rows[0] == ["Ulm", "Ann"]
    with pytest.raises(KeyError):
        people.column("nothing")


@pytest.mark.parametrize("reverse, names", [(False, ["Cyd", "Ann", "Bob"]), (True, ["Ann", "Cyd", "Bob"])])
def test_sort_puts_none_last(people, reverse, names):
    assert people.sort("age", reverse=reverse).column("name") == names


def test_group(people):
    assert {town: len(table) for town, table in people.group("town").items()} == {"Ulm": 2, "Bonn": 1}


def test_join(people):
    towns = Table(["town", "river"], [["Ulm", "Danube"]])
    assert people.join(towns, "town").column("river") == ["Danube", "Danube"]
    assert people.join(towns, "town", keep_left=True).column("river") == ["Danube", None, "Danube"]


def test_pages(people):
    assert people.pages(2) == 2
    assert people.pages(3) == 1
    assert people.page(2, 2).column("name") == ["Cyd"]
    with pytest.raises(ValueError):
        people.page(0, 2)


def test_render(people):
    assert people.render().splitlines() == [
        "name  age  town", "----  ---  ----", "Ann    31  Ulm", "Bob        Bonn", "Cyd    25  Ulm",
    ]


@pytest.mark.parametrize("cell", ["plain", 'quo"ted', "com,ma", "new\nline", ""], ids=repr)
def test_csv_round_trip(cell):
    table = Table(["a", "b"], [[cell, "x"], ["y", cell]])
    assert parse_csv(to_csv(table)).rows == table.rows


def test_csv_errors():
    with pytest.raises(ValueError):
        parse_csv("")
    with pytest.raises(ValueError):
        parse_csv('a\n"open')
    assert parse_csv("a;b\r\n1;2", separator=";").rows == [["1", "2"]]

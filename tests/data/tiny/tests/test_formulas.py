import pytest

from tiny.formulas import FormulaError, Parser, evaluate, names_in, sheet


@pytest.mark.parametrize(
    "text, value",
    [("1 + 2 * 3", 7), ("(1 + 2) * 3", 9), ("2 ^ 3 ^ 2", 512), ("-2 ^ 2", -4), ("7 % 4 - 1", 2), ("max(1, 2.5)", 2.5), ("8 / 4 / 2", 1)],
)
def test_values(text, value):
    assert evaluate(text) == value


@pytest.mark.parametrize("bad", ["1 +", "(1", "1 2", "1..2", "nope(1)", "x", "1 / 0", "$"])
def test_errors(bad):
    with pytest.raises(FormulaError):
        evaluate(bad)


def test_errors_tell_the_place():
    with pytest.raises(FormulaError, match="at 3"):
        evaluate("1 $")


def test_names():
    assert evaluate("x * y", x=2, y=3) == 6
    assert names_in(Parser("min(b, -a) + a").parse()) == ["a", "b"]


def test_sheet():
    assert sheet({"total": "net + tax", "tax": "net * 0.5", "net": "10"}) == {"net": 10, "tax": 5.0, "total": 15.0}
    with pytest.raises(FormulaError, match="circle: a -> b -> a"):
        sheet({"a": "b", "b": "a"})

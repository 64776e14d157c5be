import pytest

from tiny import text


@pytest.mark.parametrize(
    "given, wanted",
    [("Hello World", "hello-world"), ("Crème brûlée!", "creme-brulee"), ("  it's -- fine ", "it's-fine"), ("", "")],
    ids=["two words", "Crème brûlée", "line\nbreak and tab\t", "nothing at all"],
)
def test_slug(given, wanted):
    assert text.slug(given) == wanted


def test_slug_is_cut_between_words():
    assert text.slug("one two three", limit=8) == "one-two"
    assert text.slug("extraordinary", limit=5) == "extra"


@pytest.mark.parametrize("width", [5, 9, 40])
def test_wrap_keeps_within_width(width):
    lines = text.wrap("the quick brown fox jumps over", width)
    assert all(len(line) <= width for line in lines)
    assert " ".join(lines) == "the quick brown fox jumps over"


def test_wrap_fills_lines():
    assert text.wrap("aa bb cc", 5) == ["aa bb", "cc"]
    assert text.wrap("extraordinary a", 4) == ["extraordinary", "a"]
    with pytest.raises(ValueError):
        text.wrap("a", 0)


def test_shorten():
    assert text.shorten("short", 5) == "short"
    assert text.shorten("the quick brown fox", 12) == "the..."
    assert text.shorten("abcdefghij", 6) == "abc..."


def test_indent_and_dedent():
    block = "a\n\n  b"
    assert text.indent(block, 2) == "  a\n\n    b"
    assert text.indent(block, 2, first=False) == "a\n\n    b"
    assert text.dedent("    a\n      b\n\n    c") == "a\n  b\n\nc"


@pytest.mark.parametrize("left, right, d", [("", "", 0), ("kitten", "sitting", 3), ("über", "uber", 1), ("a", "", 1)])
def test_distance(left, right, d):
    assert text.distance(left, right) == d


def test_closest():
    assert text.closest("dokcer", ["docker", "podman", "locker"]) == ["docker", "locker"]


@pytest.mark.parametrize("number, letters", [(1, "I"), (4, "IV"), (1994, "MCMXCIV"), (3999, "MMMCMXCIX")])
def test_roman(number, letters):
    assert text.roman(number) == letters
    assert text.from_roman(letters.lower()) == number


@pytest.mark.parametrize("bad", ["", "IIII", "ABC", "IVI"])
def test_bad_roman(bad):
    with pytest.raises(ValueError):
        text.from_roman(bad)


def test_count_words_and_title():
    assert text.count_words("To be or not to be", least=2) == {"to": 2, "be": 2}
    assert text.words(None) == []
    assert text.title("the lord OF the rings") == "The Lord of the Rings"

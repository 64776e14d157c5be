"""Texts: separators, keys, formats, regular expressions."""

import itertools
import re
import warnings
from collections.abc import Iterator
from functools import lru_cache

import libcst as cst

from smith_lib.inject.nodes import call_name, children, last_comma_gone
from smith_lib.inject.operator import Context, operator

SEPARATORS = {
    ", ": ",", ",": ", ", "\\n": " ", " ": "", "-": "_", "_": "-", ".": "/", "/": ".", ": ": ":", ":": ".",
    "=": ":", "; ": ";", "\\n\\n": "\\n", "\\t": " ", "\\r\\n": "\\n", "|": "/",
}  # fmt: skip
REGEX_CALLS = frozenset({"compile", "match", "search", "sub", "split", "findall", "fullmatch", "finditer"})
REPLACED = (
    (re.compile(r"(?<![\\*+?}])\+(?!\?)"), "*"), (re.compile(r"(?<!\\)\*(?![?+])"), "+"),
    (re.compile(r"^\^"), ""),
    (re.compile(r"(?<!\\)\$$"), ""), (re.compile(r"\\b"), ""), (re.compile(r"(?<=[+*])\?"), ""),
    (re.compile(r"\\s"), " "), (re.compile(r"(?<=[a-z])-z"), "-y"), (re.compile(r"\[\^"), "["),
    (re.compile(r"\\d"), "[1-9]"), (re.compile(r"\\w"), "[a-z]"), (re.compile(r"\\Z$"), "$"),
)  # fmt: skip
FLAGS = frozenset({"IGNORECASE", "I", "MULTILINE", "M", "DOTALL", "S", "VERBOSE", "X", "ASCII", "A"})


def _changed(text: cst.SimpleString, raw: str) -> cst.SimpleString:
    return text.with_changes(value=f"{text.prefix}{text.quote}{raw}{text.quote}")


@operator("other", ('x = ", ".join(a)\n', 'x = ",".join(a)\n'), quiet='x = "abc"\n')
def wrong_separator(node: cst.SimpleString, context: Context) -> Iterator[cst.SimpleString]:
    """The separator that looks nearly the same."""
    other = SEPARATORS.get(node.raw_value)
    above = context.parent(node)
    if (
        other is not None
        and "b" not in node.prefix
        and isinstance(above, cst.Attribute | cst.Arg | cst.BinaryOperation | cst.Param)
    ) and not (isinstance(above, cst.Arg) and call_name(context.parent(above)) == "getattr"):
        yield _changed(node, other)


@operator("logic_error", ('x = a["start"] + a["stop"]\n', 'x = a["start"] + a["start"]\n'))
def wrong_key(node: cst.Index, context: Context) -> Iterator[cst.Index]:
    """The look-up under another key that the same function uses."""
    here = context.function(node) or _module(node, context)
    if isinstance(node.value, cst.SimpleString) and here is not None:
        for key in [k for k in _used(here) if k != node.value.value][:3]:
            yield node.with_changes(value=node.value.with_changes(value=key))


def _module(node: cst.CSTNode, context: Context) -> cst.CSTNode | None:
    above: cst.CSTNode | None = node
    while above is not None and not isinstance(above, cst.SimpleStatementLine):
        above = context.parent(above)
    return above


@lru_cache(maxsize=256)
def _used(node: cst.CSTNode) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_keys(node)))


def _keys(node: cst.CSTNode) -> Iterator[str]:
    if isinstance(node, cst.Index):
        if isinstance(node.value, cst.SimpleString):
            yield node.value.value
        return
    for child in children(node):
        yield from _keys(child)


@operator(
    "edge_case",
    [
        ('x = re.compile(r"a+b")\n', 'x = re.compile(r"a*b")\n'),
        ('x = re.match("^a", b)\n', 'x = re.match("a", b)\n'),
    ],
)
def change_pattern(node: cst.Call) -> Iterator[cst.Call]:
    """The regular expression with another repetition, anchor or class."""
    match node:
        case cst.Call(args=[cst.Arg(value=cst.SimpleString() as text, keyword=None) as first, *rest]):
            if call_name(node) not in REGEX_CALLS or _receiver(node) not in ("re", "regex"):
                return
            for found, new in REPLACED:
                raw, count = found.subn(new, text.raw_value, count=1)
                if count and raw and _compiles(raw):
                    yield node.with_changes(args=[first.with_changes(value=_changed(text, raw)), *rest])


def _compiles(raw: str) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # nobody would write what `re` warns of
            re.compile(raw)
    except (re.error, OverflowError, RecursionError, Warning):
        return False
    return True


def _receiver(node: cst.Call) -> str:
    match node.func:
        case cst.Attribute(value=cst.Name(value=name)):
            return name
    return ""


@operator("edge_case", ('x = re.compile("a", re.IGNORECASE)\n', 'x = re.compile("a")\n'))
def drop_pattern_flag(node: cst.Call) -> Iterator[cst.Call]:
    """The regular expression without its flags."""
    if _receiver(node) in ("re", "regex") and len(node.args) > 1:
        last = node.args[-1]
        if isinstance(last.value, cst.Attribute) and last.value.attr.value in FLAGS:
            yield node.with_changes(args=last_comma_gone(node.args[:-1]))
        elif isinstance(last.value, cst.BinaryOperation) and isinstance(last.value.operator, cst.BitOr):
            yield node.with_changes(args=[*node.args[:-1], last.with_changes(value=last.value.left)])


@operator("other", [('x = f"{a!r}"\n', 'x = f"{a}"\n'), ('x = f"{a:>5}"\n', 'x = f"{a}"\n')])
def drop_format(node: cst.FormattedStringExpression) -> Iterator[cst.FormattedStringExpression]:
    """The formatted value without its conversion or format."""
    if node.conversion or node.format_spec:
        yield node.with_changes(conversion=None, format_spec=None)


@operator("logic_error", ('x = f"{a}.{b}"\n', 'x = f"{b}.{a}"\n'))
def swap_fields(node: cst.FormattedString) -> Iterator[cst.FormattedString]:
    """The formatted text with two neighbouring values swapped."""
    places = [at for at, part in enumerate(node.parts) if isinstance(part, cst.FormattedStringExpression)]
    for one, two in itertools.pairwise(places):
        parts = list(node.parts)
        parts[one], parts[two] = parts[two], parts[one]
        yield node.with_changes(parts=parts)


@operator("edge_case", ('x = a in ("b", "c")\n', 'x = a in ("bc")\n'), quiet='x = ["b", "c"]\n')
def missing_comma(node: cst.Tuple, context: Context) -> Iterator[cst.BaseExpression]:
    """The tuple of texts that lost the comma which made it one."""
    match node.elements:
        case [cst.Element(value=cst.SimpleString() as one), cst.Element(value=cst.SimpleString() as two)]:
            if (
                isinstance(context.parent(node), cst.ComparisonTarget)
                and one.quote == two.quote
                and node.lpar
            ):
                joined = f"{one.prefix}{one.quote}{one.raw_value}{two.raw_value}{one.quote}"
                yield one.with_changes(value=joined, lpar=node.lpar, rpar=node.rpar)

"""The parts of a file in which a bug would be nonsense: documentation, annotations, imports, logging."""

import bisect
from typing import TYPE_CHECKING

import libcst as cst

if TYPE_CHECKING:
    from smith_lib.inject.program import Program

LOGGERS = frozenset(
    {"log", "logger", "logging", "_log", "_logger", "LOG", "LOGGER", "warnings", "print", "warn"}
)
NAMES = frozenset({"__all__", "__version__", "__author__", "__slots__", "__doc__", "__license__", "version"})
TYPING_CALLS = frozenset({"TypeVar", "ParamSpec", "NewType", "cast", "overload", "NamedTuple", "TypedDict"})


class Spans:
    """Stretches of text, to be asked whether one holds an offset."""

    def __init__(self, spans: list[tuple[int, int]]) -> None:
        """Take the spans in any order; inner ones are dropped."""
        self._starts: list[int] = []
        self._ends: list[int] = []
        for start, end in sorted(spans, key=lambda s: (s[0], -s[1])):
            if not self._ends or start >= self._ends[-1]:
                self._starts.append(start)
                self._ends.append(end)

    def holds(self, offset: int) -> bool:
        """Whether one of the spans holds the offset."""
        at = bisect.bisect_right(self._starts, offset) - 1
        return at >= 0 and offset < self._ends[at]


def spans(program: "Program") -> Spans:
    """The stretches of the file in which no bug is made."""
    return Spans(
        [
            program.span(node)
            for node in program.nodes()
            if node.__class__ in _KINDS and _is_untouchable(node, program)
        ]
    )


def name_of(node: cst.CSTNode) -> str:
    """The last name of a dotted expression, or an empty string."""
    if isinstance(node, cst.Name):
        return node.value
    return node.attr.value if isinstance(node, cst.Attribute) else ""


def _root(node: cst.CSTNode) -> str:
    while isinstance(node, cst.Attribute):
        if node.attr.value in LOGGERS:
            return node.attr.value
        node = node.value
    return node.value if isinstance(node, cst.Name) else ""


_KINDS = frozenset({
    cst.Annotation, cst.Import, cst.ImportFrom, cst.Assert, cst.TypeAlias, cst.Global, cst.Nonlocal, cst.Expr,
    cst.Assign, cst.AnnAssign, cst.Call, cst.If, cst.FunctionDef,
})  # fmt: skip
"""The kinds of nodes that may be untouchable; asking the others takes most of the time."""


def _is_untouchable(node: cst.CSTNode, program: "Program") -> bool:
    match node:
        case cst.Annotation() | cst.Import() | cst.ImportFrom() | cst.Assert() | cst.TypeAlias():
            return True
        case cst.Global() | cst.Nonlocal():
            return True
        case cst.Expr(value=cst.SimpleString() | cst.ConcatenatedString() | cst.Ellipsis()):
            return True
        case cst.Expr(value=cst.Call(func=func)):
            return _root(func) in LOGGERS
        case cst.Assign(targets=[cst.AssignTarget(target=target)]) | cst.AnnAssign(target=target):
            return name_of(target) in NAMES
        case cst.Call(func=func):
            return name_of(func) in TYPING_CALLS
        case cst.If(test=test):
            return (
                name_of(test) in ("TYPE_CHECKING", "PY2", "PY3")
                or "sys.version_info" in program.source(test)
                or "__name__" in program.source(test)
            )
        case cst.FunctionDef():
            return any(name_of(d.decorator) == "overload" for d in node.decorators)
    return False

"""What a statement sets and what it reads, as dotted names."""

from functools import lru_cache

import libcst as cst

from smith_lib.inject.nodes import children


def _dotted(node: cst.CSTNode) -> str:
    match node:
        case cst.Name(value=name):
            return name
        case cst.Attribute(value=cst.Name(value=name), attr=cst.Name(value=attribute)):
            return f"{name}.{attribute}"
    return ""


def _target(node: cst.CSTNode, read: set[str], bound: set[str]) -> None:
    if isinstance(node, cst.Tuple | cst.List):
        for element in node.elements:
            _target(element.value, read, bound)
    elif isinstance(node, cst.Subscript):
        _collect(node, read, bound)
        bound.add(_dotted(node.value))
    else:
        bound.add(_dotted(node))


def _collect(node: cst.CSTNode, read: set[str], bound: set[str]) -> None:
    kind = node.__class__
    if kind is cst.Name:
        read.add(node.value)  # type: ignore[attr-defined]
        return
    if kind is cst.Attribute or kind is cst.Arg:  # whose other names are no variables
        read.add(_dotted(node))
        _collect(node.value, read, bound)  # type: ignore[attr-defined]
        return
    if kind is cst.AssignTarget or kind is cst.For or kind is cst.AugAssign or kind is cst.AnnAssign:
        _target(node.target, read, bound)  # type: ignore[attr-defined]
        if kind is cst.AssignTarget:
            return
        if kind is cst.AnnAssign:
            if node.value is not None:  # type: ignore[attr-defined]
                _collect(node.value, read, bound)  # type: ignore[attr-defined]
            return
    for child in children(node):
        _collect(child, read, bound)


@lru_cache(maxsize=4096)
def _collected(node: cst.CSTNode) -> tuple[frozenset[str], frozenset[str]]:
    read: set[str] = set()
    bound: set[str] = set()
    _collect(node, read, bound)
    return frozenset(read - {""}), frozenset(bound - {""})


def binds(node: cst.CSTNode) -> frozenset[str]:
    """The variables and attributes (`self.x`) that a statement sets."""
    return _collected(node)[1]


def reads(node: cst.CSTNode) -> frozenset[str]:
    """The variables and attributes (`self.x`) that a statement reads."""
    return _collected(node)[0]

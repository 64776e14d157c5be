"""What a statement sets and what it reads, as dotted names."""

import libcst as cst


def _dotted(node: cst.CSTNode) -> str:
    match node:
        case cst.Name(value=name):
            return name
        case cst.Attribute(value=cst.Name(value=name), attr=cst.Name(value=attribute)):
            return f"{name}.{attribute}"
    return ""


class _Collector(cst.CSTVisitor):
    def __init__(self) -> None:
        super().__init__()
        self.read: set[str] = set()
        self.bound: set[str] = set()

    def _target(self, node: cst.CSTNode) -> None:
        if isinstance(node, cst.Tuple | cst.List):
            for element in node.elements:
                self._target(element.value)
        elif isinstance(node, cst.Subscript):
            node.visit(self)
            self.bound.add(_dotted(node.value))
        else:
            self.bound.add(_dotted(node))

    def visit_AssignTarget(self, node: cst.AssignTarget) -> bool:  # noqa: N802
        self._target(node.target)
        return False

    def visit_AnnAssign(self, node: cst.AnnAssign) -> bool:  # noqa: N802
        self._target(node.target)
        if node.value is not None:
            node.value.visit(self)
        return False

    def visit_AugAssign(self, node: cst.AugAssign) -> bool:  # noqa: N802
        self._target(node.target)
        node.target.visit(self)
        node.value.visit(self)
        return False

    def visit_For(self, node: cst.For) -> None:  # noqa: N802
        self._target(node.target)

    def visit_Attribute(self, node: cst.Attribute) -> None:  # noqa: N802
        self.read.add(_dotted(node))

    def visit_Name(self, node: cst.Name) -> None:  # noqa: N802
        self.read.add(node.value)


def _collected(node: cst.CSTNode) -> _Collector:
    collector = _Collector()
    node.visit(collector)
    return collector


def binds(node: cst.CSTNode) -> frozenset[str]:
    """The variables and attributes (`self.x`) that a statement sets."""
    return frozenset(_collected(node).bound - {""})


def reads(node: cst.CSTNode) -> frozenset[str]:
    """The variables and attributes (`self.x`) that a statement reads."""
    return frozenset(_collected(node).read - {""})

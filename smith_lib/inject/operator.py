"""What an operator is: a small generator from a syntax node to the nodes it may be replaced with."""

import inspect
import types
import typing
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import libcst as cst

from smith_lib.types import Category

Replacement = cst.CSTNode | cst.FlattenSentinel[Any] | cst.RemovalSentinel
Rewriter = Callable[..., Iterator[Replacement]]
Family = Literal["ast", "semantic"]
Example = tuple[str, str]


class Context(Protocol):
    """What an operator may ask about the place of its node. Read-only."""

    def parent(self, node: cst.CSTNode) -> cst.CSTNode | None:
        """The node that holds this one; none for the module."""
        ...

    def function(self, node: cst.CSTNode) -> cst.FunctionDef | None:
        """The innermost function that holds the node."""
        ...

    def owner(self, node: cst.CSTNode) -> cst.ClassDef | None:
        """The innermost class that holds the node, functions passed through."""
        ...

    def statement(self, node: cst.CSTNode) -> cst.BaseStatement | None:
        """The innermost statement that holds the node, or itself."""
        ...

    def siblings(self, node: cst.CSTNode) -> tuple[list[cst.BaseStatement], int]:
        """The statements of the block that holds this statement, and its place among them."""
        ...

    def variables(self, node: cst.CSTNode) -> tuple[str, ...]:
        """Parameters and variables of the enclosing function that are bound before the node, in order."""
        ...

    def attributes(self, node: cst.CSTNode) -> tuple[str, ...]:
        """Attributes that the enclosing class reads or sets on `self` without calling them, sorted."""
        ...

    def methods(self, node: cst.CSTNode) -> tuple[cst.FunctionDef, ...]:
        """The methods of the enclosing class, in order."""
        ...


@dataclass(frozen=True, slots=True)
class Operator:
    """A kind of bug."""

    name: str
    family: Family
    category: Category
    rewrite: Rewriter
    nodes: tuple[type[cst.CSTNode], ...]
    """The kinds of nodes it is asked about."""
    wants_context: bool
    examples: tuple[Example, ...]
    """Source before, and one of the sources that it may become."""
    quiet: tuple[str, ...]
    """Sources in which it finds nothing to do."""

    @property
    def summary(self) -> str:
        """The first line of its docstring."""
        return (inspect.getdoc(self.rewrite) or "").split("\n")[0]

    def replacements(self, node: cst.CSTNode, context: Context) -> Iterator[Replacement]:
        """What the node may be replaced with."""
        return self.rewrite(node, context) if self.wants_context else self.rewrite(node)


def _nodes(annotation: Any) -> tuple[type[cst.CSTNode], ...]:
    if isinstance(annotation, types.UnionType) or typing.get_origin(annotation) is typing.Union:
        return tuple(kind for part in typing.get_args(annotation) for kind in _nodes(part))
    return (annotation,)


def operator(
    category: str,
    example: Example | list[Example],
    family: Family = "ast",
    quiet: str | tuple[str, ...] = (),
) -> Callable[[Rewriter], Operator]:
    """A decorator that makes an operator of a generator; its first parameter's type says which nodes it sees.

    A second parameter, if there is one, receives the `Context`. Every example is run by the tests.
    """

    def wrap(rewrite: Rewriter) -> Operator:
        parameters = list(inspect.signature(rewrite).parameters)
        return Operator(
            name=rewrite.__name__,
            family=family,
            category=Category(category),
            rewrite=rewrite,
            nodes=_nodes(typing.get_type_hints(rewrite)[parameters[0]]),
            wants_context=len(parameters) > 1,
            examples=tuple(example) if isinstance(example, list) else (example,),
            quiet=(quiet,) if isinstance(quiet, str) else quiet,
        )

    return wrap

"""What a test reaches through `self`, as code that stands alone in a module."""

import ast
from collections.abc import Mapping, Sequence
from copy import deepcopy
from keyword import iskeyword

from smith_lib.package import names
from smith_lib.package.bindings import loads
from smith_lib.package.names import Helper
from smith_lib.package.places import FunctionNode

STATE = "state"
"""What stands for `self` where a member keeps something there."""
SETUP = ("setUp", "setup_method", "setup")


class Attributes(ast.NodeTransformer):
    """`self.x` becomes `x` for the names that set-up gives; literal `lookup` names become their values.

    Of a branch on such a value what it takes stays.
    """

    def __init__(
        self,
        given: set[str],
        values: Mapping[str, ast.expr],
        caught: set[str],
        renamed: Mapping[str, str],
    ) -> None:
        self.given, self.values, self.caught, self.renamed = given, values, caught, renamed

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.value, ast.Name) and node.value.id in ("self", "cls") and node.attr in self.given:
            return ast.copy_location(ast.Name(self.renamed.get(node.attr, node.attr), node.ctx), node)
        if (
            isinstance(node.value, ast.Name)
            and node.value.id in self.caught
            and node.attr in ("value", "exception")
        ):
            return ast.copy_location(ast.Name(node.value.id, node.ctx), node)
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        return spread(node)

    def visit_If(self, node: ast.If) -> ast.AST | list[ast.stmt]:
        self.generic_visit(node)
        if isinstance(node.test, ast.Constant) and self.values:
            return node.body if node.test.value else node.orelse
        return node

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if isinstance(node.ctx, ast.Load) and node.id in self.values:
            return deepcopy(self.values[node.id])
        return node


def spread(call: ast.Call) -> ast.Call:
    """`f(*[1, 2], **{"a": 3})` as it is written by people: `f(1, 2, a=3)`."""
    args: list[ast.expr] = []
    for one in call.args:
        listed = one.value if isinstance(one, ast.Starred) else None
        args += listed.elts if isinstance(listed, ast.List | ast.Tuple) else [one]
    keywords: list[ast.keyword] = []
    for word in call.keywords:
        named = word.value if word.arg is None and isinstance(word.value, ast.Dict) else None
        keys = [key.value for key in named.keys if isinstance(key, ast.Constant)] if named else []
        names = [key for key in keys if isinstance(key, str) and key.isidentifier() and not iskeyword(key)]
        if named is None or len(set(names)) < len(named.keys) or {k.arg for k in call.keywords} & set(names):
            keywords.append(word)
        else:
            keywords += [ast.keyword(name, value) for name, value in zip(names, named.values, strict=True)]
    return ast.copy_location(ast.Call(call.func, args, keywords), call)


def changed(statements: Sequence[ast.stmt], change: Attributes) -> list[ast.stmt]:
    """The statements after the change."""
    out: list[ast.stmt] = []
    for statement in statements:
        found = change.visit(deepcopy(statement))
        out += found if isinstance(found, list) else [found]
    return out


def set_up(owners: Sequence[ast.ClassDef]) -> list[ast.stmt]:
    out: list[ast.stmt] = []
    for cls in reversed(owners):
        out += [s for n in cls.body if isinstance(n, FunctionNode) and n.name in SETUP for s in n.body]
    return [s for s in out if not (isinstance(s, ast.Expr) and "super()" in ast.unparse(s))]


def given(owners: Sequence[ast.ClassDef]) -> set[str]:
    names: set[str] = set()
    for statement in set_up(owners):
        for node in ast.walk(statement):
            if (
                isinstance(node, ast.Attribute)
                and isinstance(node.ctx, ast.Store)
                and loads(node.value) & {"self", "cls"}
            ):
                names.add(node.attr)
    return names


def methods(
    owners: Sequence[ast.ClassDef], files: Mapping[int, str], renamed: Mapping[str, str]
) -> dict[str, Helper]:
    """What the test's classes define besides tests, as functions, classes and values that stand alone."""
    out: dict[str, Helper] = {}
    for cls in owners:
        for node in cls.body:
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                name = node.targets[0].id
            elif isinstance(node, FunctionNode | ast.ClassDef):
                name = node.name
            else:
                continue
            too_long = len(ast.unparse(node)) > names.LONGEST_HELPER
            if name in SETUP or name in out or name.startswith(("test", "assert", "__")) or too_long:
                continue
            out[name] = Helper(files[id(cls)], _alone(node))
    change = Attributes(given(owners) | set(out), {}, set(), renamed)
    found = {
        renamed.get(name, name): Helper(h.file, _named(change.visit(h.node), renamed.get(name)))
        for name, h in out.items()
    }
    remembering = [h for h in found.values() if isinstance(h.node, FunctionNode) and _remembers(h.node)]
    for inner in (n for helper in remembering for n in ast.walk(helper.node)):
        if isinstance(inner, ast.Name) and inner.id == "self":
            inner.id = STATE
    if remembering:
        body: list[ast.stmt] = [ast.Pass()]
        keeper = ast.ClassDef(STATE, [], [], body, [], lineno=0, col_offset=0)
        found[STATE] = Helper(remembering[0].file, keeper)
    return found


def _remembers(function: FunctionNode) -> bool:
    """Whether it uses `self` for nothing but what it keeps there itself."""
    kept: set[str] = set()
    read: set[str] = set()
    attributes = [n for n in ast.walk(function) if isinstance(n, ast.Attribute)]
    for node in attributes:
        if isinstance(node.value, ast.Name) and node.value.id == "self":
            (kept if isinstance(node.ctx, ast.Store) else read).add(node.attr)
    return bool(kept) and read <= kept


def clashes(owners: Sequence[ast.ClassDef], bound: set[str]) -> dict[str, str]:
    """New names for members that share theirs with a variable of the test."""
    out: dict[str, str] = {}
    for node in (n for cls in owners for n in cls.body):
        if isinstance(node, FunctionNode) and node.name in bound:
            out[node.name] = f"make_{node.name}"
        elif isinstance(node, ast.ClassDef | ast.Assign):
            out |= {name: f"Base{name}" for name in sorted(names.top(node) & bound)}
    return out


def _named(node: ast.stmt, name: str | None) -> ast.stmt:
    if name is not None and isinstance(node, FunctionNode | ast.ClassDef):
        node.name = name
    elif name is not None and isinstance(node, ast.Assign):
        node.targets = [ast.Name(name, ast.Store())]
    return node


def _alone(node: ast.Assign | FunctionNode | ast.ClassDef) -> ast.stmt:
    """A member of a class as it would stand in a module."""
    alone = deepcopy(node)
    if isinstance(alone, FunctionNode):
        alone.decorator_list = []
        if alone.args.args and alone.args.args[0].arg in ("self", "cls"):
            alone.args.args.pop(0)
    if isinstance(alone, ast.Assign) and isinstance(alone.value, ast.Call):
        wrapped = alone.value
        if ast.unparse(wrapped.func) in ("staticmethod", "classmethod") and wrapped.args:
            alone.value = wrapped.args[0]
    return alone

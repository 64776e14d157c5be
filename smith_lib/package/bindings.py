"""Which names a piece of syntax reads and binds."""

import ast
import builtins
import symtable


def loads(node: ast.AST) -> set[str]:
    """Names that it reads."""
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}


def stores(node: ast.AST) -> set[str]:
    """Names that it binds or whose item or attribute it sets."""
    names: set[str] = set()
    for n in ast.walk(node):
        if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store | ast.Del):
            names.add(n.id)
        elif isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(n.name)
        elif isinstance(n, ast.Import | ast.ImportFrom):
            names |= {(a.asname or a.name).partition(".")[0] for a in n.names}
        elif isinstance(n, ast.Attribute | ast.Subscript) and isinstance(n.ctx, ast.Store | ast.Del):
            names |= loads(n.value)
        elif isinstance(n, ast.ExceptHandler) and n.name:
            names.add(n.name)
    return names


def unbound(code: str) -> set[str]:
    """Names that the code reads in some scope and that are neither built in nor bound by it.

    All of the names, as the empty one alone, where the code does not parse.
    """
    try:
        top = symtable.symtable(code, "<snippet>", "exec")
    except (SyntaxError, ValueError, RecursionError):
        return {""}
    bound = {s.get_name() for s in top.get_symbols() if s.is_assigned() or s.is_imported()}
    read: set[str] = set()
    scopes = [top]
    while scopes:
        scope = scopes.pop()
        scopes += scope.get_children()
        for symbol in scope.get_symbols():
            if symbol.is_declared_global() and symbol.is_assigned():
                bound.add(symbol.get_name())
            if symbol.is_referenced() and (scope is top or symbol.is_global()):
                read.add(symbol.get_name())
    return {name for name in read - bound if not hasattr(builtins, name)}

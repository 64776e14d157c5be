"""Which statements of the tree are executed, and who reads its source or starts processes.

Every module of the tree is compiled with a probe before each statement: `_smith_hits[n] = 1`. That costs a
few percent where tracing costs several times the run, and works the same from Python 3.8 on, in threads too.
Standard library only.
"""

import ast
import builtins
import contextlib
import importlib.machinery
import os
import sys

NAME = "_smith_hits"
PROCESSES = frozenset({"subprocess.Popen", "os.posix_spawn", "os.fork", "os.forkpty", "os.exec", "os.system",
                       "os.spawn", "pty.spawn"})
_BLOCKS = ("body", "orelse", "finalbody", "handlers", "cases")


class Probes:
    """The statements of the tree's modules that are executed, from one question to the next."""

    def __init__(self, relative):
        """`relative` gives a file's path in the tree, or None where it lies elsewhere."""
        self.relative = relative
        self.hits = bytearray(1)
        self.places = [None]
        self.files = set()
        self.why = set()
        self.watching = False

    def install(self):
        """From now on, modules of the tree are compiled with probes."""
        setattr(builtins, NAME, self.hits)
        loader = importlib.machinery.SourceFileLoader
        plain = loader.source_to_code

        def source_to_code(this, data, path, *rest, **options):
            where = self.relative(os.fspath(path)) if isinstance(path, (str, os.PathLike)) else None
            if where is None:
                return plain(this, data, path, *rest, **options)
            try:
                tree = ast.parse(data, os.fspath(path))
                self.block(tree, "body", where)
                code = compile(tree, os.fspath(path), "exec", dont_inherit=True)
            except (SyntaxError, ValueError, RecursionError, MemoryError):  # such as an elif for each country
                return plain(this, data, path, *rest, **options)
            self.files.add(where)
            return code

        loader.source_to_code = source_to_code
        sys.pycache_prefix = os.path.join(os.sep, "nonexistent")  # what was compiled before has no probes
        self.install_in_pytest()

    def install_in_pytest(self):
        """The same for modules whose assertions pytest rewrites, which it compiles itself."""
        try:
            from _pytest.assertion import rewrite

            plain = rewrite.rewrite_asserts
        except (ImportError, AttributeError):
            return

        def rewrite_asserts(tree, source, module_path=None, config=None):
            plain(tree, source, module_path, config)
            where = self.relative(os.fspath(module_path)) if module_path else None
            if where is not None:
                with contextlib.suppress(RecursionError):
                    self.block(tree, "body", where)
                    self.files.add(where)

        rewrite.rewrite_asserts = rewrite_asserts

    def block(self, node, field, path):
        """Put probes before the statements of a block, and into all blocks below."""
        made = []
        for at, statement in enumerate(getattr(node, field)):
            first = at == 0 and field == "body" and is_text(statement)
            if isinstance(statement, ast.stmt) and not first and not is_future(statement):
                made.append(self.probe(statement, path))
            for below in _BLOCKS:
                if isinstance(getattr(statement, below, None), list):
                    self.block(statement, below, path)
            made.append(statement)
        setattr(node, field, made)

    def probe(self, statement, path):
        number = len(self.places)
        self.places.append((path, statement.lineno))
        self.hits.append(0)
        at = {"lineno": statement.lineno, "col_offset": statement.col_offset,
              "end_lineno": statement.lineno, "end_col_offset": statement.col_offset}
        # Constant and Index as each version wants them
        index = ast.Constant(value=number, kind=None, **at)
        if sys.version_info < (3, 9):
            index = ast.Index(value=index, **at)
        name = ast.Name(id=NAME, ctx=ast.Load(), **at)
        target = ast.Subscript(value=name, slice=index, ctx=ast.Store(), **at)
        value = ast.Constant(value=1, kind=None, **at)
        return ast.Assign(targets=[target], value=value, type_comment=None, **at)

    def take(self):
        """(path to sorted first lines of statements, why the run depends on more) since the last question."""
        found = {}
        hits, places = self.hits, self.places
        at = hits.find(1)
        while at >= 0:
            path, line = places[at]
            found.setdefault(path, set()).add(line)
            at = hits.find(1, at + 1)
        hits[:] = bytes(len(hits))
        why = sorted(self.why)
        self.why.clear()
        return {path: sorted(lines) for path, lines in found.items()}, why

    def listen(self):
        """Hear of files that are opened and of processes that are started."""
        sys.addaudithook(self.heard)
        self.watching = True

    def heard(self, event, args):
        if not self.watching:
            return
        if event in PROCESSES:
            self.why.add("process")
        elif event == "open":
            name = args[0]
            if isinstance(name, bytes):
                name = os.fsdecode(name)
            relative = self.relative(name) if isinstance(name, str) and name.endswith(".py") else None
            if relative is None:
                return
            if not sys._getframe(1).f_code.co_filename.startswith("<frozen importlib"):
                self.why.add("source " + relative)


def is_text(statement):
    """Whether it may be a docstring."""
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )


def is_future(statement):
    """Whether it has to come first in a module."""
    return isinstance(statement, ast.ImportFrom) and statement.module == "__future__"

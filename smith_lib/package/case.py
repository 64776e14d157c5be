"""What is known of a bug when its issue is written: the bug itself, and what each failure shows."""

from collections.abc import Mapping
from dataclasses import dataclass

from smith_lib.package.api import Read
from smith_lib.types import Candidate, Repo, Verdict


@dataclass(frozen=True, slots=True)
class Case:
    """A bug that was judged, with what is needed to write about it."""

    repo: Repo
    candidate: Candidate
    verdict: Verdict
    patch: str
    """The fix."""
    buggy: Mapping[str, str]
    """The changed files with the bug in them."""
    clean: Read
    """A file's text on the clean tree; raises `OSError` or `UnicodeDecodeError`."""

    project: str = ""
    """What the project calls itself; empty where it does not say."""
    by_part: tuple[tuple[str, ...], ...] = ()
    """Of a combination the tests that each of its parts fails by itself."""

    @property
    def name(self) -> str:
        """What an issue calls the project: its own name, else the repository's."""
        return self.project or self.repo.repo.rpartition("/")[2]

    def read(self, path: str) -> str:
        """A file's text with the bug in it."""
        return self.buggy[path] if path in self.buggy else self.clean(path)


@dataclass(frozen=True, slots=True)
class Facts:
    """What one failure shows, in a user's words."""

    project: str
    version: str
    python: str
    module: str
    """The import name."""
    api: str
    """Dotted name of the public function concerned, or empty."""
    signature: str
    code: str
    """A snippet, or empty."""
    shown: str
    """The expression or statement to look at, one line, or empty."""
    is_expression: bool
    kind: str
    got: str
    """What happens, as a verb phrase: `raises ...`, `gives ...`."""
    want: str
    """What should, as a bare verb phrase: `raise ...`, `give ...`."""
    error: str
    """Last line of the traceback, or empty."""
    traceback: str
    got_text: str = ""
    """What comes, where it is text of several lines; `got` then tells its kind alone."""
    want_text: str = ""
    """What should come, likewise."""
    detail: str = ""
    """Where a value and the expected one differ, as Markdown, or empty."""
    others: tuple[str, ...] = ()
    """More that goes wrong: expressions with what they give, or names of functions."""
    also: tuple["Facts", ...] = ()
    """What other code shows of the same bug, where its code was run."""
    documented: bool = False
    """The callable has a docstring."""
    alone: bool = False
    """`shown` can be read without the code: it names imports and builtins only."""
    may_raise: bool = False
    """The code raises on clean code too, and should."""
    early: bool = False
    """The code does not come to its last statement."""
    reproduced: bool = False
    """The code was run on clean and on buggy code, and shows the difference."""
    score: int = 0

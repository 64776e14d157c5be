"""What a failure's exception and message tell, in a form that is the same in every run."""

import ast
import re
from dataclasses import dataclass, replace

from smith_lib import syntax
from smith_lib.types import Failure

COMPARED = re.compile(r" (==|!=|<=|>=|<|>|is not|not in|is|in) ")
OPERATORS: dict[type[ast.cmpop], str] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Is: "is",
    ast.IsNot: "is not",
    ast.In: "in",
    ast.NotIn: "not in",
}
TIMES = re.compile(r"\b((?:19|20)\d\d)-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?")
UUID = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b")
INSIDE_TEST = re.compile(r"(?<![\w.])(?:\w+\.)*[Tt]est\w*\.(?:\w+\.)*<locals>\.")
FLAT_SET = re.compile(r"(?<![\w'\"])\{((?:'[^'\\{}]*'|-?\d+)(?:, (?:'[^'\\{}]*'|-?\d+))+)\}")
LONGEST = 400
SIDES = {"left": "The first", "right": "The second"}


@dataclass(frozen=True, slots=True)
class Seen:
    """A failure, read."""

    kind: str
    """raised (an exception came), silent (one that should have come did not), compared (two values),
    untrue (something should hold and does not), or unknown."""
    exception: str = ""
    message: str = ""
    operator: str = ""
    """The comparison that should hold, e.g. `==`."""
    left: str = ""
    right: str = ""
    detail: str = ""
    """Where the two differ, up to six lines, or empty."""


def steady(text: str, known: str = "") -> str:
    """The text without what differs from run to run: addresses, temporary paths, times, ids, set order.

    Dates, ids and epoch seconds that `known` (the source of the test) mentions are taken as fixed and kept.
    The qualified names of what a test defines inside itself lose the test's name.
    """
    text = re.sub(r"\b0x[0-9a-fA-F]{6,}\b", "0x...", text)
    text = re.sub(r"(?:/private)?(?:/var/folders|/tmp|/var/tmp)/[^\s'\"<>,:;)\]]+", "/tmp/...", text)
    text = text.replace("/testbed/", "").replace("/testbed", ".")
    text = re.sub(r"/opt/venv/lib/python[\d.]+/site-packages/", "", text)
    text = UUID.sub(lambda m: m[0] if m[0] in known else "<uuid>", text)
    text = TIMES.sub(lambda m: m[0] if m[1] in known or not known else "<time>", text)
    text = re.sub(r"\b1[5-9]\d{8}(?:\.\d+)?\b", lambda m: m[0] if m[0] in known else "<seconds>", text)
    text = re.sub(r"\b\d+\.\d+ ?(s|ms|seconds|secs?)\b", r"<time> \1", text)
    text = re.sub(r"\b(127\.0\.0\.1|localhost|\[::1\]):\d{4,5}\b", r"\1:<port>", text)
    text = INSIDE_TEST.sub("", text)
    return FLAT_SET.sub(_sorted_set, text)


def _sorted_set(match: re.Match[str]) -> str:
    items: list[str] = re.findall(r"'[^']*'|-?\d+", match[1])
    return "{" + ", ".join(sorted(items, key=lambda i: (i[0] == "'", len(i) if i[0] != "'" else 0, i))) + "}"


def read(failure: Failure, in_package: bool, known: str = "") -> Seen:
    """What the failure says; `in_package` tells that the exception came out of the package's own code."""
    exception = failure.exception.rpartition(".")[2]
    message = steady(failure.message, known).strip()
    if in_package or exception not in ("AssertionError", "Failed", "Exit"):
        return Seen("raised", exception=exception, message=message)
    if found := re.search(r"DID NOT RAISE (?:any of )?(.*)", message):
        names = [n.rpartition(".")[2] for n in re.findall(r"<class '([\w.]+)'>", found[1])]
        return Seen("silent", exception=" or ".join(names) or "exception")
    if found := re.match(r"([\w.]+) not raised", message):
        return Seen("silent", exception=found[1].rpartition(".")[2])
    if found := re.search(
        r"Regex pattern did not match\.\s+(?:Expected regex|Regex): (.*)\s+(?:Actual message|Input): (.*)",
        message,
    ):
        return Seen("compared", operator="matches", left=found[2].strip(), right=found[1].strip())
    asserted = _asserted(message)
    if asserted is not None:
        return replace(asserted, detail=_detail(message))
    return _unittest(message) or Seen("unknown", exception=exception, message=message)


def _asserted(message: str) -> Seen | None:
    found = re.search(r"^assert (.*)$", message, re.MULTILINE)
    if not found:
        return None
    body = found[1].strip()
    try:
        node = syntax.expression(body)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        node = None
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        left = ast.get_source_segment(body, node.left) or ""
        right = ast.get_source_segment(body, node.comparators[0]) or ""
        return Seen("compared", operator=OPERATORS[type(node.ops[0])], left=_short(left), right=_short(right))
    if node is None:
        parts = COMPARED.split(body)
        if len(parts) == 3:
            return Seen("compared", operator=parts[1], left=_short(parts[0]), right=_short(parts[2]))
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        return Seen("untrue", operator="not", left=_short(body.removeprefix("not").strip()))
    return Seen("untrue", left=_short(body))


def _detail(message: str) -> str:
    """pytest's lines on where two values differ, without its hints and its long diff."""
    _, _, rest = message.partition("\nassert ") if not message.startswith("assert ") else ("", "", message)
    out: list[str] = []
    for line in rest.split("\n")[1:]:
        text = line.strip()
        if text.startswith(("Full diff", "Use -v", "...", "Drill down")):
            break
        if text and not text.startswith(("+ ", "Omitting", "Matching", "- ", "? ")):
            out.append(re.sub(r"^(left|right)\b", lambda m: SIDES[m[0].lower()], text, flags=re.IGNORECASE))
    return "\n".join(out[:6])


def _unittest(message: str) -> Seen | None:
    first = message.split("\n", 1)[0]
    first = re.sub(r"^(?:Lists|Tuples|Dicts|Sets|Sequences|Items) differ: ", "", first)
    patterns = (
        (r"(.*) not found in (.*)", "in"),
        (r"(.*) unexpectedly found in (.*)", "not in"),
        (r"(.*) is not (.*)", "is"),
        (r"(.*) is not (None)", "is"),
        (r"unexpectedly (None)()", "is not"),
        (r"(.*) != (.*)", "=="),
        (r"(.*) == (.*)", "!="),
        (r"(.*) not greater than (.*)", ">"),
        (r"(.*) not less than (.*)", "<"),
        (r"(.*) is not an instance of (.*)", "isinstance"),
    )
    if found := re.match(r"(.*) is not (true|false)\b", first):
        return Seen("untrue", operator="" if found[2] == "true" else "not", left=_short(found[1]))
    for pattern, operator in patterns:
        parts = re.fullmatch(pattern, first)
        if parts:
            right = parts[2].split(" : ")[0] or "None"
            return Seen("compared", operator=operator, left=_short(parts[1]), right=_short(right))
    return None


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 3] + "..."

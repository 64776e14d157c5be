"""Run pieces of code on clean and on buggy files, each in a process of its own, and tell what was seen.

Standard input is one JSON document: `snippets` (their code), `cases` (`files` with the bug, `parts`: files
with one part of the bug each, and `tries`: pairs of a snippet's index and whether it may raise on clean
code), `outside` (modules to import once), `sources` (files of the tree to compile once), `every` (whether
to tell all that differs), `seconds` of processor time and `patience` in wall seconds for each. Standard
output has a line for each snippet that is told: the case's number, the snippet's index, what was seen on
clean and on buggy code, the code that showed it (the snippet, or with `every` unset less of it where that
shows the same), and the numbers of the parts that this code shows and none before it did. Told is the first
that shows a difference, and after it each that shows a part of the bug which none before it showed; a part
on which a snippet hangs is given up.
"""

import ast
import importlib
import io
import json
import os
import re
import resource
import select
import shutil
import signal
import sys
import time
import traceback

import smith_compiled

TESTBED = "/testbed"
WORK = "/tmp/snippet"
MOST = 4000
MOST_TRIES = 20
MOST_ENDLESS = 3
"""Snippets of one case that may be ended for taking too long; a bug that hangs would take all day."""
CHANGING = re.compile(r"0x[0-9a-fA-F]+|/tmp/[^\s'\"<>,:;)\]]+")


def main():
    """Go through the cases and tell what differs."""
    job = json.load(sys.stdin)
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    sys.pycache_prefix = "/tmp/no-bytecode"
    sys.dont_write_bytecode = True
    load(job["outside"])
    smith_compiled.install([os.path.join(TESTBED, path) for path in job["sources"]])
    clean_runs = {}
    for number, case in enumerate(job["cases"]):
        hidden, told, endless = list(enumerate(case["parts"])), False, 0
        for index, may_raise in case["tries"]:
            code = job["snippets"][index]
            if index not in clean_runs:
                clean_runs[index] = run(code, job)
            clean = clean_runs[index]
            if clean is None or (clean["error"] and not may_raise):
                continue
            buggy = run_with(case["files"], code, job)
            endless += buggy is None
            if endless == MOST_ENDLESS:
                break
            if not differ(buggy, clean):
                continue
            left = not_shown(hidden, code, clean, job)
            if not told or job["every"] or len(left) < len(hidden):
                least = code, clean, buggy
                if not job["every"]:
                    least = smaller(*least, case["files"], job)
                if least[0] != code:  # what comes after the place where another part strikes is not there
                    left = not_shown(hidden, *least[:2], job)
                    if told and len(left) == len(hidden):
                        continue
                shows = sorted({at for at, _ in hidden} - {at for at, _ in left})
                out.write(json.dumps([number, index, *least[1:], least[0], shows]) + "\n")
                out.flush()
            hidden, told = left, True
            if not hidden and not job["every"]:
                break


def not_shown(parts, code, clean, job):
    """Those of the parts (number, files) with which the code shows what it does on clean code."""
    seen = [(part, run_with(part[1], code, job)) for part in parts]
    return [part for part, it in seen if it is not None and alike(it, clean)]


def run_with(files, code, job):
    """What a snippet shows with these files in the tree."""
    before = exchange(files)
    try:
        return run(code, job)
    finally:
        exchange(before)


def differ(seen, clean):
    """Whether something was seen, and something else than on clean code."""
    return seen is not None and not alike(seen, clean)


def smaller(code, clean, buggy, files, job):
    """Less of the code that shows the same, and what it shows: up to where it fails, without what is idle."""
    cut = up_to(code, buggy["line"]) if buggy["error"] else ""
    if cut not in ("", code):
        one, other = run(cut, job), run_with(files, cut, job)
        same = other is not None and all(other[name] == buggy[name] for name in ("error", "message"))
        if same and one is not None and not one["error"]:
            code, clean, buggy = cut, one, other
    tries = 0
    for at in reversed(range(len(ast.parse(code).body) - 1)):
        less = without(code, at)
        if less is None or tries == MOST_TRIES:
            continue
        tries += 1
        one = run(less, job)
        if one is None:
            break
        if alike(one, clean):
            other = run_with(files, less, job)
            if other is None:
                break
            if alike(other, buggy):
                code, clean, buggy = less, one, other
    return code, clean, buggy


def alike(one, other):
    """Whether the same was seen, wherever in the code."""
    return steady({**one, "line": ""}) == steady({**other, "line": ""})


def up_to(code, line):
    """The code up to the statement on that line, which is looked at where it gives a name to something."""
    body = ast.parse(code).body
    last = next((n for n in body if n.lineno <= int(line or 0) <= n.end_lineno), None)
    if last is None or not isinstance(last, (ast.Expr, ast.Assign)):
        return ""
    lines = code.split("\n")
    text = "\n".join(lines[last.lineno - 1 : last.end_lineno])
    if isinstance(last, ast.Assign) and isinstance(last.targets[0], ast.Name):
        text = ast.get_source_segment(code, last.value) or text
    return used_alone("\n".join([*lines[: last.lineno - 1], text]))


def without(code, at):
    """The code without one statement that nothing needs by name; none where something does."""
    body = ast.parse(code).body
    gone, rest = body[at], [*body[:at], *body[at + 1 :]]
    if isinstance(gone, (ast.Import, ast.ImportFrom)):
        return None
    bound = {n.id for n in ast.walk(gone) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    bound |= {n.name for n in ast.walk(gone) if isinstance(n, (ast.FunctionDef, ast.ClassDef))}
    names = [n for s in rest for n in ast.walk(s) if isinstance(n, ast.Name)]
    elsewhere = {n.id for n in names if isinstance(n.ctx, ast.Store)}
    if bound & {n.id for n in names if isinstance(n.ctx, ast.Load)} - elsewhere:
        return None
    lines = code.split("\n")
    first = min([gone.lineno, *(d.lineno for d in getattr(gone, "decorator_list", []))])
    return used_alone("\n".join([*lines[: first - 1], *lines[gone.end_lineno :]]))


def used_alone(code):
    """The code without imports of what it does not use, and without gaps that removed lines leave."""
    tree, lines = ast.parse(code), code.split("\n")
    read = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}
    for node in reversed(tree.body):
        if not isinstance(node, (ast.Import, ast.ImportFrom)):
            continue
        kept = [a for a in node.names if (a.asname or a.name).partition(".")[0] in read]
        if len(kept) < len(node.names):
            node.names = kept
            lines[node.lineno - 1 : node.end_lineno] = [ast.unparse(node)] if kept else []
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n")


def load(names):
    """Import what is outside the tree, so that each process need not."""
    for name in names:
        try:
            importlib.import_module(name)
        except BaseException:
            continue
    for name, module in list(sys.modules.items()):
        if str(getattr(module, "__file__", None) or "").startswith(TESTBED + "/"):
            del sys.modules[name]
    importlib.invalidate_caches()


def exchange(files):
    """Write the files into the tree; what they were before."""
    before = {}
    for path, text in files.items():
        place = os.path.join(TESTBED, path)
        with open(place, encoding="utf-8", newline="") as file:
            before[path] = file.read()
        with open(place, "w", encoding="utf-8", newline="") as file:
            file.write(text)
    return before


def steady(seen):
    """What was seen, without what differs from process to process."""
    return {name: CHANGING.sub("", text) for name, text in seen.items()}


def run(code, job):
    """What a snippet shows in a process of its own; none where it did not end, or was ended twice."""
    seen, killed = run_once(code, job)
    return run_once(code, job)[0] if killed else seen


def run_once(code, job):
    """What it shows, and whether something killed it before its time."""
    shutil.rmtree(WORK, ignore_errors=True)
    os.makedirs(WORK)
    receive, send = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(receive)
            os.setsid()
            os.chdir(WORK)
            os.dup2(os.open(os.devnull, os.O_RDWR), 0)
            resource.setrlimit(resource.RLIMIT_CPU, (job["seconds"], job["seconds"]))
            told = json.dumps(look(code)).encode()
            while told:
                told = told[os.write(send, told) :]
        finally:
            os._exit(0)
    os.close(send)
    data, closed, deadline = b"", False, time.monotonic() + job["patience"]
    while select.select([receive], [], [], max(0, deadline - time.monotonic()))[0]:
        more = os.read(receive, 1 << 16)
        if not more:
            closed = True
            break
        data += more
    os.close(receive)
    for end in (os.killpg, os.kill):
        try:
            end(child, signal.SIGKILL)
        except OSError:
            continue
    usage = os.wait4(child, 0)[2]
    try:
        return json.loads(data), False
    except ValueError:
        return None, closed and usage.ru_utime + usage.ru_stime < job["seconds"]


def look(code):
    """The exception, the value of the last expression and what was printed, as text."""
    sys.stdout, sys.stderr = io.StringIO(), io.StringIO()
    seen = {"error": "", "message": "", "value": "", "at": "", "line": ""}
    names = {"__name__": "__main__", "__builtins__": __builtins__}
    try:
        body = ast.parse(code).body
        last = body.pop()
        seen["at"] = "before"
        exec(compile(ast.Module(body, []), "snippet.py", "exec"), names)
        seen["at"] = "last"
        if not isinstance(last, ast.Expr):
            exec(compile(ast.Module([last], []), "snippet.py", "exec"), names)
        else:
            value = eval(compile(ast.Expression(last.value), "snippet.py", "eval"), names)
            seen["value"] = repr(value)[:MOST]
    except BaseException as error:
        seen["error"] = type(error).__name__
        seen["message"] = said(error)
        places = traceback.extract_tb(error.__traceback__)
        seen["line"] = next((str(place.lineno) for place in places if place.filename == "snippet.py"), "")
    seen["printed"] = sys.stdout.getvalue()[:MOST] if hasattr(sys.stdout, "getvalue") else ""
    return seen


def said(error):
    """The exception's text as Python's traceback has it."""
    lines = "".join(traceback.format_exception_only(type(error), error)).strip()
    return lines.partition(": ")[2][:MOST]


main()

"""Run pieces of code on clean and on buggy files, each in a process of its own, and tell what was seen.

Standard input is one JSON document: `snippets` (their code), `cases` (`files` with the bug, and `tries`:
pairs of a snippet's index and whether it may raise on clean code), `outside` (modules to import once),
`seconds` of processor time and `patience` in wall seconds for each. Standard output has a line for each case
that shows a difference: its number, the snippet's index, and what was seen on clean and on buggy code.
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

TESTBED = "/testbed"
WORK = "/tmp/snippet"
MOST = 4000
CHANGING = re.compile(r"0x[0-9a-fA-F]+|/tmp/[^\s'\"<>,:;)\]]+")


def main():
    """Go through the cases; the first try that shows a difference is told."""
    job = json.load(sys.stdin)
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    sys.pycache_prefix = "/tmp/no-bytecode"
    sys.dont_write_bytecode = True
    load(job["outside"])
    clean_runs = {}
    for number, case in enumerate(job["cases"]):
        for index, may_raise in case["tries"]:
            if index not in clean_runs:
                clean_runs[index] = run(job["snippets"][index], job)
            clean = clean_runs[index]
            if clean is None or (clean["error"] and not may_raise):
                continue
            before = exchange(case["files"])
            try:
                buggy = run(job["snippets"][index], job)
            finally:
                exchange(before)
            if buggy is not None and steady(buggy) != steady(clean):
                out.write(json.dumps([number, index, clean, buggy]) + "\n")
                out.flush()
                break


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
    """What a snippet shows in a process of its own; none where it did not end, or was ended."""
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
    data, deadline = b"", time.monotonic() + job["patience"]
    while select.select([receive], [], [], max(0, deadline - time.monotonic()))[0]:
        more = os.read(receive, 1 << 16)
        if not more:
            break
        data += more
    os.close(receive)
    for end in (os.killpg, os.kill):
        try:
            end(child, signal.SIGKILL)
        except OSError:
            continue
    os.waitpid(child, 0)
    try:
        return json.loads(data)
    except ValueError:
        return None


def look(code):
    """The exception, the value of the last expression and what was printed, as text."""
    sys.stdout, sys.stderr = io.StringIO(), io.StringIO()
    seen = {"error": "", "message": "", "value": "", "at": ""}
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
    seen["printed"] = sys.stdout.getvalue()[:MOST] if hasattr(sys.stdout, "getvalue") else ""
    return seen


def said(error):
    """The exception's text as Python's traceback has it."""
    lines = "".join(traceback.format_exception_only(type(error), error)).strip()
    return lines.partition(": ")[2][:MOST]


main()

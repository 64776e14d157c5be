"""SWE-bench's rows, as its harness of version 5 grades them: an image, a script, and how its log is read."""

import base64
import gzip
import io
import json
import tarfile
from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa

from smith_lib.export import judging, recipes, tables, world
from smith_lib.sandbox import archive
from smith_lib.types import Instance

PLACE = "/opt/smith-tests"
PYTHON = "/opt/venv/bin/python -I -S"
SCRIPT = """\
#!/bin/bash
set -uxo pipefail
mkdir -p {place}
base64 -d <<'END_OF_TESTS' | tar -xz -C {place}
{packed}
END_OF_TESTS
{python} {place}/evaluate.py prepare {place}/order.json
: '>>>>> Start Test Output'
{python} {place}/evaluate.py run {place}/order.json
: '>>>>> End Test Output'
"""
LISTS = ("FAIL_TO_PASS", "PASS_TO_PASS")
OWN = (
    "instance_id", "repo", "base_commit", "patch", "test_patch", "problem_statement", "hints_text",
    "created_at", "version", "environment_setup_commit", "difficulty",
)  # fmt: skip
MADE = ("image", "image_name", "log_parser", "eval_type", "eval_script")
SCHEMA = pa.schema(
    [(name, pa.string()) for name in (*OWN, *MADE)] + [(name, pa.list_(pa.string())) for name in LISTS]
)
README = """
# Tasks in SWE-bench's columns, {name}

{count} tasks, each in an image of its own: `image`, from the Dockerfile under `images/`. `FAIL_TO_PASS` and
`PASS_TO_PASS` name tests as the log does, white space in an id written as `%20`.

    swebench eval {split}.jsonl --split {split} --gold --run-id gold
"""


def row_of(row: Instance) -> dict[str, Any]:
    """One row of the harness's. Raises `InputError` where two of its tests would be told under one name."""
    image = world.image_of(row)
    names = dict(judging.order(row)["tests"])
    return {
        **{name: getattr(row, name) for name in OWN},
        "image": image,
        "image_name": image,
        "log_parser": "parse_log_pytest",
        "eval_type": "pass_and_fail",
        "eval_script": eval_script(row),
        **{name: [names[test] for test in getattr(row, name)] for name in LISTS},
    }


def eval_script(row: Instance) -> str:
    """The script that puts the tests back, runs them and prints how each of them ended."""
    order = json.dumps(judging.order(row), sort_keys=True).encode()
    packed = archive.pack(
        iter([archive.member("evaluate.py", judging.script()), archive.member("order.json", order)])
    )
    coded = base64.encodebytes(gzip.compress(packed, mtime=0)).decode().strip()
    return SCRIPT.format(place=PLACE, python=PYTHON, packed=coded)


def unpacked(text: str) -> dict[str, bytes]:
    """The files that an `eval_script` brings, by name."""
    coded = text.partition("END_OF_TESTS' | ")[2].partition("\n")[2].partition("END_OF_TESTS")[0]
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(base64.b64decode(coded)))) as tar:
        return {member.name: (tar.extractfile(member) or io.BytesIO()).read() for member in tar}


def files(rows: Sequence[Instance], name: str, split: str) -> Iterator[tuple[str, bytes]]:
    """The rows as JSON lines and as Parquet, what each image is built from, and a card."""
    table = [row_of(row) for row in rows]
    yield f"{split}.jsonl", tables.jsonl(table)
    yield f"data/{split}-00000-of-00001.parquet", tables.parquet(table, SCHEMA)
    yield from recipes.of_tasks(rows)
    card = tables.configs((row.license for row in rows), {"default": (split, f"data/{split}-*.parquet")})
    yield "README.md", (card + README.format(name=name, count=len(rows), split=split)).encode()

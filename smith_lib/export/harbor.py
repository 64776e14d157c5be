"""Harbor's tasks: a folder each, the verifier in an image of its own, the agent's work sent on as a patch."""

import json
from collections.abc import Iterator, Sequence

from smith_lib.export import judging, recipes, world
from smith_lib.types import Instance

ORG = "smith"
PATCH = "/logs/artifacts/model.patch"
TASK = """\
schema_version = "1.4"
version = "1.0"

[task]
name = {name}
description = "A bug in {repo}, to be fixed by its issue."

[metadata]
repo = {repo_json}
base_commit = "{base_commit}"
license = {license}
difficulty = {difficulty}
category = "{category}"
complexity = "{complexity}"
created_at = "{created_at}"

[agent]
timeout_sec = 1800.0
user = "root"

[environment]
{docker_image}build_timeout_sec = 600.0
cpus = 1
memory_mb = 2048
storage_mb = 10240

[verifier]
timeout_sec = {seconds}.0
user = "root"
environment_mode = "separate"

[[verifier.collect]]
command = "{collect}"

[verifier.environment]
{tests_image}build_timeout_sec = 600.0
cpus = 1
memory_mb = 2048
storage_mb = 10240
"""
SOLVE = """\
#!/bin/bash
set -euo pipefail
cd /testbed
git apply --whitespace=nowarn - <<'END_OF_FIX'
{patch}END_OF_FIX
"""
TEST = f"""\
#!/bin/bash
# The tests on the agent's patch, in a container that the agent was never in.
mkdir -p /logs/verifier
echo 0 > /logs/verifier/reward.txt
cd /testbed
if [ -s {PATCH} ] && ! git apply --whitespace=nowarn {PATCH}; then
    echo "the patch does not apply"
    exit 0
fi
judge="/opt/venv/bin/python -I -S /tests/evaluate.py"
$judge prepare /tests/order.json && $judge run /tests/order.json && echo 1 > /logs/verifier/reward.txt
exit 0
"""
TESTS_DOCKERFILE = """\
# The verifier: the task's own image, and the tests.
FROM {image}
COPY . /tests
"""
COLLECT = (
    f"mkdir -p /logs/artifacts && cd /testbed && git add -A && "
    f"git diff --cached --binary $(git rev-list --max-parents=0 HEAD) > {PATCH}"
)
"""What an agent committed counts too: the difference is that to the task's first commit."""
NO_NETWORK = "services:\n  main:\n    network_mode: none\n"


def tests_image_of(row: Instance) -> str:
    """The verifier's image."""
    return f"{world.image_of(row)}-tests"


def tests_image(row: Instance) -> tuple[str, dict[str, bytes]]:
    """The verifier's image and what it is built from."""
    return tests_image_of(row), tests_of(row)


def tests_of(row: Instance) -> dict[str, bytes]:
    """What the verifier's image is built from, which is the task's folder `tests`."""
    order = json.dumps(judging.order(row), sort_keys=True, indent=1).encode()
    return {
        "Dockerfile": TESTS_DOCKERFILE.format(image=world.image_of(row)).encode(),
        "docker-compose.yaml": NO_NETWORK.encode(),
        "evaluate.py": judging.script(),
        "order.json": order + b"\n",
        "test.sh": TEST.encode(),
    }


def task_of(row: Instance) -> dict[str, bytes]:
    """One task's folder. Raises `InputError` where two of its tests would be told under one name."""
    found = {
        "task.toml": _config(row).encode(),
        "instruction.md": _instruction(row).encode(),
        "solution/solve.sh": SOLVE.format(patch=row.patch).encode("utf-8", "surrogateescape"),
    }
    found |= {f"environment/{path}": data for path, data in world.context(row).items()}
    return found | {f"tests/{path}": data for path, data in tests_of(row).items()}


def _config(row: Instance) -> str:
    return TASK.format(
        name=json.dumps(f"{ORG}/{row.instance_id}"), repo=row.repo, repo_json=json.dumps(row.repo),
        base_commit=row.base_commit, license=json.dumps(row.license), difficulty=json.dumps(row.difficulty),
        category=row.category, complexity=row.complexity, created_at=row.created_at, collect=COLLECT,
        seconds=judging.SECONDS + 300, docker_image=f'docker_image = "{world.image_of(row)}"\n',
        tests_image=f'docker_image = "{tests_image_of(row)}"\n',
    )  # fmt: skip


def _instruction(row: Instance) -> str:
    return (
        f"The repository {row.repo} is at /testbed. Fix the bug that this issue reports, in the code and not"
        f" in the tests.\n\n{row.problem_statement.rstrip()}\n"
    )


def files(rows: Sequence[Instance], name: str, split: str) -> Iterator[tuple[str, bytes]]:
    """A folder for each task under `tasks/`, and the registry file that names them all."""
    built = []
    for row in rows:
        folder = f"tasks/{row.instance_id}"
        yield from ((f"{folder}/{path}", data) for path, data in task_of(row).items())
        built += [(world.image_of(row), f"{folder}/environment"), (tests_image_of(row), f"{folder}/tests")]
    yield from recipes.files(rows, built)
    listed = [{"name": f"{ORG}/{row.instance_id}", "path": f"tasks/{row.instance_id}"} for row in rows]
    about = f"{len(rows)} verified bug-fixing tasks"
    told = {"name": ORG, "version": name, "description": about, "tasks": listed}
    yield "registry.json", (json.dumps([told], indent=2) + "\n").encode()

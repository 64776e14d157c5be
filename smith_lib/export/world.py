"""The world of a task: what is in its image, from its row alone.

It is the base image with the repository's virtual environment, a layer that its tasks share, and the task's
tree: the buggy files, the hidden tests out, bytecode and caches gone, one commit. The clean code is in no
file that a container of it shows, and in none of its layers.
"""

from importlib.resources import files
from pathlib import PurePosixPath

from smith_lib.errors import InputError
from smith_lib.sandbox.archive import UID
from smith_lib.sandbox.protocol import TESTBED, VENV
from smith_lib.storage import digest
from smith_lib.types import Instance
from smith_lib.validate.row_environment import environment_in

HERE = "/opt/smith-task"
DOCKERFILE = """\
# The tree is made on the repository's image, which the Dockerfile in the task's row makes, and taken over
# from there: no layer of the result holds the code before.
ARG BASE={base}
FROM {image} AS whole
USER root
COPY task {here}
RUN sh {here}/seal.sh
FROM ${{BASE}}
USER root
RUN grep -q '^smith:' /etc/passwd || {{ \\
      echo 'smith:x:{uid}:{uid}:smith:/home/smith:/bin/sh' >> /etc/passwd && \\
      echo 'smith:x:{uid}:' >> /etc/group; }}; \\
    mkdir -p {venv} {testbed} /home/smith && chown smith:smith {venv} {testbed} /home/smith
RUN git config --system --add safe.directory {testbed}
COPY --from=whole --chown=smith:smith {venv} {venv}
COPY --from=whole --chown=smith:smith {testbed} {testbed}
{environ}WORKDIR {testbed}
# The first process of a harness's container waits and heeds no other signal.
STOPSIGNAL SIGKILL
"""


def seal() -> bytes:
    """The script that makes the layer."""
    return (files("smith_lib.export") / "inside" / "seal.sh").read_bytes()


def context(row: Instance) -> dict[str, bytes]:
    """The build context of the task's image: relative path to bytes.

    Raises `InputError` where a changed file's path leaves the tree.
    """
    # Nothing here names the task: an id tells what kind of bug it is.
    text = DOCKERFILE.format(
        base=environment_in(row).base, image=row.image, here=HERE, uid=UID, venv=VENV, testbed=TESTBED,
        environ="".join(f"{line}\n" for line in row.dockerfile.splitlines() if line.startswith("ENV ")),
    )
    found = {"Dockerfile": text.encode(), "task/seal.sh": seal()}
    for file in row.buggy_code:
        path = PurePosixPath(file.path)
        if path.is_absolute() or ".." in path.parts:
            raise InputError(f"{row.instance_id}: {file.path!r} is not a path inside the tree")
        found[f"task/buggy/{path}"] = file.text.encode("utf-8", "surrogateescape")
    if row.test_patch:
        found["task/hidden.patch"] = row.test_patch.encode("utf-8", "surrogateescape")
    return found


def image_of(row: Instance) -> str:
    """The task's image, `<the repository's>-task:<12 hexadecimal digits>`, told by what it is made from.

    Neither the operator nor the id is in it: whoever sees the name learns nothing of the bug.
    """
    made_from = {path: data.decode("utf-8", "surrogateescape") for path, data in context(row).items()}
    return f"{row.image.partition(':')[0]}-task:{digest('world', row.image_digest, made_from)[:12]}"

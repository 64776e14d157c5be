"""The world of a task: what is in its image, from its row alone.

It is the repository's image with one thin layer: the buggy files over the clean ones, the hidden tests out,
bytecode and caches gone, one commit. The clean code is in no file that a container of it shows.
"""

from importlib.resources import files
from pathlib import PurePosixPath

from smith_lib.errors import InputError
from smith_lib.storage import digest
from smith_lib.types import Instance

HERE = "/opt/smith-task"
DOCKERFILE = """\
# {instance_id}: the bug as one layer on the repository's image, which the Dockerfile in its row makes.
# The first process of a harness's container waits and heeds no other signal.
FROM {image}
USER root
STOPSIGNAL SIGKILL
COPY task {here}
RUN sh {here}/seal.sh
"""


def seal() -> bytes:
    """The script that makes the layer."""
    return (files("smith_lib.export") / "inside" / "seal.sh").read_bytes()


def context(row: Instance) -> dict[str, bytes]:
    """The build context of the task's image: relative path to bytes.

    Raises `InputError` where a changed file's path leaves the tree.
    """
    text = DOCKERFILE.format(instance_id=row.instance_id, image=row.image, here=HERE)
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

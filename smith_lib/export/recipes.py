"""What images are built from, as files beside an export, with a script that builds them all."""

import shlex
from collections.abc import Iterator, Sequence

from smith_lib.export import world
from smith_lib.types import Instance

HEAD = """\
#!/bin/sh
# Builds the images that are not there: each repository's, then its tasks'. `smith export` does it by itself.
set -eu
cd "$(dirname "$0")"
export DOCKER_BUILDKIT=0
repository() {  # image, folder, where its files come from
    docker image inspect "$1" > /dev/null 2>&1 && return
    [ -d "$2/testbed" ] || { echo "put the files of $3 into $2/testbed first" >&2; exit 1; }
    docker build --quiet --network host -t "$1" "$2"
}
task() {  # image, folder
    docker image inspect "$1" > /dev/null 2>&1 || docker build --quiet -t "$1" "$2"
}
"""


def files(rows: Sequence[Instance], tasks: Sequence[tuple[str, str]]) -> Iterator[tuple[str, bytes]]:
    """Each repository's Dockerfile and requirements under `repos/`, and `build.sh`.

    `tasks` are the images on top and the folders of this export that they are built from, in their order.
    """
    lines = []
    for row in {row.image: row for row in rows}.values():
        folder = "repos/" + row.image.replace("/", "-").replace(":", "-")
        yield f"{folder}/Dockerfile", row.dockerfile.encode()
        yield f"{folder}/requirements.txt", row.requirements.encode()
        where = f"{row.source} at {row.base_commit}"
        lines.append("repository " + shlex.join([row.image, folder, where]))
    lines += ["task " + shlex.join(pair) for pair in tasks]
    yield "build.sh", (HEAD + "\n".join(lines) + "\n").encode()


def of_tasks(rows: Sequence[Instance]) -> Iterator[tuple[str, bytes]]:
    """The same, with the tasks' own images under `images/`."""
    for row in rows:
        for path, data in world.context(row).items():
            yield f"images/{row.instance_id}/{path}", data
    yield from files(rows, [(world.image_of(row), f"images/{row.instance_id}") for row in rows])

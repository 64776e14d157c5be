"""The images of exported tasks, built in the engine of this machine and looked through."""

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from types import TracebackType
from typing import Any

from smith_lib.errors import EngineError
from smith_lib.export import copies, world
from smith_lib.export.formats import Further
from smith_lib.progress import report
from smith_lib.sandbox import archive, docker_images
from smith_lib.sandbox.protocol import Limits, Sandbox
from smith_lib.types import Instance
from smith_lib.validate.row_environment import environment_in

LABELS = {"smith": "1", "smith.task": "1"}
LIMITS = Limits(600, memory_mb=2_048)
SECONDS = 600
"""How long a search may take."""


@dataclass(frozen=True, slots=True)
class TaskImage:
    """A task's image in the engine."""

    instance_id: str
    image: str
    layer_bytes: int
    """Of the layer that is the task's own."""
    repo_image: str
    repo_bytes: int
    """Of the repository's image."""
    problem: str
    """Where clean code was found, or empty."""


class Engine:
    """The Docker engine of this machine, for one export."""

    def __init__(self) -> None:
        """For the engine that `DOCKER_HOST` names, or the local one."""
        import docker

        self._client = docker.from_env(timeout=SECONDS)
        self._api: Any = self._client.api

    def __enter__(self) -> "Engine":
        """Itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        """Close the connection."""
        self._client.close()

    def build(self, image: str, context: Mapping[str, bytes], base: str = "") -> None:
        """Build an image, unless one of that name is there. Raises `InputError` with the log's last lines.

        `base` is the base image of environments, which is taken with Smith's tools on it.
        """
        if docker_images.label(self._api, image, "smith.task") is None:
            members = [archive.member(path, context[path], owner=0) for path in sorted(context)]
            args = {"BASE": docker_images.tools(self._api, base, {"smith": "1"})} if base else {}
            docker_images.build(self._api, archive.pack(iter(members)), image, LABELS, LIMITS, "none", args)

    def size(self, image: str) -> int:
        """An image's size in bytes, all layers."""
        return int(self._api.inspect_image(image)["Size"])

    def layer(self, image: str) -> int:
        """The size of an image's last layer in bytes."""
        return next((int(made["Size"]) for made in self._api.history(image) if made["Size"]), 0)

    def ask(self, image: str, program: bytes, question: bytes) -> bytes:
        """What a Python program writes to standard output in a fresh container of the image, without network.

        Raises `EngineError` where it fails.
        """
        place, python = "/smith-copies", "/opt/venv/bin/python -I -S"
        command = ["sh", "-c", f"exec {python} {place}/program.py < {place}/question.json"]
        box: Any = self._client.containers.create(
            image, command, entrypoint=[], user="root", network_mode="none", labels={"smith": "1"}
        )
        try:
            put = {f"{place}/program.py": program, f"{place}/question.json": question}
            box.put_archive("/", archive.pack(archive.members(put)))
            box.start()
            code = box.wait(timeout=SECONDS)["StatusCode"]
            if code:
                last = box.logs(stdout=False)[-500:].decode(errors="replace")
                raise EngineError(f"{image!r} could not be looked through: {last.strip()}")
            out = io.BytesIO()
            for part in box.logs(stdout=True, stderr=False, stream=True):
                out.write(part)
            return out.getvalue()
        finally:
            box.remove(force=True)


def make(
    rows: Sequence[Instance], sandbox: Sandbox, tree_of: Callable[[Instance], Path], engine: Engine,
    further: Further | None = None,
) -> Iterator[TaskImage]:  # fmt: skip
    """Each task's image, made where it is not there: its repository's, built again where it is lost, and one
    layer. `further` names an image on top of it. Raises `InputError` where a build fails, `EngineError`.
    """
    ordered = sorted(rows, key=lambda row: (row.repo_id, row.image_digest, row.instance_id))
    for (repo_id, _), group in groupby(ordered, key=lambda row: (row.repo_id, row.image_digest)):
        some = list(group)
        environment = environment_in(some[0])
        if not sandbox.has(environment):
            report("export", repo_id, 0, len(some), "building its environment")
            sandbox.build(environment, tree_of(some[0]), LIMITS)
        report("export", repo_id, 0, len(some), "looking for copies of the clean code")
        found = copies.outside(some, environment.image, engine.ask)
        below = engine.size(environment.image)
        for done, row in enumerate(some, 1):
            image = world.image_of(row)
            engine.build(image, world.context(row), environment.base)
            problem = ", ".join(found.get(row.instance_id) or copies.inside(row, image, engine.ask))
            if further is not None and not problem:
                engine.build(*further(row))
            yield TaskImage(row.instance_id, image, engine.layer(image), environment.image, below, problem)
            report("export", repo_id, done, len(some))

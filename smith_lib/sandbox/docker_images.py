"""Images: the tools laid on the base once, and one image an environment, all told apart by labels."""

import hashlib
import json
import logging
import os
import re
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType
from typing import Any

from smith_lib.errors import EngineError, InputError, SandboxUnavailable
from smith_lib.sandbox import archive, certificates
from smith_lib.sandbox.protocol import CLEAN, VENV, Environment, Limits
from smith_lib.sandbox.stream import Bounded

log = logging.getLogger(__name__)

PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy")
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_LOG_BYTES = 512 * 1024
_TOOLS = """\
FROM {base}
USER root
COPY root/ /
RUN grep -q '^smith:' /etc/passwd || ( \\
      echo 'smith:x:{uid}:{uid}:smith:/home/smith:/bin/sh' >> /etc/passwd && \\
      echo 'smith:x:{uid}:' >> /etc/group ) && \\
    mkdir -p /testbed {venv} /home/smith && chown {uid}:{uid} /testbed {venv} /home/smith
ENV LANG=C.UTF-8
WORKDIR /testbed
ENTRYPOINT []
CMD ["/bin/sh"]
"""
_RUNNING = """\
FROM {image}
USER root
RUN mkdir -p {clean} && cp -a /testbed/. {clean}/ && chown {uid}:{uid} {clean} && \\
    {{ {venv}/bin/python -m compileall -q -j 0 {venv}/lib >/dev/null 2>&1 || true; }}
USER {uid}:{uid}
"""

_WITHOUT = """\
FROM {image}
USER root
COPY gone /opt/smith/gone
RUN cd {clean} && xargs -0 rm -f -- < /opt/smith/gone && rm /opt/smith/gone
USER {uid}:{uid}
"""


def running(environment: Environment) -> str:
    """The image that an environment's runs start from."""
    return f"{environment.image}-run"


def base_id(api: Any, name: str) -> str:
    """The base image's id. Raises `SandboxUnavailable` with the remedy where the engine has none."""
    import docker.errors

    try:
        return str(api.inspect_image(name)["Id"])
    except docker.errors.ImageNotFound as error:
        raise SandboxUnavailable(
            f"no image {name!r} in the engine; run `smith base-image` to make one from Debian's packages, "
            "or pull one and set environments.base_image"
        ) from error


def tools_name(base: str) -> str:
    """The name of the image that is the base with our tools on it, made or not."""
    key = hashlib.sha256(f"{base} uv {version('uv')}".encode()).hexdigest()
    return f"smith-tools:{key[:12]}"


def tools(api: Any, base: str, labels: Mapping[str, str]) -> str:
    """The name of the base with our tools on it, made where it is not there or the base has changed."""
    identity = base_id(api, base)
    files = certificates.configuration()
    if (bundle := certificates.bundle()) is not None:
        files[str(certificates.SYSTEM)] = bundle
    made_from = hashlib.sha256(_TOOLS.encode())
    for part in (identity.encode(), *(x for path in sorted(files) for x in (path.encode(), files[path]))):
        made_from.update(part + b"\0")
    name = tools_name(base)
    if label(api, name, "smith.from") != made_from.hexdigest():
        import uv

        def context() -> Iterator[tuple[Any, bytes]]:
            text = _TOOLS.format(base=base, uid=archive.UID, venv=VENV)
            yield archive.member("Dockerfile", text.encode())
            for path in sorted(files):
                yield archive.member(f"root{path}", files[path], owner=0)
            yield archive.member("root/usr/local/bin/uv", Path(uv.find_uv_bin()).read_bytes(), 0o755, 0)

        seconds = 300.0
        marks = {**labels, "smith.from": made_from.hexdigest()}
        build(api, archive.pack(context()), name, marks, Limits(seconds, memory_mb=2_048), "none")
    return name


def environment_image(
    api: Any, environment: Environment, base: str, tree: Path, labels: Mapping[str, str], limits: Limits
) -> str:
    """Build an environment's image, on this base, and the one that it runs from. Returns the build's log."""
    started = time.monotonic()

    def context() -> Iterator[tuple[Any, bytes]]:
        yield archive.member("Dockerfile", environment.dockerfile.encode())
        yield archive.member("requirements.txt", environment.requirements.encode())
        yield from archive.tree_members(tree, "testbed")

    text = build(api, archive.pack(context()), environment.image, {**labels}, limits, "host", {"BASE": base})
    run_from = _RUNNING.format(image=environment.image, clean=CLEAN, uid=archive.UID, venv=VENV)
    left = Limits(max(60.0, limits.seconds - (time.monotonic() - started)), limits.memory_mb)
    marks = {**labels, "smith.digest": environment.digest}
    build(api, archive.pack(iter([archive.member("Dockerfile", run_from.encode())])), running(environment),
          marks, left, "none")
    return text


def image_without(
    api: Any, environment: Environment, hollow: Environment, paths: Sequence[str], labels: Mapping[str, str]
) -> None:
    """Make the image that runs of the environment without those files of its clean tree start from."""
    text = _WITHOUT.format(image=running(environment), clean=CLEAN, uid=archive.UID)
    gone = b"".join(path.encode("utf-8", "surrogateescape") + b"\0" for path in paths)
    context = [archive.member("Dockerfile", text.encode()), archive.member("gone", gone)]
    marks = {**labels, "smith.repo": environment.repo_id, "smith.digest": hollow.digest}
    build(api, archive.pack(iter(context)), running(hollow), marks, Limits(300.0), "none")


def imported(api: Any, data: Iterator[bytes], repository: str, tag: str, changes: list[str]) -> str:
    """The id of a new image from a tar archive."""
    params = {"fromSrc": "-", "repo": repository, "tag": tag, "changes": changes}
    url = f"{api.base_url}/v{api.api_version}/images/create"
    headers = {"Content-Type": "application/x-tar"}
    response = api.post(url, params=params, data=data, headers=headers, stream=True, timeout=600)
    api._raise_for_status(response)
    made = ""
    for event in _events(response):
        if "error" in event:
            raise EngineError(f"the engine refused {repository}:{tag}: {event['error']}")
        made = str(event.get("status", made))
    return made


def label(api: Any, image: str, name: str) -> str | None:
    """An image's label; None where there is no such image or label."""
    import docker.errors

    try:
        found = api.inspect_image(image)
    except docker.errors.ImageNotFound:
        return None
    value = (found["Config"].get("Labels") or {}).get(name)
    return None if value is None else str(value)


def build(
    api: Any, context: bytes, tag: str, labels: Mapping[str, str], limits: Limits, network: str,
    args: Mapping[str, str] = MappingProxyType({}),
) -> str:  # fmt: skip
    """Build an image from a tar context and return the log.

    Raises `InputError` with the log's last lines where a step failed or the time was up.
    """
    memory = limits.memory_mb * 1024 * 1024
    params: dict[str, Any] = {
        "t": tag, "rm": 1, "forcerm": 1, "networkmode": network, "version": "1",
        "memory": memory, "memswap": memory, "labels": json.dumps(dict(labels)),
        "buildargs": json.dumps({k: v for k in PROXIES if (v := os.environ.get(k))} | dict(args)),
    }
    response = api.post(
        f"{api.base_url}/v{api.api_version}/build", params=params, data=context, stream=True,
        headers={"Content-Type": "application/x-tar"}, timeout=limits.seconds + 60,
    )
    api._raise_for_status(response)
    wire = api._get_raw_response_socket(response)
    late = threading.Event()

    def hang_up() -> None:  # the engine ends a build whose client has gone
        late.set()
        getattr(wire, "_sock", wire).shutdown(2)

    timer = threading.Timer(limits.seconds, hang_up)
    timer.daemon = True
    timer.start()
    kept, failed, done = Bounded(_LOG_BYTES), "", False
    try:
        for event in _events(response):
            if "stream" in event:
                kept.add(event["stream"].encode())
                done = done or event["stream"].startswith("Successfully built")
            if "error" in event:
                failed = str(event["error"])
    except (OSError, ValueError) as error:
        if not late.is_set():
            raise EngineError(f"the engine stopped answering while it built {tag!r}: {error}") from error
    finally:
        timer.cancel()
        response.close()
    text = _COLOUR.sub("", kept.value().decode(errors="replace"))
    if late.is_set() and not done:
        failed = f"not finished after {limits.seconds:.0f} s"
    if failed:
        tail = "\n".join(text.splitlines()[-30:])
        raise InputError(f"building {tag!r} failed: {failed.strip()}\n{tail}")
    if not done:
        raise EngineError(f"the engine ended the build of {tag!r} without a result")
    log.debug("built %s", tag)
    return text


def _events(response: Any) -> Iterator[dict[str, Any]]:
    left = b""
    for chunk in response.iter_content(chunk_size=None):
        *lines, left = (left + chunk).split(b"\n")
        for line in lines:
            if line.strip():
                yield json.loads(line)
    if left.strip():
        yield json.loads(left)

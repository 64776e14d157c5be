"""The table of sandboxes, and how one is opened."""

import logging
from collections.abc import Callable
from pathlib import Path

from smith_lib.errors import SandboxUnavailable, UnknownName
from smith_lib.sandbox.docker import DockerSandbox
from smith_lib.sandbox.namespaces import NamespacesSandbox
from smith_lib.sandbox.protocol import Sandbox
from smith_lib.settings import EnvironmentSettings, SandboxSettings

log = logging.getLogger(__name__)

Maker = Callable[[EnvironmentSettings, SandboxSettings, Path, int], Sandbox]

BACKENDS: dict[str, Maker] = {
    "docker": lambda settings, sandbox, cache, slots: DockerSandbox(
        settings.base_image, slots, registry=settings.registry
    ),
    "namespaces": lambda settings, sandbox, cache, slots: NamespacesSandbox(cache, slots),
}
"""In the order that `auto` tries them."""


def open_sandbox(
    kind: str, settings: EnvironmentSettings, sandbox: SandboxSettings, cache: Path, slots: int
) -> Sandbox:
    """A sandbox that answers, running at most `slots` commands at the same time. Close it after use.

    Raises `UnknownName`, or `SandboxUnavailable` with what to install or to start.
    """
    if kind == "auto":
        return _first(settings, sandbox, cache, slots)
    if kind not in BACKENDS:
        raise UnknownName("sandbox", kind, ["auto", *BACKENDS])
    opened = BACKENDS[kind](settings, sandbox, cache, slots)
    log.info("sandbox: %s", opened.check())
    return opened


def _first(settings: EnvironmentSettings, sandbox: SandboxSettings, cache: Path, slots: int) -> Sandbox:
    reasons = []
    for kind in BACKENDS:
        try:
            return open_sandbox(kind, settings, sandbox, cache, slots)
        except SandboxUnavailable as error:
            reasons.append(f"{kind}: {error}")
    raise SandboxUnavailable("no sandbox can run here. " + "; ".join(reasons))

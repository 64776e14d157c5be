"""Images of environments in a registry, so that a machine need not build what another one has built.

An image counts only with the digest of what its environment is made from, and what a registry lacks, or
does not give for any other reason, is built from the recorded Dockerfile: a registry saves time, no more.
"""

import logging
from collections.abc import Iterator
from typing import Any

from smith_lib.sandbox.docker_images import label, running
from smith_lib.sandbox.protocol import Environment

log = logging.getLogger(__name__)


def _names(environment: Environment, registry: str) -> Iterator[tuple[str, str, str]]:
    """Name here, repository and tag there, of the image and of the one that runs start from."""
    for name in (environment.image, running(environment)):
        repository, _, tag = name.rpartition(":")
        yield name, f"{registry.rstrip('/')}/{repository}", tag


def pulled(api: Any, environment: Environment, registry: str) -> bool:
    """Whether the registry had the environment's images, which are here under their own names now."""
    import docker.errors
    import requests

    try:
        for name, repository, tag in _names(environment, registry):
            api.pull(repository, tag)
            if name == running(environment):
                found = label(api, f"{repository}:{tag}", "smith.digest")
                if found != environment.digest:
                    log.warning("%s:%s is not what its name says; it is built", repository, tag)
                    return False
            own, _, own_tag = name.rpartition(":")
            api.tag(f"{repository}:{tag}", own, own_tag)
            api.remove_image(f"{repository}:{tag}", noprune=True)
    except docker.errors.NotFound:
        return False
    except (docker.errors.DockerException, requests.RequestException) as error:
        log.warning("%s does not give %s (%s); it is built", registry, environment.image, error)
        return False
    log.info("pulled %s from %s", environment.image, registry)
    return True


def pushed(api: Any, environment: Environment, registry: str) -> None:
    """Put the environment's images there; where that fails it is told, and the others build their own."""
    import docker.errors
    import requests

    try:
        for name, repository, tag in _names(environment, registry):
            api.tag(name, repository, tag)
            try:
                for event in api.push(repository, tag, stream=True, decode=True):
                    if "error" in event:
                        log.warning("%s did not take %s: %s", registry, name, event["error"])
                        return
            finally:
                api.remove_image(f"{repository}:{tag}", noprune=True)
    except (docker.errors.DockerException, requests.RequestException) as error:
        log.warning("%s did not take %s: %s", registry, environment.image, error)

"""What a Prefect server is told so that it runs the flows: the work pool, limits of tags, the deployments."""

import json
import os
import signal
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.client.schemas.schedules import CronSchedule
from prefect.exceptions import ObjectAlreadyExists, ObjectNotFound

from smith_lib.errors import InputError
from tasks import lost, server

POOL = "smith"
TREE = Path(__file__).resolve().parents[1]
"""The folder that holds `flows/`: the checkout, or where the wheel is installed."""


def described() -> dict[str, Any]:
    """What `prefect.yaml` says: beside `flows/` in a checkout, inside it in an installed wheel.

    Raises `InputError` where neither is there.
    """
    places = (TREE / "prefect.yaml", TREE / "flows" / "prefect.yaml")
    for place in places:
        if place.exists():
            found: dict[str, Any] = yaml.safe_load(place.read_text(encoding="utf-8"))
            return found
    where = " or ".join(map(str, places))
    raise InputError(f"no description of the deployments at {where}: install Smith again")


def filled(
    description: Mapping[str, Any],
    parameters: Mapping[str, Mapping[str, Any]],
    cron: str | None,
    timezone: str,
) -> dict[str, Any]:
    """The description with parameters laid over those of each deployment, and the schedule set.

    `cron` is five fields; None stands for those described, an empty string for no schedule. Raises
    `InputError` where it cannot be read.
    """
    deployments = []
    for one in description["deployments"]:
        laid = {**one, "parameters": {**one.get("parameters", {}), **parameters.get(one["name"], {})}}
        if before := one.get("schedules"):
            crons = [each["cron"] for each in before] if cron is None else [cron] if cron else []
            laid["schedules"] = [_schedule(each, timezone) for each in crons]
        deployments.append(laid)
    # A worker starts the flows from the folder that holds them, wherever the worker was started.
    pull = [{"prefect.deployments.steps.set_working_directory": {"directory": str(TREE)}}]
    return {**description, "pull": pull, "deployments": deployments}


def _schedule(cron: str, timezone: str) -> dict[str, str]:
    try:
        CronSchedule(cron=cron, timezone=timezone)
    except ValueError as error:
        raise InputError(
            f"no schedule can be made of {cron!r} in the time zone {timezone!r}: wanted are five fields, "
            "e.g. '0 1 * * *' for every night at one, and a name such as Europe/Berlin"
        ) from error
    return {"cron": cron, "timezone": timezone}


def deploy(
    parameters: Mapping[str, Mapping[str, Any]],
    cron: str | None,
    timezone: str,
    limits: Mapping[str, int],
    lost_after: float,
) -> dict[str, Any]:
    """What was done, as plain data, to have a server, the work pool, the limits and every deployment.

    Done twice it changes nothing. `parameters` are by deployment, `limits` by task tag; a flow run of which
    nothing is heard for `lost_after` seconds counts as crashed.
    """
    wanted = filled(described(), parameters, cron, timezone)
    url = server.api()
    begun = server.started(url)
    with server.client(url) as client:
        try:
            client.create_work_pool(WorkPoolCreate(name=POOL, type="process"))
        except ObjectAlreadyExists:
            if (kind := client.read_work_pool(POOL).type) != "process":
                raise InputError(
                    f"the work pool {POOL!r} at {url} is of type {kind!r}, and 'process' is wanted: "
                    f"`prefect work-pool delete {POOL}`, then deploy again"
                ) from None
        for tag, limit in limits.items():
            client.create_concurrency_limit(tag, limit)  # or changes it
        lost.watch(client, lost_after)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "prefect.yaml")  # JSON is YAML
        file.write_text(json.dumps(wanted), encoding="utf-8")
        server.prefect(url, "deploy", "--all", "--prefect-file", str(file), cwd=TREE)
    made = []
    with server.client(url) as client:
        for one in wanted["deployments"]:
            name = f"{_flow_name(one)}/{one['name']}"
            found = client.read_deployment_by_name(name)
            crons = [s.schedule.cron for s in found.schedules if isinstance(s.schedule, CronSchedule)]
            made.append({"name": name, "schedules": crons, "parameters": found.parameters})
    return {"api": url, "started": begun, "pool": POOL, "limits": dict(limits), "deployments": made}


def _flow_name(deployment: Mapping[str, Any]) -> str:
    """The flow's name, which in `prefect.yaml` is the deployment's."""
    return str(deployment["name"])


def worker(limit: int, name: str | None) -> None:
    """Become a worker of the pool, which takes up flow runs until it is ended; does not come back.

    Raises `NetworkError` where no server answers and `InputError` where there is no such pool.
    """
    url = server.api()
    server.needed(url)
    with server.client(url) as client:
        try:
            client.read_work_pool(POOL)
        except ObjectNotFound as error:
            raise InputError(f"no work pool {POOL!r} at {url}: `smith deploy` makes it") from error
    more = ["--name", name] if name else []
    command = server.command("worker", "start", "--pool", POOL, "--limit", str(limit), *more)
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    # Prefect ends a worker by SIGINT whichever signal came; a shell has what it starts with `&` ignore that.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.execve(command[0], command, server.environ(url))  # noqa: S606

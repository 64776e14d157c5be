"""Flow runs whose worker died with its machine, told apart from long ones by Prefect's own heartbeats.

A flow run that goes on says so every half minute (`PREFECT_FLOWS_HEARTBEAT_FREQUENCY`, set by
`smith_lib.cli.flows`). Two automations on the server call those crashed that no longer do, or that a worker
took and never began; what handed them out then hands them out again.
"""

from datetime import timedelta

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.objects import StateType
from prefect.events.actions import ChangeFlowRunState
from prefect.events.schemas.automations import AutomationCore, EventTrigger, Posture

BEGINS = 120.0
"""Least seconds that a flow run may take to begin once a worker has taken it: its process has to come up."""


def automations(after: float) -> list[AutomationCore]:
    """The two automations, the first of which waits so many seconds for a heartbeat."""
    waits = (
        ("smith-lost", "prefect.flow-run.heartbeat", after, f"nothing was heard of it for {after:.0f} s"),
        ("smith-never-begun", "prefect.flow-run.Pending", max(BEGINS, after), "no worker began it"),
    )
    return [
        AutomationCore(
            name=name,
            description=f"A flow run that is silent for {seconds:.0f} s after {event} has crashed.",
            trigger=EventTrigger(
                after={event},
                expect={"prefect.flow-run.*"},
                match={"prefect.resource.id": "prefect.flow-run.*"},
                for_each={"prefect.resource.id"},
                posture=Posture.Proactive,
                threshold=1,
                within=timedelta(seconds=seconds),
            ),
            actions=[ChangeFlowRunState(state=StateType.CRASHED, message=f"{why}: its worker is gone")],
        )
        for name, event, seconds, why in waits
    ]


def watch(client: SyncPrefectClient, after: float) -> None:
    """Have the server call flow runs crashed of which nothing was heard for so long."""
    for wanted in automations(after):
        there = client.read_automations_by_name(wanted.name)
        if there:
            client.update_automation(there[0].id, wanted)
        else:
            client.create_automation(wanted)

"""The forms that Prefect's UI makes of the flows' parameters: every field explains itself."""

import importlib
from collections.abc import Iterator
from typing import Any

import pytest
from prefect.utilities.callables import parameter_schema

from tasks.deployments import described

DEPLOYMENTS = described()["deployments"]


def explained(schema: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Every field of the form by its place, with what it says of itself or what its group says."""
    groups = schema.get("definitions", {})
    for owner, inner in [("", schema), *groups.items()]:
        for name, field in inner.get("properties", {}).items():
            group = groups.get(field.get("$ref", "").rpartition("/")[2], {})
            yield f"{owner}.{name}", field.get("description") or group.get("description") or ""


@pytest.mark.parametrize("deployment", DEPLOYMENTS, ids=lambda one: one["name"])
def test_every_field_of_a_deployments_form_says_what_it_is(deployment: dict[str, Any]) -> None:
    file, _, name = deployment["entrypoint"].partition(":")
    flow = getattr(importlib.import_module(file.removesuffix(".py").replace("/", ".")), name)
    found = dict(explained(parameter_schema(flow).model_dump()))
    assert found
    assert not [place for place, text in found.items() if len(text) < 5]


@pytest.mark.parametrize("deployment", DEPLOYMENTS, ids=lambda one: one["name"])
def test_a_deployment_is_named_as_its_flow_and_says_what_it_is(deployment: dict[str, Any]) -> None:
    file, _, name = deployment["entrypoint"].partition(":")
    flow = getattr(importlib.import_module(file.removesuffix(".py").replace("/", ".")), name)
    assert flow.name == deployment["name"]
    assert deployment["description"]

"""What a person does in Prefect's UI: fills in a deployment's form, follows the run, opens its artifacts."""

import os
import re
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

LABEL = ".schema-form-property__label"
ENDED = re.compile("Completed|Failed|Crashed|Refused|Cancelled|TimedOut")
UNEXPLAINED = f"""() => [...document.querySelectorAll('.p-label__header')]
    .filter(e => e.querySelector('{LABEL}'))
    .filter(e => !(e.querySelector('.schema-form-property__description')?.innerText.trim()))
    .map(e => e.innerText)"""


def form(page: "Page", base: str, deployment: str) -> None:
    """Open the form of a deployment, from the list of them."""
    page.goto(f"{base}/deployments")
    page.locator("a[href*='/deployments/deployment/']").get_by_text(deployment, exact=True).click()
    page.get_by_role("button", name="Run", exact=True).click()
    page.get_by_text("Custom run").click()
    page.locator(LABEL).first.wait_for()


def unexplained(page: "Page") -> list[str]:
    """The fields of the form that no line explains; a line may appear some time after its field."""
    from playwright.sync_api import TimeoutError as Late

    with suppress(Late):
        page.wait_for_function(f"() => !({UNEXPLAINED})().length")
    found: list[str] = page.evaluate(UNEXPLAINED)
    return found


def field(page: "Page", name: str) -> "Locator":
    """The box of a field, by the name that stands above it."""
    return page.locator(".p-label", has=page.get_by_text(name, exact=True)).last.locator("input, textarea")


def listed(page: "Page", value: str) -> None:
    """Put a value into the first list of the form."""
    boxes = page.locator("textarea")
    before = boxes.count()
    page.get_by_role("button", name="Add item").first.click()
    page.wait_for_function(f"() => document.querySelectorAll('textarea').length > {before}")
    boxes.first.fill(value)


def submit(page: "Page") -> str:
    """The URL of the run's page, which is open then."""
    from playwright.sync_api import TimeoutError as Late

    base = page.url.partition("/deployments/")[0]
    refused = ""
    for _ in range(4):  # a click while the form still takes in what was typed comes to nothing
        try:
            with page.expect_response(lambda answer: "create_flow_run" in answer.url) as made:
                page.get_by_role("button", name="Submit").click()
        except Late:
            shot(page, "not-submitted")
            continue
        if made.value.ok:
            run = f"{base}/runs/flow-run/{made.value.json()['id']}"
            page.goto(run)
            return run
        refused = f"{made.value.status}: {made.value.text()[:300]}"  # a busy server's; the form stays open
    raise AssertionError(f"the form was not submitted: {refused or 'no click came to anything'}")


def ended(page: "Page", seconds: float = 500) -> str:
    """The name of the state that the run on the page comes to its end in."""
    badge = page.locator(".state-badge").filter(has_text=ENDED).first
    badge.wait_for(timeout=1000 * seconds)
    return badge.inner_text()


def artifacts(page: "Page", run: str, wanted: Collection[str]) -> dict[str, str]:
    """The URLs of the run's artifacts by key, once those wanted are all there."""
    page.goto(run)
    page.get_by_text("Artifacts", exact=True).first.click()
    links, base = page.locator("a[href^='/artifacts/artifact/']"), run.partition("/runs/")[0]
    for key in wanted:
        links.filter(has=page.get_by_text(key, exact=True)).first.wait_for()
    return {a.inner_text().split("\n")[1]: f"{base}{a.get_attribute('href')}" for a in links.all()}


def shot(page: "Page", name: str) -> None:
    """A picture of the page in the folder that SCREENSHOTS names, where it does."""
    if folder := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=Path(folder, f"{name}.png"))

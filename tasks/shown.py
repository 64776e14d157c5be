"""What Prefect's UI shows of a run: the tables of its repositories, and what its models cost."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from prefect.artifacts import create_markdown_artifact, create_table_artifact

from smith_lib import ledger
from smith_lib.accounts import cost
from smith_lib.remedies import remedy
from smith_lib.settings import PublishSettings
from smith_lib.storage import Root
from smith_lib.types import StageRun, StageStatus

SLOWEST = 10
"""Repositories that the table of the slowest holds, beside those that failed."""


def repositories(
    run_id: str, repos: Sequence[Mapping[str, Any]], rows: Sequence[StageRun], root: Root
) -> None:
    """Show how far each came and what it took, and the failed and slowest ones by themselves."""
    by_source: dict[str, list[StageRun]] = {}
    for row in rows:
        by_source.setdefault(row.source, []).append(row)
    table = [line(repo, by_source[repo["source"]], root) for repo in repos]
    create_table_artifact(table=table, key="repositories", description=f"How far sources came in {run_id}")
    ordered = sorted(table, key=lambda x: -x["seconds"])
    chosen = [x for x in ordered if x["outcome"] == "failed"]
    chosen += [x for x in ordered[:SLOWEST] if x not in chosen]
    create_table_artifact(
        table=chosen,
        key="failed-and-slowest",
        description=f"The repositories that failed in {run_id}, what to do about them, and the "
        f"{SLOWEST} slowest",
    )
    if usd := sum(x["cost_usd"] for x in table):
        _cost(usd, len(table), run_id)


def line(repo: Mapping[str, Any], rows: Sequence[StageRun], root: Root) -> dict[str, Any]:
    """A row of the tables: the repository's own, seconds by stage and in all, dollars, and the remedy."""
    by_stage = {row.stage: row for row in rows}
    seconds = {
        f"{stage}_seconds": by_stage[stage].seconds if stage in by_stage else None for stage in ledger.STAGES
    }
    failed = [row for row in rows if row.status is StageStatus.FAILED]
    return {
        **repo,
        **seconds,
        "seconds": round(sum(row.seconds for row in rows), 3),
        "cost_usd": round(sum(cost(root, row) for row in rows), 6),
        "remedy": remedy(failed[-1], root.url) if failed else "",
    }


def cost_so_far(root: Root, run_id: str) -> None:
    """Show what the run's candidates have cost until now."""
    rows = [row for row in ledger.stages(root, run_id, []) if row.stage == "inject"]
    _cost(sum(cost(root, row) for row in rows), len(rows), run_id)


def funnel(figures: Mapping[str, Any]) -> None:
    """Show what became of repositories and candidates; what there was none of is left out."""
    table = []
    for name, value in figures.items():
        inner = value if isinstance(value, Mapping) else {"": value}
        table += [{"what": name, "which": which, "number": n} for which, n in inner.items() if n]
    create_table_artifact(key="funnel", table=table, description="From repositories to tasks")


def distribution(figures: Mapping[str, Any], wanted: PublishSettings) -> None:
    """Show what kinds of tasks there are, in number and share, against what was wanted."""
    table = shares(figures, wanted)
    create_table_artifact(key="distribution", table=table, description="Tasks by kind, against the targets")


def shares(figures: Mapping[str, Any], wanted: PublishSettings) -> list[dict[str, Any]]:
    """A row for each kind of task: number and share in `main` against the target, number in `subtle`."""
    sizes = {"simple": wanted.simple, "medium": wanted.medium, "complex": wanted.complex}
    kinds = (wanted.categories, wanted.category_tolerance)
    targets = {"complexity": (sizes, wanted.tolerance), "categories": kinds}
    subtle, table = figures.get("subtle", {}), []
    for what, counts in figures.items():
        if what in ("subsets", "subtle"):
            continue
        total, (target, off) = sum(counts.values()), targets.get(what, ({}, 0.0))
        for which in dict.fromkeys([*counts, *subtle.get(what, {})]):
            number, aim = counts.get(which, 0), target.get(which)
            share = number / total if total else 0.0
            table.append({
                "what": what, "which": which, "tasks": number, "share": f"{share:.1%}",
                "target": "" if aim is None else f"{aim:.1%} ± {off:.1%}",
                "met": "" if aim is None else "yes" if abs(share - aim) <= off + 1e-9 else "no",
                "subtle": subtle.get(what, {}).get(which, 0),
            })  # fmt: skip
    return table


def gate(told: str, docs: str) -> None:
    """Show what the gate said, with a link to its data docs."""
    link = docs if "://" in docs else Path(docs).absolute().as_uri()
    create_markdown_artifact(
        key="gate", markdown=f"{told}\n\n[data docs]({link}): `{docs}`", description="What the gate said"
    )


def _cost(usd: float, repositories: int, run_id: str) -> None:
    told = f"**${usd:,.4f}** for the candidates of {repositories} repositories in {run_id}"
    create_markdown_artifact(key="cost", markdown=told, description=f"What models cost in {run_id}")

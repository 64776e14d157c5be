"""`smith verify`: a published version, proved row by row."""

import random
from dataclasses import asdict
from functools import partial
from pathlib import Path

import click

from smith_lib.cli import interrupt, screen
from smith_lib.cli.bars import shown
from smith_lib.cli.ending import UNFINISHED
from smith_lib.cli.options import Command, json_option, with_settings
from smith_lib.cli.records import version_named
from smith_lib.grade.opening import opened
from smith_lib.publish import damaged
from smith_lib.publish.reading import published, source_in, version_at
from smith_lib.settings import Settings
from smith_lib.storage import Root
from smith_lib.types import Instance
from smith_lib.validate.verify import Proof, verify


@click.command(
    "verify",
    cls=Command,
    examples=["smith verify --out data", "smith verify latest --out data --sample 20 --workers 2 --json"],
)
@click.argument("version", default="latest")
@click.option(
    "--sample", type=click.IntRange(1), help="Only so many instances, chosen by --seed; all where not given."
)
@with_settings("--out", "--seed", "--workers", "--sandbox")
@json_option
def verify_version(version: str, sample: int | None, settings: Settings, as_json: bool) -> None:
    """Prove a published version: every task in a fresh sandbox.

    VERSION is a published version, a folder that holds one, or the newest where none is named. From its row
    alone each task goes back into a fresh sandbox: the clean code passes its tests, the buggy code fails
    exactly FAIL_TO_PASS, and `patch` gives the clean bytes back. An image that is not there any more is built
    again. Exits with 1 where something does not hold, where the version holds nothing, and, with no task
    tried, where its files are not what was published.
    """
    root = Root.at(settings.out)
    if "/" in version or Path(version).is_dir():
        root, version = version_at(version, settings.out)
    else:
        version = version_named(root, version)
    broken = damaged(root, version) if version else []
    rows = [] if broken else published(root, version)
    if sample is not None and sample < len(rows):
        rows = random.Random(f"verify:{settings.seed}").sample(
            sorted(rows, key=lambda r: r.instance_id), sample
        )
    interrupt.install()
    with shown(quiet=as_json):
        proofs = _prove(rows, root, settings) if rows else []
    bad = [proof for proof in proofs if not proof.holds]
    if as_json:
        screen.document(
            {
                "version": version,
                "verified": len(proofs),
                "mismatches": len(bad),
                "damaged": broken,
                "instances": [{**asdict(proof), "holds": proof.holds} for proof in proofs],
            }
        )
    else:
        _show(version, proofs, broken)
    if bad or not proofs:
        click.get_current_context().exit(UNFINISHED)



def _prove(rows: list[Instance], root: Root, settings: Settings) -> list[Proof]:
    with opened(settings, partial(source_in, root)) as box:
        return verify(rows, box.sandbox, box.tree_of, box.limits, settings.validation, settings.workers)


def _show(version: str, proofs: list[Proof], broken: list[str]) -> None:
    if not proofs:
        for line in broken or ["it holds no instance"]:
            click.echo(f"version {version}: {line}")
        click.echo("nothing is proved" + (": publish again to mend it" if broken else ""))
        return
    by_repo: dict[str, list[Proof]] = {}
    for proof in proofs:
        by_repo.setdefault(proof.repo_id, []).append(proof)
    columns = ("repository", "instances", "hold", "do not", "seconds")
    rows = [
        (repo_id, len(some), sum(p.holds for p in some), sum(not p.holds for p in some),
         f"{sum(p.seconds for p in some):.1f}")
        for repo_id, some in sorted(by_repo.items())
    ]  # fmt: skip
    held = sum(proof.holds for proof in proofs)
    rows.append(("total", len(proofs), held, len(proofs) - held, f"{sum(p.seconds for p in proofs):.1f}"))
    screen.table(f"version {version}", columns, rows, columns[1:])
    for proof in proofs:
        for problem in proof.problems:
            click.echo(f"{proof.instance_id}: {problem}")
    click.echo(
        "every instance holds"
        if held == len(proofs)
        else f"{len(proofs) - held} of {screen.many(len(proofs), 'instance')} do not hold"
    )

"""The checkpoint: runs a table's rules through Great Expectations, and builds the data docs."""

import logging
import os
import threading
import warnings
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, reduce
from hashlib import blake2b
from itertools import chain
from operator import and_
from pathlib import Path
from sys import intern
from types import ModuleType
from typing import Any

from expectations import (
    candidates,
    coverage,
    drift,
    fixes,
    functions,
    grades,
    instances,
    published,
    repos,
    solved,
    tests,
    verdicts,
)
from expectations.frame import columns, frame
from expectations.rules import Given, Rule, Severity, rule
from smith_lib.errors import GateFailed, UnknownName
from smith_lib.settings import Settings
from smith_lib.sources import criteria

log = logging.getLogger(__name__)

TABLES: dict[str, ModuleType] = {
    "repos": repos,
    "tests": tests,
    "functions": functions,
    "coverage": coverage,
    "candidates": candidates,
    "verdicts": verdicts,
    "instances": instances,
    "grades": grades,
    "solved": solved,
    "fixes": fixes,
    "published": published,
    "drift": drift,
}
"""The suite of each table; `published` is a version's instances, all repositories together."""

NAMED = 5
"""How many of the rows that break a rule are named."""

SHORT = 120
"""Longest text that is kept whole where rows come in parts."""

_one_at_a_time = threading.Lock()  # Great Expectations keeps the context in a global


@dataclass(frozen=True, slots=True)
class Broken:
    """A rule that was not met."""

    table: str
    rule: str
    severity: Severity
    rows: tuple[str, ...]
    """Ids of the first rows that break it; empty for rules about a table as a whole."""
    count: int
    """How many rows break it; 0 for rules about a table as a whole."""
    observed: str

    def __str__(self) -> str:
        """One line: table, rule, what was seen, rows."""
        more = f" and {self.count - len(self.rows)} more" if self.count > len(self.rows) else ""
        where = f", in {', '.join(self.rows)}{more}" if self.rows else ""
        return f"{self.table}: not met: {self.rule} (seen: {self.observed}{where})"


@dataclass(frozen=True, slots=True)
class Checked:
    """What a checkpoint found."""

    success: bool
    """Whether no blocking rule is broken."""
    failures: tuple[Broken, ...]
    """Blocking ones first."""
    rules: int
    """How many rules were looked at."""


def check(
    table: str,
    rows: Sequence[Any],
    *,
    docs: Path | None = None,
    settings: Settings | None = None,
    **given: Any,
) -> Checked:
    """What the table's rules say of the rows; with `docs`, the data docs site is built in that folder.

    The further arguments are those of `Given`: ids for references between tables (`repos`, `candidates`,
    `tests`), `splits` and `likeness` of a version, and `kept_out`, whether a repository must stay out, in
    place of the list that the settings tell. Raises `UnknownName` for a table without rules.
    """
    return check_all({table: rows}, docs=docs, settings=settings, **given)


def check_all(
    tables: Mapping[str, Sequence[Any]],
    *,
    docs: Path | None = None,
    settings: Settings | None = None,
    **given: Any,
) -> Checked:
    """What the rules of several tables say, as one data docs site. See `check`."""
    parts = {table: [rows] for table, rows in tables.items()}
    sizes = {t: (len(r), sum(getattr(x, "subset", "") == "main" for x in r)) for t, r in tables.items()}
    return check_parts(parts, sizes, docs=docs, settings=settings, **given)


def check_parts(
    tables: Mapping[str, Iterable[Sequence[Any]]],
    sizes: Mapping[str, tuple[int, int]],
    *,
    docs: Path | None = None,
    settings: Settings | None = None,
    repos: Collection[str] | None = None,
    candidates: Collection[str] | None = None,
    tests: Collection[str] | None = None,
    kept_out: Callable[[str], bool] | None = None,
    **more: Any,
) -> Checked:
    """The same of tables whose rows come in parts, since they do not fit into memory together.

    `sizes` tells of each how many rows there are, and how many are in the band. Rules about rows are looked
    at part by part; those about all rows together at the end, over the columns that they need.
    """
    known = {"repos": repos, "candidates": candidates, "tests": tests}
    sets = {name: frozenset(ids) for name, ids in known.items() if ids is not None}
    settings = settings or Settings()
    kept_out = cache(kept_out or _on_the_list(settings))
    for table in tables:
        if table not in TABLES:
            raise UnknownName("table", table, TABLES)
    found: list[Broken] = []
    looked_at = 0
    with _one_at_a_time:
        context, actions = _context(docs)
        for table, parts in tables.items():
            given = Given(settings, *sizes[table], **sets, **more, kept_out=kept_out)
            suite = TABLES[table]
            rules = [_schema(suite), *suite.rules(given)]
            looked_at += len(rules)
            found += _of_parts(context, actions, table, suite, rules, parts, given)
    found.sort(key=lambda broken: broken.severity)
    warned = [broken for broken in found if broken.severity == "warn"]
    if warned:
        log.warning("%s", "; ".join(map(str, warned)))
    return Checked(all(broken.severity != "block" for broken in found), tuple(found), looked_at)


def _of_parts(
    context: Any,
    actions: list[Any],
    table: str,
    suite: ModuleType,
    rules: Sequence[Rule],
    parts: Iterable[Sequence[Any]],
    given: Given,
) -> list[Broken]:
    """What the rules say of the parts, each broken rule once."""
    coming = iter(parts)
    first, rest = next(coming, ()), next(coming, None)
    if rest is None:
        return _run(context, actions, table, suite, rules, frame(suite, first, given))
    import pandas as pd

    looked_at = {name for rule in rules for name in rule.columns} | {suite.KEY}
    compared = {name for rule in rules if rule.whole for name in rule.columns}
    light = []
    for rows in chain((first, rest), coming):
        data = frame(suite, rows, given)
        short = {name: _light(data[name], name in compared) for name in data if name in looked_at}
        light.append(pd.DataFrame({name: short.get(name) for name in data}, index=data.index, dtype=object))
    return _run(context, actions, table, suite, rules, pd.concat(light, ignore_index=True))


def _light(values: Iterable[Any], compared: bool) -> list[Any]:
    """The values, long texts shortened: as good for what rules ask of them, and small.

    Of a column that is compared row by row a long text becomes its digest, of others its beginning stays.
    """
    return [_short(value, compared) if isinstance(value, str) else value for value in values]


def _short(text: str, compared: bool) -> str:
    if len(text) <= SHORT:
        return intern(text)
    if compared:
        return blake2b(text.encode(errors="surrogatepass"), digest_size=16).hexdigest()
    return text[:SHORT]


def _on_the_list(settings: Settings) -> Callable[[str], bool]:
    listed = criteria.kept_out(settings.select)
    return lambda repo: listed.holds(repo, "") is not None


def gate(table: str, rows: Sequence[Any], *, docs: Path | None = None, **given: Any) -> Checked:
    """What the rules found, where nothing blocks. Raises `GateFailed` that names rule and rows else."""
    return passed(check(table, rows, docs=docs, **given))


def passed(checked: Checked) -> Checked:
    """The same, where nothing blocks. Raises `GateFailed` that names rule and rows else."""
    if checked.success:
        return checked
    blocking = [broken for broken in checked.failures if broken.severity == "block"]
    raise GateFailed("; ".join(map(str, blocking)))


def _schema(suite: ModuleType) -> Rule:
    return rule(
        "the columns are those of the table",
        "ExpectTableColumnsToMatchSet",
        column_set=columns(suite),
        exact_match=True,
    )


def _context(docs: Path | None) -> tuple[Any, list[Any]]:
    """A context that lives in memory, and the actions after a run.

    A new one each time costs 10 ms, and nothing of the one before stays in memory.
    """
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import great_expectations as gx
        from great_expectations.checkpoint.actions import UpdateDataDocsAction
        from great_expectations.data_context.types.base import ProgressBarsConfig

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    if docs is None:
        return context, []
    for name in list(context.variables.data_docs_sites or {}):
        context.delete_data_docs_site(name)
    site: Any = {
        "class_name": "SiteBuilder",
        "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
        "store_backend": {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(docs)},
    }
    context.add_data_docs_site("docs", site)
    return context, [UpdateDataDocsAction(name="docs", site_names=["docs"])]


def _run(
    context: Any, actions: list[Any], table: str, suite: ModuleType, rules: Sequence[Rule], data: Any
) -> list[Broken]:
    import great_expectations as gx

    batch = context.data_sources.add_or_update_pandas(table).add_dataframe_asset(table)
    whole = batch.add_batch_definition_whole_dataframe("all")
    expectations = [_expectation(rule) for rule in rules]
    made = context.suites.add(gx.ExpectationSuite(table, expectations=expectations))
    validation = gx.ValidationDefinition(name=table, data=whole, suite=made)
    checkpoint = gx.Checkpoint(
        name=table,
        validation_definitions=[context.validation_definitions.add(validation)],
        actions=actions,
        result_format={
            "result_format": "COMPLETE",
            "unexpected_index_column_names": [suite.KEY],
            "return_unexpected_index_query": False,
            "partial_unexpected_count": NAMED,
        },
    )
    run = context.checkpoints.add(checkpoint).run(batch_parameters={"dataframe": data})
    [result] = run.run_results.values()
    severities: dict[str, Severity] = {rule.name: rule.severity for rule in rules}
    order = {rule.name: index for index, rule in enumerate(rules)}
    found = []
    for one in result.results:
        if not one.success:
            name = one.expectation_config.meta["rule"]
            found.append(_broken(table, name, severities[name], suite.KEY, one))
    return sorted(found, key=lambda broken: order[broken.rule])


def _expectation(rule: Rule) -> Any:
    import great_expectations.expectations as gxe
    from great_expectations.expectations.row_conditions import Column

    arguments = dict(rule.arguments)
    conditions = [Column(column).is_in(list(values)) for column, values in rule.where.items()]
    if conditions:
        arguments["row_condition"] = reduce(and_, conditions)
    severity = "critical" if rule.severity == "block" else "warning"
    kind = getattr(gxe, rule.expectation)
    return kind(**arguments, severity=severity, description=_told(rule), meta={"rule": rule.name})


def _told(rule: Rule) -> str:
    """The rule as the data docs tell it: its name, then what it looks at."""
    parts = [f"{name} {str(value)[:80]}" for name, value in rule.arguments.items() if value is not None]
    parts += [f"where {column} is {' or '.join(values)}" for column, values in rule.where.items()]
    return f"{rule.name} ({'; '.join(parts)})".replace("$", "")  # a dollar would begin a placeholder


def _broken(table: str, name: str, severity: Severity, key: str, one: Any) -> Broken:
    result = one.result or {}
    rows = tuple(dict.fromkeys(str(item[key]) for item in result.get("unexpected_index_list") or ()))
    if rows:
        seen = dict.fromkeys(str(value) for value in result["partial_unexpected_list"])
        observed = ", ".join(text if len(text) <= 80 else text[:77] + "..." for text in seen)
    elif "details" in result:
        observed = str(result["details"])
    elif "observed_value" in result:
        value = result["observed_value"]
        observed = str(round(value, 4) if isinstance(value, float) else value)
    else:
        observed = f"the rule could not be worked out: {one.exception_info}"
    return Broken(table, name, severity, rows[:NAMED], len(rows), observed)

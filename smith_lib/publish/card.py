"""The dataset card: the README of a published version, as the Hugging Face hub and its client read it."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from smith_lib.curate.choose import Choice
from smith_lib.curate.splits import SPLITS, TRAIN, split_of_files
from smith_lib.curate.traits import Described
from smith_lib.publish.columns import explained
from smith_lib.types import Outcome, Tag

SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))


def card(
    version: str, choice: Choice, metrics: Mapping[str, Any], columns: Mapping[str, str] | None = None,
    split: str = "train", changes: str = "",
) -> str:  # fmt: skip
    """The card's text: front matter, figures, columns, how to load, licences.

    `columns` is what each column means, those of the published row where not given. Without metrics the
    funnel is left out. `changes` is the section on the version before, if there is one.
    """
    rows = [*choice.main, *choice.subtle]
    subtle = f", and {len(choice.subtle):,} subtle ones, which break too few tests, in a subset of their own"
    parts = [
        _front_matter(version, choice, split),
        f"# Verified bug-fixing tasks, {version}\n",
        f"{_many(len(choice.main), 'task', 'tasks')} from "
        + _many(len({row.repo_id for row in rows}), "repository", "repositories")
        + (subtle if choice.subtle else "")
        + ". Each is a bug that was put into a repository whose tests pass, that the repository's own tests"
        " notice, and that was seen to fail the same tests in every run. `patch` is the fix.\n",
        "## Load it\n",
        _loading(choice, split),
        *(["## From attempts to tasks\n", _funnel(metrics, choice)] if metrics else []),
        "## What is in it\n",
        _distribution(choice),
        "`difficulty` is an estimate by rule: the more lines and files the fix changes, the further from it"
        " the failing tests' tracebacks end, the fewer tests notice the bug, and the less the issue text"
        " gives away, the longer a fix is said to take.\n",
        _weak(rows),
        *([changes] if changes else []),
        "## Columns\n",
        _table(("column", "meaning"), ((f"`{k}`", text) for k, text in (columns or explained()).items())),
        "## Licences\n",
        "Code and tests remain under the licence of their repository:\n",
        _table(("repository", "source", "licence", "tasks"), _licences(rows)),
    ]
    return "\n".join(parts)


def _front_matter(version: str, choice: Choice, split: str) -> str:
    licenses = sorted({row.license for row in (*choice.main, *choice.subtle)})
    total = len(choice.main) + len(choice.subtle)
    size = next((name for most, name in SIZES if total < most), "n>1M")
    files = [name for name, _ in choice.files()] or [TRAIN]
    lines = [
        "---",
        f"pretty_name: Verified bug-fixing tasks {version}",
        f"license: {licenses[0].lower() if len(licenses) == 1 else 'other'}",
    ]
    if len(licenses) > 1:
        lines += ["license_name: per-repository", "license_link: README.md"]
    lines += [
        "language:",
        "- en",
        "task_categories:",
        "- text-generation",
        "tags:",
        "- code",
        "- software-engineering",
        "- bug-fixing",
        "size_categories:",
        f"- {size}",
        "configs:",
    ]
    for config in ("default", "subtle"):
        inside = [name for name in files if name.startswith("subtle") == (config == "subtle")]
        for n, name in enumerate(inside):
            if n == 0:
                lines += [f"- config_name: {config}", "  data_files:"]
            lines.append(f"  - split: {_split_of(name, split)}")
            lines.append(f"    path: data/{_file_of(name, split)}-*.parquet")
    return "\n".join([*lines, "---\n"])


def _loading(choice: Choice, split: str) -> str:
    lines = ["```python", "from datasets import load_dataset", ""]
    for name, _ in choice.files():
        config = '"subtle", ' if name.startswith("subtle") else ""
        variable = {"train": "tasks", "subtle": "subtle"}.get(name, name)
        told = _split_of(name, split)
        lines.append(f'{variable} = load_dataset("path/to/this/folder", {config}split="{told}")')
    text = "\n".join([*lines, "```\n"])
    counts = Counter(map(choice.split_of, (*choice.main, *choice.subtle)))
    if len(counts) > 1:
        text += "\nNo repository is in two splits. Tasks: "
        text += ", ".join(f"{counts[name]:,} in `{name}`" for name in SPLITS if counts[name]) + ".\n"
    return text


def _split_of(name: str, train: str) -> str:
    """The split of the files of that name; `train` goes by the name that it has here."""
    split = split_of_files(name)
    return train if split == TRAIN else split


def _file_of(name: str, train: str) -> str:
    return train if name == TRAIN else name


def _funnel(metrics: Mapping[str, Any], choice: Choice) -> str:
    funnel = metrics.get("funnel", {})
    rows: list[tuple[str, Any]] = [(f"repositories, {k}", n) for k, n in funnel.get("repos", {}).items() if n]
    rows.append(("candidates", metrics.get("generation_stats", {}).get("bugs_attempted", 0)))
    outcomes = funnel.get("outcomes", {})
    rows += [(f"judged {k}", n) for k, n in outcomes.items() if n and k != Outcome.PART_NOT_VALID]
    rows.append(("left out for balance, likeness or a text that tells too little", len(choice.left_out)))
    rows.append(("published", _total(choice)))
    text = _table(("step", "count"), rows)
    lost = [(k, n) for k, n in funnel.get("repos", {}).items() if n and k != "kept"]
    if lost:
        told = ", ".join(f"{_many(n, 'repository', 'repositories')} {k}" for k, n in lost)
        text += f"\nLooked at and not kept: {told}.\n"
    if unjudged := funnel.get("unjudged", 0):
        text += f"\n{_many(unjudged, 'candidate', 'candidates')} without a verdict: judging did not end.\n"
    if choice.notes:
        text += "\nWhere the choice was bound:\n\n" + "".join(f"- {note}\n" for note in choice.notes)
    return text


def _many(n: int, one: str, more: str) -> str:
    return f"{n:,} {one if n == 1 else more}"


def _total(choice: Choice) -> int:
    return len(choice.main) + len(choice.subtle)


def _distribution(choice: Choice) -> str:
    tables = []
    for title, field in (("complexity", "complexity"), ("category", "category"), ("strategy", "strategy")):
        counts = Counter(str(getattr(row, field)) for row in choice.main)
        low = Counter(str(getattr(row, field)) for row in choice.subtle)
        total = max(1, len(choice.main))
        rows = [
            (name, counts[name], f"{counts[name] / total:.1%}", low[name])
            for name in sorted({*counts, *low}, key=lambda n: (-counts[n], n))
        ]
        tables.append(_table((title, "tasks", "share", "subtle"), rows))
    return "\n".join(tables)


def _weak(rows: Sequence[Described]) -> str:
    weak = sum(Tag.WEAK_TESTS in row.tags for row in rows)
    return (
        f"{_many(weak, 'task has', 'tasks have')} the tag `{Tag.WEAK_TESTS}`: a wrong fix, made on purpose at"
        " the place of the bug, was seen to do something else than the fix and passes all tests.\n"
    )


def _licences(rows: Iterable[Described]) -> list[tuple[str, str, str, int]]:
    counts = Counter((row.repo, row.source, row.license) for row in rows)
    return [(*key, n) for key, n in sorted(counts.items())]


def _table(head: tuple[str, ...], rows: Iterable[tuple[Any, ...]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for row in rows:
        cells = (f"{cell:,}" if isinstance(cell, int) else str(cell).replace("|", "\\|") for cell in row)
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"

"""Every table's schema is pinned as text, so that a change of it is seen in review.

`python -m tests.test_schemas` writes the texts anew.
"""

from pathlib import Path

import pytest

from smith_lib.storage import schema_of, table_name
from smith_lib.storage.schema import TABLES
from smith_lib.types import Review

FOLDER = Path(__file__).parent / "data" / "schemas"


def text_of(row: type) -> str:
    """One column a line."""
    return "".join(f"{field.name}: {field.type}\n" for field in schema_of(row))


@pytest.mark.parametrize("row", TABLES, ids=lambda row: row.__name__)
def test_the_schema_is_the_one_that_users_rely_on(row):
    pinned = (FOLDER / f"{table_name(row)}.txt").read_text()
    assert text_of(row) == pinned, "meant? python -m tests.test_schemas, and a line in CHANGELOG.md"


def test_nothing_is_pinned_that_is_no_table():
    assert {path.stem for path in FOLDER.iterdir()} == set(TABLES.values())


def test_no_column_may_be_null():
    assert [f.name for row in TABLES if row is not Review for f in schema_of(row) if f.nullable] == []


def test_only_what_a_person_left_open_is_null():
    wanted = ["realistic", "text_clear", "difficulty_right"]
    assert [f.name for f in schema_of(Review) if f.nullable] == wanted


def test_every_row_tells_its_repository():
    assert [row.__name__ for row in TABLES if "repo_id" not in schema_of(row).names] == []


def test_instances_have_the_columns_of_a_benchmark_row():
    wanted = {
        "instance_id", "repo", "base_commit", "patch", "test_patch", "problem_statement", "hints_text",
        "created_at", "version", "FAIL_TO_PASS", "PASS_TO_PASS", "environment_setup_commit", "difficulty",
        "buggy_code", "oracle_code", "bug_patch", "image", "image_digest", "dockerfile", "requirements",
        "test_command", "strategy", "operator", "category", "complexity", "fail_ratio", "subset",
    }  # fmt: skip
    instances = next(row for row, table in TABLES.items() if table == "instances")
    assert wanted - set(schema_of(instances).names) == set()


def test_instances_hold_nothing_that_two_runs_would_tell_apart():
    instances = next(row for row, table in TABLES.items() if table == "instances")
    unstable = ("seconds", "host", "run_id", "started", "tier", "sandbox")
    assert [n for n in schema_of(instances).names if any(word in n for word in unstable)] == []


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for table_row, table in TABLES.items():
        (FOLDER / f"{table}.txt").write_text(text_of(table_row))

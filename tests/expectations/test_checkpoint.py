import html
import logging
import re
import subprocess
import sys
import threading
import time

import pytest

from expectations.checkpoint import TABLES, check, check_all, gate, passed
from expectations.rules import Given
from smith_lib.errors import GateFailed, UnknownName
from smith_lib.settings import Settings, ValidateSettings
from smith_lib.storage.schema import TABLES as STORED
from tests.rows import a_candidate, a_repo, a_test, a_verdict, an_instance


def test_every_stored_table_but_the_ledger_has_rules():
    beside = {"runs", "ledger", "reviews"}  # what runs tell of themselves, and what people say
    assert set(STORED.values()) - beside == set(TABLES) - {"published", "drift"}


def test_an_unknown_table_is_refused_with_the_known_ones():
    with pytest.raises(UnknownName, match="unknown table 'verdict'; known: candidates"):
        check("verdict", [])


def test_the_gate_names_table_rule_value_and_rows():
    rows = [a_verdict(0), *(a_verdict(n, fail_ratio=0.95) for n in range(1, 8))]
    with pytest.raises(GateFailed) as refused:
        gate("verdicts", rows)
    names = ", ".join(row.candidate_id for row in rows[1:6])
    told = f"verdicts: not met: a valid bug's share is in the band (seen: 0.95, in {names} and 2 more)"
    assert str(refused.value) == told


def test_the_gate_lets_warnings_through():
    checked = gate("published", [an_instance()])
    assert checked.success
    assert {broken.severity for broken in checked.failures} == {"warn"}
    assert passed(checked) is checked


def test_settings_move_the_rules():
    lenient = Settings(validation=ValidateSettings(max_fail_ratio=1.0))
    assert not check("verdicts", [a_verdict(fail_ratio=0.95)]).success
    assert check("verdicts", [a_verdict(fail_ratio=0.95)], settings=lenient).success


def test_the_data_docs_show_every_table_and_every_rule(tmp_path):
    docs = tmp_path / "docs"
    tables = {"repos": [a_repo()], "verdicts": [a_verdict(fail_ratio=0.97)], "published": [an_instance()]}
    checked = check_all(tables, docs=docs)
    assert not checked.success
    index = (docs / "index.html").read_text()
    pages = {page.parts[-4]: page.read_text() for page in docs.glob("validations/*/*/*/*.html")}
    assert set(pages) == set(tables)
    assert all(f"validations/{table}/" in index for table in tables)
    for table, page in pages.items():
        text = html.unescape(re.sub(r"\s+", " ", page))
        for rule in TABLES[table].rules(Given(n_rows=1, n_main=1)):
            assert rule.name in text
    assert a_verdict().candidate_id in pages["verdicts"]


def test_threads_may_check_at_the_same_time():
    found = {}

    def work(n):
        found[n] = check("candidates", [a_candidate(n, fix_lines=n)]).success

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {0: False, 1: True, 2: False, 3: False}


def test_a_shard_is_checked_in_a_moment():
    """After the import, which takes seconds; CPU time, since other work may hold the machine."""
    check("tests", [])
    shards = {
        "tests": [a_test(n) for n in range(2_000)],
        "candidates": [a_candidate(n) for n in range(200)],
        "verdicts": [a_verdict(n) for n in range(200)],
        "instances": [an_instance(n) for n in range(100)],
    }
    for table, rows in shards.items():
        started = time.thread_time()
        assert check(table, rows).success
        assert time.thread_time() - started < 1.5, table


def test_nothing_is_printed_and_warnings_are_logged_once(capfd, caplog):
    with caplog.at_level(logging.WARNING):
        check("verdicts", [a_verdict(fail_ratio=0.95)])
        assert not caplog.records  # what blocks is raised by the gate
        check("published", [an_instance()])
    assert capfd.readouterr() == ("", "")
    assert [r.name for r in caplog.records] == ["expectations.checkpoint"]
    assert "the share of simple is within 2% of 60% (seen: 1.0)" in caplog.text


def test_heavy_modules_are_imported_where_they_are_used():
    code = "import sys, expectations.checkpoint; print({'great_expectations', 'pandas'} & set(sys.modules))"
    command = [sys.executable, "-c", code]
    run = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert run.stdout.strip() == "set()"

"""`smith doctor` tells what is missing with a remedy, and never a secret."""

import gc
import sys
from pathlib import Path

import pytest

from smith_lib.cli import checks
from smith_lib.cli.checks import Check
from smith_lib.cli.doctor import sandbox_works
from smith_lib.settings import Settings, load


def test_a_tokens_value_is_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "ghp_secret")
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    found = {check.name: check for check in checks.tokens()}
    assert found["GITHUB_TOKEN"] == Check("GITHUB_TOKEN", "ok", "set")
    assert found["OPENAI_API_KEY"].status == "unset"
    assert "ghp_secret" not in repr(found)


def test_every_package_is_there_with_its_version() -> None:
    found = list(checks.packages())
    assert len(found) == 8
    assert {check.status for check in found} == {"ok"}


def test_memory_that_does_not_do_is_told_with_the_setting_to_lower() -> None:
    found = checks.memory(load(None, {"workers": 1_000, "sandbox.memory_mb": 1 << 20}))
    assert found.status == "warn"
    assert "--workers" in found.remedy
    assert checks.memory(load(None, {"workers": 1, "sandbox.memory_mb": 64})).found.endswith("processors")


def test_a_place_that_does_not_exist_yet_is_looked_at_where_it_will_be(tmp_path: Path) -> None:
    found = {
        c.name: c for c in checks.disk(Settings(out=str(tmp_path / "a" / "b"), cache=str(tmp_path / "c")))
    }
    assert str(tmp_path) in found["disk: out"].found
    assert "disk: out" not in {
        c.name for c in checks.disk(Settings(out="s3://bucket/x", cache=str(tmp_path)))
    }


def test_git_that_is_missing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    assert checks.git().status == "ok"
    monkeypatch.setenv("PATH", "/nowhere")
    assert checks.git().status == "missing"
    assert "install git" in checks.git().remedy


def test_a_prefect_server_that_does_not_answer_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    assert checks.prefect_api().status == "ok"
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:9/api")
    found = checks.prefect_api()
    assert found.status == "missing"
    assert "smith deploy" in found.remedy


# docker's client leaves the socket that could not connect to the collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_engine_that_does_not_answer_is_told_with_its_remedy(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
    found = {check.name: check for check in checks.sandboxes(Settings(cache=str(tmp_path)))}
    assert found["docker"].status == "missing"
    assert "/nowhere/docker.sock" in found["docker"].found
    assert found["docker"].remedy
    assert "docker: base" not in found
    gc.collect()


def test_one_backend_with_its_base_is_enough() -> None:
    down, up = Check("docker", "missing", ""), Check("namespaces", "ok", "")
    assert not sandbox_works([down, up])
    assert not sandbox_works([down, up, Check("namespaces: base", "missing", "")])
    assert sandbox_works([down, up, Check("namespaces: base", "ok", "")])


def test_an_index_that_does_not_answer_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("UV_INDEX_URL", "UV_DEFAULT_INDEX"):
        monkeypatch.setenv(name, "http://127.0.0.1:9/simple")
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    found = checks.index()
    assert found.status == "warn"
    assert found.remedy


def test_looking_at_python_tells_the_one_that_runs() -> None:
    assert sys.executable in checks.python().found

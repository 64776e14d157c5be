"""`smith serve` as a process: it answers, refuses what is unsafe, and ends by a signal."""

import os
import re
import signal
import subprocess
import sys

import httpx
import pytest

from smith_lib.cli.ending import TERMINATED
from smith_lib.curate.choose import Choice
from smith_lib.publish import write_version
from smith_lib.settings import PublishSettings
from smith_lib.storage import Root
from tests.rows import an_instance

COMMAND = [sys.executable, "-c", "from smith_lib.cli import main; main()", "serve"]


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    out = tmp_path_factory.mktemp("out")
    write_version(Root.at(out), Choice((an_instance(),), (), ()), {}, None, PublishSettings())
    return out


def test_it_answers_until_a_signal_ends_it(data):
    env = {**os.environ, "SMITH_SERVE_TOKEN": "s3cret"}
    command = [*COMMAND, data, "--port", "0"]
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
        try:
            line = run.stdout.readline()
            told = re.match(r"(http://127\.0\.0\.1:\d+) answers for 1 task, with a token; ", line)
            assert told, line + run.stderr.read()
            client = httpx.Client(base_url=told[1], headers={"Authorization": "Bearer s3cret"}, timeout=60)
            with client:
                assert client.get("/health").json()["tasks"] == 1
                empty = client.post("/reward", json={"instance_id": "nobody", "patch": ""})
                assert empty.status_code == 404
            run.send_signal(signal.SIGTERM)
            assert run.wait(60) == TERMINATED
        finally:
            run.kill()


def test_it_listens_to_others_with_a_token_alone(invoke, data, monkeypatch):
    monkeypatch.delenv("SMITH_SERVE_TOKEN", raising=False)
    result = invoke("serve", data, "--host", "0.0.0.0")
    assert result.exit_code == 2
    assert "cannot listen at '0.0.0.0' without a token: set SMITH_SERVE_TOKEN" in result.stderr


def test_a_batch_that_could_never_wait_is_refused(invoke, data):
    result = invoke("serve", data, "--queue", "8", "--batch", "9")
    assert result.exit_code == 2
    assert "--batch 9 is more than --queue 8" in result.stderr


def test_without_the_extra_it_says_what_to_install(invoke, data, monkeypatch):
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    result = invoke("serve", data)
    assert result.exit_code == 2
    assert "`smith serve` needs uvicorn: pip install 'smith[serve]'" in result.stderr

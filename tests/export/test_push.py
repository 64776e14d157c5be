"""A push to a hub on the loopback device, with the hub's own client."""

import base64
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from smith_lib.export.folder import write
from tests.export.conftest import a_task
from tests.servers.web import Answer, Request, as_json, serving

PUSH = """
import sys
from pathlib import Path
from smith_lib.errors import SmithError
from smith_lib.export.push import push
try:
    print(push(Path(sys.argv[1]), sys.argv[2], "v0001-00000000"))
except SmithError as error:
    print(f"{type(error).__name__}: {error}")
"""


class Hub:
    """As much of a hub as a push asks for."""

    def __init__(self, status: int = 200) -> None:
        self.status = status
        self.made: list[dict] = []
        self.files: dict[str, bytes] = {}
        self.tokens: set[str] = set()

    def __call__(self, request: Request) -> Answer:
        self.tokens.add(request.headers.get("authorization", ""))
        if self.status != 200:
            return as_json({"error": "no"}, self.status)
        body = request.body
        if request.path == "/api/repos/create":
            self.made.append(json.loads(body))
            return as_json({"url": f"http://{request.headers['host']}/datasets/me/tasks"})
        if request.path.endswith("/preupload/main"):
            asked = json.loads(body)["files"]
            told = [{"path": f["path"], "uploadMode": "regular", "shouldIgnore": False} for f in asked]
            return as_json({"files": told})
        if "/commit/" in request.path:
            for line in map(json.loads, body.splitlines()):
                if line["key"] == "file":
                    self.files[line["value"]["path"]] = base64.b64decode(line["value"]["content"])
            commit = f"http://{request.headers['host']}/datasets/me/tasks/commit/{'0' * 40}"
            return as_json({"commitUrl": commit, "commitOid": "0" * 40, "success": True})
        if request.path.endswith("/datasets/me/tasks/revision/main") or request.path.endswith("/me/tasks"):
            return as_json({"id": "me/tasks", "siblings": [], "sha": "0" * 40})
        return as_json([] if "/tree/" in request.path else {})


@pytest.fixture
def folder(tmp_path):
    return write(str(tmp_path / "out"), [a_task()], [], "huggingface", "v0001-00000000", "train", {})


def pushed(folder: Path, url: str, name: str = "me/tasks", token: str = "hf_some") -> str:
    """What a push in a process of its own returns or raises; the client reads its variables once."""
    home = folder.with_name("home")
    environ = {k: v for k, v in os.environ.items() if not k.startswith("HF_")}
    environ |= {"HF_ENDPOINT": url, "HF_TOKEN": token, "HF_HOME": str(home), "HF_HUB_DISABLE_XET": "1"}
    command = [sys.executable, "-c", PUSH, str(folder), name]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_push_makes_a_private_dataset_of_the_folders_files(folder):
    hub = Hub()
    with serving(hub) as url:
        assert pushed(folder, url) == f"{url}/datasets/me/tasks"
    told = [(made["name"], made["organization"], made["type"], made["visibility"]) for made in hub.made]
    assert told == [("tasks", "me", "dataset", "private")]
    wanted = {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    assert hub.files == {name: data for name, data in wanted.items() if name != "export.json"}
    assert hub.tokens == {"Bearer hf_some"}


def test_a_token_comes_from_the_environment_alone(folder):
    with serving(Hub()) as url:
        assert "set HF_TOKEN" in pushed(folder, url, token=" ")


def test_a_name_or_a_token_that_is_no_good_is_the_askers(folder):
    with serving(Hub()) as url:
        assert "InputError: cannot push to 'a/b/c': OWNER/NAME is wanted" in pushed(folder, url, "a/b/c")
    with serving(Hub(401)) as url:
        told = pushed(folder, url)
    assert "InputError: the hub refuses 'me/tasks'" in told and "one that may write there?" in told


def test_a_hub_that_does_not_answer_is_broken_machinery(folder):
    with serving(Hub()) as url:
        pass
    told = pushed(folder, url)
    assert "NetworkError: the hub" in told and "does not answer" in told

"""A package index's JSON API (PEP 691), for sdists that lie on this machine."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.servers.web import Answer, Request, as_json, serving


@dataclass
class Index:
    """The server's state: the files by name, and every path that was asked for."""

    url: str = ""
    files: dict[str, dict[str, bytes]] = field(default_factory=dict)
    facts: dict[str, dict[str, object]] = field(default_factory=dict)
    """What the page says of a file, over what is worked out."""
    troubles: list[int] = field(default_factory=list)
    """Status codes that the next requests get."""
    seen: list[str] = field(default_factory=list)

    def add(self, project: str, filename: str, data: bytes, **facts: object) -> None:
        """Put a file on the index; `upload_time` and the like become the page's keys."""
        self.files.setdefault(project, {})[filename] = data
        self.facts[filename] = {name.replace("_", "-"): value for name, value in facts.items()}

    def answer(self, request: Request) -> Answer:
        self.seen.append(request.path)
        if self.troubles:
            return Answer(self.troubles.pop(0))
        kind, _, rest = request.path.removeprefix("/").partition("/")
        if kind == "files":
            data = next((f[rest] for f in self.files.values() if rest in f), None)
            return Answer(404) if data is None else Answer(200, data)
        files = self.files.get(rest.strip("/"))
        if kind != "simple" or files is None:
            return Answer(404)
        page = [
            {
                "filename": name,
                "url": f"../../files/{name}",
                "hashes": {"sha256": hashlib.sha256(data).hexdigest()},
                "upload-time": "2025-02-03T04:05:06.789Z",
                "yanked": False,
                **self.facts[name],
            }
            for name, data in files.items()
        ]
        return as_json({"meta": {"api-version": "1.1"}, "name": rest.strip("/"), "files": page})


@contextmanager
def index() -> Iterator[Index]:
    """An empty index; its simple URL is `url + "/simple"`."""
    served = Index()
    with serving(served.answer) as served.url:
        yield served

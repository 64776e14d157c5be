"""Which shard of a root holds a project's fixes now: one small file a project names it."""

from smith_lib.storage import Root

FOLDER = "pool"
END = ".shard"


def put(root: Root, project: str, shard: str) -> None:
    """Have the project's fixes be those of that shard."""
    root.write_bytes(f"{FOLDER}/{project.replace('/', '__')}{END}", f"{project}\n{shard}\n".encode())


def shelved(root: Root) -> dict[str, str]:
    """The shards' paths by project (`owner/name`)."""
    found = {}
    for name in root.names(FOLDER):
        if name.endswith(END):
            project, shard = bytes(root.read_bytes(name)).decode().splitlines()[:2]
            found[project] = shard
    return found


def shard_of(root: Root, project: str) -> str | None:
    """The path of the project's shard; none where the pool has nothing of it."""
    return shelved(root).get(project)

"""A PostgreSQL server of Debian's package, run as the package's own user in a temporary folder."""

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.servers.ports import free_port

USER = "postgres"


def programs() -> Path | None:
    """The folder with `initdb` and `postgres`, or None where they are not installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return found[-1].parent if found else None


@contextmanager
def database(log: Path) -> Iterator[str]:
    """The URL of an empty database for SQLAlchemy's asyncpg, while its server runs on a free port."""
    place = programs()
    assert place is not None, "no PostgreSQL here: apt-get install postgresql"
    # pytest's own folders are closed to other users.
    folder = Path(tempfile.mkdtemp(prefix="smith-postgres-"))
    owner = pwd.getpwnam(USER).pw_uid if os.getuid() == 0 else os.getuid()
    os.chown(folder, owner, -1)
    port = free_port()
    given = {"user": owner} if os.getuid() == 0 else {}
    data = folder / "data"
    command = [place / "initdb", "-D", data, "-U", "smith", "--auth=trust", "--no-sync", "-E", "UTF8"]
    subprocess.run(command, check=True, capture_output=True, timeout=120, cwd=folder, **given)
    options = {"port": port, "listen_addresses": "127.0.0.1", "unix_socket_directories": "", "fsync": "off",
               "max_connections": 200}  # fmt: skip
    words = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
    with log.open("wb") as said:
        command = [place / "postgres", "-D", data, *words]
        server = subprocess.Popen(command, stdout=said, stderr=said, cwd=folder, **given)
    try:
        address = ["-h", "127.0.0.1", "-p", str(port), "-U", "smith"]
        deadline = time.monotonic() + 60
        while subprocess.run([place / "pg_isready", *address], capture_output=True, check=False).returncode:
            assert server.poll() is None and time.monotonic() < deadline, "PostgreSQL did not start"
            time.sleep(0.1)
        subprocess.run([place / "createdb", *address, "prefect"], check=True, timeout=60, **given)
        yield f"postgresql+asyncpg://smith@127.0.0.1:{port}/prefect"
    finally:
        server.terminate()
        try:
            server.wait(30)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
        shutil.rmtree(folder, ignore_errors=True)

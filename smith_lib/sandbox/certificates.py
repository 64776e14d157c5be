"""This machine's own certificate authorities, so that what runs inside trusts what the machine trusts."""

import os
from pathlib import Path

EXTRA = Path("/usr/local/share/ca-certificates")
SYSTEM = Path("/etc/ssl/certs/ca-certificates.crt")


def bundle() -> bytes | None:
    """The machine's certificates in PEM, or None where it trusts no more than everybody does."""
    for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"):
        path = Path(os.environ.get(name) or "/nowhere")
        if path.is_file():
            return path.read_bytes()
    if EXTRA.is_dir() and any(EXTRA.rglob("*.crt")) and SYSTEM.is_file():
        return SYSTEM.read_bytes()
    return None


def configuration() -> dict[str, bytes]:
    """Files, by absolute path, that make uv and pip inside use the system's certificates."""
    pip = f"[global]\ncert = {SYSTEM}\ndisable-pip-version-check = true\n"
    uv = 'system-certs = true\npython-downloads = "never"\nlink-mode = "copy"\n'
    return {"/etc/pip.conf": pip.encode(), "/etc/uv/uv.toml": uv.encode()}

"""What this machine trusts and where it gets packages, so that what is installed inside does the same."""

import os
from pathlib import Path

EXTRA = Path("/usr/local/share/ca-certificates")
_INDEXES = ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL")
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
    """Files, by absolute path, that make uv and pip inside use the system's certificates and our index.

    An index with a password in its URL is left out: these files end up in images.
    """
    pip = f"[global]\ncert = {SYSTEM}\ndisable-pip-version-check = true\n"
    uv = 'system-certs = true\npython-downloads = "never"\nlink-mode = "copy"\n'
    index = next((url for name in _INDEXES if (url := os.environ.get(name))), "")
    if index and "@" not in index and '"' not in index and not index.startswith("file:"):
        pip += f"index-url = {index}\n"
        uv += f'[[index]]\nurl = "{index}"\ndefault = true\n'
    return {"/etc/pip.conf": pip.encode(), "/etc/uv/uv.toml": uv.encode()}

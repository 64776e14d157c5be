"""The data docs of a version that the gate refused: kept beside the versions, so that they can say why."""

from pathlib import Path

from pyarrow import fs

from smith_lib.errors import StorageError
from smith_lib.storage import Root

REFUSED = "published/refused"


def keep_refused(root: Root, docs: Path) -> str:
    """The place of the kept docs' first page; those of an earlier refusal are gone."""
    drop_refused(root)
    for file in sorted(p for p in docs.rglob("*") if p.is_file()):
        root.write_bytes(f"{REFUSED}/data_docs/{file.relative_to(docs).as_posix()}", file.read_bytes())
    return refused_docs(root)


def refused_docs(root: Root) -> str:
    """Where the first page of a refusal's data docs lies, if there was one."""
    page = f"{REFUSED}/data_docs/index.html"
    return str(root.local / page) if root.local else f"{root.url.rstrip('/')}/{page}"


def drop_refused(root: Root) -> None:
    """Remove what an earlier refusal left. Raises `StorageError`."""
    try:
        if root.files.get_file_info(root.path(REFUSED)).type == fs.FileType.Directory:
            root.files.delete_dir(root.path(REFUSED))
    except OSError as error:
        raise StorageError(f"cannot remove {REFUSED!r} in {root.url}: {error}") from error

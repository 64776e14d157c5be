"""Paths as people write them."""

from pathlib import Path

from smith_lib.errors import InputError


def expanded(text: str) -> Path:
    """The path, with the home folder for `~` or `~user`. Raises `InputError` where there is none."""
    try:
        return Path(text).expanduser()
    except RuntimeError as error:
        raise InputError(f"cannot use {text!r}: {str(error).rstrip('.')}") from error


def there(path: Path) -> bool:
    """Whether something is at the path; nothing is at one that no file system can hold."""
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def folder_to_be(text: str, what: str) -> Path:
    """The absolute path of a folder that is there or can be made; `what` tells in messages what it is for.

    Raises `InputError` where a file is in its way, or no file system could hold it.
    """
    if "\0" in text:
        raise InputError(f"cannot use {text!r} as {what}: it names no folder")
    path = expanded(text).absolute()
    for at in (path, *path.parents):
        try:
            if at.is_dir():
                return path
            if at.exists() or at.is_symlink():
                raise InputError(f"cannot use {text!r} as {what}: {str(at)!r} is no folder")
        except OSError as error:
            raise InputError(f"cannot use {text!r} as {what}: {error.strerror or error}") from error
    return path

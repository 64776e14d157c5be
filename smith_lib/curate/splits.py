"""Splits by repository: a project is in one of them, and stays there from version to version."""

import hashlib
import re
from collections.abc import Iterable, Mapping

from smith_lib.settings import PublishSettings

TRAIN, VALIDATION, TEST = "train", "validation", "test"
SPLITS = (TRAIN, VALIDATION, TEST)


def project(repo: str) -> str:
    """What is one project in all its forms: the last part of its name, as the package index has it.

    A release (`pypi/name`), its repository (`owner/name`) and a fork of it are the same code, so they share a
    split.
    """
    return re.sub(r"[-_.]+", "-", repo.rpartition("/")[2].lower()).strip("-") or repo.lower()


def split_of_files(name: str) -> str:
    """The split whose rows the files of that name hold: `subtle` alone has those of `train`."""
    return TRAIN if name == "subtle" else name.removeprefix("subtle_")


def splits(
    repos: Iterable[str], settings: PublishSettings, before: Mapping[str, str] | None = None
) -> dict[str, str]:
    """The split of each project, those of before among them, sorted by name.

    A project that has a split keeps it. A new one gets its own by a digest of its name, which no other
    project, seed or order changes; as long as fewer than `splits_from` projects are known, all new ones are
    in `train`.
    """
    known = {name: split for name, split in (before or {}).items() if split in SPLITS}
    names = {project(repo) for repo in repos}
    few = len(names | set(known)) < settings.splits_from
    for name in names - set(known):
        known[name] = TRAIN if few else drawn(name, settings)
    return dict(sorted(known.items()))


def drawn(name: str, settings: PublishSettings) -> str:
    """The split that a project's name draws."""
    number = int.from_bytes(hashlib.sha256(f"split {name}".encode()).digest()[:8], "big") / 2**64
    if number < settings.test_share:
        return TEST
    return VALIDATION if number < settings.test_share + settings.validation_share else TRAIN

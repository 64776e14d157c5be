"""What is the same after a fault as without it."""

from collections import Counter

from smith_lib.publish.version import FOLDER, latest
from smith_lib.storage import Root, read_at
from smith_lib.types import Instance


def published(root: Root) -> dict[str, bytes]:
    """The data files of the newest version by name; no row is in them twice."""
    place = f"{FOLDER}/{latest(root)}/data"
    names = list(root.names(place))
    ids = Counter(row.instance_id for name in names for row in read_at(root, name, Instance))
    assert not [one for one, count in ids.items() if count > 1]
    return {name.removeprefix(f"{place}/"): root.read_bytes(name) for name in names}

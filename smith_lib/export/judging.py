"""How an exported task is judged: the order for `inside/evaluate.py`, made from a row."""

import re
from importlib.resources import files
from typing import Any

from smith_lib.errors import InputError
from smith_lib.sources import roles
from smith_lib.types import Instance
from smith_lib.validate.row_environment import environment_in
from smith_lib.validate.verify import suite_args

SECONDS = 900
"""How long a suite may take on the wall."""
TEXT = (".py", ".ini", ".cfg", ".toml", ".coveragerc")
"""What an answer adds beside the tests counts for nothing where its name ends so."""


def script() -> bytes:
    """The program that judges."""
    return (files("smith_lib.export") / "inside" / "evaluate.py").read_bytes()


def shown(test_id: str) -> str:
    """The id without white space, at which log parsers cut: such a character becomes `%` and its hex code."""
    return re.sub(r"\s", lambda found: f"%{ord(found[0]):02X}", test_id)


def order(row: Instance) -> dict[str, Any]:
    """What `evaluate.py` reads. Raises `InputError` where two tests would be shown under one name."""
    tests = [(test, shown(test)) for test in sorted({*row.FAIL_TO_PASS, *row.PASS_TO_PASS})]
    if len({name for _, name in tests}) < len(tests):
        raise InputError(f"{row.instance_id}: two of its tests have one name once white space is written out")
    return {
        "args": list(suite_args(row)),
        "code": [file.path for file in row.oracle_code],
        "environ": {"LANG": "C.UTF-8", "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}
        | dict(environment_in(row).environ),
        "hidden": row.test_patch,
        "judges": judges(),
        "seconds": SECONDS,
        "tests": tests,
        "text": list(TEXT),
    }


def judges() -> str:
    """A regular expression that finds what `roles` takes for tests or for what configures them in a path."""
    names = "|".join(map(re.escape, sorted(roles.CONFIGURES)))
    folder, module = roles.TEST_FOLDER.pattern, roles.TEST_MODULE.pattern
    return rf"(^|/)({folder})/|^testing/|(^|/)({module}|{names})$"

"""The stages of one repository: each reads the shards of the one before and makes its own, once."""

from smith_lib.stages.frame import Desk, Gate
from smith_lib.stages.given import take
from smith_lib.stages.inject import inject
from smith_lib.stages.package import package
from smith_lib.stages.pool import look, of_history, pool, record
from smith_lib.stages.select import select
from smith_lib.stages.validate import validate

__all__ = [
    "Desk", "Gate", "inject", "look", "of_history", "package", "pool", "record", "select", "take", "validate",
]  # fmt: skip

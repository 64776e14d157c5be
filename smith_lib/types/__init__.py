"""The rows: one frozen dataclass a table, from which the Arrow schemas derive.

Every row carries `repo_id`. Ids are opaque to the code and readable to people:
`owner__name.commit8` for a repository, `owner__name.commit8.operator.hash8` for a candidate.
"""

from smith_lib.types.bugs import Candidate, Failure, Frame, Report, Verdict
from smith_lib.types.fixes import FixedPiece, PastFix, Variation
from smith_lib.types.instances import CodeFile, Grade, Instance, Review, Solved
from smith_lib.types.repos import Coverage, CoveredFile, Function, Repo, Test
from smith_lib.types.runs import LedgerRow, StageRun
from smith_lib.types.values import (
    UNJUDGED,
    UNTOLD,
    Category,
    Complexity,
    GradeOutcome,
    Outcome,
    PatchProblem,
    RepoOutcome,
    Stability,
    StageStatus,
    Strategy,
    Tag,
    Tier,
)

Row = (
    Repo | Test | Function | Coverage | Candidate | Verdict | Instance | Grade | Review | PastFix | StageRun
    | LedgerRow
)

__all__ = [
    "UNJUDGED", "UNTOLD",
    "Candidate", "Category", "CodeFile", "Complexity", "Coverage", "CoveredFile", "Failure", "FixedPiece",
    "Frame", "Function", "Grade", "GradeOutcome", "Instance", "LedgerRow", "Outcome", "PastFix",
    "PatchProblem", "Repo", "RepoOutcome", "Report", "Review", "Row", "Solved", "Stability", "StageRun",
    "StageStatus", "Strategy", "Tag", "Test", "Tier", "Variation", "Verdict",
]

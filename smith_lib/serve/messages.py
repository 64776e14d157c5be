"""What is asked and answered over HTTP."""

from dataclasses import asdict
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainValidator,
    WithJsonSchema,
    model_validator,
)

from smith_lib.grade.completions import patch_in
from smith_lib.types import Grade, GradeOutcome, PatchProblem


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f"text wanted, not {type(value).__name__}")
    return value


Text = Annotated[str, PlainValidator(_text), WithJsonSchema({"type": "string"})]
"""Any text, also with the lone surrogates that bytes which are no UTF-8 become: the grader names those."""


def _plain(value: str) -> str:
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise ValueError("it holds what is no UTF-8") from error
    return value


class Message(BaseModel):
    """One message of a chat."""

    role: str = ""
    content: Text | None = None


class Ask(BaseModel):
    """A patch for a task, or what a model said, with the patch in it."""

    model_config = ConfigDict(extra="forbid")

    instance_id: Annotated[str, AfterValidator(_plain)]
    patch: Text | None = Field(None, description="A unified diff.")
    completion: Text | list[Message] | None = Field(
        None, description="What a model said: text, or a chat's messages, of which the last one counts."
    )

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.patch is None) == (self.completion is None):
            raise ValueError("either patch or completion is wanted")
        return self

    def diff(self) -> str:
        """The patch itself, empty where the completion holds none."""
        if self.patch is not None:
            return self.patch
        said = self.completion or ""
        return patch_in(said if isinstance(said, str) else [message.model_dump() for message in said])


class Batch(BaseModel):
    """Patches for tasks, any tasks in any order."""

    model_config = ConfigDict(extra="forbid")

    items: list[Ask] = Field(min_length=1)


class Worth(BaseModel):
    """What a patch is worth, in short."""

    instance_id: str
    reward: float | None = Field(
        description="0 to 1; null where nothing can be said of the patch: the task is not known, or its "
        "environment cannot be had."
    )
    resolved: bool
    outcome: GradeOutcome
    problem: PatchProblem
    reason: str


class Judged(Worth):
    """What the tests said of a patch."""

    ignored: list[str] = Field(description="Paths that were left out of the patch, with the reason.")
    applies: bool
    fixed: list[str] = Field(description="FAIL_TO_PASS that pass.")
    not_fixed: list[str]
    kept: list[str] = Field(description="PASS_TO_PASS that pass.")
    not_kept: list[str]
    fixed_share: float
    kept_share: float
    canaries: int = Field(description="Tests in the run that must fail.")
    tier: str
    seconds: float = Field(description="Wall seconds from patch to verdict.")


class Worths(BaseModel):
    """Rewards, in the order of what was asked."""

    rewards: list[float | None]
    results: list[Worth]


class Judgements(BaseModel):
    """Grades, in the order of what was asked."""

    results: list[Judged]


class Health(BaseModel):
    """Whether patches are taken."""

    status: str = Field(description="`ok`, or `stopping`.")
    tasks: int
    waiting: int = Field(description="Patches that wait.")
    running: int = Field(description="Patches that are being graded.")


def told(grade: Grade) -> dict[str, Any]:
    """The fields of `Judged`, and so of `Worth`."""
    unsaid = grade.outcome is GradeOutcome.UNGRADED or grade.problem is PatchProblem.UNKNOWN_INSTANCE
    said = {"reason": _shown(grade.reason), "ignored": [_shown(path) for path in grade.ignored]}
    reward = None if unsaid else grade.reward
    return {**asdict(grade), **said, "resolved": grade.resolved, "reward": reward}


def _shown(text: str) -> str:
    """The text as JSON can hold it: a patch's paths may be anything."""
    return text.encode("utf-8", "backslashreplace").decode()

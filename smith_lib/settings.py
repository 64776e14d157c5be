"""Settings: frozen, one model a stage. They are the command line's options, the form in Prefect's UI
and the file `smith.toml`, from this one definition. Unknown keys are errors; secrets come from the
environment alone."""

import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from smith_lib.errors import InputError
from smith_lib.types import Category

MANY = 1_000_000_000
"""More than any count that makes sense, and well within 64 bits."""
ROUNDING = 0.005
"""How far shares may add up to something else than 1, e.g. three times 0.333."""
WEEK = 7 * 24 * 3_600
"""In seconds."""


def flag(name: str) -> dict[str, Any]:
    """Field metadata that makes a field a command line option of its own."""
    return {"flag": name}


class _Stage(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True)


class SelectSettings(_Stage):
    """Which repositories are kept."""

    @model_validator(mode="after")
    def _bounds(self) -> Self:
        if self.min_loc > self.max_loc:
            raise ValueError(f"min_loc {self.min_loc:,} is above max_loc {self.max_loc:,}")
        return self

    min_loc: int = Field(1_000, ge=0, le=MANY)
    """Fewest lines of Python code, tests aside."""
    max_loc: int = Field(50_000, ge=1, le=MANY)
    """Most lines of Python code, tests aside."""
    min_tests: int = Field(51, ge=1, le=MANY)
    """Fewest test functions in the source, and tests that the suite collects (more than 50)."""
    min_pass_rate: float = Field(0.9, ge=0, le=1)
    """The share of the tests that must be exceeded by those that pass in every clean run."""
    licenses: tuple[str, ...] = (
        "MIT", "MIT-0", "BSD-2-Clause", "BSD-3-Clause", "0BSD", "Apache-2.0", "ISC", "PSF-2.0",
        "Python-2.0", "Unlicense", "Zlib", "CC0-1.0", "BSL-1.0", "WTFPL", "HPND",
    )
    """SPDX ids of the licences that are accepted."""
    allow_unknown_license: bool = False
    """Keep repositories whose licence cannot be told."""
    contamination_file: str | None = None
    """A file with more repositories (one `owner/name` or project name a line) to keep out."""
    clean_runs: int = Field(3, ge=2, le=20)
    """Runs of the clean suite, each under a hash seed of its own."""
    github_url: str | None = None
    """Base URL of GitHub's REST API, for GitHub Enterprise."""


class SearchSettings(_Stage):
    """What to look for on GitHub."""

    min_stars: int = Field(default=100, ge=0, le=MANY)
    """Fewest stars."""
    language: str = Field(default="python", pattern=r"[A-Za-z+#-]+")
    """The main language, as GitHub names it."""
    licenses: tuple[str, ...] = ()
    """GitHub's licence keys, e.g. `mit`; any where empty."""
    pushed_after: str = Field(default="", pattern=r"^(\d{4}-\d\d-\d\d)?$")
    """A date (`2026-01-31`) after which something was pushed; any where empty."""
    limit: int = Field(default=30, ge=1, le=1_000)
    """Most repositories."""


class EnvironmentSettings(_Stage):
    """How a repository is installed."""

    base_image: str = "smith-base:bookworm"
    """The image that every environment is layered on; `smith base-image` makes the default one."""
    registry: str = ""
    """Where images of environments are pulled from before one is built, and pushed to once one was, e.g.
    `registry.example/team`; nowhere where empty. Only the sandbox `docker` uses it."""
    dated: bool = True
    """Install the releases of the commit's time."""
    slack_days: int = Field(30, ge=0, le=36_500)
    """How many days after the commit a release may be and still count as of its time."""
    build_seconds: int = Field(900, ge=10, le=WEEK)
    """Longest that finding an environment for one repository may take."""
    suite_seconds: int = Field(600, ge=5, le=WEEK)
    """Longest that one clean run of a suite may take."""


class SandboxSettings(_Stage):
    """Where repositories run."""

    kind: Literal["auto", "docker", "namespaces"] = Field("auto", json_schema_extra=flag("--sandbox"))
    """`auto` takes Docker where an engine answers, else Linux namespaces."""
    memory_mb: int = Field(2_048, ge=64, le=1 << 22)
    """Memory of one sandbox, MiB."""
    processes: int = Field(256, ge=8, le=1 << 22)
    """Processes and threads in one sandbox."""
    disk_mb: int = Field(1_024, ge=16, le=1 << 22)
    """What one sandbox may write, MiB."""
    output_kb: int = Field(256, ge=1, le=1 << 20)
    """How much of the suite's output is kept, KiB."""


FEATURES = ("size", "category", "files", "edits")
"""What the choice of candidates can be moved towards."""


class InjectSettings(_Stage):
    """Which bugs are made."""

    @model_validator(mode="after")
    def _shares(self) -> Self:
        if self.simple + self.medium > 1:
            raise ValueError(f"the shares simple {self.simple} and medium {self.medium} are above 1 together")
        for name, weight in self.towards_weights.items():
            if name not in FEATURES:
                raise ValueError(f"unknown feature {name!r} in towards_weights; known: {', '.join(FEATURES)}")
            if not 0 <= weight <= 1:
                raise ValueError(f"the weight {name} {weight:g} in towards_weights is not from 0 to 1")
        return self

    limit: int = Field(200, ge=1, le=1_000_000, json_schema_extra=flag("--limit"))
    """Candidates a repository. Of combinations, which are judged only where their parts are good, more are
    made than are judged."""
    short_of: str = Field("even", min_length=1)
    """What is drawn more of: the name of a version published in the same `out`, for the cells of complexity
    and category that it was short of, or `even`. The nightly job takes the newest version for `even`."""
    strategies: tuple[Literal["ast", "semantic", "combine", "mirror", "llm"], ...] = Field(
        ("ast", "semantic", "combine"), min_length=1
    )
    """Families that bugs are drawn from; `mirror` takes effect where the source has a git history, and `llm`
    where `llm.model` is set."""
    operators: tuple[str, ...] = ()
    """Only these operators; all where empty. `smith operators` lists them."""
    yields: str = Field("recorded", min_length=1)
    """How often each operator's bugs were valid so far; those that rarely were are drawn less. The name of a
    version published in the same `out`, `recorded` (measured for this release) or `even` (all alike)."""
    simple: float = Field(0.6, ge=0, le=1)
    """Share of candidates drawn towards fixes of 1 to 5 lines."""
    medium: float = Field(0.3, ge=0, le=1)
    """Share drawn towards fixes of 6 to 15 lines; the rest is complex."""
    max_per_function: int = Field(6, ge=1, le=MANY)
    """Most candidates in one function, and as many combinations."""
    common_share: float = Field(0.15, ge=0, le=1)
    """Share of the candidates that may lie in functions which more than half of the tests execute: such bugs
    take the longest to judge and are mostly too broken. More are taken only where nothing else is left."""
    rare_share: float = Field(0.1, ge=0, le=1)
    """Share of the candidates that may lie where fewer tests come by than `validation.subtle_below` wants to
    fail: such bugs are subtle at most. More are taken only where little else is left."""
    towards: Literal["", "pool"] = ""
    """`pool`: the shares of sizes, categories, fixes of several files and kinds of edits are moved towards
    those of the real fixes that `smith pool` found in the repository's history, where there are any."""
    towards_weights: dict[str, float] = {"size": 0.5, "category": 0.5, "files": 0.5, "edits": 0.5}
    """How far each is moved, from 0 (not at all) to 1 (as the real fixes have it); what is left out stays."""
    llm_examples: int = Field(0, ge=0, le=20)
    """Most real fixes of the project, those nearest to the code asked about, that a model is shown as
    examples; none where `smith pool` found none. They share `llm.longest_context` with what is around it."""
    llm_share: float = Field(0.3, gt=0, le=1)
    """Share of the candidates that a model writes, where the family `llm` is on."""
    mirror_share: float = Field(0.3, gt=0, le=1)
    """Most of the candidates that are undone fixes, where other families are on beside `mirror`."""
    mirror_per_fix: int = Field(3, ge=1, le=100)
    """Most candidates out of one fix: the whole of it undone, and parts of it."""
    mirror_commits: int = Field(5_000, ge=1, le=MANY)
    """How many commits back fixes are looked for."""
    mirror_pulls: int = Field(1_000, ge=0, le=MANY)
    """How many pull requests of a GitHub repository are looked through for what the fixes were about."""
    histories: dict[str, str] = {}
    """Git histories (`git+URL`, `github:owner/name`, a path) of sources that have none, by source without
    version: `{"pypi:name" = "git+https://..."}`."""


class LlmSettings(_Stage):
    """Which model is asked and what it may cost. Keys come from the environment: `OPENAI_API_KEY`, ..."""

    model: str = ""
    """litellm's name of it, e.g. `openai/gpt-4o-mini`; `openai/NAME` for any OpenAI-compatible server."""
    base_url: str = ""
    """The server's URL, e.g. `http://127.0.0.1:8000/v1`; the provider's own where empty."""
    temperature: float = Field(0.8, ge=0, le=2)
    """How freely it writes; left out for models that take none."""
    longest_answer: int = Field(4_096, ge=16, le=1 << 20)
    """Most tokens in one answer."""
    max_requests: int = Field(1_000, ge=0, le=MANY)
    """Most requests a run, those tried again and answers taken from the cache included."""
    max_usd: float = Field(5.0, ge=0, le=MANY)
    """Most dollars a run, answers taken from the cache included at what they once cost."""
    input_price: float | None = Field(None, ge=0, le=MANY)
    """Dollars for a million tokens read; litellm's table where unset. 0 for a server of one's own."""
    output_price: float | None = Field(None, ge=0, le=MANY)
    """Dollars for a million tokens written; litellm's table where unset."""
    workers: int = Field(4, ge=1, le=16)
    """Requests at the same time."""
    timeout: float = Field(120.0, gt=0, le=WEEK)
    """Seconds that one request may take."""
    stream: bool = False
    """Have answers sent piece by piece, for servers that end connections on which nothing comes."""
    longest_context: int = Field(2_000, ge=0, le=1 << 20)
    """Most tokens of a question that tell of a function's module and of its callers."""
    bugs_an_answer: int = Field(3, ge=1, le=8)
    """Most bugs that one question asks for."""


class PoolSettings(_Stage):
    """What is kept of the fixes in a project's history."""

    variations: int = Field(3, ge=0, le=100)
    """Most bugs that operators make at the lines of each fix, which the tests then judge."""
    embedding: str = Field("wordllama", min_length=1)
    """What fixes are embedded with: `wordllama`, which comes with Smith and works offline, or litellm's name
    of an embedding model, e.g. `openai/text-embedding-3-small`, whose cost counts against `llm.max_usd`."""
    model_folder: str = ""
    """A folder with `weights/` and `tokenizers/` as wordllama has them; its own where empty."""
    base_url: str = ""
    """The URL of an embedding model's server, e.g. `http://127.0.0.1:8000/v1`; the provider's own where
    empty."""


class ValidateSettings(_Stage):
    """When a bug counts."""

    runs: int = Field(3, ge=1, le=20)
    """Runs that must agree."""
    max_fail_ratio: float = Field(0.9, gt=0, le=1)
    """The failing share of reliable tests must be below this."""
    subtle_below: float = Field(0.01, ge=0, lt=1)
    """A failing share below this goes into the subset `subtle`."""
    timeout_factor: float = Field(5.0, ge=1, le=1_000)
    """A run may take this many times what its tests take on clean code, of processor time and of waiting."""
    timeout_floor: float = Field(2.0, ge=0.1, le=WEEK)
    """But never less than this many seconds of processor time, nor than 2 s of waiting."""
    tiers: tuple[Literal["swap", "fork", "cold"], ...] = ("swap", "fork", "cold")
    """Ways of judging that are used where the clean suite shows that they tell the truth."""
    confirm: Literal["warm", "cold"] = Field("warm", json_schema_extra=flag("--confirm"))
    """How what ships is run again: in warm processes, or cold with the whole suite each time."""
    alike: float = Field(0.75, ge=0, le=1)
    """From this likeness to another of the repository on (0 to 1, what the edits change compared), a bug is a
    near-duplicate and is not judged; 0 judges all. Bugs from a file are always judged."""
    audit: float = Field(0.03, ge=0, le=1)
    """Share of the verdicts of each outcome, one at least, that a cold run of the whole suite checks."""


class PackageSettings(_Stage):
    """How tasks are written up."""

    hide_tests: bool = True
    """Take the failing tests out of the task's tree; `test_patch` adds them back."""
    wrong_fixes: int = Field(6, ge=0, le=100)
    """Wrong fixes that each task's tests are tried with; 0 tries none. One that passes them all gives the
    task the tag `weak_tests`."""


class PublishSettings(_Stage):
    """What a dataset version holds."""

    @model_validator(mode="after")
    def _shares(self) -> Self:
        sizes = {"simple": self.simple, "medium": self.medium, "complex": self.complex}
        if unknown := sorted(set(self.categories) - set(Category)):
            known = ", ".join(Category)
            raise ValueError(f"unknown category {unknown[0]!r} in categories; known: {known}")
        for group in (sizes, self.categories):
            told = ", ".join(f"{name} {share:g}" for name, share in group.items())
            if any(not 0 <= share <= 1 for share in group.values()):
                raise ValueError(f"a share is from 0 to 1, unlike one of {told}")
            if group and abs(sum(group.values()) - 1) > ROUNDING:
                raise ValueError(f"the shares {told} add up to {sum(group.values()):g}, and 1 was wanted")
        if self.validation_share + self.test_share >= 1:
            told = f"validation_share {self.validation_share:g} and test_share {self.test_share:g}"
            raise ValueError(f"{told} leave nothing to train on: together they must be below 1")
        return self

    simple: float = Field(0.6, ge=0, le=1)
    """Target share of simple instances."""
    medium: float = Field(0.3, ge=0, le=1)
    """Target share of medium instances."""
    complex: float = Field(0.1, ge=0, le=1)
    """Target share of complex instances."""
    tolerance: float = Field(0.02, ge=0, le=1)
    """How far a share may be from its target."""
    categories: dict[str, float] = {
        "logic_error": 0.35, "edge_case": 0.25, "off_by_one": 0.15, "null_handling": 0.15, "other": 0.10,
    }
    """Target share of each category; where empty, any."""
    category_tolerance: float = Field(0.04, ge=0, le=1)
    """How far a category's share may be from its target."""
    multi_file: float = Field(0.05, ge=0, le=1)
    """Target share of instances whose fix changes several files."""
    multi_file_tolerance: float = Field(0.03, ge=0, le=1)
    """How far that share may be from its target. Where too few of them are there it gives way."""
    shares_from: int = Field(300, ge=1, le=MANY)
    """From so many rows on, shares block; below, they warn."""
    max_per_function: int = Field(10, ge=1, le=MANY)
    """Most instances that change the same function."""
    max_per_file: int = Field(100, ge=1, le=MANY)
    """Most instances that change the same file."""
    max_repo_share: float = Field(0.1, gt=0, le=1)
    """Largest share of one repository, from `shares_from` rows on; of few ones twice an even share."""
    max_operator_share: float = Field(0.08, gt=0, le=1)
    """Largest share of one operator, likewise."""
    max_blatant_share: float = Field(0.15, gt=0, le=1)
    """Largest share of bugs that fail every test which executes what they change, where three or more do;
    those that keep a module from being imported are among them."""
    alike: float = Field(0.75, ge=0, le=1)
    """From this likeness to another instance of any repository on (0 to 1, what their patches change
    compared), an instance is a near-duplicate and is left out; 0 leaves in all but the very same programs."""
    validation_share: float = Field(0.05, ge=0, lt=1)
    """Share of the projects whose instances are in the split `validation`."""
    test_share: float = Field(0.05, ge=0, lt=1)
    """Share of the projects whose instances are in the split `test`; the rest is in `train`."""
    splits_from: int = Field(10, ge=1, le=MANY)
    """As long as fewer projects than this are known, all are in `train`. A project stays in its split."""
    rows_per_shard: int = Field(10_000, ge=1, le=MANY)
    """Rows in one Parquet file of a published version."""


class StageSeconds(_Stage):
    """The longest that a stage of one repository may take, in seconds; it ends at its first step after."""

    select: int = Field(7_200, ge=1, le=WEEK)
    """Longest that selecting a repository may take: fetching, installing, clean runs."""
    inject: int = Field(7_200, ge=1, le=WEEK)
    """Longest that making its candidates may take, a model's answers included."""
    validation: int = Field(43_200, ge=1, le=WEEK)
    """Longest that judging its candidates may take."""
    package: int = Field(21_600, ge=1, le=WEEK)
    """Longest that writing up its tasks may take."""
    pool: int = Field(43_200, ge=1, le=WEEK)
    """Longest that taking up its history's fixes may take, their variations judged."""
    publish: int = Field(7_200, ge=1, le=WEEK)
    """Longest that choosing, checking and writing a version may take."""


class Settings(_Stage):
    """Everything that a run depends on."""

    out: str = Field("smith-out", min_length=1, json_schema_extra=flag("--out"))
    """Where everything lies: a folder or an object-store URL (`s3://bucket/prefix`)."""
    seed: int = Field(0, ge=-(2**63), le=2**63 - 1, json_schema_extra=flag("--seed"))
    """Every random choice derives from it."""
    workers: Annotated[int, Field(ge=1, le=1_000, json_schema_extra=flag("--workers"))] = 2
    """Sandboxes that run at the same time."""
    spread: int = Field(0, ge=0, le=MANY)
    """Repositories that one flow run takes where the workers of a Prefect server share a run; 0 keeps all in
    the run's own process. `out` must then be a place that all workers reach."""
    cache: str | None = None
    """Folder for clean trees and virtual environments; the user's cache folder where unset."""
    disk_free_gb: float = Field(0.5, ge=0, le=MANY)
    """Disk space, in GB, that has to be free where a stage begins."""
    stage_seconds: StageSeconds = StageSeconds()
    select: SelectSettings = SelectSettings()
    environments: EnvironmentSettings = EnvironmentSettings()
    sandbox: SandboxSettings = SandboxSettings()
    inject: InjectSettings = InjectSettings()
    llm: LlmSettings = LlmSettings()
    pool: PoolSettings = PoolSettings()
    validation: ValidateSettings = ValidateSettings()
    package: PackageSettings = PackageSettings()
    publish: PublishSettings = PublishSettings()


def _shown(value: Any) -> str:
    """The value as it is told; of a long one the beginning."""
    try:
        text = repr(value)
    except ValueError:  # an integer of thousands of digits
        return "a number of too many digits"
    return text if len(text) <= 200 else f"{text[:200]}..."


def _told(place: tuple[int | str, ...], kind: str, value: Any, message: str) -> str:
    """One line of what is wrong at that place; an unknown key is told with the known ones."""
    key = ".".join(map(str, place))
    if kind == "value_error":  # of a group: the message names the values
        return f"{key}: {message.removeprefix('Value error, ')}"
    if kind != "extra_forbidden":
        return f"{key} = {_shown(value)}: {message}"
    group: Any = Settings
    for name in place[:-1]:
        group = group.model_fields[str(name)].annotation
    return f"unknown key {key!r}; known here: {', '.join(group.model_fields)}"


DEFAULTS = Settings()
"""Every setting at its default."""


def load(path: Path | None, changes: dict[str, Any] | None = None) -> Settings:
    """Settings from a TOML file (or the defaults), with `changes` laid over it by dotted key.

    Raises `InputError` that names the file, the key and what was allowed.
    """
    data: dict[str, Any] = {}
    if path is not None:
        try:
            data = tomllib.loads(path.read_text(encoding="utf-8-sig"))
        except FileNotFoundError as error:
            raise InputError(f"settings file {str(path)!r} does not exist") from error
        except OSError as error:
            raise InputError(f"settings file {str(path)!r} cannot be read: {error}") from error
        except (ValueError, RecursionError) as error:
            raise InputError(f"settings file {str(path)!r} is not TOML: {error}") from error
    for dotted, value in (changes or {}).items():
        *parents, last = dotted.split(".")
        place = data
        for parent in parents:
            place = place.setdefault(parent, {})
            if not isinstance(place, dict):
                raise InputError(f"setting {dotted!r}: {parent!r} is not a group of settings")
        place[last] = value
    try:
        return Settings.model_validate(data)
    except ValidationError as error:
        found = error.errors()
        inner = {e["loc"][:-1] for e in found}  # a list is too short only where what it holds is left out
        found = [e for e in found if not (e["type"] == "too_short" and e["loc"] in inner)]
        lines = (_told(e["loc"], e["type"], e["input"], e["msg"]) for e in found)
        where = f" in {str(path)!r}" if path else ""
        raise InputError(f"bad settings{where}: " + "; ".join(lines)) from error

"""Options, `--set` and the settings file are one thing: the settings."""

import json
import tomllib

import pytest

from smith_lib.cli.options import assignment, fields_of, flags
from smith_lib.cli.settings import text, toml
from smith_lib.errors import InputError
from smith_lib.settings import Settings, load


def effective(invoke, *arguments):
    result = invoke("settings", "--json", *arguments)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_every_flagged_field_is_an_option_with_its_docstring_and_default(invoke):
    shown = "".join(invoke("run", "--help").output.split())
    assert set(flags()) == {"--out", "--limit", "--seed", "--workers", "--sandbox", "--confirm"}
    for flag, (_, field) in flags().items():
        assert flag in shown
        assert "".join(field.description.split()) in shown
        assert f"[default:{field.default}" in shown


def test_options_win_over_set_and_set_over_the_file(invoke, tmp_path):
    file = tmp_path / "smith.toml"
    file.write_text("seed = 1\nworkers = 5\n[inject]\nlimit = 11\nmax_per_function = 2\n")
    got = effective(
        invoke,
        "--settings",
        file,
        "--set",
        "inject.limit=12",
        "--set",
        "seed=2",
        "--set",
        "workers=6",
        "--seed",
        "3",
    )
    assert (got["seed"], got["workers"], got["inject"]["limit"], got["inject"]["max_per_function"]) == (
        3,
        6,
        12,
        2,
    )


def test_an_option_at_its_default_still_wins_over_the_file(invoke, tmp_path):
    file = tmp_path / "smith.toml"
    file.write_text("seed = 1\n")
    assert effective(invoke, "--settings", file)["seed"] == 1
    assert effective(invoke, "--settings", file, "--seed", "0")["seed"] == 0


@pytest.mark.parametrize(
    ("given", "value"),
    [
        ("seed=3", 3),
        ("select.min_pass_rate = 0.5", 0.5),
        ("sandbox.kind=docker", "docker"),
        ('sandbox.kind="docker"', "docker"),
        ('inject.strategies=["ast"]', ["ast"]),
        ("package.hide_tests=false", False),
        ("publish.categories={other = 1.0}", {"other": 1.0}),
        ("cache=/some where=else", "/some where=else"),
        ("cache=1\nseed=2", "1\nseed=2"),
        ("cache=", ""),
    ],
)
def test_values_are_toml_and_else_text(given, value):
    assert assignment(given)[1] == value


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (
            "inject.max_per_functon=3",
            "unknown setting 'inject.max_per_functon'; near: inject.max_per_function",
        ),
        ("max_per_function=3", "near: inject.max_per_function, publish.max_per_function"),
        ("inject=3", "unknown setting 'inject'"),
        ("seed", "KEY=VALUE wanted"),
    ],
)
def test_a_wrong_key_is_told_with_the_near_ones(given, told, invoke):
    with pytest.raises(InputError, match=r"setting|KEY"):
        assignment(given)
    result = invoke("run", "pypi:h11", "--set", given)
    assert result.exit_code == 2
    assert told in result.stderr


@pytest.mark.parametrize(
    "given",
    [
        ["--limit", "0"],
        ["--sandbox", "dokcer"],
        ["--workers", "many"],
        ["--set", "seed=[1]"],
        ["--settings", "no.toml"],
        ["--set", f"seed={'9' * 5_000}"],
        ["--set", f"seed={'[' * 20_000}{']' * 20_000}"],
        ["--seed", str(2**63)],
        ["--seed", "9" * 5_000],
        ["--set", "sandbox.memory_mb=100000000000000000000"],
        ["--set", 'inject.operators=["swap_operandz"]'],
        ["--out", "~nosuch/x"],
        ["--out", "x" * 300],
        ["--out", "/dev/null/below"],
        ["--set", "cache=/dev/null/below"],
        ["--set", "cache=~nosuch/x"],
    ],
)
def test_a_wrong_value_is_bad_input(given, invoke):
    result = invoke("run", "pypi:h11", *given)
    assert result.exit_code == 2
    assert "Traceback" not in result.output
    named = (given[0], given[1], given[1].partition("=")[2], "seed", "memory_mb", "swap_operandz")
    assert any(part and part in result.stderr for part in named)


def test_printed_settings_are_a_settings_file(invoke, tmp_path):
    made = load(
        None,
        {"seed": 9, "cache": 'a "quoted"\x7f\n\u00e9\U0001f600 path', "inject.operators": ["swap_operands"]},
    )
    file = tmp_path / "smith.toml"
    file.write_text(text(made), encoding="utf-8")
    assert load(file) == made
    file.write_text(invoke("settings").stdout)
    assert load(file) == Settings()


def test_printed_settings_explain_each_one(invoke):
    shown = invoke("settings").stdout
    assert tomllib.loads(shown)["inject"]["limit"] == 200
    flat = " ".join(shown.replace("\n# ", " ").split())
    for key, field in fields_of():
        assert " ".join(field.description.split()) in flat, key


def test_what_toml_cannot_hold_is_an_error():
    with pytest.raises(TypeError, match="None"):
        toml([None])

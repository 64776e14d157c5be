"""`--help` is fast, whole and true."""

import os
import shlex
import subprocess
import sys

import click
import pytest

from smith_lib.cli.app import COMMANDS, smith
from smith_lib.cli.ending import CODES
from smith_lib.cli.options import Command


def command(name: str) -> Command:
    found = smith.get_command(click.Context(smith), name)
    assert isinstance(found, Command)
    return found


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself_with_examples(name, invoke):
    result = invoke(name, "--help")
    assert result.exit_code == 0
    assert COMMANDS[name][1].split()[0] in result.output
    assert "Examples:" in result.output
    for example in command(name).examples:
        assert f"  {example}\n" in result.output


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_of_commands_says_what_each_says_of_itself(name):
    help_text = command(name).help
    assert help_text is not None
    assert help_text.strip().splitlines()[0] == COMMANDS[name][1]


@pytest.mark.parametrize(("name", "example"), [(n, e) for n in COMMANDS for e in command(n).examples])
def test_every_example_is_a_command_line_that_is_understood(name, example):
    words = shlex.split(example.split(" | ")[0].split(" > ")[0])
    assert words[:2] == ["smith", name]
    context = command(name).make_context(name, words[2:])
    assert context.params


def test_help_names_all_exit_codes(invoke):
    text = " ".join(invoke("--help").output.split())
    for code, meaning in CODES.items():
        assert f" {code} {meaning}" in text


def test_help_imports_nothing_heavy():
    code = (
        "import sys\nfrom smith_lib.cli.app import smith\n"
        "try:\n    smith(['--help'])\nexcept SystemExit:\n    pass\n"
        "heavy = {'pydantic', 'pyarrow', 'prefect', 'docker', 'rich', 'requests', 'libcst', 'pandas'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    before = os.times()
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, timeout=60)
    after = os.times()
    spent = after.children_user + after.children_system - before.children_user - before.children_system
    assert spent < 3  # of the processor: other tests may be using it too


@pytest.mark.parametrize("name", ["status", "run", "show"])
def test_a_commands_module_brings_neither_prefect_nor_docker(name):
    code = (
        f"import sys\nfrom smith_lib.cli.app import smith\ntry:\n    smith(['{name}', '--help'])\n"
        "except SystemExit:\n    pass\n"
        "heavy = {'prefect', 'docker', 'great_expectations', 'litellm', 'pandas'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, timeout=60)


def test_an_unknown_command_names_the_near_ones(invoke):
    result = invoke("stauts")
    assert result.exit_code == 2
    assert "unknown command 'stauts'; did you mean status" in result.output

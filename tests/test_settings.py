import subprocess
import sys
from typing import Any

import jsonschema
import pytest
from pydantic import BaseModel, ValidationError

from smith_lib.errors import InputError
from smith_lib.settings import Settings, load


def groups(model: type[BaseModel] = Settings) -> list[type[BaseModel]]:
    inner = [f.annotation for f in model.model_fields.values()]
    return [model, *(m for m in inner if isinstance(m, type) and issubclass(m, BaseModel))]


def bounded() -> list[tuple[str, Any]]:
    """Every numeric setting under its dotted key with a value just outside of each of its bounds."""
    found = []
    for name, field in Settings.model_fields.items():
        inner = getattr(field.annotation, "model_fields", {name: field})
        for key, entry in inner.items():
            dotted = key if inner.get(name) is field else f"{name}.{key}"
            for bound in entry.metadata:
                step = 1 if entry.annotation is int else 0.001
                for sort, outside in (("ge", -step), ("gt", 0), ("le", step), ("lt", 0)):
                    if (limit := getattr(bound, sort, None)) is not None:
                        found.append((dotted, limit + outside))
    return found


def settings_file(tmp_path, text: str | bytes):
    path = tmp_path / "smith.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_without_a_file_they_are_the_defaults():
    assert load(None) == Settings()


def test_a_file_lays_over_the_defaults_and_changes_over_the_file(tmp_path):
    text = 'seed = 1\n[select]\nmin_loc = 5\nlicenses = ["MIT"]\n[inject]\nlimit = 7\n'
    path = settings_file(tmp_path, text)
    settings = load(path, {"inject.limit": 9, "sandbox.kind": "namespaces"})
    assert (settings.seed, settings.select.min_loc, settings.select.licenses) == (1, 5, ("MIT",))
    assert (settings.inject.limit, settings.sandbox.kind) == (9, "namespaces")
    assert settings.select.max_loc == Settings().select.max_loc


@pytest.mark.parametrize(
    ("text", "key", "known"),
    [
        ("sed = 1", "'sed'", "seed"),
        ("[select]\nmin_lok = 1", "'select.min_lok'", "min_loc"),
        ("[selects]", "'selects'", "select"),
    ],
)
def test_an_unknown_key_is_named_with_the_known_ones(text, key, known, tmp_path):
    path = settings_file(tmp_path, text)
    with pytest.raises(InputError) as told:
        load(path)
    assert f"unknown key {key}; known here: " in str(told.value)
    assert known in str(told.value).split("known here: ")[1]
    assert str(path) in str(told.value)


def test_an_unknown_key_among_the_changes_is_named():
    with pytest.raises(InputError, match=r"unknown key 'inject\.limits'; known here: limit,"):
        load(None, {"inject.limits": 3})


@pytest.mark.parametrize(("key", "value"), bounded())
def test_a_value_out_of_bounds_is_told_by_key_and_value(key, value):
    with pytest.raises(InputError) as told:
        load(None, {key: value})
    assert f"{key} = {value!r}: Input should be" in str(told.value)


def test_there_are_bounds_to_test():
    assert len(bounded()) > 20


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("sandbox.kind", "dokcer"),
        ("inject.strategies", ["asd"]),
        ("seed", "x"),
        ("select", 3),
        ("workers", 1.5),
    ],
)
def test_a_value_of_the_wrong_kind_is_told_by_key_and_value(key, value):
    with pytest.raises(InputError, match="bad settings: " + key):
        load(None, {key: value})


def test_what_is_wrong_in_a_list_is_told_once():
    with pytest.raises(InputError) as told:
        load(None, {"inject.strategies": ["asd"]})
    assert "at least 1 item" not in str(told.value)
    with pytest.raises(InputError, match="at least 1 item"):
        load(None, {"inject.strategies": []})


def test_a_key_below_a_value_is_told():
    with pytest.raises(InputError, match=r"setting 'seed\.x': 'seed' is not a group of settings"):
        load(None, {"seed": 1, "seed.x": 2})


def test_all_that_is_wrong_is_told_at_once():
    with pytest.raises(InputError, match=r"workers = 0.*inject\.limit = 0"):
        load(None, {"workers": 0, "inject.limit": 0})


@pytest.mark.parametrize(
    "text",
    ["seed =", b"\xff\xfe", "a = 1\na = 2", f"seed = {'9' * 5_000}", f"a = {'[' * 20_000}{']' * 20_000}"],
)
def test_what_is_no_toml_is_told_with_the_file(text, tmp_path):
    path = settings_file(tmp_path, text)
    with pytest.raises(InputError, match="is not TOML: ") as told:
        load(path)
    assert str(path) in str(told.value)


def test_a_file_that_is_not_there_or_no_file_is_told(tmp_path):
    with pytest.raises(InputError, match=r"smith\.toml' does not exist"):
        load(tmp_path / "smith.toml")
    with pytest.raises(InputError, match=r"cannot be read: .*directory"):
        load(tmp_path)


@pytest.mark.parametrize("model", groups(), ids=lambda m: m.__name__)
def test_every_setting_says_what_it_is(model):
    assert model.__doc__
    without = [n for n, f in model.model_fields.items() if f.annotation not in groups() and not f.description]
    assert without == []


def test_they_do_not_change():
    with pytest.raises(ValidationError, match="frozen"):
        Settings().seed = 3  # type: ignore[misc]
    with pytest.raises(ValidationError, match="frozen"):
        Settings().inject.limit = 3  # type: ignore[misc]


def test_they_go_through_json_and_back():
    settings = load(None, {"select.licenses": ["MIT"], "publish.categories": {"other": 1.0}})
    assert Settings.model_validate_json(settings.model_dump_json()) == settings
    assert Settings.model_validate(settings.model_dump(mode="json")) == settings


def test_their_schema_accepts_the_defaults_and_describes_every_field():
    schema = Settings.model_json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(Settings().model_dump(mode="json"), schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"inject": {"limits": 3}}, schema)
    for group in (schema, *schema["$defs"].values()):
        assert group["additionalProperties"] is False
        for name, entry in group["properties"].items():
            assert "$ref" in entry or "description" in entry, name


FORM = """
from prefect import flow
from smith_lib.settings import Settings

@flow
def run(sources: list[str], settings: Settings = Settings()) -> None: ...

form = run.parameters.model_dump()
assert form["properties"]["settings"]["$ref"] == "#/definitions/Settings", form
fields = form["definitions"]["InjectSettings"]["properties"]["limit"]
assert (fields["default"], fields["minimum"]) == (Settings().inject.limit, 1), fields
assert fields["description"], fields
given = run.validate_parameters({"sources": ["x"], "settings": {"inject": {"limit": 3}}})
assert given["settings"].inject.limit == 3
try:
    run.validate_parameters({"sources": ["x"], "settings": {"inject": {"limits": 3}}})
except Exception as error:
    assert "limits" in str(error), error
else:
    raise AssertionError("an unknown key was taken")
"""


def test_they_are_the_form_of_a_flow(tmp_path):
    environ = {"PREFECT_HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    subprocess.run([sys.executable, "-c", FORM], env=environ, check=True, timeout=120)


def test_no_setting_is_a_secret():
    names = [name for model in groups() for name in model.model_fields]
    assert [n for n in names if any(word in n for word in ("token", "secret", "password", "key"))] == []


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"select.min_loc": 10, "select.max_loc": 5}, "select: min_loc 10 is above max_loc 5"),
        ({"inject.simple": 0.8, "inject.medium": 0.3}, "inject: the shares simple 0.8 and medium 0.3"),
        ({"inject.strategies": []}, "inject.strategies"),
        ({"validation.timeout_factor": float("inf")}, "validation.timeout_factor"),
        ({"out": ""}, "out"),
        ({"publish.categories": {"typos": 1.0}}, "publish: unknown category 'typos'.*; known: logic_error"),
        ({"publish.categories": {"other": 1.5, "edge_case": -0.5}}, "publish: a share is from 0 to 1.*-0.5"),
        ({"publish.categories": {"other": 0.9}}, "publish: the shares other 0.9 add up to 0.9"),
        ({"publish.simple": 0.9}, "publish: the shares simple 0.9, medium 0.3, complex 0.1 add up to 1.3"),
        ({"seed": int("9" * 6_000, 16)}, "seed = a number of too many digits"),
        ({"out": "x" * 5_000, "seed": "y" * 5_000}, "seed = 'y{199}[.]{3}: "),
    ],
)
def test_settings_that_cannot_hold_together_are_refused_at_load(changes, told):
    with pytest.raises(InputError, match=told):
        load(None, changes)


def test_shares_that_were_rounded_hold_together():
    thirds = {"publish.simple": 0.333, "publish.medium": 0.333, "publish.complex": 0.333}
    assert load(None, thirds).publish.simple == 0.333


def test_every_number_has_bounds():
    numbers = [f"{m.__name__}.{n}" for m in groups() for n, f in m.model_fields.items()
               if f.annotation in (int, float, int | None, float | None)]  # fmt: skip
    sides = {"low": ("ge", "gt"), "high": ("le", "lt")}
    without = [
        f"{m.__name__}.{n} {side}" for m in groups() for n, f in m.model_fields.items()
        for side, names in sides.items()
        if f"{m.__name__}.{n}" in numbers and not any(hasattr(b, x) for b in f.metadata for x in names)
    ]  # fmt: skip
    assert without == []
    assert len(numbers) > 30


def test_a_byte_order_mark_is_no_part_of_a_settings_file(tmp_path):
    path = tmp_path / "smith.toml"
    path.write_bytes(b"\xef\xbb\xbfseed = 7\n")
    assert load(path).seed == 7

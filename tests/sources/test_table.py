from pathlib import Path

import pytest

from smith_lib.errors import InputError
from smith_lib.settings import SelectSettings, Settings
from smith_lib.sources.table import anchored, cache_folder, pin, public, source_of, sources

SELECT = SelectSettings()


@pytest.mark.parametrize("spec", ["foo:bar", "flask", "", "PYPI:x", "http://example.org/x", "owner/name"])
def test_an_unknown_source_is_answered_with_the_known_ones(spec: str):
    with pytest.raises(InputError) as caught:
        pin(spec, SELECT)
    known = "github:owner/name[@ref], git+URL[@ref], pypi:name[==version], a path"
    assert str(caught.value) == f"unknown source {spec!r}; known: {known}"


@pytest.mark.parametrize(
    ("spec", "prefix"),
    [("pypi:x", "pypi:"), ("github:a/b", "github:"), ("git+https://x/y", "git+"), ("/x", ""), ("~/x", "")],
)
def test_the_prefix_tells_the_source(spec: str, prefix: str):
    assert source_of(spec, SELECT).prefix == prefix
    assert set(sources(SELECT)) == {"pypi:", "github:", "git+", ""}


def test_a_pinned_path_is_a_path_wherever_it_is_read(tmp_path: Path):
    assert source_of(f"{tmp_path}/gone@{'0' * 40}", SELECT).prefix == ""


def test_the_cache_is_the_setting_or_the_users_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder(Settings()) == tmp_path / "smith"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_folder(Settings()) == tmp_path / ".cache" / "smith"
    assert cache_folder(Settings(cache="~/there")) == tmp_path / "there"


def test_a_local_path_is_anchored_and_other_specs_are_left_alone(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "here").mkdir()
    for spec in ("here", "./here", f"../{tmp_path.name}/here"):
        assert anchored(spec) == str(tmp_path / "here")
    for spec in ("pypi:here", "github:a/b@c", "git+file:///x", "unknown:thing"):
        assert anchored(spec) == spec


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("pypi:h11==0.16.0", "pypi:h11==0.16.0"),
        ("github:o/n@" + "a" * 40, "github:o/n@" + "a" * 40),
        ("git+https://host/o/n@" + "a" * 40, "git+https://host/o/n@" + "a" * 40),
        ("git+file:///home/me/box@" + "a" * 40, "local:box@" + "a" * 40),
        ("/home/me/box@" + "a" * 40, "local:box@" + "a" * 40),
    ],
)
def test_no_path_of_this_machine_is_published(source: str, told: str) -> None:
    assert public(source) == told

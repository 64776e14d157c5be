"""`smith report`: a page, or why there is none."""

import json
import shutil

import pytest

from smith_lib.publish.version import versions
from smith_lib.review.answers import Book
from smith_lib.types import Review
from tests.report.published import HOSTILE, instances, published
from tests.servers import s3


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    root = published(tmp_path_factory.mktemp("report"))
    return root.local, versions(root)


def test_the_newest_version_of_a_folder_is_shown_beside_the_one_before(invoke, data):
    folder, (first, second) = data
    result = invoke("report", folder, "--json", "--samples", "20")
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert (told["version"], told["before"]) == (second, first)
    page = (folder / "reports" / f"{second}.html").read_text()
    assert told["report"] == str(folder / "reports" / f"{second}.html")
    assert f"Beside {first}: 15 tasks stayed, 5 came, 0 went." in page
    assert "<td>newly made or newly chosen</td>" in page
    assert "18 tasks and 2 subtle ones from 2 repositories, made from 2026-11-01 on" in page
    for said in ("What the pool is short of", "complex, off by one", "much like another",
                 "Score of the dataset", "complex: 6 of 20 wanted", "missed"):  # fmt: skip
        assert said in page
    assert HOSTILE not in page and "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "http://example.com/x.png" in page and 'src="http' not in page


def test_a_version_is_named_by_its_name_or_its_folder(invoke, data, tmp_path):
    folder, (first, _) = data
    for number, given in enumerate(([first, "--out", folder], [folder / "published" / first])):
        result = invoke("report", *given, "--to", tmp_path / f"{number}.html")
        assert result.exit_code == 0, result.output
        page = (tmp_path / f"{number}.html").read_text()
        assert f"<h1>Dataset {first}</h1>" in page
        assert "This is the first version here" in page
    assert (tmp_path / "0.html").read_bytes() == (tmp_path / "1.html").read_bytes()


def test_of_a_copy_it_says_what_is_not_known(invoke, data, tmp_path):
    folder, (_, second) = data
    shutil.copytree(folder / "published" / second / "data", tmp_path / "copy" / "data")
    result = invoke("report", tmp_path / "copy", "--samples", "0")
    assert result.exit_code == 0, result.output
    page = (tmp_path / "copy" / "reports" / "copy.html").read_text()
    assert "how its bugs came about is not known" in page
    assert "No operator&#39;s bugs" in page or "No operator's bugs" in page
    assert "no times are told" in page and "No samples were asked for." in page


def test_a_version_with_a_missing_or_changed_file_is_refused_and_no_page_made(invoke, data, tmp_path):
    folder, (_, second) = data
    for name, how in (("subtle-00000-of-00001", "is missing"), ("train-00000-of-00001", "is not what was")):
        copy = tmp_path / name
        shutil.copytree(folder, copy, ignore=shutil.ignore_patterns("reports"))
        file = copy / "published" / second / "data" / f"{name}.parquet"
        file.unlink() if how == "is missing" else file.write_bytes(file.read_bytes()[:-9])
        result = invoke("report", copy)
        assert result.exit_code == 5
        assert f"data/{name}.parquet {how}" in result.stderr and "`smith publish` mends it" in result.stderr
        assert not (copy / "reports").exists()


def test_where_a_runs_shards_are_gone_the_page_says_so(invoke, data, tmp_path):
    folder, (_, second) = data
    shutil.copytree(folder, tmp_path / "data", ignore=shutil.ignore_patterns("reports"))
    shutil.rmtree(tmp_path / "data" / "verdicts")
    result = invoke("report", tmp_path / "data")
    assert result.exit_code == 0, result.output
    page = (tmp_path / "data" / "reports" / f"{second}.html").read_text()
    assert "What could not be read" in page and "verdicts/repo0-0.parquet" in page


def test_a_damaged_version_before_is_told_and_the_newer_one_shown(invoke, data, tmp_path):
    folder, (first, second) = data
    shutil.copytree(folder, tmp_path / "data", ignore=shutil.ignore_patterns("reports"))
    (tmp_path / "data" / "published" / first / "data" / "train-00000-of-00001.parquet").unlink()
    result = invoke("report", tmp_path / "data")
    assert result.exit_code == 0, result.output
    page = (tmp_path / "data" / "reports" / f"{second}.html").read_text()
    assert f"so {second} is not compared with it" in page and "The version before cannot be read" in page


def test_where_nothing_is_published_it_says_what_to_do(invoke, tmp_path):
    result = invoke("report", "--out", tmp_path / "none")
    assert result.exit_code == 2
    assert "nothing is published in" in result.stderr and "smith run" in result.stderr
    assert not (tmp_path / "none").exists()


def test_an_unknown_version_and_a_folder_as_file_are_named(invoke, data, tmp_path):
    folder, _ = data
    result = invoke("report", "v0009-00000000", "--out", folder)
    assert result.exit_code == 2 and f"no version 'v0009-00000000' in '{folder}'; known:" in result.stderr
    result = invoke("report", folder, "--to", tmp_path)
    assert result.exit_code == 2 and "is a folder; a file was wanted" in result.stderr


def test_a_version_in_an_object_store_is_shown_and_reviewed_there(invoke, monkeypatch):
    with s3.bucket("tasks") as variables:
        s3.set_variables(monkeypatch, variables)
        root = published("s3://tasks/night", many=8)
        version = versions(root)[-1]
        row = instances(1)[0]
        review = Review(row.repo_id, row.instance_id, "ada", True, True, None, "", "")
        Book(root, version, "ada").enter(review)
        result = invoke("report", "s3://tasks/night", "--samples", "1")
        assert result.exit_code == 0, result.output
        assert result.stdout.startswith(f"s3://tasks/night/reports/{version}.html (")
        page = root.read_bytes(f"reports/{version}.html").decode()
        assert f"<h1>Dataset {version}</h1>" in page and "1 task looked at by ada (1)." in page

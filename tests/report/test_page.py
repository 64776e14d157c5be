"""The page in a browser: charts, both sizes, light and dark, the table, and nothing from elsewhere."""

import time

import pytest

from smith_lib.publish.version import versions
from smith_lib.report.page import report
from smith_lib.review.answers import Book
from smith_lib.types import Review
from tests.browser import page
from tests.report.published import instances, published

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    root = published(tmp_path_factory.mktemp("seen"))
    before, version = versions(root)
    for name, answer in (("ada", True), ("bob", False)):
        row = instances(1)[0]
        review = Review(row.repo_id, row.instance_id, name, True, answer, None, "", "")
        Book(root, version, name).enter(review)
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(report(root, version, before, 20, 1))
    return path


@pytest.fixture(scope="module")
def window():
    """A page that all tests here share, with what it said and asked for."""
    with page() as opened:
        opened.said, opened.asked = [], []
        opened.on("console", lambda message: opened.said.append(message.text))
        opened.on("pageerror", lambda error: opened.said.append(str(error)))
        opened.on("request", lambda request: opened.asked.append(request.url))
        yield opened


@pytest.fixture
def seen(window, file):
    """The report, in light and at desktop width, as if it were looked at for the first time."""
    window.set_viewport_size({"width": 1280, "height": 800})
    window.emulate_media(color_scheme="light")
    window.goto(file.as_uri())
    window.evaluate("localStorage.clear()")
    window.said.clear()
    window.asked.clear()
    window.reload()
    return window


def colours(seen, wanted):
    """The colours of a bar and of the page, once they are those, and else after ten seconds."""
    bar = "getComputedStyle(document.querySelector('[data-chart=funnel] .point path')).fill"
    both = f"[{bar}, getComputedStyle(document.body).backgroundColor]"
    end = time.monotonic() + 10  # a change of the system's preference is heard a moment later
    while (found := seen.evaluate(both)) != wanted and time.monotonic() < end:
        seen.wait_for_timeout(50)
    return found


@pytest.mark.parametrize("size", [(1280, 800), (390, 844)], ids=["desktop", "phone"])
def test_the_page_is_whole_at_this_width(seen, file, size):
    seen.set_viewport_size({"width": size[0], "height": size[1]})
    seen.reload()
    charts = seen.locator("[data-chart]")
    assert charts.count() == 14
    for at in range(charts.count()):
        drawn = charts.nth(at).locator(".point, .errorbar").count()
        assert drawn, charts.nth(at).get_attribute("data-chart")
    assert seen.evaluate("document.documentElement.scrollWidth") == size[0]
    widths = "[...document.querySelectorAll('.chart svg')].map(one => one.clientWidth)"
    assert max(seen.evaluate(widths)) < size[0]
    seen.locator("details.sample:not([open]) > summary").first.click()
    assert seen.locator("details.sample[open]").count() == 2
    seen.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
    assert seen.locator("tr.add").first.is_visible()
    assert "alert(1)" in seen.locator(".issue", has_text="alert").first.inner_text()
    assert seen.evaluate("document.documentElement.scrollWidth") == size[0]
    assert seen.said == []
    assert set(seen.asked) == {file.as_uri()}


def test_light_and_dark_change_by_the_button_and_stay(seen):
    seen.emulate_media(color_scheme="dark")
    dark = ["rgb(111, 159, 228)", "rgb(19, 21, 25)"]
    light = ["rgb(47, 102, 181)", "rgb(247, 247, 245)"]
    assert colours(seen, dark) == dark
    seen.click("#theme")
    assert colours(seen, light) == light
    seen.reload()
    assert colours(seen, light) == light


def test_the_table_sorts_and_filters(seen):
    rows = "[...document.querySelectorAll('table.sortable tbody tr')].filter(row => !row.hidden)"
    names = f"{rows}.map(row => row.cells[0].innerText)"
    assert seen.evaluate(names) == ["some/repo0", "some/repo1"]
    seen.click("th:has-text('Lines of code') button")
    assert seen.evaluate(names) == ["some/repo1", "some/repo0"]
    seen.click("th:has-text('Lines of code') button")
    assert seen.evaluate(names) == ["some/repo0", "some/repo1"]
    seen.fill("#repo-filter", "repo1")
    assert seen.evaluate(names) == ["some/repo1"]
    assert seen.inner_text("#repo-told") == "1 of 2 shown"


def test_reviews_are_told(seen):
    told = seen.inner_text("#review")
    assert "1 task looked at by ada (1), bob (1). Score: 50.0 %" in told
    assert "ada, bob" in told

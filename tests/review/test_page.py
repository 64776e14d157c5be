"""The review in a browser, by keys."""

import pytest

from smith_lib.publish.version import versions
from smith_lib.review.answers import reviews
from smith_lib.storage import Root
from tests.browser import page
from tests.report.published import HOSTILE

LISTED = "fetch('tasks', {headers: {Authorization: 'Bearer s3cret'}}).then((told) => told.json())"

pytestmark = pytest.mark.browser


def pressed(seen):
    """What is answered to each question."""
    chosen = "field => (field.querySelector('[aria-pressed=true]') || {}).innerText || null"
    return seen.evaluate(f"[...document.querySelectorAll('fieldset')].map({chosen})")


def saved(seen):
    seen.wait_for_selector("#saved[data-state=saved]")


def test_a_sample_is_gone_through_by_keys_and_answers_stay(serve, shown, tmp_path):
    said = []
    with page() as seen:
        seen.on("console", lambda message: said.append(message.text))
        seen.on("pageerror", lambda error: said.append(str(error)))
        with serve() as url:
            seen.goto(url)
            seen.wait_for_selector("h2.title")
            first = seen.inner_text("h2.title")
            for part in ("The bug", "Issue text", "Reproduction", "Failing tests", "Environment"):
                assert seen.locator(".card", has_text=part).count()
            for key in ("y", "n", "u", "3", "y", "m"):
                seen.keyboard.press(key)
            seen.keyboard.type("yes, no & <so>")
            seen.keyboard.press("Escape")
            saved(seen)
            assert pressed(seen) == ["Yes", "No", "Yes"]
            assert seen.inner_text("#progress") == "task 1 of 4, 1 done"
            seen.keyboard.press("j")
            seen.wait_for_selector("#task[data-task='2']")
            assert pressed(seen) == [None, None, None]
            seen.keyboard.press("n")
            saved(seen)
            seen.keyboard.press("k")
            seen.wait_for_selector("#task[data-task='1']")
            seen.reload()
            seen.wait_for_selector("h2.title")
            assert (seen.inner_text("h2.title"), pressed(seen)) == (first, ["Yes", "No", "Yes"])
            assert seen.input_value("#notes") == "yes, no & <so>"
            assert seen.evaluate("document.documentElement.scrollWidth") == 1280
            ground = "getComputedStyle(document.body).backgroundColor"
            before = seen.evaluate(ground)
            seen.keyboard.press("t")
            assert seen.evaluate(ground) != before
        # The service went away: what is said then is told not to be kept.
        seen.keyboard.press("n")
        seen.wait_for_selector("#saved[data-state=wrong]")
        assert seen.inner_text("#saved").startswith("not saved")
    rows = reviews(Root.at(tmp_path), versions(shown)[1])
    assert sorted((r.realistic, r.text_clear, r.difficulty_right, r.notes) for r in rows) == [
        (False, None, None, ""), (True, False, True, "yes, no & <so>"),
    ]  # fmt: skip
    assert [one for one in said if "ERR_CONNECTION_REFUSED" not in one] == []


def test_on_a_phone_with_a_token_it_goes_on_where_it_was_left(serve, shown, tmp_path):
    with page(390, 844) as seen:
        said = []
        seen.on("console", lambda message: said.append(message.text))
        seen.on("pageerror", lambda error: said.append(str(error)))
        with serve(many=20, token="s3cret") as url:
            seen.goto(f"{url}/#token=s3cret")
            seen.wait_for_selector("h2.title")
            for number in range(3):
                seen.click(f"fieldset:nth-of-type({number + 1}) .yes")
                saved(seen)
            assert seen.evaluate("document.documentElement.scrollWidth") == 390
            assert "s3cret" not in seen.url
            seen.goto("about:blank")
            seen.goto(url)
            seen.wait_for_selector("h2.title")
            assert seen.inner_text("#progress") == "task 2 of 20, 1 done"
            hostile = [one["title"] for one in seen.evaluate(LISTED)].index("`f(1)` gives 1")
            seen.locator("#dots button").nth(hostile).click()
            seen.wait_for_selector(f"#task[data-task='{hostile + 1}']")
            assert HOSTILE[:25] in seen.inner_text("#task")
            assert seen.locator("#task img, #task script").count() == 0
            assert seen.evaluate("document.documentElement.scrollWidth") == 390
    assert said == []

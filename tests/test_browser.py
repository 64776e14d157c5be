"""The browser that other tests look with."""

from pathlib import Path

import pytest

from tests.browser import page


@pytest.mark.browser
def test_a_page_has_the_size_asked_for_and_runs_its_scripts(tmp_path: Path) -> None:
    file = tmp_path / "a page.html"
    file.write_text("<p id=size></p><script>size.innerText = innerWidth + ' by ' + innerHeight</script>")
    with page(900, 500) as opened:
        opened.goto(file.as_uri())
        assert opened.inner_text("#size") == "900 by 500"

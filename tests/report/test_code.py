"""Diffs and texts as HTML."""

from html import unescape
from re import sub

from smith_lib.report import code
from smith_lib.report.code import diff_lines, line, prose

PATCH = f'''diff --git a/pkg/a.py b/pkg/a.py
--- a/pkg/a.py
+++ b/pkg/a.py
@@ -1,5 +1,5 @@
 def f(x):
     """It says
-    if <so>."""
+    what & how."""
     return x
{" "}
@@ -20,2 +20,1 @@ def g():
--- 1
 y = 2
--- a/pkg/b.py
+++ /dev/null
@@ -1 +0,0 @@
-z = 3
\\ No newline at end of file
'''  # fmt: skip


def plain(html):
    return unescape(sub("<[^>]*>", "", html))


def test_a_diffs_lines_keep_their_text_numbers_and_signs():
    lines, left = diff_lines(PATCH)
    assert left == 0
    assert [(one.kind, one.old, one.new, plain(one.html)) for one in lines] == [
        ("file", "", "", "pkg/a.py"),
        ("hunk", "", "", "@@ -1,5 +1,5 @@"),
        ("same", "1", "1", "def f(x):"),
        ("same", "2", "2", '    """It says'),
        ("del", "3", "", '    if <so>."""'),
        ("add", "", "3", '    what & how."""'),
        ("same", "4", "4", "    return x"),
        ("same", "5", "5", ""),
        ("hunk", "", "", "@@ -20,2 +20,1 @@ def g():"),
        ("del", "20", "", "-- 1"),
        ("same", "21", "20", "y = 2"),
        ("file", "", "", "pkg/b.py"),
        ("hunk", "", "", "@@ -1 +0,0 @@"),
        ("del", "1", "", "z = 3"),
    ]


def test_code_is_coloured_over_the_lines_of_a_string():
    lines, _ = diff_lines(PATCH)
    assert '<span class="k">def</span>' in lines[2].html
    assert lines[4].html.startswith('<span class="sd">') and "&lt;so&gt;" in lines[4].html


def test_of_a_long_diff_the_rest_is_counted(monkeypatch):
    monkeypatch.setattr(code, "MOST_LINES", 10)
    body = "".join(f"-x = {n}\n" for n in range(50))
    lines, left = diff_lines(f"--- a/a.py\n+++ b/a.py\n@@ -1,50 +0,0 @@\n{body}")
    assert (len(lines), left) == (10, 42)


def test_a_line_with_odd_breaks_is_one_line():
    lines, _ = diff_lines("--- a/a.py\n+++ b/a.py\n@@ -1 +1 @@\n-x = 1\r\n+x = '\x0c\u2028'\n")
    assert [one.kind for one in lines[2:]] == ["del", "add"]


def test_texts_bring_no_markup_of_their_own_and_fetch_nothing():
    html = prose("<img src=x onerror=alert(1)> ![x](http://a.b/c.png) [y](javascript:alert(1)) <b>z</b>")
    assert "<img" not in html and "<a" not in html and "<b>" not in html
    assert "&lt;img" in html
    assert "<script" not in line("`x` <script>alert(1)</script>")


def test_code_in_texts_is_coloured_and_other_languages_are_left():
    html = prose("Text.\n\n```python\nimport os\n```\n\n```html\n<p>\n```\n")
    assert '<span class="kn">import</span>' in html
    assert "&lt;p&gt;" in html


def test_a_long_text_is_cut_and_says_so():
    assert "and 5,000 more characters" in prose("x" * (code.MOST_TEXT + 5_000))

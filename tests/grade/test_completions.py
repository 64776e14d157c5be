import pytest

from smith_lib.grade.completions import patch_in

DIFF = "diff --git a/a.py b/a.py\n--- a/a.py\n+++ b/a.py\n@@ -1 +1 @@\n-x\n+y\n"
BARE = DIFF.partition("\n")[2]


@pytest.mark.parametrize(
    ("said", "patch"),
    [
        (DIFF, DIFF),
        (f"Here it is:\n\n{DIFF}", DIFF),
        (BARE, BARE),
        (f"First:\n```python\nx = 1\n```\nThen:\n```diff\n{DIFF}```\nDone.", DIFF),
        (f"```diff\n-old\n```\n```patch\n{BARE}```", BARE),
        (f"```\n{DIFF}```", DIFF),
        (f"~~~~ diff\n{DIFF}~~~~", DIFF),
        (f"<patch>\n{DIFF}</patch>", DIFF),
        ([{"role": "user", "content": "?"}, {"role": "assistant", "content": f"```diff\n{DIFF}```"}], DIFF),
        (DIFF.rstrip("\n"), DIFF),
        (DIFF.replace("\n", "\r\n"), DIFF),
        ("I do not know.", ""),
        ("---\nA rule, no diff\n", ""),
        ("", ""),
        ([], ""),
    ],
)
def test_the_patch_is_found_in_what_was_said(said, patch):
    assert patch_in(said) == patch

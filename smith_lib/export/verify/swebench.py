"""SWE-bench's own harness on an export: every fix resolves, and an answer that fixes nothing does not."""

import json
import tempfile
import uuid
from pathlib import Path

from smith_lib.export.verify.check import Check, run

NOTHING = """\
diff --git a/nothing.txt b/nothing.txt
new file mode 100644
--- /dev/null
+++ b/nothing.txt
@@ -0,0 +1 @@
+nothing
"""
"""An answer that changes no code; the harness skips one that is empty."""
SECONDS = 300
"""Per task."""


def verify(client: Path, folder: Path, split: str, ids: list[str]) -> list[Check]:
    """Two checks: `gold` and `nothing`. A task that was not judged fails either."""
    with tempfile.TemporaryDirectory(prefix="smith-swebench-") as temporary:
        place = Path(temporary)
        answers = [{"instance_id": one, "model_name_or_path": "none", "model_patch": NOTHING} for one in ids]
        (place / "none.jsonl").write_text("".join(json.dumps(one) + "\n" for one in answers))
        gold = _judged(client, folder / f"{split}.jsonl", split, ids, place, "gold", "--gold")
        none = _judged(client, folder / f"{split}.jsonl", split, ids, place, "none", "-p", "none.jsonl")
    return [
        Check("swebench eval --gold", gold == (len(ids), len(ids)), _words(gold)),
        Check("swebench eval, nothing", none == (0, len(ids)), _words(none)),
    ]


def _words(seen: tuple[int, int]) -> str:
    return f"{seen[0]} of {seen[1]} resolved"


def _judged(
    client: Path, rows: Path, split: str, ids: list[str], place: Path, name: str, *how: str
) -> tuple[int, int]:
    """How many tasks are resolved, and how many were judged."""
    chosen = [word for one in ids for word in ("-i", one)]
    run_id = f"smith-{uuid.uuid4().hex[:8]}"
    words: list[str | Path] = [client / "bin/swebench", "eval", rows, "--split", split, "--run-id", run_id]
    run([*words, "-j", "1", *how, *chosen], place, 120 + SECONDS * len(ids))
    report = json.loads((place / f"{name}.{run_id}.json").read_text())
    return len(report["resolved_ids"]), len(report["completed_ids"])

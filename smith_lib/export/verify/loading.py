"""`datasets.load_dataset` on a folder: every config loads, and holds the tasks."""

import json
import shutil
from pathlib import Path

from smith_lib.errors import EngineError
from smith_lib.export.verify.check import Check, run

PROGRAM = """
import json, sys, datasets
datasets.disable_progress_bars()
folder, cache = sys.argv[1:]
told = {}
for config in datasets.get_dataset_config_names(folder):
    known = datasets.get_dataset_split_names(folder, config)
    rows = datasets.load_dataset(folder, config, split=known[0], cache_dir=cache)
    told[config] = {"split": known[0], "ids": list(rows["instance_id"]), "columns": rows.column_names}
print("\\n" + json.dumps(told))
"""


def verify(client: Path, folder: Path, split: str, ids: list[str]) -> list[Check]:
    """One check a config: it loads, under the split's name, and its ids are the export's, each once."""
    wanted = json.loads((folder / "export.json").read_text())["tasks"]
    cache = folder.with_name(f".{folder.name}.cache")
    try:
        out = run([client / "bin/python", "-c", PROGRAM, folder, cache], folder, 600)
    finally:
        shutil.rmtree(cache, ignore_errors=True)
    try:
        told = json.loads(out.splitlines()[-1])
    except (ValueError, IndexError) as error:
        raise EngineError(f"datasets said nothing of {folder}: {out[-300:]}") from error
    seen = [name for config in told.values() for name in config["ids"]]
    checks = []
    for name, config in told.items():
        found, columns, called = config["ids"], config["columns"], config["split"]
        whole = len(found) == len(set(found)) > 0 and (called == split or name == "subtle")
        there = f"{len(found)} rows of {len(columns)} columns in {called!r}"
        checks.append(Check(f"load_dataset, {name}", whole, there))
    missing = sorted(set(ids) - set(seen))
    all_there = len(set(seen)) == wanted and not missing
    return [*checks, Check("every task is there", all_there, f"{len(set(seen))} of {wanted}")]

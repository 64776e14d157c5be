"""Whether each family of bugs alone, and all of them together, publishes from a real repository.

    python -m benchmarks.families [--source pypi:h11==0.16.0] [--history GIT] [--limit 12] [--seed 7]
        [--set KEY=VALUE]... [--out FOLDER] [FAMILY...]

`smith run` is called once for each family, into one folder, so that what the families share is made once.
The history is that of the source, for `mirror`. The model of `llm` is a server on this machine with OpenAI's
API that changes one thing in the code that it is asked about, as the tests have it. Told are the command's
end, and how many rows of which subsets and operators the version has.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq

from smith_lib.settings import load
from smith_lib.sources.table import cache_folder, fetch, pin
from tests.inject import authors
from tests.servers.openai import openai

FAMILIES = ("ast", "semantic", "combine", "mirror", "llm")


def main() -> int:
    """0 where every family published."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("families", nargs="*", default=[*FAMILIES, "all"])
    parser.add_argument("--source", default="pypi:h11==0.16.0")
    parser.add_argument("--history", help="a git repository, where the source has no history of its own")
    parser.add_argument("--limit", type=int, default=12)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--set", action="append", default=[], help="further settings of the runs")
    parser.add_argument("--out", help="folder for shards, so that a second call finds what was judged")
    given = parser.parse_args()
    out = given.out or tempfile.mkdtemp(prefix="smith-benchmark-")
    settings = load(None, {"out": out})
    at = pin(given.source, settings.select)
    authors.TINY = fetch(at, cache_folder(settings), settings.select).path
    failed = False
    with openai(authors.writes_bugs) as server:
        for name in given.families:
            names = list(FAMILIES) if name == "all" else [name]
            chosen = [*given.set, f"inject.strategies={json.dumps(names)}"]
            if "llm" in names:
                chosen += ['llm.model="openai/gpt-4o-mini"', f'llm.base_url="{server.url}"']
            if "mirror" in names and given.history:
                source = given.source.partition("==")[0]
                chosen.append(f'inject.histories={{"{source}"="{given.history}"}}')
            failed |= not ran(name, given, out, chosen)
    return int(failed)


def ran(name: str, given: argparse.Namespace, out: str, chosen: list[str]) -> bool:
    """Whether a family published; a line of the table is printed."""
    sets = [part for one in chosen for part in ("--set", one)]
    command = ["smith", "run", given.source, "--limit", str(given.limit), "--seed", str(given.seed),
               "--out", out, "--json", *sets]  # fmt: skip
    smith = str(Path(sys.executable).with_name("smith"))
    ended = subprocess.run([smith, *command[1:]], capture_output=True, text=True, timeout=7_200, check=False)
    if ended.returncode != 0:
        print(f"{name:9} exit {ended.returncode}: {ended.stderr.strip()[-300:]}", flush=True)
        return False
    print(f"{name:9} exit 0  {told(Path(out))}", flush=True)
    return True


def told(out: Path) -> str:
    """What was published, of which operators."""
    version = Path(out, "published", "latest").read_text(encoding="utf-8").strip()
    rows = [row for file in sorted(Path(out, "published", version, "data").glob("*.parquet"))
            for row in pq.read_table(file, columns=["operator", "subset"]).to_pylist()]  # fmt: skip
    subsets = Counter(row["subset"] for row in rows)
    operators = Counter(row["operator"] for row in rows)
    most = ", ".join(f"{operator} {n}" for operator, n in operators.most_common(4))
    counts = ", ".join(f"{n} {subset}" for subset, n in sorted(subsets.items()))
    return f"{version}: {counts}; {len(operators)} operators: {most}"


if __name__ == "__main__":
    sys.exit(main())

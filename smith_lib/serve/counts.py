"""What a service has done so far, as Prometheus reads it."""

import threading
from collections import Counter
from collections.abc import Mapping

from smith_lib.types import Grade


class Counts:
    """Counters that only grow; safe for several threads."""

    def __init__(self) -> None:
        """All at 0."""
        self._lock = threading.Lock()
        self._requests: Counter[tuple[str, int]] = Counter()
        self._patches: Counter[tuple[str, str]] = Counter()
        self._seconds = self._rewards = 0.0

    def request(self, path: str, status: int) -> None:
        """One request more was answered."""
        with self._lock:
            self._requests[path, status] += 1

    def grade(self, grade: Grade) -> None:
        """One patch more was graded."""
        with self._lock:
            self._patches[str(grade.outcome), str(grade.tier)] += 1
            self._seconds += grade.seconds
            self._rewards += grade.reward

    def text(self, now: Mapping[str, float]) -> str:
        """The text format of Prometheus, version 0.0.4; `now` are gauges by name."""
        with self._lock:
            lines = [
                *_lines("requests_total", "Requests answered.", "counter", {
                    f'{{path="{path}",status="{status}"}}': n for (path, status), n in self._requests.items()
                }),
                *_lines("patches_total", "Patches graded.", "counter", {
                    f'{{outcome="{how}",tier="{tier}"}}': n for (how, tier), n in self._patches.items()
                }),
                *_lines("grade_seconds_total", "Wall seconds of grading, summed over patches.", "counter",
                        {"": round(self._seconds, 3)}),
                *_lines("rewards_total", "Sum of the rewards.", "counter", {"": round(self._rewards, 6)}),
            ]  # fmt: skip
        for name, value in now.items():
            lines += _lines(name, name.replace("_", " ").capitalize() + " now.", "gauge", {"": value})
        return "\n".join(lines) + "\n"


def _lines(name: str, about: str, kind: str, values: Mapping[str, float]) -> list[str]:
    full = f"smith_serve_{name}"
    told = [f"{full}{labels} {value}" for labels, value in sorted(values.items())]
    return [f"# HELP {full} {about}", f"# TYPE {full} {kind}", *told]

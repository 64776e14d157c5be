"""Templates filled in: everything is escaped that is not marked as safe, and scripts run by a nonce alone."""

import hashlib
import json
from typing import Any

HERE = __package__
"""The package whose templates all pages share."""


def rendered(name: str, package: str = HERE, **told: Any) -> str:
    """A template of a package with what it is told. Needs jinja2."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.ChoiceLoader([jinja2.PackageLoader(package), jinja2.PackageLoader(HERE)]),
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.filters |= {
        "count": lambda n: f"{n:,}", "percent": percent, "time": duration, "figure": figure,
        "data": as_script, "words": lambda text: text.replace("_", " "), "money": lambda usd: f"${usd:,.2f}",
    }  # fmt: skip
    return environment.get_template(name).render(**told)


def nonce(*of: str) -> str:
    """What the scripts of a page made of these texts are known by: the same for the same texts."""
    return hashlib.sha256("\0".join(of).encode()).hexdigest()[:32]


def as_script(value: Any) -> str:
    """JSON that may stand in a script element."""
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def duration(seconds: float) -> str:
    """A time in words, e.g. `3 h 12 min`."""
    if seconds < 60:
        return f"{seconds:.0f} s" if seconds >= 10 or not seconds else f"{seconds:.1f} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min"
    return f"{hours / 24:.1f} days"


def percent(share: float | None, digits: int = 1) -> str:
    """A share as a percentage; a dash where there is none."""
    return "–" if share is None else f"{100 * share:.{digits}f} %"


def figure(value: float, kind: str) -> str:
    """A number by its kind: `share`, `count`, or any."""
    if kind == "share":
        return percent(value)
    return f"{value:,.0f}" if kind == "count" else f"{value:,.2f}".rstrip("0").rstrip(".")

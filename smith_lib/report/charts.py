"""Plotly figures as plain data. A colour is the name of the page's own (`--ink`): the page puts in what it
is in light or in dark."""

from collections.abc import Sequence
from html import escape
from typing import Any

from smith_lib.report.figures import Step, Target
from smith_lib.report.intervals import Share

Chart = dict[str, Any]
"""`data`, `layout` and `title`, as `Plotly.newPlot` takes them."""

ROW = 28
"""Pixels of a row in a chart of rows."""
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
UNITS = (("hours", 3_600), ("minutes", 60), ("seconds", 1))
CLASSES = {"simple": "--series-1", "medium": "--series-2", "complex": "--series-3"}


def funnel(steps: Sequence[Step], noun: str) -> Chart:
    """Bars from first step to last, each with its count and its share of the step before."""
    told = [f"{s.count:,}" + (f" · {100 * s.of_last:.0f} %" if s.of_last is not None else "") for s in steps]
    data = _bars([s.name for s in steps], [s.count for s in steps], told)
    data["hovertemplate"] = f"%{{y}}: %{{x:,}} {noun}<extra></extra>"
    return {"data": [data], "layout": _rows(len(steps), noun, right=96)}


def counts(some: Sequence[tuple[str, int]], noun: str) -> Chart:
    """Bars of counts, each with its share of all."""
    total = sum(n for _, n in some) or 1
    told = [f"{n:,} · {100 * n / total:.1f} %" for _, n in some]
    data = _bars([_words(name) for name, _ in some], [n for _, n in some], told)
    data["hovertemplate"] = f"%{{y}}: %{{x:,}} {noun}<extra></extra>"
    return {"data": [data], "layout": _rows(len(some), noun, right=104)}


def intervals(some: Sequence[tuple[str, Share]], title: str) -> Chart:
    """Dots with their 95 % intervals, each with its share and the count that it is of."""
    names = [_words(name) for name, _ in some]
    shares = [share for _, share in some]
    data = {
        "type": "scatter", "mode": "markers", "y": names, "x": [100 * s.value for s in shares],
        "marker": {"color": "--series-1", "size": 9},
        "error_x": {
            "type": "data", "symmetric": False, "thickness": 2, "width": 0, "color": "--series-2",
            "array": [100 * (s.high - s.value) for s in shares],
            "arrayminus": [100 * (s.value - s.low) for s in shares],
        },
        "customdata": [[s.hits, s.of, 100 * s.low, 100 * s.high] for s in shares],
        "hovertemplate": "%{y}: %{x:.1f} % (%{customdata[0]:,} of %{customdata[1]:,})<br>"
        "95 %: %{customdata[2]:.1f} to %{customdata[3]:.1f} %<extra></extra>",
    }  # fmt: skip
    layout = _rows(len(some), title, right=104, row=21)
    layout["xaxis"] |= {"range": [-2, 102], "ticksuffix": " %", "dtick": 25}
    labels = [f"{100 * s.value:.0f} % of {s.of:,}" for s in shares]
    layout["annotations"] = [_beside(name, text) for name, text in zip(names, labels, strict=True)]
    return {"data": [data], "layout": layout}


def against(some: Sequence[Target]) -> Chart:
    """Bars of shares, each over the band that its target allows, with the target as a line."""
    shares = [100 * one.share.value for one in some]
    bars = _bars([_words(one.name) for one in some], shares, [""] * len(some))
    bars["hovertemplate"] = "%{y}: %{x:.1f} %<extra></extra>"
    layout = _rows(len(some), "share of the tasks in the band", right=130, row=34)
    most = max([*shares, *(100 * ((one.target or 0) + one.tolerance) for one in some)], default=1)
    layout["xaxis"] |= {"range": [0, most * 1.02], "ticksuffix": " %"}
    layout["bargap"] = 0.62
    layout["shapes"] = [
        shape
        for at, one in enumerate(some)
        if one.target is not None
        for shape in _wanted(at, 100 * one.target, 100 * one.tolerance)
    ]
    told = [
        f"{s:.1f} %" + (f" ({_signed(one.points)} pts)" if one.points is not None else "")
        for s, one in zip(shares, some, strict=True)
    ]
    layout["annotations"] = [_beside(_words(o.name), text) for o, text in zip(some, told, strict=True)]
    return {"data": [bars], "layout": layout}


def _wanted(at: int, target: float, tolerance: float) -> list[dict[str, Any]]:
    """The band of a row, below the bar, and the line of its target above it."""
    place = {"xref": "x", "yref": "y", "y0": at - 0.42, "y1": at + 0.42}
    band = {"type": "rect", "x0": max(0.0, target - tolerance), "x1": target + tolerance, "layer": "below",
            "fillcolor": "--band", "line": {"width": 0}}  # fmt: skip
    line = {"type": "line", "x0": target, "x1": target, "line": {"color": "--target", "width": 2.5}}
    return [place | band, place | line]


def _signed(points: float) -> str:
    return f"{points:+.1f}".replace("-", "−")


def columns(
    some: Sequence[tuple[str, int]], what: str, noun: str = "tasks", colours: Sequence[str] = ()
) -> Chart:
    """Columns of counts, each with its count on top."""
    data = {
        "type": "bar", "x": [name for name, _ in some], "y": [n for _, n in some],
        "text": [f"{n:,}" if n else "" for _, n in some], "textposition": "outside", "cliponaxis": False,
        "textfont": {"color": "--ink", "size": 11}, "textangle": 0,
        "marker": {"color": list(colours) or "--series-1"},
        "hovertemplate": f"%{{x}}: %{{y:,}} {noun}<extra></extra>",
    }  # fmt: skip
    layout = _base(240)
    layout["margin"] = {"l": 8, "r": 8, "t": 16, "b": 8}
    layout["bargap"] = 0.28
    layout["xaxis"] = {
        "type": "category", "title": _title(what), "automargin": True, "fixedrange": True,
        "color": "--muted", "linecolor": "--line", "showgrid": False, "tickangle": 0,
        "tickfont": {"size": 11},
    }  # fmt: skip
    layout["yaxis"] = {
        "title": _title(noun), "automargin": True, "fixedrange": True, "color": "--muted",
        "gridcolor": "--line", "zeroline": False, "nticks": 5, "rangemode": "tozero", "tickformat": ",d",
        "tickfont": {"size": 11},
    }  # fmt: skip
    return {"data": [data], "layout": layout}


def times(some: Sequence[tuple[str, float]], told: Sequence[str]) -> Chart:
    """Bars of times in the unit that fits the longest, each with its time in words."""
    longest = max((seconds for _, seconds in some), default=0.0)
    unit, of = next((unit, of) for unit, of in UNITS if longest >= of or of == 1)
    data = _bars([name for name, _ in some], [seconds / of for _, seconds in some], told)
    data["hovertemplate"] = "%{y}: %{text}<extra></extra>"
    return {"data": [data], "layout": _rows(len(some), f"{unit} of one worker", right=96)}


def _bars(names: Sequence[str], values: Sequence[float], texts: Sequence[str]) -> dict[str, Any]:
    return {
        "type": "bar", "orientation": "h", "y": list(names), "x": list(values), "text": list(texts),
        "textposition": "outside", "cliponaxis": False, "textfont": {"color": "--ink"},
        "marker": {"color": "--series-1"}, "constraintext": "none",
    }  # fmt: skip


def _base(height: int) -> dict[str, Any]:
    return {
        "height": height, "autosize": True, "dragmode": False, "showlegend": False,
        "paper_bgcolor": "rgba(0,0,0,0)", "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": FONT, "size": 12, "color": "--ink"}, "separators": ".,",
        "hoverlabel": {
            "bgcolor": "--surface", "bordercolor": "--line", "font": {"color": "--ink", "family": FONT}
        },
        "modebar": {"bgcolor": "rgba(0,0,0,0)"},
    }  # fmt: skip


def _rows(many: int, what: str, right: int, row: int = ROW) -> dict[str, Any]:
    layout = _base(row * many + 46)
    layout["margin"] = {"l": 8, "r": right, "t": 4, "b": 42}
    layout["bargap"] = 0.42
    layout["xaxis"] = {
        "title": _title(what), "automargin": False, "fixedrange": True, "color": "--muted",
        "gridcolor": "--line", "zeroline": False, "rangemode": "tozero", "nticks": 4, "tickangle": 0,
        "tickfont": {"size": 11},
    }  # fmt: skip
    layout["yaxis"] = {
        "range": [many - 0.5, -0.5], "automargin": True, "fixedrange": True, "color": "--ink", "ticklen": 6,
        "showgrid": False,
        "tickcolor": "rgba(0,0,0,0)", "linecolor": "--line", "type": "category",
    }  # fmt: skip
    return layout


def _title(text: str) -> dict[str, Any]:
    return {"text": text, "standoff": 8, "font": {"size": 12, "color": "--muted"}}


def _beside(name: str, text: str) -> dict[str, Any]:
    return {
        "xref": "paper", "x": 1, "xanchor": "left", "xshift": 8, "yref": "y", "y": name, "showarrow": False,
        "text": text, "align": "left", "font": {"color": "--ink", "size": 12},
    }  # fmt: skip


def _words(name: str) -> str:
    return escape(name.replace("_", " "), quote=False)  # plotly reads tags

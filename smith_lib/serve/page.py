"""The API's description as a page that needs nothing from elsewhere."""

import json
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

STYLE = (
    "body{font:16px/1.5 sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
    "pre{background:#8881;padding:.7rem;overflow:auto}summary{cursor:pointer}"
)


def page(api: Mapping[str, Any]) -> str:
    """HTML of an OpenAPI document: each path with what it takes and answers, then all schemas."""
    title = escape(api["info"]["title"])
    head = f"<!doctype html><meta charset=utf-8><title>{title}</title><style>{STYLE}</style>"
    about = f"<h1>{title}</h1><p>{escape(api['info'].get('description', ''))}</p>"
    body = [f"{head}{about}<p>As <a href=openapi.json>OpenAPI</a>.</p>"]
    for path, methods in api["paths"].items():
        for method, told in methods.items():
            says = escape(told.get("description", ""))
            body.append(f"<h2>{method.upper()} {escape(path)}</h2><p>{says}</p>")
            body += _details("takes", told.get("requestBody", {}).get("content", {}))
            for status, answer in told["responses"].items():
                body += _details(f"{status}: {answer['description']}", answer.get("content", {}))
    body.append("<h2>Schemas</h2>")
    for name, schema in api.get("components", {}).get("schemas", {}).items():
        body += _details(name, schema)
    return "\n".join(body) + "\n"


def _details(title: str, what: Mapping[str, Any]) -> Iterator[str]:
    if what:
        shown = escape(json.dumps(what, indent=2, ensure_ascii=False))
        yield f"<details><summary>{escape(title)}</summary><pre>{shown}</pre></details>"
    else:
        yield f"<p>{escape(title)}</p>"

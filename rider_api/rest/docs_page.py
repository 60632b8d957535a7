"""A page that shows the OpenAPI document to people: plain HTML, no script, nothing loaded from anywhere."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from html import escape
from typing import Any

Schema = dict[str, Any]

_STYLE = """
:root{color-scheme:light dark;font:15px/1.5 system-ui,sans-serif}body{max-width:60rem;margin:2rem auto;padding:0 1rem}
code,pre{font:13px/1.45 ui-monospace,monospace}
pre{overflow:auto;padding:.6rem;border:1px solid #8884;border-radius:.3rem}
details{border:1px solid #8884;border-radius:.3rem;margin:.3rem 0;padding:.35rem .7rem}summary{cursor:pointer}
b.m{display:inline-block;min-width:4.2rem}td,th{text-align:left;padding:.15rem .8rem .15rem 0;vertical-align:top}
small{opacity:.75}nav a{margin-right:.9rem;white-space:nowrap}h2{margin-top:2rem}
"""
PAGE_POLICY = (
    "default-src 'none'; frame-ancestors 'none'; style-src 'sha256-"
    + base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
    + "'"
)
"""Content-Security-Policy of the page: its own style and nothing else."""


def docs_page(document: bytes) -> bytes:
    """Write the page of a document."""
    spec: Schema = json.loads(document)
    by_tag: dict[str, list[tuple[str, str, Schema]]] = {}
    for path, item in spec["paths"].items():
        for method, operation in item.items():
            by_tag.setdefault(operation["tags"][0], []).append((method.upper(), path, operation))
    parts = [f"<!doctype html><html lang=en><meta charset=utf-8><title>{escape(spec['info']['title'])} API</title>"]
    parts.append('<meta name=viewport content="width=device-width">')
    parts.append(f"<style>{_STYLE}</style><h1>{escape(spec['info']['title'])} API</h1>")
    parts.append(f"<p>{escape(spec['info'].get('description', ''))} <a href=/openapi.json>openapi.json</a></p><nav>")
    parts += [f'<a href="#{_anchor(tag)}">{escape(tag)}</a> ' for tag in by_tag]
    parts.append('<a href="#schemas">Schemas</a></nav>')
    for tag, operations in by_tag.items():
        parts.append(f'<h2 id="{_anchor(tag)}">{escape(tag)}</h2>')
        for method, path, operation in operations:
            parts += _operation(method, path, operation)
    parts.append("<h2 id=schemas>Schemas</h2>")
    for name, schema in sorted(spec["components"]["schemas"].items()):
        shown = escape(json.dumps(schema, indent=1, ensure_ascii=False))
        parts.append(
            f'<details id="schema-{escape(name)}"><summary>{escape(name)}</summary><pre>{shown}</pre></details>'
        )
    return "".join(parts).encode()


def _operation(method: str, path: str, operation: Schema) -> Iterator[str]:
    says = escape(operation.get("summary") or operation.get("description") or "")
    yield f"<details><summary><b class=m>{method}</b> <code>{escape(path)}</code> — {says}</summary>"
    roles = ", ".join(operation["x-roles"])
    yield f"<p><small>scope <code>{escape(operation['x-scope'])}</code>, for {roles}</small></p>"
    if operation.get("parameters"):
        yield "<table>"
        for item in operation["parameters"]:
            needed = " (required)" if item.get("required") else ""
            told = item.get("description") or item["schema"].get("description") or ""
            yield f"<tr><td><code>{escape(item['name'])}</code><td>{item['in']}{needed}<td>{escape(told)}"
        yield "</table>"
    if "requestBody" in operation:
        yield from _content("Body", operation["requestBody"])
    for status, answer in operation["responses"].items():
        if status.startswith("2"):
            yield from _content(status, answer)
    refused = [status for status in operation["responses"] if not status.startswith("2")]
    yield f"<p><small>problems: {', '.join(refused)}</small></p></details>"


def _content(title: str, holder: Schema) -> Iterator[str]:
    yield f"<p><b>{escape(title)}</b> "
    for media_type, media in holder.get("content", {}).items():
        name = media.get("schema", {}).get("$ref", "").rpartition("/")[2]
        link = f'<a href="#schema-{escape(name)}">{escape(name)}</a>' if name else ""
        yield f"<small>{escape(media_type)}</small> {link}"
        if "example" in media:
            yield f"<pre>{escape(json.dumps(media['example'], indent=1, ensure_ascii=False))}</pre>"
    yield "</p>"


def _anchor(tag: str) -> str:
    return "".join(letter if letter.isalnum() else "-" for letter in tag.lower())

"""The TypeScript client's generated modules."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator

from tools.clients.contract import (
    Anything,
    Choice,
    Contract,
    Keyed,
    Listed,
    Named,
    Operation,
    Optional,
    Scalar,
    Type,
)

_SCALARS = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean"}
_NOTE = "Written by `python -m tools.clients` from the OpenAPI document."
_WIDTH = 116


def models_module(contract: Contract) -> str:
    """Write `models.ts`: an interface a model."""
    lines = [f"/** What is sent and what is answered. {_NOTE} */"]
    for model in contract.models:
        lines += ["", *_comment(model.text or model.name, ""), f"export interface {model.name} {{"]
        for field in model.fields:
            if field.text:
                lines += _comment(field.text, "  ")
            mark = "" if field.required else "?"
            lines.append(f"  {field.name}{mark}: {_type(field.type, is_sent=model.is_sent)};")
        lines.append("}")
    return "\n".join(lines) + "\n"


def operations_module(contract: Contract) -> str:
    """Write `operations.ts`: a method an operation, and an iterator a list."""
    used = "".join(line for operation in contract.operations for line in _method(operation))
    names = [model.name for model in contract.models if re.search(rf"\b{model.name}\b", used)]
    lines = [
        f"/** All operations, one method each. {_NOTE} */",
        "",
        'import { Caller, type Changing, pageItems, pathPart } from "./calls.ts";',
        "import type {",
        *(f"  {name}," for name in names),
        '} from "./models.ts";',
        "",
        "/**",
        " * What the interface can do. Methods that change something send an Idempotency-Key: `idempotencyKey`, or one",
        " * made for the call; it stays the same over all tries of the call. All throw ApiError when the request was",
        " * refused for good, and Unreachable when there was no answer.",
        " */",
        "export class Operations extends Caller {",
    ]
    for number, operation in enumerate(contract.operations):
        lines += ["", *_method(operation)] if number else _method(operation)
    return "\n".join([*lines, "}"]) + "\n"


def _method(operation: Operation) -> Iterator[str]:
    answer = operation.answer or ("Uint8Array" if operation.is_document else "void")
    roles = ", ".join(role for role in operation.roles if role != "anonymous")
    yield from _comment(f"{operation.text or operation.name}{f' For: {roles}.' if roles else ''}", "  ")
    yield f"  {_camel(operation.name)}({', '.join(_arguments(operation))}): Promise<{answer}> {{"
    yield from _call(operation, answer)
    yield "  }"
    if operation.page_item is None:
        return
    item = _type(operation.page_item, is_sent=False)
    name = _camel(f"iterate_{operation.name.removeprefix('list_')}")
    yield ""
    yield from _comment(
        f"Goes through all pages of `{_camel(operation.name)}`; a page is read when it is needed.", "  "
    )
    yield f"  {name}({', '.join(_arguments(operation, without_cursor=True))}): AsyncGenerator<{item}> {{"
    more = len(operation.query_fields) > 1
    passed = [
        *(_camel(field.name) for field in operation.path_fields),
        "{ ...query, cursor }" if more else "{ cursor }",
    ]
    yield f"    return pageItems((cursor) => this.{_camel(operation.name)}({', '.join(passed)}));"
    yield "  }"


def _arguments(operation: Operation, *, without_cursor: bool = False) -> list[str]:
    arguments = [f"{_camel(field.name)}: {_type(field.type, is_sent=True)}" for field in operation.path_fields]
    if operation.body:
        # A body that may be left out is an empty one; what follows it stays in its place.
        arguments.append(f"body: {operation.body}{'' if operation.body_required else ' = {}'}")
    fields = [field for field in operation.query_fields if not (without_cursor and field.name == "cursor")]
    if fields:
        inside = "; ".join(
            f"{field.name}{'' if field.required else '?'}: {_type(field.type, is_sent=True)}" for field in fields
        )
        needed = any(field.required for field in fields)
        arguments.append(f"query: {{ {inside} }}{'' if needed else ' = {}'}")
    if operation.takes_key:
        arguments.append("options: Changing = {}")
    return arguments


def _call(operation: Operation, answer: str) -> Iterator[str]:
    path = re.sub(r"{(\w+)}", lambda found: f"${{pathPart({_camel(found[1])})}}", operation.path)
    parts = [
        *(["query"] if operation.query_fields else []),
        *(["body"] if operation.body else []),
        *(["key: options.idempotencyKey", "signal: options.signal"] if operation.takes_key else []),
        *(["isDocument: true"] if operation.is_document else []),
        *(["isOpen: true"] if "anonymous" in operation.roles else []),
    ]
    quote = "`" if operation.path_fields else '"'
    more = f", {{ {', '.join(parts)} }}" if parts else ""
    yield f'    return this.call<{answer}>("{operation.method}", {quote}{path}{quote}{more});'


def _type(kind: Type, *, is_sent: bool) -> str:  # noqa: PLR0911 (an arm a form)
    match kind:
        case Scalar(name):
            return _SCALARS[name]
        case Choice(values):
            known = " | ".join(f'"{value}"' for value in values)
            return known if is_sent else f"{known} | (string & {{}})"
        case Named(name):
            return name
        case Listed(item):
            inner = _type(item, is_sent=is_sent)
            return f"({inner})[]" if "|" in inner else f"{inner}[]"
        case Keyed(item):
            return f"Record<string, {_type(item, is_sent=is_sent)}>"
        case Optional(item):
            return f"{_type(item, is_sent=is_sent)} | null"
        case Anything():
            return "unknown"


def _camel(name: str) -> str:
    first, *others = re.split("[_-]", name)
    return first + "".join(word.capitalize() for word in others)


def _comment(text: str, indent: str) -> list[str]:
    escaped = text.replace("*/", "* /")
    if len(indent) + len(escaped) + 7 <= _WIDTH:
        return [f"{indent}/** {escaped} */"]
    lines = textwrap.wrap(escaped, _WIDTH - len(indent) - 3, break_long_words=False)
    return [f"{indent}/**", *(f"{indent} * {line}" for line in lines), f"{indent} */"]

"""The Python client's generated modules."""

from __future__ import annotations

import keyword
import re
import textwrap
from collections.abc import Iterator

from tools.clients.contract import (
    Anything,
    Choice,
    Contract,
    Field,
    Keyed,
    Listed,
    Named,
    Operation,
    Optional,
    Scalar,
    Type,
)

_SCALARS = {"string": "str", "integer": "int", "number": "float", "boolean": "bool"}
_NOTE = "Written by `python -m tools.clients` from the OpenAPI document."
_WIDTH = 116


def models_module(contract: Contract) -> str:
    """Write `models.py`: a TypedDict a model."""
    lines = [
        f'"""What is sent and what is answered. {_NOTE}"""',
        "",
        "from __future__ import annotations",
        "",
        "from typing import Any, Literal, NotRequired, TypedDict",
    ]
    for model in contract.models:
        lines += ["", "", f"class {model.name}(TypedDict):", *_docstring(model.text or model.name, "    ")]
        for field in model.fields:
            kind = _type(field.type, is_sent=model.is_sent)
            lines.append(f"    {field.name}: {kind if field.required else f'NotRequired[{kind}]'}")
            if field.text:
                lines += _docstring(field.text, "    ")
    return "\n".join(lines) + "\n"


def operations_module(contract: Contract) -> str:
    """Write `operations.py`: a method an operation, and an iterator a list."""
    used = "".join(line for operation in contract.operations for line in _method(operation))
    names = [model.name for model in contract.models if re.search(rf"\b{model.name}\b", used)]
    lines = [
        f'"""All operations, one method each. {_NOTE}"""',
        "",
        "from __future__ import annotations",
        "",
        "from collections.abc import AsyncIterator, Sequence",
        "from typing import Any, Literal, cast",
        "",
        "from jitney_client.calls import Caller, page_items, path_part",
        "from jitney_client.models import (",
        *(f"    {name}," for name in names),
        ")",
        "",
        "",
        "class Operations(Caller):",
        '    """What the interface can do. Methods that change something send an Idempotency-Key.',
        "",
        "    The key is `idempotency_key`, or one made for the call; it stays the same over all tries of the call. All",
        "    raise ApiError when the request was refused for good, and Unreachable when there was no answer.",
        '    """',
    ]
    for operation in contract.operations:
        lines += _method(operation)
    return "\n".join(lines) + "\n"


def _method(operation: Operation) -> Iterator[str]:
    answer = operation.answer or ("bytes" if operation.is_document else "None")
    yield ""
    yield f"    async def {operation.name}({', '.join(_arguments(operation))}) -> {answer}:"
    yield from _docstring(_story(operation), "        ")
    call = _call(operation)
    if operation.answer:
        yield f'        return cast("{operation.answer}", await {call})'
    elif operation.is_document:
        yield f'        return cast("bytes", await {call})'
    else:
        yield f"        await {call}"
    if operation.page_item is None:
        return
    item = _type(operation.page_item, is_sent=False)
    name = f"iterate_{operation.name.removeprefix('list_')}"
    yield ""
    arguments = [text for text in _arguments(operation) if not text.startswith("cursor:")]
    arguments = arguments[:-1] if arguments[-1] == "*" else arguments
    yield f"    def {name}({', '.join(arguments)}) -> AsyncIterator[{item}]:"
    yield from _docstring(f"Go through all pages of `{operation.name}`; a page is read when it is needed.", "        ")
    passed = [
        *(_word(field.name) for field in operation.path_fields),
        *(f"{_word(field.name)}={_word(field.name)}" for field in operation.query_fields if field.name != "cursor"),
        "cursor=cursor",
    ]
    yield f"        return page_items(lambda cursor: self.{operation.name}({', '.join(passed)}))"


def _arguments(operation: Operation) -> list[str]:
    arguments = [
        "self",
        *(f"{_word(field.name)}: {_type(field.type, is_sent=True)}" for field in operation.path_fields),
    ]
    if operation.body:
        arguments.append(f"body: {operation.body}{'' if operation.body_required else ' | None = None'}")
    named = [_query_argument(field) for field in operation.query_fields]
    if operation.takes_key:
        named.append('idempotency_key: str = ""')
    return [*arguments, *(["*", *named] if named else [])]


def _query_argument(field: Field) -> str:
    kind = f"Sequence[{_type(field.type.item, is_sent=True)}]" if isinstance(field.type, Listed) else None
    kind = kind or _type(field.type, is_sent=True)
    return f"{_word(field.name)}: {kind}{'' if field.required else ' | None = None'}"


def _call(operation: Operation) -> str:
    path = re.sub(r"{(\w+)}", lambda found: f"{{path_part({_word(found[1])})}}", operation.path)
    parts = [f'"{operation.method}"', f'f"{path}"' if operation.path_fields else f'"{path}"']
    if operation.query_fields:
        parts.append(
            "query={" + ", ".join(f'"{field.name}": {_word(field.name)}' for field in operation.query_fields) + "}"
        )
    if operation.body:
        parts.append("body=body")
    if operation.takes_key:
        parts.append("key=idempotency_key")
    if operation.is_document:
        parts.append("is_document=True")
    if "anonymous" in operation.roles:
        parts.append("is_open=True")
    return f"self.call({', '.join(parts)})"


def _story(operation: Operation) -> str:
    roles = ", ".join(role for role in operation.roles if role != "anonymous")
    for_whom = f" For: {roles}." if roles else ""
    return f"{operation.text or operation.name}{for_whom}"


def _type(kind: Type, *, is_sent: bool) -> str:  # noqa: PLR0911 (an arm a form)
    match kind:
        case Scalar(name):
            return _SCALARS[name]
        case Choice(values):
            return "Literal[" + ", ".join(f'"{value}"' for value in values) + "]" if is_sent else "str"
        case Named(name):
            return name
        case Listed(item):
            return f"list[{_type(item, is_sent=is_sent)}]"
        case Keyed(item):
            return f"dict[str, {_type(item, is_sent=is_sent)}]"
        case Optional(item):
            return f"{_type(item, is_sent=is_sent)} | None"
        case Anything():
            return "Any"


def _word(name: str) -> str:
    """Make a word of Python of a parameter's name."""
    word = name.replace("-", "_")
    return f"{word}_" if keyword.iskeyword(word) else word


def _docstring(text: str, indent: str) -> list[str]:
    escaped = text.replace("\\", "\\\\").replace('"""', "'''")
    if len(indent) + len(escaped) + 6 <= _WIDTH and not escaped.endswith('"'):
        return [f'{indent}"""{escaped}"""']
    lines = textwrap.wrap(f'"""{escaped}', _WIDTH - len(indent), break_long_words=False)
    return [*(f"{indent}{line}" for line in lines), f'{indent}"""']

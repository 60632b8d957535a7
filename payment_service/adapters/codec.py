"""Orders, answers and the lines of charges as the JSON they are stored in."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, TypeAdapter

from payment_service.domain.charge import ChargeLine
from payment_service.domain.ledger import Posting
from payment_service.domain.orders import Order
from payment_service.use_cases.answers import Answer

_ORDER: TypeAdapter[Order] = TypeAdapter(Annotated[Order, Field(discriminator="kind")])
_ANSWER: TypeAdapter[Answer] = TypeAdapter(Annotated[Answer, Field(discriminator="kind")])

_LINES: TypeAdapter[tuple[ChargeLine, ...]] = TypeAdapter(tuple[ChargeLine, ...])
_POSTINGS: TypeAdapter[tuple[Posting, ...]] = TypeAdapter(tuple[Posting, ...])


def order_to_text(order: Order) -> str:
    return _ORDER.dump_json(order).decode()


def order_from_json(stored: Any) -> Order:
    return _ORDER.validate_python(stored)


def answer_to_text(answer: Answer) -> str:
    return _ANSWER.dump_json(answer).decode()


def answer_from_json(stored: Any) -> Answer:
    return _ANSWER.validate_python(stored)


def lines_to_json(lines: tuple[ChargeLine, ...]) -> Any:
    return _LINES.dump_python(lines, mode="json")


def lines_to_text(lines: tuple[ChargeLine, ...]) -> str:
    return _LINES.dump_json(lines).decode()


def lines_from_json(stored: Any) -> tuple[ChargeLine, ...]:
    return _LINES.validate_python(stored)


def postings_to_json(postings: tuple[Posting, ...]) -> Any:
    return _POSTINGS.dump_python(postings, mode="json")


def postings_from_json(stored: Any) -> tuple[Posting, ...]:
    return _POSTINGS.validate_python(stored)

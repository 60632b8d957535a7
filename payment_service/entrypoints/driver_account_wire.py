"""Between the contract's messages and the domain: what drivers and platform owe each other."""

from __future__ import annotations

from dataclasses import fields
from uuid import UUID

from payment_service.domain.driver_terms import DriverTerms, Model
from payment_service.domain.earnings_statement import Statement, StatementSums
from payment_service.domain.patronage import PatronageRecord
from payment_service.domain.standing import Standing
from payment_service.entrypoints.values import money_to_wire, text_of, time_to_wire
from ridesharing.payment.v1 import driver_account_service_pb2 as pb
from shared_kernel.money import Money

_MODEL = {model: pb.RemunerationModel.Value(f"REMUNERATION_MODEL_{model.name}") for model in Model}
_MODEL_FROM_WIRE = {int(wire): model for model, wire in _MODEL.items()}


def model_from_wire(model: int) -> Model:
    """Read a model that the contract's rules have passed."""
    return _MODEL_FROM_WIRE[model]


def standing_to_wire(standing: Standing) -> pb.DriverStanding:
    return pb.DriverStanding(
        driver_id=str(standing.driver_id),
        balance=money_to_wire(standing.balance),
        cash_floor=money_to_wire(standing.cash_floor),
        cash_allowed=standing.cash_allowed,
    )


def terms_to_wire(driver_id: UUID, terms: DriverTerms | None) -> pb.DriverTerms:
    """Write terms; where none were ever set, commission."""
    if terms is None:
        return pb.DriverTerms(driver_id=str(driver_id), model=_MODEL[Model.COMMISSION])
    return pb.DriverTerms(
        terms_id=str(terms.id),
        driver_id=text_of(terms.driver_id),
        model=_MODEL[terms.model],
        effective_time=time_to_wire(terms.effective_from),
        fee=None if terms.fee is None else money_to_wire(terms.fee),
        period_days=terms.period_days,
    )


def patronage_to_wire(record: PatronageRecord, only_of_driver: UUID | None) -> pb.Patronage:
    """Write a declaration; a driver is told of their own share alone."""
    declared = record.patronage
    message = pb.Patronage(
        patronage_id=str(declared.id),
        start_time=time_to_wire(declared.period_from),
        end_time=time_to_wire(declared.period_to),
        create_time=time_to_wire(declared.created_at),
        share=None if record.share is None else money_to_wire(record.share),
    )
    if only_of_driver is None:
        message.amount.CopyFrom(money_to_wire(declared.amount))
        message.commission.CopyFrom(money_to_wire(declared.commission))
        message.member_count = record.member_count
        message.posted_count = record.posted_count
    return message


def sums_to_wire(sums: StatementSums, currency_code: str) -> pb.StatementSums:
    amounts = {field.name: Money(currency_code, getattr(sums, field.name)) for field in fields(StatementSums)}
    return pb.StatementSums(**{name: money_to_wire(amount) for name, amount in amounts.items()})


def statement_to_wire(statement: Statement, next_page_token: str) -> pb.GetEarningsStatementResponse:
    return pb.GetEarningsStatementResponse(
        opening_balance=money_to_wire(statement.opening),
        closing_balance=money_to_wire(statement.closing),
        sums=sums_to_wire(statement.sums, statement.opening.currency_code),
        lines=[
            pb.StatementLine(
                entry_id=str(line.entry_id),
                ride_id=text_of(line.ride_id),
                kind=line.kind,
                amount=money_to_wire(line.amount),
                create_time=time_to_wire(line.created_at),
            )
            for line in statement.lines
        ],
        next_page_token=next_page_token,
    )

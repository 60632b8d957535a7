"""The tables of withdrawals."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, DateTime, ForeignKey, Index, Table, Text, Uuid

from payment_service.adapters.tables import metadata

withdrawal = Table(
    "withdrawal",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("rider_id", Uuid, nullable=False),
    Column("currency_code", Text, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Index("ix_withdrawal_rider_id", "rider_id", "id"),
)

withdrawal_part = Table(
    "withdrawal_part",
    metadata,
    Column("refund_id", Uuid, ForeignKey("refund.id"), primary_key=True),
    Column("withdrawal_id", Uuid, ForeignKey("withdrawal.id"), nullable=False),
    Index(None, "withdrawal_id"),
)

"""The tables of signing in: codes and what they may cost, identities elsewhere, devices and their tokens.

One open code a phone, one live sign-in a device and one unspent token a sign-in are held here.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)

from identity_service.adapters.tables import metadata

otp_allowances = Table(
    "otp_allowances",
    metadata,
    Column("phone_index", LargeBinary, primary_key=True),
    Column("next_request_at", DateTime(timezone=True), nullable=False),
    Column("hour_started_at", DateTime(timezone=True), nullable=False),
    Column("hour_count", Integer, nullable=False),
    Index(None, "hour_started_at"),
)

otp_challenges = Table(
    "otp_challenges",
    metadata,
    Column("challenge_id", Uuid, primary_key=True),
    Column("phone_index", LargeBinary, nullable=False),
    Column("request_id", Text, nullable=False),
    Column("locale", Text, nullable=False),
    Column("code_digest", LargeBinary, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("next_request_at", DateTime(timezone=True), nullable=False),
    Column("tries", SmallInteger, nullable=False),
    Column("closed_at", DateTime(timezone=True)),
    # The code and its number while they are owed to notification; forgotten afterwards.
    Column("owed_sealed", LargeBinary),
    Column("next_send_at", DateTime(timezone=True)),
    Column("send_attempts", SmallInteger, nullable=False),
    UniqueConstraint("phone_index", "request_id"),
    CheckConstraint("tries BETWEEN 0 AND 5", name="tries"),
    CheckConstraint("(owed_sealed IS NULL) = (next_send_at IS NULL)", name="owed"),
    CheckConstraint("closed_at IS NULL OR owed_sealed IS NULL", name="closed_owes_nothing"),
    Index("ux_otp_challenges_open", "phone_index", unique=True, postgresql_where=text("closed_at IS NULL")),
    Index("ix_otp_challenges_owed", "next_send_at", postgresql_where=text("next_send_at IS NOT NULL")),
    Index(None, "created_at"),
)

otp_budgets = Table(
    "otp_budgets",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("key_digest", LargeBinary, primary_key=True),
    Column("window_started_at", DateTime(timezone=True), nullable=False),
    Column("used", BigInteger, nullable=False),
    CheckConstraint("kind IN ('device', 'address', 'block', 'country', 'spending', 'guesses')", name="kind"),
    CheckConstraint("used >= 0", name="used"),
    Index(None, "window_started_at"),
)

sign_ins = Table(
    "sign_ins",
    metadata,
    Column("sign_in_id", Uuid, primary_key=True),
    Column("account_id", ForeignKey("accounts.account_id", ondelete="CASCADE"), nullable=False),
    Column("device_id", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("started_at", DateTime(timezone=True), nullable=False),
    Column("last_used_at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
    Column("last_sequence", Integer, nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("ended_at", DateTime(timezone=True)),
    Column("end_reason", Text),
    CheckConstraint("role IN ('rider', 'driver', 'support', 'operator', 'admin')", name="role"),
    CheckConstraint("(ended_at IS NULL) = (end_reason IS NULL)", name="ended"),
    CheckConstraint(
        "end_reason IN ('signed_out', 'replaced', 'token_reused', 'revoked', 'role_revoked', 'erased')",
        name="end_reason",
    ),
    Index("ux_sign_ins_live", "account_id", "device_id", unique=True, postgresql_where=text("ended_at IS NULL")),
    Index(None, "account_id", "device_id"),
    Index(None, "expires_at"),
)

refresh_tokens = Table(
    "refresh_tokens",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("sign_in_id", ForeignKey("sign_ins.sign_in_id", ondelete="CASCADE"), nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("spent_at", DateTime(timezone=True)),
    Column("sealed_successor", LargeBinary),
    UniqueConstraint("sign_in_id", "sequence"),
    CheckConstraint("sealed_successor IS NULL OR spent_at IS NOT NULL", name="successor"),
    Index("ux_refresh_tokens_unspent", "sign_in_id", unique=True, postgresql_where=text("spent_at IS NULL")),
    Index(None, "spent_at"),
)

external_identities = Table(
    "external_identities",
    metadata,
    Column("identity_id", Uuid, primary_key=True),
    Column("account_id", ForeignKey("accounts.account_id"), nullable=False),
    Column("issuer", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("linked_at", DateTime(timezone=True), nullable=False),
    UniqueConstraint("issuer", "subject"),
    Index(None, "account_id"),
)

spent_id_tokens = Table(
    "spent_id_tokens",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    CheckConstraint("octet_length(digest) = 32", name="digest"),
    Index(None, "expires_at"),
)

"""The tables of what staff may do and did: granted roles, the audit log, partners' keys."""

from __future__ import annotations

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)

from identity_service.adapters.tables import metadata

role_grants = Table(
    "role_grants",
    metadata,
    Column("account_id", ForeignKey("accounts.account_id"), primary_key=True),
    Column("role", Text, primary_key=True),
    Column("granted_by", Text, nullable=False),
    Column("granted_at", DateTime(timezone=True), nullable=False),
    CheckConstraint("role IN ('support', 'operator', 'admin')", name="role"),
    Index("ix_role_grants_newest", "granted_at", "account_id"),
)

# Append-only and chained by triggers of the migration; the columns repeat what is looked for out of the line.
audit_entries = Table(
    "audit_entries",
    metadata,
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("line", Text, nullable=False),
    Column("previous_hash", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("act", Text, nullable=False),
    Column("actor_id", Text, nullable=False),
    Column("subject_id", Text, nullable=False),
    CheckConstraint("hash = sha256(previous_hash || convert_to(line, 'UTF8'))", name="hash"),
    CheckConstraint(
        "act = line::jsonb ->> 'act' AND actor_id = line::jsonb ->> 'actor_id'"
        " AND subject_id = line::jsonb ->> 'subject_id' AND sequence = (line::jsonb ->> 'sequence')::bigint",
        name="columns",
    ),
    Index("ix_audit_entries_subject", "subject_id", "sequence"),
    Index("ix_audit_entries_actor", "actor_id", "sequence"),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("api_key_id", Uuid, primary_key=True),
    Column("digest", LargeBinary, nullable=False),
    Column("name", Text, nullable=False),
    Column("prefix", Text, nullable=False),
    Column("scopes", ARRAY(Text), nullable=False),
    Column("created_by", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("last_used_at", DateTime(timezone=True)),
    Column("revoked_at", DateTime(timezone=True)),
    UniqueConstraint("digest"),
    CheckConstraint("octet_length(digest) = 32", name="digest"),
    CheckConstraint("cardinality(scopes) > 0", name="scopes"),
    CheckConstraint("expires_at > created_at AND expires_at <= created_at + interval '731 days'", name="lifetime"),
    Index("ix_api_keys_newest", "created_at", "api_key_id"),
)

"""Identity's tables. What must hold at any time is held here: one account a number, one open code a phone, one live
sign-in a device, one unspent token a sign-in."""

from __future__ import annotations

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    Column,
    Date,
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

from chassis.database import new_metadata
from chassis.idempotency import idempotency_table
from chassis.outbox import outbox_table

metadata = new_metadata()

accounts = Table(
    "accounts",
    metadata,
    Column("account_id", Uuid, primary_key=True),
    Column("phone_index", LargeBinary, nullable=False),
    Column("phone_sealed", LargeBinary, nullable=False),
    Column("phone_last_digits", Text, nullable=False),
    Column("display_name", Text, nullable=False),
    Column("locale", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("version", Integer, nullable=False),
    UniqueConstraint("phone_index"),
    CheckConstraint("octet_length(phone_index) = 32", name="phone_index"),
    CheckConstraint("version > 0", name="version"),
)

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

drivers = Table(
    "drivers",
    metadata,
    Column("driver_id", ForeignKey("accounts.account_id", ondelete="CASCADE"), primary_key=True),
    Column("display_name", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("status_reason", Text, nullable=False),
    Column("vehicle_model", Text, nullable=False),
    Column("vehicle_color", Text, nullable=False),
    Column("vehicle_plate", Text, nullable=False),
    Column("vehicle_class", Text, nullable=False),
    Column("applied_at", DateTime(timezone=True), nullable=False),
    Column("version", Integer, nullable=False),
    Column("suspended_by", Text),
    CheckConstraint("suspended_by IN ('staff', 'documents')", name="suspended_by"),
    CheckConstraint("status IN ('pending', 'approved', 'rejected', 'suspended')", name="status"),
    CheckConstraint("vehicle_class IN ('economy', 'xl', 'wheelchair')", name="vehicle_class"),
    CheckConstraint("version > 0", name="version"),
    Index("ix_drivers_newest", "applied_at", "driver_id"),
    Index("ix_drivers_status", "status", "applied_at", "driver_id"),
)

person_keys = Table(
    "person_keys",
    metadata,
    Column("account_id", ForeignKey("accounts.account_id"), primary_key=True),
    Column("wrapped_key", LargeBinary),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("destroyed_at", DateTime(timezone=True)),
    CheckConstraint("(wrapped_key IS NULL) = (destroyed_at IS NOT NULL)", name="destroyed"),
)

driver_documents = Table(
    "driver_documents",
    metadata,
    Column("document_id", Uuid, primary_key=True),
    Column("driver_id", ForeignKey("drivers.driver_id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("number_sealed", LargeBinary, nullable=False),
    Column("number_last_digits", Text, nullable=False),
    Column("expires_on", Date),
    Column("reason", Text, nullable=False),
    Column("content_type", Text, nullable=False),
    Column("size_bytes", Integer, nullable=False),
    Column("content_sha256", LargeBinary, nullable=False),
    Column("content_sealed", LargeBinary, nullable=False),
    Column("submitted_at", DateTime(timezone=True), nullable=False),
    Column("reviewed_at", DateTime(timezone=True)),
    Column("next_timer_at", DateTime(timezone=True)),
    Column("warned_at", DateTime(timezone=True)),
    Column("version", Integer, nullable=False),
    CheckConstraint(
        "kind IN ('driving_license', 'identity_card', 'vehicle_registration', 'vehicle_insurance',"
        " 'professional_license', 'background_check')",
        name="kind",
    ),
    CheckConstraint("status IN ('submitted', 'accepted', 'rejected', 'superseded', 'expired')", name="status"),
    CheckConstraint("size_bytes BETWEEN 1 AND 3145728", name="size_bytes"),
    CheckConstraint("content_type IN ('image/jpeg', 'image/png', 'application/pdf')", name="content_type"),
    CheckConstraint("octet_length(content_sha256) = 32", name="content_sha256"),
    CheckConstraint("next_timer_at IS NULL OR (status = 'accepted' AND expires_on IS NOT NULL)", name="timer"),
    CheckConstraint("(status = 'submitted') = (reviewed_at IS NULL)", name="reviewed"),
    CheckConstraint("version > 0", name="version"),
    Index("ix_driver_documents_newest", "driver_id", "submitted_at", "document_id"),
    Index(
        "ux_driver_documents_accepted",
        "driver_id",
        "kind",
        unique=True,
        postgresql_where=text("status = 'accepted'"),
    ),
    Index("ix_driver_documents_timer", "next_timer_at", postgresql_where=text("next_timer_at IS NOT NULL")),
)

erasures = Table(
    "erasures",
    metadata,
    Column("account_id", ForeignKey("accounts.account_id"), primary_key=True),
    Column("requested_at", DateTime(timezone=True), nullable=False),
    Column("due_at", DateTime(timezone=True), nullable=False),
    Column("next_attempt_at", DateTime(timezone=True)),
    Column("erased_services", ARRAY(Text), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("last_error", Text, nullable=False),
    Column("completed_at", DateTime(timezone=True)),
    CheckConstraint("(completed_at IS NULL) = (next_attempt_at IS NOT NULL)", name="completed"),
    CheckConstraint("erased_services <@ ARRAY['matching', 'payment', 'notification']", name="services"),
    CheckConstraint("completed_at IS NULL OR cardinality(erased_services) = 3", name="whole"),
    Index("ix_erasures_due", "next_attempt_at", postgresql_where=text("next_attempt_at IS NOT NULL")),
)

saved_places = Table(
    "saved_places",
    metadata,
    Column("place_id", Uuid, primary_key=True),
    Column("account_id", ForeignKey("accounts.account_id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    CheckConstraint("kind IN ('home', 'work', 'favorite')", name="kind"),
    Index(None, "account_id"),
    Index(
        "ux_saved_places_one",
        "account_id",
        "kind",
        unique=True,
        postgresql_where=text("kind IN ('home', 'work')"),
    ),
)

mail_addresses = Table(
    "mail_addresses",
    metadata,
    Column("account_id", ForeignKey("accounts.account_id"), primary_key=True),
    Column("address_index", LargeBinary, nullable=False),
    Column("address_sealed", LargeBinary, nullable=False),
    Column("verified_at", DateTime(timezone=True), nullable=False),
    UniqueConstraint("address_index"),
    CheckConstraint("octet_length(address_index) = 32", name="address_index"),
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

idempotency = idempotency_table(metadata)
outbox = outbox_table(metadata)

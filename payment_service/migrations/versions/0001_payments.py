"""Riders' cards, payments, operations at the PSP, requests and the outbox."""

from __future__ import annotations

from chassis.migrations import run_sql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_CARDS = """
CREATE TABLE rider (
    id uuid CONSTRAINT pk_rider PRIMARY KEY,
    psp_customer_id text CONSTRAINT uq_rider_psp_customer_id UNIQUE
);
CREATE TABLE payment_method (
    id uuid CONSTRAINT pk_payment_method PRIMARY KEY,
    rider_id uuid NOT NULL CONSTRAINT fk_payment_method_rider_id_rider REFERENCES rider,
    psp_card_id text NOT NULL CONSTRAINT uq_payment_method_psp_card_id UNIQUE,
    brand text NOT NULL,
    last_digits text NOT NULL CONSTRAINT ck_payment_method_last_digits CHECK (last_digits ~ '^[0-9]{4}$'),
    expire_month smallint NOT NULL CONSTRAINT ck_payment_method_expire_month CHECK (expire_month BETWEEN 1 AND 12),
    expire_year smallint NOT NULL,
    created_at timestamptz NOT NULL,
    removed_at timestamptz
);
CREATE INDEX ix_payment_method_kept ON payment_method (rider_id) WHERE removed_at IS NULL;
"""

_PAYMENTS = """
CREATE TABLE payment_transition (
    previous text NOT NULL,
    status text NOT NULL,
    CONSTRAINT pk_payment_transition PRIMARY KEY (previous, status)
);
INSERT INTO payment_transition VALUES
    ('new', 'hold_pending'),
    ('new', 'voided'),
    ('hold_pending', 'held'),
    ('hold_pending', 'declined'),
    ('held', 'capture_pending'),
    ('held', 'void_pending'),
    ('capture_pending', 'captured'),
    ('capture_pending', 'held'),
    ('void_pending', 'voided'),
    ('void_pending', 'held');

CREATE TABLE payment (
    id uuid CONSTRAINT pk_payment PRIMARY KEY,
    ride_id uuid NOT NULL CONSTRAINT uq_payment_ride_id UNIQUE,
    rider_id uuid,
    payment_method_id uuid CONSTRAINT fk_payment_payment_method_id_payment_method REFERENCES payment_method,
    currency_code text NOT NULL,
    requested_minor bigint NOT NULL,
    authorized_minor bigint NOT NULL,
    captured_minor bigint NOT NULL,
    previous text NOT NULL DEFAULT 'new',
    status text NOT NULL,
    decline_reason text NOT NULL,
    psp_payment_id text NOT NULL,
    driver_id uuid,
    captured_at timestamptz,
    version bigint NOT NULL,
    CONSTRAINT fk_payment_previous_status_payment_transition
        FOREIGN KEY (previous, status) REFERENCES payment_transition,
    CONSTRAINT ck_payment_captured_within_authorized CHECK (captured_minor BETWEEN 0 AND authorized_minor),
    CONSTRAINT ck_payment_captured CHECK (
        (captured_minor > 0) = (status = 'captured')
        AND (driver_id IS NOT NULL) = (status = 'captured')
        AND (captured_at IS NOT NULL) = (status = 'captured')
    ),
    CONSTRAINT ck_payment_held CHECK (
        status IN ('hold_pending', 'declined', 'voided') OR (authorized_minor > 0 AND psp_payment_id <> '')
    ),
    CONSTRAINT ck_payment_declined CHECK ((decline_reason <> '') = (status = 'declined')),
    -- A tombstone, and nothing else, is without rider, card and currency.
    CONSTRAINT ck_payment_tombstone CHECK (
        CASE WHEN previous = 'new' AND status = 'voided'
        THEN rider_id IS NULL AND payment_method_id IS NULL AND currency_code = '' AND requested_minor = 0
        ELSE rider_id IS NOT NULL AND payment_method_id IS NOT NULL
            AND currency_code ~ '^[A-Z]{3}$' AND requested_minor > 0
        END
    )
);
CREATE UNIQUE INDEX ix_payment_psp_payment_id ON payment (psp_payment_id) WHERE psp_payment_id <> '';
CREATE INDEX ix_payment_payment_method_id ON payment (payment_method_id);

-- `previous` is written here, so that no statement can claim another past; the foreign key then judges the move.
CREATE FUNCTION payment_moves() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        NEW.previous := 'new';
        RETURN NEW;
    END IF;
    IF (NEW.id, NEW.ride_id, NEW.rider_id, NEW.payment_method_id, NEW.currency_code, NEW.requested_minor)
        IS DISTINCT FROM
        (OLD.id, OLD.ride_id, OLD.rider_id, OLD.payment_method_id, OLD.currency_code, OLD.requested_minor)
    THEN
        RAISE EXCEPTION 'what a payment is about does not change' USING ERRCODE = 'restrict_violation';
    END IF;
    IF NEW.version <> OLD.version + 1 THEN
        RAISE EXCEPTION 'a change of a payment raises its version by one' USING ERRCODE = 'restrict_violation';
    END IF;
    NEW.previous := CASE WHEN NEW.status = OLD.status THEN OLD.previous ELSE OLD.status END;
    RETURN NEW;
END $$;
CREATE TRIGGER payment_moves BEFORE INSERT OR UPDATE ON payment FOR EACH ROW EXECUTE FUNCTION payment_moves();
"""

_OPERATIONS = """
CREATE TABLE psp_operation (
    id uuid CONSTRAINT pk_psp_operation PRIMARY KEY,
    kind text NOT NULL,
    rider_id uuid,
    payment_id uuid CONSTRAINT fk_psp_operation_payment_id_payment REFERENCES payment,
    instruction jsonb NOT NULL,
    state text NOT NULL CONSTRAINT ck_psp_operation_state
        CHECK (state IN ('sending', 'unknown', 'succeeded', 'refused')),
    attempt integer NOT NULL CONSTRAINT ck_psp_operation_attempt CHECK (attempt >= 1),
    tries integer NOT NULL CONSTRAINT ck_psp_operation_tries CHECK (tries >= attempt),
    due_at timestamptz NOT NULL,
    psp_object_id text NOT NULL,
    detail text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL,
    finished_at timestamptz,
    CONSTRAINT ck_psp_operation_finished CHECK ((finished_at IS NOT NULL) = (state IN ('succeeded', 'refused')))
);
CREATE UNIQUE INDEX ix_psp_operation_one_open ON psp_operation (payment_id) WHERE state IN ('sending', 'unknown');
CREATE INDEX ix_psp_operation_due ON psp_operation (due_at) WHERE state IN ('sending', 'unknown');
CREATE INDEX ix_psp_operation_payment_id ON psp_operation (payment_id);
CREATE INDEX ix_psp_operation_cards ON psp_operation (rider_id) WHERE kind = 'add_card';

CREATE TABLE request (
    principal text NOT NULL,
    method text NOT NULL,
    key text NOT NULL,
    fingerprint bytea NOT NULL,
    operation_id uuid CONSTRAINT fk_request_operation_id_psp_operation REFERENCES psp_operation,
    answer jsonb,
    created_at timestamptz NOT NULL,
    CONSTRAINT pk_request PRIMARY KEY (principal, method, key)
);
CREATE INDEX ix_request_waiting ON request (operation_id) WHERE answer IS NULL;
CREATE INDEX ix_request_answered_at ON request (created_at);
"""

_OUTBOX = """
CREATE TABLE outbox (
    seq bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_outbox PRIMARY KEY,
    id uuid NOT NULL CONSTRAINT uq_outbox_id UNIQUE,
    type text NOT NULL,
    aggregate_id uuid NOT NULL,
    aggregate_version integer NOT NULL,
    occurred_at timestamptz NOT NULL,
    traceparent text NOT NULL DEFAULT '',
    payload bytea NOT NULL,
    published_at timestamptz
);
CREATE INDEX ix_outbox_unpublished ON outbox (seq) WHERE published_at IS NULL;
CREATE INDEX ix_outbox_published_at ON outbox (published_at) WHERE published_at IS NOT NULL;
"""


def upgrade() -> None:
    run_sql(_CARDS, _PAYMENTS, _OPERATIONS, _OUTBOX)


def downgrade() -> None:
    run_sql(
        "DROP TABLE outbox, request, psp_operation, payment, payment_transition, payment_method, rider",
        "DROP FUNCTION payment_moves()",
    )

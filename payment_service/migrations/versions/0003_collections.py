"""Payments beyond the hold of a ride: by cash or wallet, at once, above the hold, and what is known of their holds."""

from __future__ import annotations

from chassis.migrations import ForwardOnlyError, run_sql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_TRANSITIONS = """
INSERT INTO payment_transition VALUES
    ('new', 'held'),
    ('new', 'declined'),
    ('new', 'charge_pending'),
    ('new', 'captured'),
    ('held', 'captured'),
    ('held', 'voided'),
    ('held', 'increment_pending'),
    ('held', 'expired'),
    ('increment_pending', 'held'),
    ('expired', 'captured'),
    ('expired', 'voided'),
    ('charge_pending', 'captured'),
    ('charge_pending', 'declined');
"""

_COLUMNS = """
ALTER TABLE payment
    ADD COLUMN purpose text NOT NULL DEFAULT 'ride',
    ADD COLUMN funding text NOT NULL DEFAULT 'card',
    ADD COLUMN credit_held_minor bigint NOT NULL DEFAULT 0,
    ADD COLUMN credit_used_minor bigint NOT NULL DEFAULT 0,
    ADD COLUMN receivable_minor bigint NOT NULL DEFAULT 0,
    ADD COLUMN refunded_minor bigint NOT NULL DEFAULT 0,
    ADD COLUMN capture_before timestamptz,
    ADD COLUMN lines jsonb,
    ADD COLUMN created_at timestamptz;
-- What was captured before kept its lines with the order only.
ALTER TABLE payment DISABLE TRIGGER payment_moves;
UPDATE payment SET lines = psp_operation.instruction -> 'lines'
    FROM psp_operation
    WHERE psp_operation.payment_id = payment.id AND psp_operation.kind = 'capture'
        AND psp_operation.state = 'succeeded';
UPDATE payment SET created_at = coalesce(
    (SELECT min(psp_operation.created_at) FROM psp_operation WHERE psp_operation.payment_id = payment.id),
    captured_at, now()
);
ALTER TABLE payment ENABLE TRIGGER payment_moves;
ALTER TABLE payment ALTER COLUMN created_at SET NOT NULL, ALTER COLUMN ride_id DROP NOT NULL;

ALTER TABLE payment DROP CONSTRAINT uq_payment_ride_id;
CREATE INDEX ix_payment_ride_id ON payment (ride_id);
CREATE INDEX ix_payment_rider_id ON payment (rider_id, id);
CREATE UNIQUE INDEX ix_payment_one_of_a_ride ON payment (ride_id) WHERE purpose = 'ride';
CREATE UNIQUE INDEX ix_payment_one_excess_of_a_ride ON payment (ride_id) WHERE purpose = 'excess';
CREATE UNIQUE INDEX ix_payment_one_tip_of_a_ride ON payment (ride_id) WHERE purpose = 'tip' AND status <> 'declined';
"""

_CHECKS = """
ALTER TABLE payment
    DROP CONSTRAINT ck_payment_captured,
    DROP CONSTRAINT ck_payment_held,
    DROP CONSTRAINT ck_payment_tombstone,
    ADD CONSTRAINT ck_payment_purpose CHECK (purpose IN ('ride', 'excess', 'tip', 'arrears', 'top_up')),
    ADD CONSTRAINT ck_payment_ride CHECK ((ride_id IS NOT NULL) = (purpose IN ('ride', 'excess', 'tip'))),
    ADD CONSTRAINT ck_payment_funding CHECK (
        CASE funding WHEN 'card' THEN status = 'voided' OR payment_method_id IS NOT NULL
        ELSE funding IN ('wallet', 'cash') AND payment_method_id IS NULL AND psp_payment_id = '' END
    ),
    ADD CONSTRAINT ck_payment_refunded_within_captured CHECK (refunded_minor BETWEEN 0 AND captured_minor),
    ADD CONSTRAINT ck_payment_credit_used_within_held CHECK (credit_used_minor BETWEEN 0 AND credit_held_minor),
    ADD CONSTRAINT ck_payment_receivable CHECK (
        receivable_minor >= 0 AND (receivable_minor = 0 OR purpose = 'ride' AND status = 'captured')
    ),
    ADD CONSTRAINT ck_payment_captured CHECK (
        (captured_at IS NOT NULL) = (status = 'captured')
        AND (lines IS NOT NULL) = (status = 'captured' AND purpose = 'ride')
        AND (captured_minor = 0 OR status = 'captured')
        AND (status <> 'captured' OR captured_minor + credit_used_minor + receivable_minor > 0)
        AND (driver_id IS NOT NULL OR status <> 'captured' OR purpose NOT IN ('ride', 'tip'))
    ),
    -- A card is asked before its money counts as held, collected or released.
    ADD CONSTRAINT ck_payment_card_asked CHECK (
        funding <> 'card'
        OR NOT (previous = 'new' AND status IN ('held', 'captured') AND authorized_minor > 0)
        AND NOT (previous = 'held' AND status = 'captured' AND captured_minor > 0)
        AND NOT (previous = 'held' AND status = 'voided' AND authorized_minor > 0)
    ),
    -- Money that is held or collected by card has a name at the PSP.
    ADD CONSTRAINT ck_payment_held CHECK (funding <> 'card' OR authorized_minor = 0 OR psp_payment_id <> ''),
    -- A tombstone, and nothing else, is without rider and currency.
    ADD CONSTRAINT ck_payment_tombstone CHECK (
        CASE WHEN previous = 'new' AND status = 'voided'
        THEN rider_id IS NULL AND payment_method_id IS NULL AND currency_code = '' AND requested_minor = 0
        ELSE rider_id IS NOT NULL AND currency_code ~ '^[A-Z]{3}$' AND requested_minor > 0
        END
    );
"""

_MOVES = """
CREATE OR REPLACE FUNCTION payment_moves() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        NEW.previous := 'new';
        RETURN NEW;
    END IF;
    IF (NEW.id, NEW.purpose, NEW.funding, NEW.ride_id, NEW.rider_id, NEW.payment_method_id, NEW.currency_code,
            NEW.requested_minor, NEW.credit_held_minor, NEW.created_at)
        IS DISTINCT FROM
        (OLD.id, OLD.purpose, OLD.funding, OLD.ride_id, OLD.rider_id, OLD.payment_method_id, OLD.currency_code,
            OLD.requested_minor, OLD.credit_held_minor, OLD.created_at)
    THEN
        RAISE EXCEPTION 'what a payment is about does not change' USING ERRCODE = 'restrict_violation';
    END IF;
    IF OLD.status = 'captured' AND
        (NEW.authorized_minor, NEW.captured_minor, NEW.credit_used_minor, NEW.receivable_minor, NEW.lines,
            NEW.driver_id, NEW.captured_at, NEW.psp_payment_id)
        IS DISTINCT FROM
        (OLD.authorized_minor, OLD.captured_minor, OLD.credit_used_minor, OLD.receivable_minor, OLD.lines,
            OLD.driver_id, OLD.captured_at, OLD.psp_payment_id)
    THEN
        RAISE EXCEPTION 'what was captured does not change' USING ERRCODE = 'restrict_violation';
    END IF;
    IF NEW.version <> OLD.version + 1 THEN
        RAISE EXCEPTION 'a change of a payment raises its version by one' USING ERRCODE = 'restrict_violation';
    END IF;
    NEW.previous := CASE WHEN NEW.status = OLD.status THEN OLD.previous ELSE OLD.status END;
    RETURN NEW;
END $$;
CREATE FUNCTION payment_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'payments are not deleted' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER payment_stays BEFORE DELETE OR TRUNCATE ON payment FOR EACH STATEMENT EXECUTE FUNCTION payment_stays();
"""

_STORED = """
-- Orders and answers that are kept are read by the newer code as well.
UPDATE psp_operation
    SET instruction = (instruction - 'total') || jsonb_build_object('amount', instruction -> 'total')
    WHERE kind = 'capture' AND instruction ? 'total';
UPDATE request
    SET answer = jsonb_set(answer, '{payment}', jsonb_build_object(
        'purpose', 'ride', 'funding', 'card', 'credit_held_minor', 0, 'credit_used_minor', 0, 'receivable_minor', 0,
        'refunded_minor', 0, 'capture_before', NULL, 'lines', NULL, 'created_at', request.created_at
    ) || (answer -> 'payment'))
    WHERE answer ->> 'kind' = 'payment';
"""

_OPERATIONS = """
-- An operation may be about something other than a payment (a payout, a dispute); of each, one is open at a time.
ALTER TABLE psp_operation ADD COLUMN subject_id uuid, ADD COLUMN keyed_at timestamptz;
UPDATE psp_operation SET keyed_at = created_at;
ALTER TABLE psp_operation ALTER COLUMN keyed_at SET NOT NULL;
CREATE UNIQUE INDEX ix_psp_operation_one_open_of_subject ON psp_operation (subject_id)
    WHERE state IN ('sending', 'unknown');
"""


def upgrade() -> None:
    run_sql(_TRANSITIONS, _COLUMNS, _CHECKS, _MOVES, _STORED, _OPERATIONS)


def downgrade() -> None:
    raise ForwardOnlyError("payments that the older schema cannot hold would be lost")

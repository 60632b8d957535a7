"""Refunds, disputes, and what the PSP tells by itself."""

from __future__ import annotations

from chassis.migrations import ForwardOnlyError, run_sql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_EVENTS = """
CREATE TABLE psp_event_transition (
    previous text NOT NULL,
    state text NOT NULL,
    CONSTRAINT pk_psp_event_transition PRIMARY KEY (previous, state)
);
INSERT INTO psp_event_transition VALUES
    ('new', 'received'), ('new', 'ignored'),
    ('received', 'unmatched'), ('received', 'applied'), ('received', 'parked'),
    ('unmatched', 'received'), ('unmatched', 'applied'), ('unmatched', 'parked'),
    ('parked', 'received');

CREATE TABLE psp_event (
    id text CONSTRAINT pk_psp_event PRIMARY KEY CONSTRAINT ck_psp_event_id CHECK (id <> ''),
    type text NOT NULL CONSTRAINT ck_psp_event_type CHECK (type <> ''),
    object_id text NOT NULL CONSTRAINT ck_psp_event_object_id CHECK (object_id <> ''),
    psp_payment_id text NOT NULL,
    operation_id uuid,
    account_id text NOT NULL,
    payload bytea NOT NULL CONSTRAINT ck_psp_event_payload CHECK (octet_length(payload) <= 262144),
    received_at timestamptz NOT NULL,
    previous text NOT NULL DEFAULT 'new',
    state text NOT NULL,
    tries integer NOT NULL CONSTRAINT ck_psp_event_tries CHECK (tries >= 0),
    detail text NOT NULL,
    due_at timestamptz NOT NULL,
    over_at timestamptz,
    CONSTRAINT fk_psp_event_previous_state_psp_event_transition
        FOREIGN KEY (previous, state) REFERENCES psp_event_transition,
    CONSTRAINT ck_psp_event_over CHECK ((over_at IS NOT NULL) = (state IN ('applied', 'ignored'))),
    CONSTRAINT ck_psp_event_parked CHECK (state <> 'parked' OR detail <> '')
);
CREATE INDEX ix_psp_event_due ON psp_event (due_at) WHERE state IN ('received', 'unmatched');
CREATE INDEX ix_psp_event_waiting ON psp_event (object_id) WHERE state IN ('received', 'unmatched');
CREATE INDEX ix_psp_event_received_at ON psp_event (received_at, id);
CREATE INDEX ix_psp_event_state ON psp_event (state, received_at, id) WHERE state <> 'applied';
-- What was applied or ignored is forgotten after a time; what is parked stays until somebody looks at it.
CREATE INDEX ix_psp_event_over_at ON psp_event (over_at) WHERE over_at IS NOT NULL;

CREATE FUNCTION psp_event_moves() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        NEW.previous := 'new';
        RETURN NEW;
    END IF;
    IF (NEW.id, NEW.type, NEW.object_id, NEW.psp_payment_id, NEW.operation_id, NEW.account_id, NEW.payload,
            NEW.received_at)
        IS DISTINCT FROM
        (OLD.id, OLD.type, OLD.object_id, OLD.psp_payment_id, OLD.operation_id, OLD.account_id, OLD.payload,
            OLD.received_at)
    THEN
        RAISE EXCEPTION 'what an event tells does not change' USING ERRCODE = 'restrict_violation';
    END IF;
    NEW.previous := CASE WHEN NEW.state = OLD.state THEN OLD.previous ELSE OLD.state END;
    RETURN NEW;
END $$;
CREATE TRIGGER psp_event_moves BEFORE INSERT OR UPDATE ON psp_event FOR EACH ROW EXECUTE FUNCTION psp_event_moves();
"""

_REFUNDS = """
CREATE TABLE refund_transition (
    previous text NOT NULL,
    status text NOT NULL,
    CONSTRAINT pk_refund_transition PRIMARY KEY (previous, status)
);
INSERT INTO refund_transition VALUES
    ('new', 'pending'), ('new', 'paid'), ('pending', 'paid'), ('pending', 'failed'), ('paid', 'failed');

CREATE TABLE refund (
    id uuid CONSTRAINT pk_refund PRIMARY KEY,
    payment_id uuid NOT NULL CONSTRAINT fk_refund_payment_id_payment REFERENCES payment,
    ride_id uuid,
    rider_id uuid NOT NULL,
    currency_code text NOT NULL CONSTRAINT ck_refund_currency_code CHECK (currency_code ~ '^[A-Z]{3}$'),
    amount_minor bigint NOT NULL CONSTRAINT ck_refund_amount_minor CHECK (amount_minor > 0),
    reason text NOT NULL,
    borne_by text NOT NULL CONSTRAINT ck_refund_borne_by CHECK (borne_by IN ('proportional', 'platform')),
    destination text NOT NULL,
    shares jsonb NOT NULL,
    previous text NOT NULL DEFAULT 'new',
    status text NOT NULL,
    psp_refund_id text NOT NULL,
    failure_reason text NOT NULL,
    looks integer NOT NULL,
    look_at timestamptz,
    created_at timestamptz NOT NULL,
    paid_at timestamptz,
    failed_at timestamptz,
    version bigint NOT NULL,
    CONSTRAINT fk_refund_previous_status_refund_transition
        FOREIGN KEY (previous, status) REFERENCES refund_transition,
    -- A card's refund has a name at the PSP when it is paid; the wallet's needs none, and is paid from the beginning.
    CONSTRAINT ck_refund_destination CHECK (
        CASE destination
        WHEN 'wallet' THEN psp_refund_id = '' AND previous = 'new' AND status = 'paid'
        ELSE destination = 'card' AND (status <> 'paid' OR psp_refund_id <> '')
            AND NOT (previous = 'new' AND status = 'paid')
        END
    ),
    CONSTRAINT ck_refund_failed CHECK (
        (failure_reason <> '') = (status = 'failed') AND (failed_at IS NOT NULL) = (status = 'failed')
    ),
    CONSTRAINT ck_refund_paid CHECK (
        CASE status WHEN 'paid' THEN paid_at IS NOT NULL WHEN 'pending' THEN paid_at IS NULL
        ELSE (paid_at IS NOT NULL) = (previous = 'paid') END
    )
);
CREATE INDEX ix_refund_payment_id ON refund (payment_id);
CREATE INDEX ix_refund_ride_id ON refund (ride_id) WHERE ride_id IS NOT NULL;
CREATE INDEX ix_refund_rider_id ON refund (rider_id, created_at, id);
CREATE INDEX ix_refund_created_at ON refund (created_at, id);
CREATE UNIQUE INDEX ix_refund_psp_refund_id ON refund (psp_refund_id) WHERE psp_refund_id <> '';
CREATE INDEX ix_refund_look_at ON refund (look_at) WHERE look_at IS NOT NULL;

CREATE FUNCTION refund_moves() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        NEW.previous := 'new';
        RETURN NEW;
    END IF;
    IF (NEW.id, NEW.payment_id, NEW.ride_id, NEW.rider_id, NEW.currency_code, NEW.amount_minor, NEW.reason,
            NEW.borne_by, NEW.destination, NEW.shares, NEW.created_at)
        IS DISTINCT FROM
        (OLD.id, OLD.payment_id, OLD.ride_id, OLD.rider_id, OLD.currency_code, OLD.amount_minor, OLD.reason,
            OLD.borne_by, OLD.destination, OLD.shares, OLD.created_at)
        OR OLD.psp_refund_id <> '' AND NEW.psp_refund_id <> OLD.psp_refund_id
    THEN
        RAISE EXCEPTION 'what a refund is about does not change' USING ERRCODE = 'restrict_violation';
    END IF;
    IF NEW.version <> OLD.version + 1 THEN
        RAISE EXCEPTION 'a change of a refund raises its version by one' USING ERRCODE = 'restrict_violation';
    END IF;
    NEW.previous := CASE WHEN NEW.status = OLD.status THEN OLD.previous ELSE OLD.status END;
    RETURN NEW;
END $$;
CREATE TRIGGER refund_moves BEFORE INSERT OR UPDATE ON refund FOR EACH ROW EXECUTE FUNCTION refund_moves();
CREATE FUNCTION refund_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'refunds are not deleted' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER refund_stays BEFORE DELETE OR TRUNCATE ON refund FOR EACH STATEMENT EXECUTE FUNCTION refund_stays();

-- What a payment says was refunded is what its refunds say, when a transaction ends.
CREATE FUNCTION refunds_add_up() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    about uuid := CASE TG_TABLE_NAME WHEN 'refund' THEN to_jsonb(NEW) ->> 'payment_id'
        ELSE to_jsonb(NEW) ->> 'id' END;
BEGIN
    IF EXISTS (
        SELECT FROM payment
        WHERE payment.id = about AND (
            refunded_minor <> (
                SELECT coalesce(sum(amount_minor), 0) FROM refund
                WHERE refund.payment_id = about AND refund.status <> 'failed'
            )
            OR EXISTS (
                SELECT FROM refund
                WHERE refund.payment_id = about AND (
                    refund.currency_code <> payment.currency_code
                    OR refund.rider_id IS DISTINCT FROM payment.rider_id
                    OR refund.ride_id IS DISTINCT FROM payment.ride_id
                    OR (refund.destination = 'card') <> (payment.funding = 'card')
                )
            )
        )
    ) THEN
        RAISE EXCEPTION 'the refunds of a payment are what it says was refunded' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER refunds_add_up AFTER INSERT OR UPDATE ON refund
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refunds_add_up();
CREATE CONSTRAINT TRIGGER refunds_add_up AFTER UPDATE ON payment
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.refunded_minor <> OLD.refunded_minor)
    EXECUTE FUNCTION refunds_add_up();
CREATE CONSTRAINT TRIGGER refunds_begin_at_zero AFTER INSERT ON payment
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.refunded_minor <> 0)
    EXECUTE FUNCTION refunds_add_up();
"""

_DISPUTES = """
CREATE TABLE dispute_transition (
    previous text NOT NULL,
    status text NOT NULL,
    CONSTRAINT pk_dispute_transition PRIMARY KEY (previous, status)
);
INSERT INTO dispute_transition VALUES
    ('new', 'inquiry'), ('new', 'needs_response'), ('new', 'under_review'), ('new', 'won'), ('new', 'lost'),
    ('new', 'closed'),
    ('inquiry', 'needs_response'), ('inquiry', 'under_review'), ('inquiry', 'won'), ('inquiry', 'lost'),
    ('inquiry', 'closed'),
    ('needs_response', 'under_review'), ('needs_response', 'won'), ('needs_response', 'lost'),
    ('under_review', 'won'), ('under_review', 'lost');

CREATE TABLE dispute (
    id uuid CONSTRAINT pk_dispute PRIMARY KEY,
    psp_dispute_id text NOT NULL CONSTRAINT uq_dispute_psp_dispute_id UNIQUE
        CONSTRAINT ck_dispute_psp_dispute_id CHECK (psp_dispute_id <> ''),
    payment_id uuid NOT NULL CONSTRAINT fk_dispute_payment_id_payment REFERENCES payment,
    ride_id uuid,
    currency_code text NOT NULL CONSTRAINT ck_dispute_currency_code CHECK (currency_code ~ '^[A-Z]{3}$'),
    amount_minor bigint NOT NULL CONSTRAINT ck_dispute_amount_minor CHECK (amount_minor >= 0),
    withdrawn_minor bigint NOT NULL CONSTRAINT ck_dispute_withdrawn_minor CHECK (withdrawn_minor >= 0),
    reinstated_minor bigint NOT NULL
        CONSTRAINT ck_dispute_reinstated_minor CHECK (reinstated_minor = 0 OR reinstated_minor = withdrawn_minor),
    fee_minor bigint NOT NULL CONSTRAINT ck_dispute_fee_minor CHECK (fee_minor >= 0),
    reason text NOT NULL,
    previous text NOT NULL DEFAULT 'new',
    status text NOT NULL,
    borne_by text NOT NULL CONSTRAINT ck_dispute_borne_by CHECK (borne_by IN ('platform', 'driver')),
    evidence_due_at timestamptz,
    look_at timestamptz,
    created_at timestamptz NOT NULL,
    closed_at timestamptz,
    version bigint NOT NULL,
    CONSTRAINT fk_dispute_previous_status_dispute_transition
        FOREIGN KEY (previous, status) REFERENCES dispute_transition,
    CONSTRAINT ck_dispute_closed CHECK ((closed_at IS NOT NULL) = (status IN ('won', 'lost', 'closed'))),
    -- An inquiry moves no money, and what was lost does not come back.
    CONSTRAINT ck_dispute_money CHECK (
        (status <> 'inquiry' OR withdrawn_minor = 0) AND (status <> 'lost' OR reinstated_minor = 0)
    )
);
CREATE INDEX ix_dispute_payment_id ON dispute (payment_id);
CREATE INDEX ix_dispute_created_at ON dispute (created_at, id);
CREATE INDEX ix_dispute_look_at ON dispute (look_at) WHERE look_at IS NOT NULL;

CREATE FUNCTION dispute_moves() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        NEW.previous := 'new';
        RETURN NEW;
    END IF;
    IF (NEW.id, NEW.psp_dispute_id, NEW.payment_id, NEW.ride_id, NEW.currency_code, NEW.created_at)
        IS DISTINCT FROM (OLD.id, OLD.psp_dispute_id, OLD.payment_id, OLD.ride_id, OLD.currency_code, OLD.created_at)
        OR OLD.withdrawn_minor <> 0 AND NEW.withdrawn_minor <> OLD.withdrawn_minor
        OR OLD.reinstated_minor <> 0 AND NEW.reinstated_minor <> OLD.reinstated_minor
        OR OLD.closed_at IS NOT NULL AND (NEW.closed_at, NEW.borne_by) IS DISTINCT FROM (OLD.closed_at, OLD.borne_by)
    THEN
        RAISE EXCEPTION 'what is known of a dispute does not change' USING ERRCODE = 'restrict_violation';
    END IF;
    IF NEW.version <> OLD.version + 1 THEN
        RAISE EXCEPTION 'a change of a dispute raises its version by one' USING ERRCODE = 'restrict_violation';
    END IF;
    NEW.previous := CASE WHEN NEW.status = OLD.status THEN OLD.previous ELSE OLD.status END;
    RETURN NEW;
END $$;
CREATE TRIGGER dispute_moves BEFORE INSERT OR UPDATE ON dispute FOR EACH ROW EXECUTE FUNCTION dispute_moves();
CREATE FUNCTION dispute_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'disputes are not deleted' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER dispute_stays BEFORE DELETE OR TRUNCATE ON dispute FOR EACH STATEMENT EXECUTE FUNCTION dispute_stays();
"""

_HOLDS = """
-- Holds whose time has come are asked about.
CREATE INDEX ix_payment_capture_before ON payment (capture_before, id)
    WHERE status = 'held' AND capture_before IS NOT NULL;
"""


def upgrade() -> None:
    run_sql(_EVENTS, _REFUNDS, _DISPUTES, _HOLDS)


def downgrade() -> None:
    raise ForwardOnlyError("refunds, disputes and events would be lost")

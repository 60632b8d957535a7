"""Riders' default cards and card set-ups, and what operators change in riders' accounts."""

from __future__ import annotations

from chassis.migrations import ForwardOnlyError, append_only, run_sql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_DEFAULT_CARDS = """
ALTER TABLE payment_method
    ADD COLUMN is_default boolean NOT NULL DEFAULT false,
    ADD CONSTRAINT ck_payment_method_default_is_kept CHECK (NOT is_default OR removed_at IS NULL);
UPDATE payment_method SET is_default = true WHERE id IN (
    SELECT DISTINCT ON (rider_id) id FROM payment_method WHERE removed_at IS NULL ORDER BY rider_id, created_at, id
);
CREATE UNIQUE INDEX ix_payment_method_one_default ON payment_method (rider_id) WHERE is_default;
"""

_CARD_SETUPS = """
CREATE TABLE card_setup_transition (
    previous text NOT NULL,
    status text NOT NULL,
    CONSTRAINT pk_card_setup_transition PRIMARY KEY (previous, status)
);
INSERT INTO card_setup_transition VALUES
    ('new', 'pending'),
    ('pending', 'action_required'),
    ('pending', 'succeeded'),
    ('pending', 'declined'),
    ('action_required', 'succeeded'),
    ('action_required', 'declined');
CREATE TABLE card_setup (
    id uuid CONSTRAINT pk_card_setup PRIMARY KEY,
    rider_id uuid NOT NULL CONSTRAINT fk_card_setup_rider_id_rider REFERENCES rider,
    psp_setup_id text NOT NULL,
    payment_method_id uuid CONSTRAINT fk_card_setup_payment_method_id_payment_method REFERENCES payment_method,
    previous text NOT NULL DEFAULT 'new',
    status text NOT NULL,
    decline_reason text NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT fk_card_setup_previous_status_card_setup_transition
        FOREIGN KEY (previous, status) REFERENCES card_setup_transition,
    CONSTRAINT ck_card_setup_named CHECK (status IN ('pending', 'declined') OR psp_setup_id <> ''),
    CONSTRAINT ck_card_setup_succeeded CHECK ((payment_method_id IS NOT NULL) = (status = 'succeeded')),
    CONSTRAINT ck_card_setup_declined CHECK ((decline_reason <> '') = (status = 'declined'))
);
CREATE INDEX ix_card_setup_rider_id ON card_setup (rider_id);
CREATE INDEX ix_card_setup_payment_method_id ON card_setup (payment_method_id);
CREATE UNIQUE INDEX ix_card_setup_psp_setup_id ON card_setup (psp_setup_id) WHERE psp_setup_id <> '';

-- `previous` is written here, so that no statement can claim another past; the foreign key then judges the move.
CREATE FUNCTION card_setup_moves() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        NEW.previous := 'new';
        RETURN NEW;
    END IF;
    IF (NEW.id, NEW.rider_id, NEW.created_at) IS DISTINCT FROM (OLD.id, OLD.rider_id, OLD.created_at)
        OR OLD.psp_setup_id <> '' AND NEW.psp_setup_id <> OLD.psp_setup_id
    THEN
        RAISE EXCEPTION 'what a set-up is about does not change' USING ERRCODE = 'restrict_violation';
    END IF;
    IF OLD.status IN ('succeeded', 'declined') THEN
        RAISE EXCEPTION 'a set-up that is over does not change' USING ERRCODE = 'restrict_violation';
    END IF;
    NEW.previous := CASE WHEN NEW.status = OLD.status THEN OLD.previous ELSE OLD.status END;
    RETURN NEW;
END $$;
CREATE TRIGGER card_setup_moves BEFORE INSERT OR UPDATE ON card_setup
    FOR EACH ROW EXECUTE FUNCTION card_setup_moves();
DROP INDEX ix_psp_operation_cards;
CREATE INDEX ix_psp_operation_cards ON psp_operation (rider_id)
    WHERE kind IN ('add_card', 'set_up_card', 'finish_card_setup') AND state IN ('sending', 'unknown');
"""

_ADJUSTMENTS = """
CREATE TABLE rider_adjustment (
    id uuid CONSTRAINT pk_rider_adjustment PRIMARY KEY,
    kind text NOT NULL CONSTRAINT ck_rider_adjustment_kind
        CHECK (kind IN ('credit_grant', 'credit_revoked', 'write_off')),
    rider_id uuid NOT NULL,
    operator_id uuid NOT NULL,
    currency_code text NOT NULL CONSTRAINT ck_rider_adjustment_currency_code CHECK (currency_code ~ '^[A-Z]{3}$'),
    amount_minor bigint NOT NULL CONSTRAINT ck_rider_adjustment_amount_minor CHECK (amount_minor > 0),
    reason text NOT NULL CONSTRAINT ck_rider_adjustment_reason CHECK (reason <> ''),
    created_at timestamptz NOT NULL
);
CREATE INDEX ix_rider_adjustment_rider_id ON rider_adjustment (rider_id, id);
CREATE INDEX ix_rider_adjustment_kind ON rider_adjustment (kind, id);
"""

_ARREARS = """
CREATE UNIQUE INDEX ix_payment_one_arrears_under_way ON payment (rider_id, currency_code)
    WHERE purpose = 'arrears' AND status = 'charge_pending';
"""


def upgrade() -> None:
    run_sql(_DEFAULT_CARDS, _CARD_SETUPS, _ADJUSTMENTS, append_only("rider_adjustment").create, _ARREARS)


def downgrade() -> None:
    raise ForwardOnlyError("who changed riders' accounts, and why, would be lost")

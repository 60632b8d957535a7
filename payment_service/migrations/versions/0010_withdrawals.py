"""Withdrawals from wallets: each is refunds of top-ups, and adds up to them."""

from __future__ import annotations

from chassis.migrations import ForwardOnlyError, append_only, run_sql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_TABLES = """
CREATE TABLE withdrawal (
    id uuid CONSTRAINT pk_withdrawal PRIMARY KEY,
    rider_id uuid NOT NULL,
    currency_code text NOT NULL CONSTRAINT ck_withdrawal_currency_code CHECK (currency_code ~ '^[A-Z]{3}$'),
    amount_minor bigint NOT NULL CONSTRAINT ck_withdrawal_amount_minor CHECK (amount_minor > 0),
    created_at timestamptz NOT NULL
);
CREATE INDEX ix_withdrawal_rider_id ON withdrawal (rider_id, id);
CREATE TABLE withdrawal_part (
    refund_id uuid CONSTRAINT pk_withdrawal_part PRIMARY KEY
        CONSTRAINT fk_withdrawal_part_refund_id_refund REFERENCES refund,
    withdrawal_id uuid NOT NULL
        CONSTRAINT fk_withdrawal_part_withdrawal_id_withdrawal REFERENCES withdrawal
);
CREATE INDEX ix_withdrawal_part_withdrawal_id ON withdrawal_part (withdrawal_id);

-- The parts come all in one statement, so that they can be compared when it ends.
CREATE FUNCTION withdrawal_adds_up() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM withdrawal
        WHERE id IN (SELECT withdrawal_id FROM fresh) AND amount_minor <> (
            SELECT sum(refund.amount_minor) FROM withdrawal_part JOIN refund ON refund.id = refund_id
            WHERE withdrawal_id = withdrawal.id
        )
    ) THEN
        RAISE EXCEPTION 'the parts of a withdrawal add up to it' USING ERRCODE = 'check_violation';
    END IF;
    IF EXISTS (
        SELECT FROM fresh
        JOIN withdrawal ON withdrawal.id = fresh.withdrawal_id
        JOIN refund ON refund.id = fresh.refund_id
        JOIN payment ON payment.id = refund.payment_id
        WHERE payment.purpose <> 'top_up' OR refund.rider_id <> withdrawal.rider_id
            OR refund.currency_code <> withdrawal.currency_code OR refund.destination <> 'card'
    ) THEN
        RAISE EXCEPTION 'a withdrawal refunds top-ups of its rider' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER withdrawal_adds_up AFTER INSERT ON withdrawal_part REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION withdrawal_adds_up();
"""


def upgrade() -> None:
    run_sql(_TABLES, append_only("withdrawal").create, append_only("withdrawal_part").create)


def downgrade() -> None:
    raise ForwardOnlyError("what riders withdrew would be lost")

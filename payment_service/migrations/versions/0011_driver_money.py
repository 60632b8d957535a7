"""Drivers' money: their bank accounts, payouts, terms, patronage, standing, and what they pay in."""

from __future__ import annotations

from chassis.migrations import ForwardOnlyError, append_only, run_sql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_DRIVERS = """
INSERT INTO entry_kind (kind, must_cover) VALUES ('driver_payment', false);

CREATE TABLE driver (
    id uuid CONSTRAINT pk_driver PRIMARY KEY,
    psp_account_id text CONSTRAINT uq_driver_psp_account_id UNIQUE,
    standing_version bigint NOT NULL DEFAULT 0
);
CREATE TABLE payout_account (
    driver_id uuid NOT NULL CONSTRAINT fk_payout_account_driver_id_driver REFERENCES driver,
    currency_code text NOT NULL CONSTRAINT ck_payout_account_currency_code CHECK (currency_code ~ '^[A-Z]{3}$'),
    psp_account_id text NOT NULL CONSTRAINT ck_payout_account_psp_account_id CHECK (psp_account_id <> ''),
    psp_bank_id text NOT NULL CONSTRAINT ck_payout_account_psp_bank_id CHECK (psp_bank_id <> ''),
    country_code text NOT NULL,
    bank_name text NOT NULL,
    -- No more of the number than this comes here.
    last_digits text NOT NULL CONSTRAINT ck_payout_account_last_digits CHECK (length(last_digits) <= 4),
    operation_id uuid NOT NULL CONSTRAINT fk_payout_account_operation_id_psp_operation REFERENCES psp_operation,
    set_at timestamptz NOT NULL,
    CONSTRAINT pk_payout_account PRIMARY KEY (driver_id, currency_code)
);
CREATE TABLE driver_standing (
    driver_id uuid NOT NULL CONSTRAINT fk_driver_standing_driver_id_driver REFERENCES driver,
    currency_code text NOT NULL,
    cash_allowed boolean NOT NULL,
    balance_minor bigint NOT NULL,
    floor_minor bigint NOT NULL,
    changed_at timestamptz NOT NULL,
    CONSTRAINT pk_driver_standing PRIMARY KEY (driver_id, currency_code),
    CONSTRAINT ck_driver_standing_floor CHECK (cash_allowed = (balance_minor >= floor_minor))
);
CREATE TABLE driver_payment (
    id uuid CONSTRAINT pk_driver_payment PRIMARY KEY,
    driver_id uuid NOT NULL,
    currency_code text NOT NULL,
    amount_minor bigint NOT NULL CONSTRAINT ck_driver_payment_amount_minor CHECK (amount_minor > 0),
    reference text NOT NULL,
    recorded_by text NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE INDEX ix_driver_payment_driver_id ON driver_payment (driver_id);
"""

_PAYOUTS = """
CREATE TABLE payout_transition (
    previous text NOT NULL,
    status text NOT NULL,
    CONSTRAINT pk_payout_transition PRIMARY KEY (previous, status)
);
INSERT INTO payout_transition VALUES
    ('new', 'pending'),
    ('pending', 'sent'),
    ('pending', 'failed'),
    ('pending', 'recovering'),
    ('sent', 'paid'),
    ('sent', 'recovering'),
    ('paid', 'recovering'),
    ('recovering', 'failed'),
    ('recovering', 'returned');

CREATE TABLE payout (
    id uuid CONSTRAINT pk_payout PRIMARY KEY,
    driver_id uuid NOT NULL CONSTRAINT fk_payout_driver_id_driver REFERENCES driver,
    currency_code text NOT NULL,
    amount_minor bigint NOT NULL CONSTRAINT ck_payout_amount_minor CHECK (amount_minor > 0),
    kind text NOT NULL,
    period_at timestamptz,
    retry_of uuid CONSTRAINT fk_payout_retry_of_payout REFERENCES payout,
    previous text NOT NULL DEFAULT 'new',
    status text NOT NULL,
    psp_account_id text NOT NULL,
    psp_bank_id text NOT NULL,
    last_digits text NOT NULL,
    psp_transfer_id text NOT NULL,
    psp_payout_id text NOT NULL,
    waiting_reason text NOT NULL,
    waits integer NOT NULL CONSTRAINT ck_payout_waits CHECK (waits >= 0),
    failure_reason text NOT NULL,
    look_at timestamptz,
    created_at timestamptz NOT NULL,
    sent_at timestamptz,
    paid_at timestamptz,
    ended_at timestamptz,
    version bigint NOT NULL,
    CONSTRAINT fk_payout_previous_status_payout_transition
        FOREIGN KEY (previous, status) REFERENCES payout_transition,
    CONSTRAINT ck_payout_kind CHECK (
        kind IN ('on_demand', 'scheduled', 'retry')
        AND (kind = 'scheduled') = (period_at IS NOT NULL)
        AND (kind = 'retry') = (retry_of IS NOT NULL)
    ),
    -- The money is in the driver's account at the PSP before it is sent on, and comes back from there.
    CONSTRAINT ck_payout_transferred CHECK (psp_transfer_id <> '' OR status IN ('pending', 'failed')),
    CONSTRAINT ck_payout_sent CHECK (
        (sent_at IS NOT NULL) = (psp_payout_id <> '')
        AND (sent_at IS NOT NULL OR status NOT IN ('sent', 'paid', 'returned'))
        AND (sent_at IS NULL OR status <> 'pending')
    ),
    CONSTRAINT ck_payout_paid CHECK (
        (paid_at IS NOT NULL OR status NOT IN ('paid', 'returned'))
        AND (paid_at IS NULL OR status IN ('paid', 'recovering', 'returned'))
    ),
    CONSTRAINT ck_payout_failed CHECK ((failure_reason <> '') = (status IN ('recovering', 'failed', 'returned'))),
    CONSTRAINT ck_payout_ended CHECK ((ended_at IS NOT NULL) = (status IN ('failed', 'returned')))
);
CREATE UNIQUE INDEX ix_payout_one_of_a_period ON payout (driver_id, currency_code, period_at)
    WHERE period_at IS NOT NULL;
CREATE UNIQUE INDEX ix_payout_one_retry ON payout (retry_of) WHERE retry_of IS NOT NULL;
CREATE UNIQUE INDEX ix_payout_psp_transfer_id ON payout (psp_transfer_id) WHERE psp_transfer_id <> '';
CREATE UNIQUE INDEX ix_payout_psp_payout_id ON payout (psp_payout_id) WHERE psp_payout_id <> '';
CREATE INDEX ix_payout_driver_id ON payout (driver_id, id);
CREATE INDEX ix_payout_look_at ON payout (look_at) WHERE look_at IS NOT NULL;
CREATE INDEX ix_payout_open ON payout (id) WHERE status IN ('pending', 'sent', 'recovering');

CREATE FUNCTION payout_moves() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        NEW.previous := 'new';
        RETURN NEW;
    END IF;
    IF (NEW.id, NEW.driver_id, NEW.currency_code, NEW.amount_minor, NEW.kind, NEW.period_at, NEW.retry_of,
            NEW.psp_account_id, NEW.psp_bank_id, NEW.last_digits, NEW.created_at)
        IS DISTINCT FROM
        (OLD.id, OLD.driver_id, OLD.currency_code, OLD.amount_minor, OLD.kind, OLD.period_at, OLD.retry_of,
            OLD.psp_account_id, OLD.psp_bank_id, OLD.last_digits, OLD.created_at)
    THEN
        RAISE EXCEPTION 'what a payout is about does not change' USING ERRCODE = 'restrict_violation';
    END IF;
    IF OLD.psp_transfer_id <> '' AND NEW.psp_transfer_id <> OLD.psp_transfer_id
        OR OLD.psp_payout_id <> '' AND NEW.psp_payout_id <> OLD.psp_payout_id
        OR OLD.paid_at IS NOT NULL AND NEW.paid_at IS DISTINCT FROM OLD.paid_at
    THEN
        RAISE EXCEPTION 'what a payout has done at the PSP does not change' USING ERRCODE = 'restrict_violation';
    END IF;
    IF NEW.version <> OLD.version + 1 THEN
        RAISE EXCEPTION 'a change of a payout raises its version by one' USING ERRCODE = 'restrict_violation';
    END IF;
    NEW.previous := CASE WHEN NEW.status = OLD.status THEN OLD.previous ELSE OLD.status END;
    RETURN NEW;
END $$;
CREATE TRIGGER payout_moves BEFORE INSERT OR UPDATE ON payout FOR EACH ROW EXECUTE FUNCTION payout_moves();
CREATE FUNCTION payout_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'payouts are not deleted' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER payout_stays BEFORE DELETE OR TRUNCATE ON payout FOR EACH STATEMENT EXECUTE FUNCTION payout_stays();

-- A scheduled payout of everybody: how far it has come through the payout accounts.
CREATE TABLE payout_run (
    period_at timestamptz CONSTRAINT pk_payout_run PRIMARY KEY,
    after_driver_id uuid NOT NULL,
    after_currency_code text NOT NULL,
    finished_at timestamptz
);
CREATE INDEX ix_payout_run_open ON payout_run (period_at) WHERE finished_at IS NULL;
"""

_TERMS = """
CREATE TABLE driver_terms (
    id uuid CONSTRAINT pk_driver_terms PRIMARY KEY,
    driver_id uuid NOT NULL CONSTRAINT fk_driver_terms_driver_id_driver REFERENCES driver,
    model text NOT NULL CONSTRAINT ck_driver_terms_model CHECK (model IN ('commission', 'subscription', 'patronage')),
    effective_from timestamptz NOT NULL,
    currency_code text,
    fee_minor bigint,
    period_days integer NOT NULL,
    set_by text NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT uq_driver_terms_driver_id_effective_from UNIQUE (driver_id, effective_from),
    CONSTRAINT ck_driver_terms_fee CHECK (
        CASE model WHEN 'subscription'
        THEN coalesce(fee_minor > 0, false) AND currency_code IS NOT NULL AND period_days BETWEEN 1 AND 366
        ELSE fee_minor IS NULL AND currency_code IS NULL AND period_days = 0 END
    ),
    -- What was done under the terms before is done.
    CONSTRAINT ck_driver_terms_effective_from CHECK (effective_from >= created_at)
);
CREATE TABLE subscription (
    terms_id uuid CONSTRAINT pk_subscription PRIMARY KEY
        CONSTRAINT fk_subscription_terms_id_driver_terms REFERENCES driver_terms,
    next_fee_at timestamptz
);
CREATE INDEX ix_subscription_next_fee_at ON subscription (next_fee_at) WHERE next_fee_at IS NOT NULL;

CREATE TABLE patronage (
    id uuid CONSTRAINT pk_patronage PRIMARY KEY,
    period_from timestamptz NOT NULL,
    period_to timestamptz NOT NULL,
    currency_code text NOT NULL,
    amount_minor bigint NOT NULL,
    commission_minor bigint NOT NULL,
    declared_by text NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT ck_patronage_period CHECK (period_from < period_to AND period_to <= created_at),
    CONSTRAINT ck_patronage_amount CHECK (amount_minor BETWEEN 1 AND commission_minor)
);
CREATE TABLE patronage_share (
    patronage_id uuid NOT NULL CONSTRAINT fk_patronage_share_patronage_id_patronage REFERENCES patronage,
    driver_id uuid NOT NULL,
    commission_minor bigint NOT NULL,
    amount_minor bigint NOT NULL CONSTRAINT ck_patronage_share_amount_minor
        CHECK (amount_minor BETWEEN 1 AND commission_minor),
    posted_at timestamptz,
    CONSTRAINT pk_patronage_share PRIMARY KEY (patronage_id, driver_id)
);
CREATE INDEX ix_patronage_share_driver_id ON patronage_share (driver_id, patronage_id);
CREATE INDEX ix_patronage_share_unposted ON patronage_share (patronage_id, driver_id) WHERE posted_at IS NULL;

-- An exclusion constraint on currency and period would need an extension; this is as sure.
CREATE FUNCTION patronage_periods_part() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('patronage'), hashtext(NEW.currency_code));
    IF EXISTS (
        SELECT FROM patronage
        WHERE currency_code = NEW.currency_code AND period_from < NEW.period_to AND NEW.period_from < period_to
    ) THEN
        RAISE EXCEPTION 'patronage was declared for a part of the period already' USING ERRCODE = 'exclusion_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER patronage_periods_part BEFORE INSERT ON patronage
    FOR EACH ROW EXECUTE FUNCTION patronage_periods_part();

CREATE INDEX ix_payment_driver_id ON payment (driver_id, captured_at) WHERE captured_at IS NOT NULL;
"""

_APPEND_ONLY = [append_only(table) for table in ("driver_payment", "driver_terms", "patronage")]


def upgrade() -> None:
    run_sql(_DRIVERS, _PAYOUTS, _TERMS, *(script.create for script in _APPEND_ONLY))


def downgrade() -> None:
    raise ForwardOnlyError("drivers' bank accounts, payouts and terms would be lost")

"""Balances: kept by the database beside every posting, and refused where they would be overdrawn.

The accounts of people change their balance's row at once. The platform's own accounts are in every entry, so their
change goes to a queue (`balance_delta`) that any number of transactions can write to, and that is rolled up apart;
what such an account holds is its row and its queue together.
"""

from __future__ import annotations

from chassis.migrations import ForwardOnlyError, run_sql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_KINDS = """
CREATE TABLE account_kind (
    kind text CONSTRAINT pk_account_kind PRIMARY KEY,
    nature text NOT NULL CONSTRAINT ck_account_kind_nature
        CHECK (nature IN ('asset', 'liability', 'revenue', 'expense')),
    owned boolean NOT NULL,
    queued boolean NOT NULL,
    clearing boolean NOT NULL,
    floor_minor bigint,
    CONSTRAINT uq_account_kind_kind_owned UNIQUE (kind, owned),
    CONSTRAINT ck_account_kind_floor CHECK (floor_minor IS NULL OR NOT queued)
);
INSERT INTO account_kind (kind, nature, owned, queued, clearing, floor_minor) VALUES
    ('bank', 'asset', false, true, false, NULL),
    ('psp_receivable', 'asset', false, true, true, NULL),
    ('dispute_receivable', 'asset', false, true, true, NULL),
    ('rider_receivable', 'asset', true, false, false, 0),
    ('driver', 'liability', true, false, false, NULL),
    ('rider_wallet', 'liability', true, false, false, 0),
    ('rider_credit', 'liability', true, false, false, 0),
    ('tax', 'liability', true, true, false, NULL),
    ('refund_transit', 'liability', false, true, true, NULL),
    ('payout_transit', 'liability', false, true, true, NULL),
    ('suspense', 'liability', false, true, true, NULL),
    ('commission', 'revenue', false, true, false, NULL),
    ('booking_fee', 'revenue', false, true, false, NULL),
    ('subscription', 'revenue', false, true, false, NULL),
    ('promo', 'expense', false, true, false, NULL),
    ('goodwill', 'expense', false, true, false, NULL),
    ('psp_fee', 'expense', false, true, false, NULL),
    ('dispute_fee', 'expense', false, true, false, NULL),
    ('chargeback_loss', 'expense', false, true, false, NULL),
    ('bad_debt', 'expense', false, true, false, NULL),
    ('patronage', 'expense', false, true, false, NULL);

ALTER TABLE account
    DROP CONSTRAINT ck_account_kind,
    ADD COLUMN owned boolean NOT NULL GENERATED ALWAYS AS (owner <> '') STORED,
    ADD CONSTRAINT fk_account_kind_owned_account_kind FOREIGN KEY (kind, owned) REFERENCES account_kind (kind, owned);

CREATE TABLE entry_kind (
    kind text CONSTRAINT pk_entry_kind PRIMARY KEY,
    must_cover boolean NOT NULL
);
INSERT INTO entry_kind (kind, must_cover) VALUES
    ('capture', false), ('collection', false), ('tip', false), ('top_up', false), ('withdrawal', true),
    ('credit_grant', false), ('credit_revoked', true), ('write_off', true),
    ('refund', false), ('refund_paid', false), ('refund_failed', false), ('refund_returned', false),
    ('dispute_withdrawn', false), ('dispute_won', false), ('dispute_lost', false),
    ('payout', true), ('payout_paid', false), ('payout_failed', false), ('payout_returned', false),
    ('subscription_fee', false), ('patronage', false),
    ('psp_fee', false), ('settlement', false), ('suspense', false), ('suspense_cleared', false);
ALTER TABLE journal_entry
    ADD CONSTRAINT fk_journal_entry_kind_entry_kind FOREIGN KEY (kind) REFERENCES entry_kind (kind);
"""

_BALANCES = """
CREATE TABLE balance (
    account_id bigint CONSTRAINT pk_balance PRIMARY KEY
        CONSTRAINT fk_balance_account_id_account REFERENCES account,
    queued boolean NOT NULL,
    -- 1 where debits make it grow (assets, expenses), -1 where credits do.
    side smallint NOT NULL CONSTRAINT ck_balance_side CHECK (side IN (1, -1)),
    floor_minor bigint,
    debits_minor bigint NOT NULL DEFAULT 0,
    credits_minor bigint NOT NULL DEFAULT 0,
    held_minor bigint NOT NULL DEFAULT 0,
    CONSTRAINT ck_balance_held CHECK (held_minor >= 0),
    CONSTRAINT ck_balance_overdraft
        CHECK (floor_minor IS NULL OR side * (debits_minor - credits_minor) - held_minor >= floor_minor)
) WITH (fillfactor = 70);
-- No foreign key and no primary key but order: it is written by the postings' trigger alone, and emptied all the time.
CREATE TABLE balance_delta (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_balance_delta PRIMARY KEY,
    account_id bigint NOT NULL,
    amount_minor bigint NOT NULL
);
INSERT INTO balance (account_id, queued, side, floor_minor, debits_minor, credits_minor)
    SELECT account.id, queued, CASE WHEN nature IN ('asset', 'expense') THEN 1 ELSE -1 END, account_kind.floor_minor,
        coalesce(sum(amount_minor) FILTER (WHERE amount_minor > 0), 0),
        coalesce(-sum(amount_minor) FILTER (WHERE amount_minor < 0), 0)
    FROM account JOIN account_kind USING (kind) LEFT JOIN posting ON posting.account_id = account.id
    GROUP BY account.id, queued, nature, account_kind.floor_minor;

CREATE FUNCTION account_gets_balance() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO balance (account_id, queued, side, floor_minor)
        SELECT fresh.id, queued, CASE WHEN nature IN ('asset', 'expense') THEN 1 ELSE -1 END, floor_minor
        FROM fresh JOIN account_kind USING (kind);
    RETURN NULL;
END $$;
CREATE TRIGGER account_gets_balance AFTER INSERT ON account REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION account_gets_balance();
"""

_POSTINGS = """
CREATE OR REPLACE FUNCTION postings_balance() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM fresh GROUP BY entry_id, currency_code HAVING sum(amount_minor) <> 0) THEN
        RAISE EXCEPTION 'the postings of an entry add up to zero in each currency' USING ERRCODE = 'check_violation';
    END IF;
    -- All of them at once: postings 1 to posting_count, so that the primary key leaves no room for a second batch.
    IF EXISTS (
        SELECT FROM (
            SELECT entry_id, count(*) AS n, min(seq) AS lowest, max(seq) AS highest FROM fresh GROUP BY entry_id
        ) AS batch
        JOIN journal_entry ON journal_entry.id = batch.entry_id
        WHERE (n, lowest, highest) IS DISTINCT FROM (posting_count, 1, posting_count)
    ) THEN
        RAISE EXCEPTION 'the postings of an entry come all at once' USING ERRCODE = 'check_violation';
    END IF;

    INSERT INTO balance_delta (account_id, amount_minor)
        SELECT account_id, amount_minor FROM fresh JOIN balance USING (account_id) WHERE queued;
    -- In one order everywhere, so that two entries with accounts in common cannot wait for each other.
    PERFORM FROM balance WHERE NOT queued AND account_id IN (SELECT account_id FROM fresh)
        ORDER BY account_id FOR NO KEY UPDATE;
    UPDATE balance
        SET debits_minor = balance.debits_minor + moved.debits_minor,
            credits_minor = balance.credits_minor + moved.credits_minor
        FROM (
            SELECT account_id, sum(greatest(amount_minor, 0)) AS debits_minor,
                sum(greatest(-amount_minor, 0)) AS credits_minor
            FROM fresh GROUP BY account_id
        ) AS moved
        WHERE balance.account_id = moved.account_id AND NOT queued;
    -- A driver's account may owe for cash rides, but nothing is paid out that is not there.
    IF EXISTS (
        SELECT FROM fresh
        JOIN journal_entry ON journal_entry.id = fresh.entry_id
        JOIN entry_kind ON entry_kind.kind = journal_entry.kind AND must_cover
        JOIN balance ON balance.account_id = fresh.account_id
        WHERE NOT queued AND side * amount_minor < 0 AND side * (debits_minor - credits_minor) - held_minor < 0
    ) THEN
        RAISE EXCEPTION 'the account does not hold what would be taken from it' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
"""

_POST_ENTRIES = """
DROP FUNCTION post_entry;
-- Accounts in one order everywhere, so that two entries with new accounts in common cannot wait for each other.
CREATE FUNCTION open_accounts(p_kinds text[], p_owners text[], p_currency_codes text[]) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO account (kind, owner, currency_code)
        SELECT DISTINCT wanted.kind, wanted.owner, wanted.currency_code
        FROM unnest(p_kinds, p_owners, p_currency_codes) AS wanted (kind, owner, currency_code)
        WHERE NOT EXISTS (
            SELECT FROM account
            WHERE (account.kind, account.owner, account.currency_code)
                = (wanted.kind, wanted.owner, wanted.currency_code)
        )
        ORDER BY 1, 2, 3
        ON CONFLICT DO NOTHING;
END $$;
-- Any number of entries in one statement: an array element an entry, then an array element a posting.
CREATE FUNCTION post_entries(
    p_ids uuid[], p_entry_kinds text[], p_source_ids uuid[], p_payment_ids uuid[], p_reverses uuid[],
    p_created_at timestamptz[],
    p_entry_ids uuid[], p_account_kinds text[], p_owners text[], p_currency_codes text[], p_amounts_minor bigint[]
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM open_accounts(p_account_kinds, p_owners, p_currency_codes);
    WITH leg AS (
        SELECT wanted.*, row_number() OVER (PARTITION BY entry_id ORDER BY place) AS seq
        FROM unnest(p_entry_ids, p_account_kinds, p_owners, p_currency_codes, p_amounts_minor) WITH ORDINALITY
            AS wanted (entry_id, kind, owner, currency_code, amount_minor, place)
    ), entry AS (
        INSERT INTO journal_entry (id, kind, source_id, payment_id, reverses, posting_count, created_at)
        SELECT wanted.id, wanted.kind, source_id, payment_id, reverses,
            (SELECT count(*) FROM leg WHERE leg.entry_id = wanted.id), created_at
        FROM unnest(p_ids, p_entry_kinds, p_source_ids, p_payment_ids, p_reverses, p_created_at)
            AS wanted (id, kind, source_id, payment_id, reverses, created_at)
    )
    INSERT INTO posting (entry_id, seq, account_id, currency_code, amount_minor)
        SELECT leg.entry_id, leg.seq, account.id, leg.currency_code, leg.amount_minor
        FROM leg JOIN account USING (kind, owner, currency_code);
END $$;
"""

_ROLL_UP = """
CREATE FUNCTION roll_up_balances(p_limit integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    taken integer;
BEGIN
    -- One at a time: two would wait for each other's rows.
    IF NOT pg_try_advisory_xact_lock(hashtext('roll_up_balances')) THEN
        RETURN 0;
    END IF;
    WITH moved AS (
        DELETE FROM balance_delta WHERE id IN (SELECT id FROM balance_delta ORDER BY id LIMIT p_limit)
        RETURNING account_id, amount_minor
    ), summed AS (
        SELECT account_id, sum(greatest(amount_minor, 0)) AS debits_minor,
            sum(greatest(-amount_minor, 0)) AS credits_minor, count(*) AS n
        FROM moved GROUP BY account_id
    ), rolled AS (
        UPDATE balance
            SET debits_minor = balance.debits_minor + summed.debits_minor,
                credits_minor = balance.credits_minor + summed.credits_minor
            FROM summed WHERE balance.account_id = summed.account_id
            RETURNING summed.n
    )
    SELECT coalesce(sum(n), 0) INTO taken FROM rolled;
    RETURN taken;
END $$;
-- What every account holds at one moment, in debits less credits.
CREATE VIEW account_balance AS
    SELECT account.id AS account_id, account.kind, account.owner, account.currency_code, side, held_minor,
        debits_minor - credits_minor + coalesce(queue.amount_minor, 0) AS balance_minor
    FROM account JOIN balance ON balance.account_id = account.id
    LEFT JOIN (SELECT account_id, sum(amount_minor)::bigint AS amount_minor FROM balance_delta GROUP BY account_id)
        AS queue ON queue.account_id = account.id;
"""


def upgrade() -> None:
    run_sql(_KINDS, _BALANCES, _POSTINGS, _POST_ENTRIES, _ROLL_UP)


def downgrade() -> None:
    raise ForwardOnlyError("the balances would be lost")

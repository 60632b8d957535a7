"""The double-entry ledger: whatever writes to it, it stays balanced, whole and unchanged.

An entry and its postings come in one statement (`post_entry`): the statement triggers below run when that statement
ends, and refuse an entry without postings, postings that do not add up to zero in each currency, and postings added to
an entry later. They work on the transition tables of the statement, so their price is one scan of the fresh rows.
"""

from __future__ import annotations

from chassis.migrations import append_only, run_sql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_TABLES = """
CREATE TABLE account (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_account PRIMARY KEY,
    kind text NOT NULL,
    owner text NOT NULL,
    currency_code text NOT NULL CONSTRAINT ck_account_currency_code CHECK (currency_code ~ '^[A-Z]{3}$'),
    CONSTRAINT uq_account_kind_owner_currency_code UNIQUE (kind, owner, currency_code),
    CONSTRAINT uq_account_id_currency_code UNIQUE (id, currency_code),
    CONSTRAINT ck_account_kind CHECK (
        CASE WHEN kind IN ('driver', 'tax') THEN owner <> ''
        ELSE kind IN ('psp_receivable', 'commission', 'booking_fee') AND owner = '' END
    )
);
CREATE TABLE journal_entry (
    id uuid CONSTRAINT pk_journal_entry PRIMARY KEY,
    kind text NOT NULL,
    source_id uuid NOT NULL,
    payment_id uuid CONSTRAINT fk_journal_entry_payment_id_payment REFERENCES payment,
    reverses uuid CONSTRAINT uq_journal_entry_reverses UNIQUE
        CONSTRAINT fk_journal_entry_reverses_journal_entry REFERENCES journal_entry,
    posting_count smallint NOT NULL CONSTRAINT ck_journal_entry_posting_count CHECK (posting_count >= 2),
    created_at timestamptz NOT NULL,
    CONSTRAINT uq_journal_entry_kind_source_id UNIQUE (kind, source_id)
);
CREATE INDEX ix_journal_entry_payment_id ON journal_entry (payment_id);
CREATE TABLE posting (
    entry_id uuid NOT NULL CONSTRAINT fk_posting_entry_id_journal_entry REFERENCES journal_entry,
    seq smallint NOT NULL,
    account_id bigint NOT NULL,
    currency_code text NOT NULL,
    amount_minor bigint NOT NULL CONSTRAINT ck_posting_amount_minor CHECK (amount_minor <> 0),
    CONSTRAINT pk_posting PRIMARY KEY (entry_id, seq),
    CONSTRAINT fk_posting_account_id_currency_code_account
        FOREIGN KEY (account_id, currency_code) REFERENCES account (id, currency_code)
);
CREATE INDEX ix_posting_account_id_entry_id ON posting (account_id, entry_id);
"""

_TRIGGERS = """
CREATE FUNCTION entry_has_postings() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM fresh WHERE NOT EXISTS (SELECT FROM posting WHERE posting.entry_id = fresh.id)
    ) THEN
        RAISE EXCEPTION 'an entry comes with its postings, in one statement' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER entry_has_postings AFTER INSERT ON journal_entry REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION entry_has_postings();

CREATE FUNCTION postings_balance() RETURNS trigger LANGUAGE plpgsql AS $$
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
    RETURN NULL;
END $$;
CREATE TRIGGER postings_balance AFTER INSERT ON posting REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION postings_balance();
"""

_POST_ENTRY = """
CREATE FUNCTION post_entry(
    p_id uuid, p_kind text, p_source_id uuid, p_payment_id uuid, p_created_at timestamptz,
    p_account_kinds text[], p_owners text[], p_currency_codes text[], p_amounts_minor bigint[]
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    -- In one order everywhere, so that two entries with new accounts in common cannot wait for each other.
    INSERT INTO account (kind, owner, currency_code)
        SELECT DISTINCT wanted.kind, wanted.owner, wanted.currency_code
        FROM unnest(p_account_kinds, p_owners, p_currency_codes) AS wanted (kind, owner, currency_code)
        WHERE NOT EXISTS (
            SELECT FROM account
            WHERE (account.kind, account.owner, account.currency_code)
                = (wanted.kind, wanted.owner, wanted.currency_code)
        )
        ORDER BY 1, 2, 3
        ON CONFLICT DO NOTHING;
    WITH entry AS (
        INSERT INTO journal_entry (id, kind, source_id, payment_id, posting_count, created_at)
        VALUES (p_id, p_kind, p_source_id, p_payment_id, cardinality(p_amounts_minor), p_created_at)
    )
    INSERT INTO posting (entry_id, seq, account_id, currency_code, amount_minor)
        SELECT p_id, wanted.seq, account.id, wanted.currency_code, wanted.amount_minor
        FROM unnest(p_account_kinds, p_owners, p_currency_codes, p_amounts_minor) WITH ORDINALITY
            AS wanted (kind, owner, currency_code, amount_minor, seq)
        JOIN account USING (kind, owner, currency_code);
END $$;
"""

_APPEND_ONLY = [append_only(table) for table in ("account", "journal_entry", "posting")]


def upgrade() -> None:
    run_sql(_TABLES, _TRIGGERS, _POST_ENTRY, *(script.create for script in _APPEND_ONLY))


def downgrade() -> None:
    run_sql(
        "DROP TABLE posting, journal_entry, account",
        "DROP FUNCTION post_entry, entry_has_postings, postings_balance",
        "DROP FUNCTION account_is_append_only, journal_entry_is_append_only, posting_is_append_only",
    )

"""Walls around the ledger: every write to it is one of a few functions, and nothing else may be granted.

The functions run with the rights of their owner. A service that connects as a role of its own (see `grant_service`)
reads everything and writes the ledger through them alone; where one role owns all, they are the same statements.
"""

from __future__ import annotations

from chassis.migrations import ForwardOnlyError, run_sql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_SET_ASIDE = """
-- Adds to what is held of accounts (below zero: releases). An amount of zero only locks the account's balance, so that
-- whoever goes on to post can lock all that it needs at once; such an account need not exist yet.
CREATE FUNCTION set_aside(p_kinds text[], p_owners text[], p_currency_codes text[], p_amounts_minor bigint[])
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    changed integer;
BEGIN
    PERFORM FROM unnest(p_kinds, p_owners, p_currency_codes) AS wanted (kind, owner, currency_code)
        JOIN account USING (kind, owner, currency_code)
        JOIN balance ON balance.account_id = account.id AND NOT queued
        ORDER BY balance.account_id FOR NO KEY UPDATE OF balance;
    UPDATE balance SET held_minor = held_minor + wanted.amount_minor
        FROM unnest(p_kinds, p_owners, p_currency_codes, p_amounts_minor)
            AS wanted (kind, owner, currency_code, amount_minor)
        JOIN account USING (kind, owner, currency_code)
        WHERE balance.account_id = account.id AND wanted.amount_minor <> 0;
    GET DIAGNOSTICS changed = ROW_COUNT;
    IF changed <> (SELECT count(*) FROM unnest(p_amounts_minor) AS amount_minor WHERE amount_minor <> 0) THEN
        RAISE EXCEPTION 'nothing can be set aside of an account that is not open' USING ERRCODE = 'check_violation';
    END IF;
END $$;
-- Locks the balances of those accounts that are open, until the end of the transaction, and shows them.
CREATE FUNCTION lock_balances(p_kinds text[], p_owners text[], p_currency_codes text[])
RETURNS TABLE (kind text, owner text, amount_minor bigint, held_minor bigint) LANGUAGE sql AS $$
    SELECT account.kind, account.owner, side * (debits_minor - credits_minor), balance.held_minor
    FROM unnest(p_kinds, p_owners, p_currency_codes) AS wanted (kind, owner, currency_code)
    JOIN account USING (kind, owner, currency_code)
    JOIN balance ON balance.account_id = account.id
    ORDER BY balance.account_id FOR NO KEY UPDATE OF balance;
$$;
"""

_TALLY = """
-- How many entries have postings in a currency: a row a statement that wrote some, and now and then made one row of.
CREATE TABLE entry_tally (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_entry_tally PRIMARY KEY,
    currency_code text NOT NULL,
    entry_count bigint NOT NULL
);
INSERT INTO entry_tally (currency_code, entry_count)
    SELECT currency_code, count(DISTINCT entry_id) FROM posting GROUP BY currency_code;
CREATE FUNCTION postings_are_tallied() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO entry_tally (currency_code, entry_count)
        SELECT currency_code, count(DISTINCT entry_id) FROM fresh GROUP BY currency_code;
    RETURN NULL;
END $$;
CREATE TRIGGER postings_are_tallied AFTER INSERT ON posting REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION postings_are_tallied();

ALTER FUNCTION roll_up_balances RENAME TO roll_up_deltas;
CREATE FUNCTION roll_up_balances(p_limit integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    taken integer;
BEGIN
    -- One at a time, which the lock within sees to: whoever does not get it, rolls up nothing.
    taken := roll_up_deltas(p_limit);
    IF taken > 0 THEN
        WITH gone AS (
            DELETE FROM entry_tally WHERE id IN (SELECT id FROM entry_tally ORDER BY id LIMIT p_limit)
            RETURNING currency_code, entry_count
        )
        INSERT INTO entry_tally (currency_code, entry_count)
            SELECT currency_code, sum(entry_count) FROM gone GROUP BY currency_code;
    END IF;
    RETURN taken;
END $$;
"""

_REVERSALS = """
CREATE FUNCTION reversals_mirror() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM journal_entry AS entry
        JOIN journal_entry AS original ON original.id = entry.reverses
        WHERE entry.id IN (SELECT entry_id FROM fresh) AND (
            entry.posting_count <> original.posting_count
            OR EXISTS (
                SELECT account_id, amount_minor FROM fresh WHERE fresh.entry_id = entry.id
                EXCEPT ALL
                SELECT account_id, -amount_minor FROM posting WHERE posting.entry_id = original.id
            )
        )
    ) THEN
        RAISE EXCEPTION 'an entry that takes back another mirrors it' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER reversals_mirror AFTER INSERT ON posting REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION reversals_mirror();
"""

_BALANCES_STAY = """
-- An account's balance is there as long as the account, and what kind of balance it is does not change.
CREATE FUNCTION balance_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'balances are not deleted' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER balance_stays BEFORE DELETE OR TRUNCATE ON balance FOR EACH STATEMENT EXECUTE FUNCTION balance_stays();
CREATE FUNCTION balance_keeps_its_kind() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'what kind of balance an account has does not change' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER balance_keeps_its_kind BEFORE UPDATE OF account_id, queued, side, floor_minor ON balance
    FOR EACH STATEMENT EXECUTE FUNCTION balance_keeps_its_kind();
"""

_DEFINED_BY_THE_OWNER = "".join(
    f"""
    ALTER FUNCTION {function} SECURITY DEFINER SET search_path = public, pg_temp;
    REVOKE ALL ON FUNCTION {function} FROM PUBLIC;
    """
    for function in (
        "post_entries",
        "open_accounts",
        "set_aside",
        "lock_balances",
        "roll_up_balances",
        "roll_up_deltas",
    )
)

_FINISHED = """
-- For retention.
CREATE INDEX ix_psp_operation_finished_at ON psp_operation (finished_at) WHERE finished_at IS NOT NULL;
"""


def upgrade() -> None:
    run_sql(_SET_ASIDE, _TALLY, _REVERSALS, _BALANCES_STAY, _DEFINED_BY_THE_OWNER, _FINISHED)


def downgrade() -> None:
    raise ForwardOnlyError("the service could no longer write its ledger")

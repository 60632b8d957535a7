"""What is set aside of balances is changed by a function, for any number of accounts in one order."""

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
"""


def upgrade() -> None:
    run_sql(_SET_ASIDE)


def downgrade() -> None:
    raise ForwardOnlyError("the service could no longer write its ledger")

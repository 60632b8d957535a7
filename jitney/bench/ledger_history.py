"""A past for the ledger: captures of earlier years, written set by set, with balances that agree with them."""

from typing import TYPE_CHECKING

from jitney.bench.capture_rides import DRIVER, RIDER, Ids

if TYPE_CHECKING:
    from psycopg import Connection

POSTINGS_PER_ENTRY = 4
_ENTRY, _PAYMENT, _RIDE = Ids("02"), Ids("03"), Ids("04")
_BATCH_ENTRIES = 100_000


def grow_to(connection: "Connection", postings: int) -> None:
    """Adds past captures in cash, with payment, request, entry and postings, until there are so many postings.

    Args:
        connection: of the cluster's owner, in autocommit: the triggers are off meanwhile, so their work is done here.
        postings: how many there shall be.
    """
    row = connection.execute("SELECT count(*) FROM posting").fetchone()
    entries = (postings - (0 if row is None else int(row[0]))) // POSTINGS_PER_ENTRY
    row = connection.execute(
        "SELECT count(*) FROM journal_entry WHERE kind = 'capture' AND created_at < '2020-01-01'"
    ).fetchone()
    first = 0 if row is None else int(row[0])
    connection.execute("SET session_replication_role = replica")
    try:
        for begin in range(first, first + entries, _BATCH_ENTRIES):
            with connection.transaction():
                _add(connection, begin, min(_BATCH_ENTRIES, first + entries - begin))
    finally:
        connection.execute("SET session_replication_role = DEFAULT")
    connection.execute("VACUUM ANALYZE")
    connection.execute("CHECKPOINT")


def _add(connection: "Connection", first: int, count: int) -> None:
    numbers = f"generate_series({first}, {first + count - 1}) AS n"
    driver = f"{DRIVER.sql('n')}::text"
    for statement in (
        f"""
        INSERT INTO payment (id, purpose, funding, ride_id, rider_id, currency_code, requested_minor, authorized_minor,
            captured_minor, previous, status, decline_reason, psp_payment_id, driver_id, captured_at, lines, created_at,
            version)
        SELECT {_PAYMENT.sql("n")}, 'ride', 'cash', {_RIDE.sql("n")}, {RIDER.sql("n")}, 'USD', 2330, 2330, 2330,
            'held', 'captured', '', '', {DRIVER.sql("n")}, '2019-01-01', '[]', '2019-01-01', 2
        FROM {numbers}
        """,
        f"""
        INSERT INTO request (principal, method, key, fingerprint, answer, created_at)
        SELECT 'service:matching', 'CapturePayment', 'capture-' || {_RIDE.sql("n")}, '\\x00', '{{}}', now()
        FROM {numbers}
        """,
        f"""
        INSERT INTO journal_entry (id, kind, source_id, payment_id, posting_count, created_at)
        SELECT {_ENTRY.sql("n")}, 'capture', {_PAYMENT.sql("n")}, {_PAYMENT.sql("n")}, {POSTINGS_PER_ENTRY},
            '2019-01-01'
        FROM {numbers}
        """,
        f"""
        INSERT INTO posting (entry_id, seq, account_id, currency_code, amount_minor)
        SELECT {_ENTRY.sql("n")}, leg.seq, account.id, 'USD', leg.amount_minor
        FROM {numbers}
        CROSS JOIN (VALUES (1, 'driver', 830), (2, 'commission', -500), (3, 'booking_fee', -150), (4, 'promo', -180))
            AS leg (seq, kind, amount_minor)
        JOIN account ON account.kind = leg.kind AND account.currency_code = 'USD'
            AND account.owner = CASE leg.kind WHEN 'driver' THEN {driver} ELSE '' END
        """,
        f"""
        UPDATE balance SET debits_minor = balance.debits_minor + moved.debits_minor,
            credits_minor = balance.credits_minor + moved.credits_minor
        FROM (
            SELECT account_id, sum(greatest(amount_minor, 0)) AS debits_minor,
                sum(greatest(-amount_minor, 0)) AS credits_minor
            FROM posting JOIN {numbers} ON entry_id = {_ENTRY.sql("n")} GROUP BY account_id
        ) AS moved
        WHERE balance.account_id = moved.account_id
        """,
        f"INSERT INTO entry_tally (currency_code, entry_count) VALUES ('USD', {count})",
    ):
        connection.execute(statement.encode())


def is_consistent(connection: "Connection") -> bool:
    """Whether every balance is what its postings add up to."""
    row = connection.execute(
        "SELECT count(*) FROM account_balance LEFT JOIN (SELECT account_id, sum(amount_minor) AS posted_minor "
        "FROM posting GROUP BY account_id) AS posted USING (account_id) "
        "WHERE balance_minor <> coalesce(posted_minor, 0)"
    ).fetchone()
    return row is not None and row[0] == 0

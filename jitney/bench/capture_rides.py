"""Rides that wait to be captured: filled into the database set by set, with ids that both sides can compute.

Half of them are paid in cash and half from a wallet: their capture asks nobody outside, so what is measured is ours.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    from psycopg import Connection

RIDERS = 2_000
DRIVERS = 1_000
HELD_MINOR = 2_500
_WALLET_MINOR = 10**12
_TAIL = "7000800000000000"
_FILL_ROWS = 50_000


@dataclass(frozen=True)
class Ids:
    """The ids of one kind of thing, numbered: they grow with the number, as the service's own do with time.

    Args:
        prefix: two hexadecimal digits.
        count: of how many there are, counted round and round; None where there is no end.
    """

    prefix: str
    count: int | None = None

    def of(self, number: int) -> UUID:
        """The id with a number."""
        return UUID(hex=f"{self.prefix}{number if self.count is None else number % self.count:014x}{_TAIL}")

    def sql(self, number: str) -> str:
        """The same as an SQL expression of type uuid, of an expression for the number."""
        wrapped = f"({number})::bigint" if self.count is None else f"(({number})::bigint % {self.count})"
        return f"('{self.prefix}' || lpad(to_hex({wrapped}), 14, '0') || '{_TAIL}')::uuid"


RIDER, DRIVER = Ids("10", RIDERS), Ids("20", DRIVERS)


@dataclass(frozen=True)
class Rides:
    """One side's rides; those with an odd number are paid from a wallet."""

    ride: Ids
    payment: Ids


SERVICE_RIDES = Rides(Ids("30"), Ids("40"))
PGBENCH_RIDES = Rides(Ids("50"), Ids("60"))


def fund_wallets(connection: "Connection") -> None:
    """Gives every rider a full wallet, and opens the accounts that captures and their past need."""
    connection.execute("SELECT open_accounts(ARRAY['promo'], ARRAY[''], ARRAY['USD'])")
    connection.execute(
        f"""
        SELECT post_entries(array_agg(id), array_agg('top_up'::text), array_agg(id), array_agg(NULL::uuid),
            array_agg(NULL::uuid), array_agg(now()), array_agg(id) || array_agg(id),
            array_agg('bank'::text) || array_agg('rider_wallet'::text),
            array_agg(''::text) || array_agg({RIDER.sql("n")}::text),
            array_agg('USD'::text) || array_agg('USD'::text),
            array_agg({_WALLET_MINOR}::bigint) || array_agg(-{_WALLET_MINOR}::bigint))
        FROM (SELECT n, {Ids("01").sql("n")} AS id FROM generate_series(0, {RIDERS - 1}) AS n) AS rider
        """.encode()
    )
    connection.execute(
        f"""
        SELECT open_accounts(array_agg('driver'::text), array_agg({DRIVER.sql("n")}::text), array_agg('USD'::text))
        FROM generate_series(0, {DRIVERS - 1}) AS n
        """.encode()
    )


def fill(connection: "Connection", rides: Rides, first: int, count: int) -> None:
    """Adds rides whose money is held."""
    for begin in range(first, first + count, _FILL_ROWS):
        _fill(connection, rides, begin, min(_FILL_ROWS, first + count - begin))


def _fill(connection: "Connection", rides: Rides, first: int, count: int) -> None:
    numbers = f"generate_series({first}, {first + count - 1}) AS n"
    connection.execute(
        f"""
        INSERT INTO payment (id, purpose, funding, ride_id, rider_id, currency_code, requested_minor,
            authorized_minor, captured_minor, status, decline_reason, psp_payment_id, created_at, version)
        SELECT {rides.payment.sql("n")}, 'ride', CASE n % 2 WHEN 1 THEN 'wallet' ELSE 'cash' END,
            {rides.ride.sql("n")}, {RIDER.sql("n")}, 'USD', {HELD_MINOR}, {HELD_MINOR}, 0, 'held', '', '', now(), 1
        FROM {numbers}
        """.encode()
    )
    connection.execute(
        f"""
        SELECT set_aside(array_agg('rider_wallet'::text), array_agg(owner), array_agg('USD'::text),
            array_agg(amount_minor))
        FROM (
            SELECT {RIDER.sql("n")}::text AS owner, (count(*) * {HELD_MINOR})::bigint AS amount_minor
            FROM {numbers} WHERE n % 2 = 1 GROUP BY 1
        ) AS held
        """.encode()
    )

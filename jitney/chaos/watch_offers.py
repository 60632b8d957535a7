"""Watches who makes offers: a matcher that lost a shard and goes on makes none for it, whatever it still believes.

Triggers in matching's database note which matcher shows that it lives, or renews its leases, over a connection, and of
each offer which connection it came over and who owned the ride's shard at that moment. What was made under the fence of
another owner is to be seen nowhere else: the unique indexes keep the ride whole all the same.
"""

from __future__ import annotations

from jitney.chaos.ground import Ground

_WATCH = """
    CREATE SCHEMA chaos;
    CREATE TABLE chaos.writer (pid integer PRIMARY KEY, matcher_id uuid NOT NULL);
    CREATE TABLE chaos.offer (offer_id uuid, ride_id uuid, shard text, owner_id uuid, pid integer);

    CREATE FUNCTION chaos.note_writer() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
    BEGIN
        IF NEW.owner_id IS NOT NULL THEN
            INSERT INTO chaos.writer VALUES (pg_backend_pid(), NEW.owner_id)
            ON CONFLICT (pid) DO UPDATE SET matcher_id = EXCLUDED.matcher_id
            WHERE writer.matcher_id <> EXCLUDED.matcher_id;
        END IF;
        RETURN NULL;
    END $$;
    CREATE TRIGGER chaos_note_writer AFTER INSERT OR UPDATE ON public.shard_lease
        FOR EACH ROW EXECUTE FUNCTION chaos.note_writer();

    CREATE FUNCTION chaos.note_heart() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
    BEGIN
        INSERT INTO chaos.writer VALUES (pg_backend_pid(), NEW.id)
        ON CONFLICT (pid) DO UPDATE SET matcher_id = EXCLUDED.matcher_id
        WHERE writer.matcher_id <> EXCLUDED.matcher_id;
        RETURN NULL;
    END $$;
    CREATE TRIGGER chaos_note_heart AFTER INSERT OR UPDATE ON public.matcher
        FOR EACH ROW EXECUTE FUNCTION chaos.note_heart();

    CREATE FUNCTION chaos.note_offer() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
    BEGIN
        INSERT INTO chaos.offer
        SELECT NEW.id, ride.id, lease.shard, lease.owner_id, pg_backend_pid()
        FROM public.ride JOIN public.shard_lease AS lease USING (shard) WHERE ride.id = NEW.ride_id;
        RETURN NULL;
    END $$;
    CREATE TRIGGER chaos_note_offer AFTER INSERT ON public.offer
        FOR EACH ROW EXECUTE FUNCTION chaos.note_offer();
"""
# Whose a connection is may be known only after the offer: a process keeps its connections.
_NOT_ITS_OWN = """
    SELECT offer_id::text AS offer, ride_id::text AS ride, shard FROM chaos.offer JOIN chaos.writer USING (pid)
    WHERE owner_id <> matcher_id
"""


async def watch_offers(ground: Ground) -> None:
    """Begin to watch."""
    async with ground.database("matching") as connection:
        await connection.execute(_WATCH)


async def judge_offers(ground: Ground) -> list[str]:
    """Name every offer that a matcher made for a shard that was another's."""
    return [
        f"an offer of a matcher that had lost the shard: {row}" for row in await ground.rows("matching", _NOT_ITS_OWN)
    ]


async def watched_offers(ground: Ground) -> int:
    """Return how many offers were watched: without any, nothing was proved."""
    return await ground.count("matching", "SELECT count(*) FROM chaos.offer JOIN chaos.writer USING (pid)")

"""moves of rides in monthly partitions.

The table of before becomes the first partition, as it is: no row is moved. Its rows are looked through once while it is
attached (ten million take seconds), during which rides wait that want to move. A ride's id, of which partitions are
made, is in the primary key: a ride's versions are as unique as before. Where ids above this month are there already
(made otherwise than by UUIDv7), the table of before stays the only partition.
"""

from __future__ import annotations

from datetime import UTC, datetime

from alembic import op
from sqlalchemy import text

from chassis.migrations import run_sql
from chassis.partitions import MONTHS_AHEAD, month_of, statements_of
from shared_kernel.ids import least_id_of

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

_KEYS = """
    ALTER TABLE {table} ADD CONSTRAINT pk_ride_transition PRIMARY KEY (ride_id, version);
    ALTER TABLE {table} ADD CONSTRAINT fk_ride_transition_ride_id_ride FOREIGN KEY (ride_id) REFERENCES ride (id);
    ALTER TABLE {table} ADD CONSTRAINT fk_ride_transition_legal_ride_move
        FOREIGN KEY (from_state, to_state) REFERENCES legal_ride_move (from_state, to_state);
    CREATE TRIGGER ride_transition_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
        FOR EACH STATEMENT EXECUTE FUNCTION ride_transition_is_append_only();
    COMMENT ON TABLE {table} IS
        'Written by a trigger on ride, so that no move of a ride goes unrecorded or unjudged';
"""


def upgrade() -> None:
    """Put a partitioned table in the place of the table of before, and that one into it."""
    now = datetime.now(UTC)
    next_month = least_id_of(month_of(now, 1))
    run_sql(
        "ALTER TABLE ride_transition RENAME TO ride_transition_before",
        "ALTER TABLE ride_transition_before RENAME CONSTRAINT pk_ride_transition TO pk_ride_transition_before",
        "CREATE TABLE ride_transition (LIKE ride_transition_before INCLUDING DEFAULTS INCLUDING CONSTRAINTS) "
        "PARTITION BY RANGE (ride_id)",
        _KEYS.format(table="ride_transition"),
    )
    newest = op.get_bind().scalar(text("SELECT ride_id FROM ride_transition_before ORDER BY ride_id DESC LIMIT 1"))
    alone = newest is not None and newest >= next_month
    end = "MAXVALUE" if alone else f"'{next_month}'"
    run_sql(
        f"ALTER TABLE ride_transition ATTACH PARTITION ride_transition_before FOR VALUES FROM (MINVALUE) TO ({end})"
    )
    if not alone:
        for ahead in range(1, MONTHS_AHEAD + 1):
            run_sql(*statements_of("ride_transition", month_of(now, ahead), append_only=True))
    run_sql(
        "CREATE TABLE ride_transition_default PARTITION OF ride_transition DEFAULT",
        "CREATE TRIGGER ride_transition_default_append_only BEFORE UPDATE OR DELETE OR TRUNCATE "
        "ON ride_transition_default FOR EACH STATEMENT EXECUTE FUNCTION ride_transition_is_append_only()",
    )


def downgrade() -> None:
    """Write all moves that are left into one table."""
    run_sql(
        "ALTER TABLE ride_transition RENAME TO ride_transition_parts",
        "ALTER TABLE ride_transition_parts RENAME CONSTRAINT pk_ride_transition TO pk_ride_transition_parts",
        "CREATE TABLE ride_transition (LIKE ride_transition_parts INCLUDING DEFAULTS INCLUDING CONSTRAINTS)",
        "INSERT INTO ride_transition SELECT * FROM ride_transition_parts",
        "DROP TABLE ride_transition_parts",
        _KEYS.format(table="ride_transition"),
    )

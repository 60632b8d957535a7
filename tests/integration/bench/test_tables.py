"""A short run of the growth of matching's tables: no call that is asked all day reads one of them whole."""

import asyncio

from jitney.bench.tables import Plan, measure_tables


async def test_no_call_reads_a_table_of_twenty_thousand_rides_whole() -> None:
    said: list[str] = []
    result = await asyncio.to_thread(measure_tables, Plan(few=1_000, many=20_000, repeats=3), said.append)
    [whole] = result.also
    assert whole.met, whole.what
    assert "20000 of 20000 rides" in said
    assert {"request a ride", "saga: claim", "rides of all, a page"} <= {detail.what for detail in result.details}

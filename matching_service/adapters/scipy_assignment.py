"""The Matcher of production: candidates by a KD-tree, pairs by scipy's sparse assignment, on one thread of its own.

scipy's solvers release the interpreter's lock, so the event loop serves on meanwhile. numpy and scipy take half a
second to import: this module does so when the first tick comes, not when the service starts.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from importlib import import_module
from math import cos, radians
from typing import Any

from matching_service.adapters.flat_map import flat
from matching_service.domain.assignment import PairCost
from matching_service.domain.candidates import Limits, Pair, Seeker, able_places, all_at
from matching_service.domain.city import VehicleClass
from matching_service.domain.positions import Positions
from matching_service.domain.ride_kind import Capability
from shared_kernel.geo import EARTH_RADIUS_METERS

_METERS_PER_DEGREE = radians(1.0) * EARTH_RADIUS_METERS
_REACH_MARGIN = 1.01
"""The flat map errs by less than this over a city; the cap on pickup time is checked on the true distance after."""
_PAIR_OF = partial(tuple.__new__, Pair)
"""Makes a pair of a tuple past the constructor: a tick makes tens of thousands."""


class ScipyMatcher:
    """See the module. At most one assignment is in work; one that takes too long blocks nobody but the next."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="matcher")
        self._solving: Future[list[int]] | None = None

    async def candidates(self, seekers: Sequence[Seeker], drivers: Positions, limits: Limits) -> list[Pair]:
        return await asyncio.to_thread(nearest_pairs, seekers, drivers, limits)

    async def solve(
        self, costs: Sequence[PairCost], unserved: Sequence[float], budget_seconds: float
    ) -> list[int] | None:
        # Half a second the first time, and no part of the solver's own time: the first tick would be greedy for it.
        await asyncio.to_thread(_import_solver)
        if budget_seconds <= 0 or (self._solving is not None and not self._solving.done()):
            return None
        self._solving = self._thread.submit(assign, costs, unserved)
        done, _ = await asyncio.wait([asyncio.wrap_future(self._solving)], timeout=budget_seconds)
        # scipy cannot be stopped; what is late is left to end by itself, and until then `solve` says None at once.
        return done.pop().result() if done else None

    async def close(self) -> None:
        """Let the thread end once its work is done; nothing is solved after this."""
        self._thread.shutdown(wait=False, cancel_futures=True)


def nearest_pairs(seekers: Sequence[Seeker], drivers: Positions, limits: Limits) -> list[Pair]:
    """Return for each seeker the nearest drivers it may have, nearest first, at most `limits.candidates` of them.

    Seekers of the same vehicle classes and needs who pay in the same way share one tree, so that drivers whom they may
    not have take no place among the nearest; a seeker asks for as many more as it excludes. With several hands a
    seeker's come in no order.
    """
    alike: dict[tuple[frozenset[VehicleClass], bool, frozenset[Capability]], list[int]] = {}
    for index, seeker in enumerate(seekers):
        alike.setdefault((seeker.vehicle_classes, seeker.pays_cash, seeker.needs), []).append(index)
    pairs: list[Pair] = []
    for group in alike.values():
        able = able_places(seekers[group[0]], drivers, limits)
        if able:
            pairs += _nearest_of_group(group, able, seekers, drivers, limits)
    return pairs


def _nearest_of_group(
    group: Sequence[int],
    able: Sequence[int],
    seekers: Sequence[Seeker],
    drivers: Positions,
    limits: Limits,
) -> list[Pair]:
    hands = min(limits.hands, len(able))
    if hands <= 1:
        return _nearest(group, able, seekers, drivers, limits, limits.candidates)
    near = _nearest(group, able, seekers, drivers, limits, limits.candidates // 2)
    for hand in range(hands):
        whose, dealt = group[hand::hands], able[hand::hands]
        if whose:
            near += _nearest(whose, dealt, seekers, drivers, limits, limits.candidates - limits.candidates // 2)
    return sorted(set(near))


def _nearest(
    group: Sequence[int],
    able: Sequence[int],
    seekers: Sequence[Seeker],
    drivers: Positions,
    limits: Limits,
    candidates: int,
) -> list[Pair]:
    import numpy as np  # noqa: PLC0415 (see the module)
    from scipy.spatial import KDTree  # noqa: PLC0415

    pickups = [seekers[index].pickup for index in group]
    map_scale = cos(radians(pickups[0].latitude))
    tree: Any = KDTree(flat(*all_at(drivers, able).degrees(), map_scale))
    wanted = candidates + max(len(seekers[index].excluded_driver_ids) for index in group)
    # A list of ranks, so that one rank still makes rows; places without a neighbor hold the number of drivers.
    _, neighbors = tree.query(
        flat([each.latitude for each in pickups], [each.longitude for each in pickups], map_scale),
        k=list(range(1, min(wanted, len(able)) + 1)),
        distance_upper_bound=limits.reach_meters * _REACH_MARGIN / _METERS_PER_DEGREE,
    )
    allowed = neighbors < len(able)
    for row, seeker in enumerate(group):
        excluded = seekers[seeker].excluded_driver_ids
        if excluded:
            near = neighbors[row].tolist()
            allowed[row] = [place < len(able) and drivers[able[place]].driver_id not in excluded for place in near]
    allowed &= allowed.cumsum(axis=1) <= candidates
    pairs = zip(
        np.array(group).repeat(allowed.sum(axis=1)).tolist(), np.array(able)[neighbors[allowed]].tolist(), strict=True
    )
    return list(map(_PAIR_OF, pairs))


def _import_solver() -> None:
    import_module("scipy.sparse.csgraph")


def assign(costs: Sequence[PairCost], unserved: Sequence[float]) -> list[int]:
    """Choose the pairs of least total cost, counting `unserved[i]` for each seeker i left out; return their indices.

    Each seeker gets a column of its own beside the drivers', which stands for being left out: so a full matching always
    exists, as scipy's sparse solver asks. It takes a zero for no edge, so all weights are lifted above zero by the
    same; every seeker has exactly one of them, so the least choice stays the least.
    """
    import numpy as np  # noqa: PLC0415 (see the module)
    from scipy.sparse import csr_array  # noqa: PLC0415
    from scipy.sparse.csgraph import min_weight_full_bipartite_matching  # noqa: PLC0415

    if not costs:
        return []
    seekers, row = np.unique([cost.seeker for cost in costs], return_inverse=True)
    drivers, column = np.unique([cost.driver for cost in costs], return_inverse=True)
    own_rows = np.arange(len(seekers))
    rows, columns = np.concatenate([row, own_rows]), np.concatenate([column, own_rows + len(drivers)])
    weights = np.array([cost.seconds for cost in costs] + [unserved[seeker] for seeker in seekers.tolist()], float)
    weights += max(0.0, 1.0 - weights.min())
    shape = (len(seekers), len(drivers) + len(seekers))
    chosen_rows, chosen_columns = min_weight_full_bipartite_matching(csr_array((weights, (rows, columns)), shape=shape))
    chosen = np.empty(len(seekers), int)
    chosen[chosen_rows] = chosen_columns
    return np.flatnonzero(chosen[row] == column).tolist()

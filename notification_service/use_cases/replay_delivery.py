"""Try a delivery that was given up once more, from the beginning."""

from __future__ import annotations

from uuid import UUID

from notification_service.domain.timeline import FailedDelivery
from notification_service.use_cases.ports import Timelines
from shared_kernel.clock import Clock
from shared_kernel.errors import Conflict, NotFound


class ReplayDelivery:
    """Makes a failed delivery pending again; its message gets its whole life once more."""

    def __init__(self, timelines: Timelines, clock: Clock) -> None:
        self._timelines = timelines
        self._clock = clock

    async def __call__(self, delivery_id: UUID) -> FailedDelivery:
        """Return the delivery as it stands now.

        Raises:
            NotFound: `delivery_not_found`.
            Conflict: `delivery_not_failed`, `delivery_superseded` (later news of its ride went), `delivery_wiped`
                (the words or the number are not kept).
        """
        refusal = await self._timelines.replay(delivery_id, self._clock.now())
        if refusal == "delivery_not_found":
            raise NotFound(refusal, "there is no such delivery")
        if refusal:
            raise Conflict(refusal, _WHY[refusal])
        found = await self._timelines.delivery(delivery_id)
        if found is None:
            raise NotFound("delivery_not_found", "there is no such delivery")
        return found


_WHY = {
    "delivery_not_failed": "only a delivery that was given up can be tried again",
    "delivery_superseded": "later news of its ride were sent since: it would tell what is no longer so",
    "delivery_wiped": "its words or its number are not kept any more",
}

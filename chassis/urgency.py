"""Urgency: what is answered first where there is more to do than can be done; read from the contract's option."""

from __future__ import annotations

from enum import IntEnum
from functools import cache

from google.protobuf import descriptor_pool

from ridesharing.common.v1 import urgency_pb2


class Urgency(IntEnum):
    """The lower, the more urgent: a lower one goes first, and is refused last."""

    TRIP = 0
    """Of trips under way, and of offers that run out: a driver or a rider stands in the street and waits."""
    USUAL = 1
    DEFERRABLE = 2
    """Prices to look at, lists, reports: nobody is stranded without them."""


_URGENCIES = {urgency_pb2.URGENCY_TRIP: Urgency.TRIP, urgency_pb2.URGENCY_DEFERRABLE: Urgency.DEFERRABLE}


@cache
def urgency_of(method: str) -> Urgency:
    """Return the urgency of `/package.Service/Method`; usual for one that says nothing or is not known."""
    service_name, _, method_name = method.removeprefix("/").partition("/")
    try:
        service = descriptor_pool.Default().FindServiceByName(service_name)
        options = service.methods_by_name[method_name].GetOptions()
    except KeyError:
        return Urgency.USUAL
    return _URGENCIES.get(options.Extensions[urgency_pb2.urgency], Urgency.USUAL)

"""What a driver's app knows: from the answers to what it did, and from what the live stream said since."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from jitney.simulator.api import found
from jitney_client import Client
from jitney_client.models import DriverRide

_STILL_MINE = frozenset({"driver_en_route", "arrived", "in_progress", "returning"})


class DriverView:
    """The ride that a driver drives, and the offers that wait for an answer.

    Each command is answered with the ride as it is then, and each event names the ride's version; so the service is
    asked only `in_doubt`: an event tells of something newer than what is known, or the stream began anew.
    """

    def __init__(self, api: Client) -> None:
        self._api = api
        self._offers: dict[str, Mapping[str, Any]] = {}
        self._asked: set[str] = set()
        """Offers that were put to the driver: nobody is asked twice."""
        self._mine: dict[str, int] = {}
        """Rides that are this driver's by what was heard, and in which version."""
        self.ride: DriverRide | None = None
        self.in_doubt = True
        self.heard = asyncio.Event()
        """Set when there is something to look at."""

    @property
    def shares(self) -> bool:
        """True while parties may be added on the way."""
        return self.ride is not None and self.ride["kind"] == "pooled"

    def hear(self, kind: str, data: Mapping[str, Any]) -> None:
        """Take in an event of the live stream."""
        match kind:
            case "resync":
                self.in_doubt = True
                self.heard.set()
            case "offer_created":
                self._offers[data["id"]] = data
                self.heard.set()
            case "offer_closed":
                self._offers.pop(data["id"], None)
            case "ride_updated":
                self._hear_of_ride(str(data["ride_id"]), data)
            case _:
                pass

    def _hear_of_ride(self, ride_id: str, data: Mapping[str, Any]) -> None:
        known = self.ride if self.ride is not None and self.ride["id"] == ride_id else None
        if data["state"] in _STILL_MINE:
            self._mine[ride_id] = data["version"]
        else:
            self._mine.pop(ride_id, None)
            if known is None:
                # Of a ride that is over for this driver already.
                return
        if known is None or data["version"] > known["version"]:
            self.in_doubt = True
            self.heard.set()

    def know(self, ride: DriverRide) -> None:
        """Take in the answer to a command."""
        ride_id = str(ride["id"])
        if ride["state"] in _STILL_MINE:
            self.ride = ride
            # The parties of a run take turns; and an event that was quicker than the answer may tell of more.
            self.in_doubt = ride["kind"] == "pooled" or self._mine.get(ride_id, 0) > ride["version"]
            return
        self.ride = None
        self._mine.pop(ride_id, None)
        self.in_doubt = ride["kind"] == "pooled" or bool(self._mine)

    async def look(self) -> None:
        """Read the ride, or else the offer, there is. Raises ApiError or Unreachable."""
        self.in_doubt = False
        try:
            self.ride = await found(self._api.read_current_driver_ride())
            if self.ride is None:
                self._mine.clear()
                known = set(self._offers)
                offer = await found(self._api.read_current_offer())
                # One that was heard of while the service answered is newer than the answer.
                self._offers = {each: told for each, told in self._offers.items() if each not in known}
                if offer is not None:
                    self._offers[offer["id"]] = offer
        except BaseException:
            self.in_doubt = True
            raise

    def next_offer(self) -> Mapping[str, Any] | None:
        """Return an offer that the driver was not asked about, and note that they are now."""
        for offer_id in list(self._offers):
            offer = self._offers.pop(offer_id)
            if offer_id not in self._asked:
                self._asked.add(offer_id)
                return offer
        return None

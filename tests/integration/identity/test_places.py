"""Places that riders keep."""

from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from chassis.clients import forward_token
from chassis.status import rpc_errors
from ridesharing.common.v1 import geo_point_pb2
from ridesharing.identity.v1 import place_service_pb2 as pb
from ridesharing.identity.v1.place_service_pb2_grpc import PlaceServiceStub
from shared_kernel.errors import Conflict, NotFound
from tests.integration.identity.conftest import RunningIdentity

HOME, WORK, FAVORITE = pb.PLACE_KIND_HOME, pb.PLACE_KIND_WORK, pb.PLACE_KIND_FAVORITE


class Rider:
    """Somebody with places."""

    def __init__(self, identity: RunningIdentity, account: str, token: Any) -> None:
        self.account, self._token = account, token
        self._stub: Any = PlaceServiceStub(identity.channel)

    async def put(
        self, kind: int, label: str, *, place_id: str = "", latitude: float = 37.5, key: str = ""
    ) -> pb.SavedPlace:
        request = pb.PutPlaceRequest(
            request_id=key or str(uuid4()),
            place_id=place_id,
            kind=pb.PlaceKind.ValueType(kind),
            label=label,
            place=geo_point_pb2.Place(
                point=geo_point_pb2.GeoPoint(latitude=latitude, longitude=-122.25), address="1 Secret Street"
            ),
        )
        with rpc_errors():
            return (await self._stub.PutPlace(request, metadata=self._token)).place

    async def remove(self, place_id: str) -> None:
        with rpc_errors():
            await self._stub.DeletePlace(pb.DeletePlaceRequest(place_id=place_id), metadata=self._token)

    async def labels(self) -> list[str]:
        answer = await self._stub.ListPlaces(pb.ListPlacesRequest(), metadata=self._token)
        return [place.label for place in answer.places]


async def rider(identity: RunningIdentity) -> Rider:
    signed_in = await identity.sign_in()
    return Rider(identity, signed_in.account.account_id, forward_token(signed_in.tokens.access_token))


async def test_places_are_kept_in_order_changed_and_forgotten(identity: RunningIdentity) -> None:
    somebody = await rider(identity)
    await somebody.put(FAVORITE, "Zoo")
    gym = await somebody.put(FAVORITE, "gym", key="one")
    assert await somebody.put(FAVORITE, "gym", key="one") == gym
    work = await somebody.put(WORK, "Office")
    await somebody.put(HOME, "Home")
    assert await somebody.labels() == ["Home", "Office", "gym", "Zoo"]
    moved = await somebody.put(WORK, "New office", latitude=37.75)
    assert (moved.place_id, moved.place.point.latitude) == (work.place_id, 37.75)
    renamed = await somebody.put(FAVORITE, "Aquarium", place_id=gym.place_id)
    assert renamed.place_id == gym.place_id
    assert await somebody.labels() == ["Home", "New office", "Aquarium", "Zoo"]
    await somebody.remove(gym.place_id)
    with pytest.raises(NotFound):
        await somebody.remove(gym.place_id)
    assert await somebody.labels() == ["Home", "New office", "Zoo"]


async def test_places_of_somebody_else_are_not_there(identity: RunningIdentity) -> None:
    mine, theirs = await rider(identity), await rider(identity)
    place = await theirs.put(HOME, "Home")
    for attempt in (mine.put(HOME, "Mine", place_id=place.place_id), mine.remove(place.place_id)):
        with pytest.raises(NotFound):
            await attempt
    assert (await mine.labels(), await theirs.labels()) == ([], ["Home"])


async def test_there_are_twenty_favourites_at_most_and_one_home_by_the_database(identity: RunningIdentity) -> None:
    somebody = await rider(identity)
    *_, last = [await somebody.put(FAVORITE, f"place {number}") for number in range(20)]
    with pytest.raises(Conflict) as caught:
        await somebody.put(FAVORITE, "one more")
    assert (caught.value.reason, caught.value.retry_after_seconds) == ("too_many_places", None)
    await somebody.put(FAVORITE, "renamed", place_id=last.place_id)
    await somebody.put(HOME, "Home")
    connection = await asyncpg.connect(identity.database_url)
    try:
        with pytest.raises(asyncpg.UniqueViolationError):
            await connection.execute("UPDATE saved_places SET kind = 'home' WHERE place_id = $1", UUID(last.place_id))
    finally:
        await connection.close()


async def test_a_place_is_kept_sealed(identity: RunningIdentity) -> None:
    somebody = await rider(identity)
    place = await somebody.put(HOME, "Home")
    [row] = await identity.fetch("SELECT sealed FROM saved_places WHERE place_id = $1", UUID(place.place_id))
    assert b"Secret" not in row["sealed"]
    assert b"37.5" not in row["sealed"]

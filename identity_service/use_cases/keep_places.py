"""Keep the places that a rider often goes to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from identity_service.domain.places import MOST_FAVORITES, PlaceKind, SavedPlace
from identity_service.domain.texts import clean_text
from identity_service.use_cases.answers import dump_json, load_json
from identity_service.use_cases.ports import Request, Store
from shared_kernel.clock import Clock
from shared_kernel.errors import Conflict, NotFound

_ORDER = {PlaceKind.HOME: 0, PlaceKind.WORK: 1, PlaceKind.FAVORITE: 2}


class KeepPlaces:
    """Lists, keeps and forgets one's own places."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def of(self, account_id: UUID) -> Sequence[SavedPlace]:
        """Return a person's places: home and work first, then favourites by name."""
        async with self._store.transaction() as transaction:
            found = await transaction.places.of(account_id)
        return sorted(found, key=lambda place: (_ORDER[place.kind], place.label.casefold(), place.place_id))

    async def put(self, account_id: UUID, request_id: str, place: SavedPlace, *, known: bool) -> SavedPlace:
        """Keep a place, or change the one with its id (`known`). Home and work take the place of the one that stands.

        Raises:
            NotFound: `place_not_found`, also of somebody else's; `account_not_found`.
            InvalidInput: `invalid_argument`.
            Conflict: `too_many_places`, `idempotency_key_reused`.
        """
        wanted = replace(
            place,
            label=clean_text("label", place.label),
            address=clean_text("place.address", place.address, required=False),
        )
        fields = (str(wanted.place_id) if known else "", wanted.kind.value, wanted.label, wanted.latitude)
        request = Request(str(account_id), "PutPlace", request_id, (*fields, wanted.longitude, wanted.address))
        async with self._store.transaction() as transaction:
            kept = await transaction.requests.claim(request)
            if kept is not None:
                return replace(wanted, place_id=UUID(load_json(kept)["place_id"]))
            # The account's lock makes changes of one person queue, so that the bounds hold.
            if await transaction.accounts.find(account_id, lock=True) is None:
                raise NotFound("account_not_found", "there is no such account")
            own = await transaction.places.of(account_id)
            standing = next((item for item in own if item.place_id == wanted.place_id), None)
            if known and standing is None:
                raise _not_found()
            if wanted.kind is not PlaceKind.FAVORITE:
                before = next((item for item in own if item.kind is wanted.kind), None)
                if before is not None and before.place_id != wanted.place_id:
                    if known:
                        await transaction.places.remove(account_id, before.place_id)
                    else:
                        wanted = replace(wanted, place_id=before.place_id)
            others = sum(item.kind is PlaceKind.FAVORITE and item is not standing for item in own)
            if wanted.kind is PlaceKind.FAVORITE and others >= MOST_FAVORITES:
                raise Conflict("too_many_places", f"{MOST_FAVORITES} favourites are kept at most: remove one first")
            if not await transaction.places.put(account_id, wanted, self._clock.now()):
                raise _not_found()
            await transaction.requests.keep(request, dump_json({"place_id": wanted.place_id}))
        return wanted

    async def remove(self, account_id: UUID, place_id: UUID) -> None:
        """Forget a place. Raises NotFound `place_not_found`."""
        async with self._store.transaction() as transaction:
            removed = await transaction.places.remove(account_id, place_id)
        if not removed:
            raise _not_found()


def _not_found() -> NotFound:
    return NotFound("place_not_found", "there is no such place")

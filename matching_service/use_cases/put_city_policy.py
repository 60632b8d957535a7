"""Put a new version of a city's policy in force, now or from a time on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from matching_service.domain.city_versions import PolicyVersion
from matching_service.use_cases.city_ports import PolicyArchive, PolicyReader
from matching_service.use_cases.store_ports import RequestKey, Store
from shared_kernel.clock import Clock
from shared_kernel.errors import Conflict, FieldViolation, InvalidInput


@dataclass(frozen=True, slots=True)
class PutCityPolicyCommand:
    """What an operator puts; `effective_at` None is at once. `base_version` is the newest that the operator saw."""

    document: str
    effective_at: datetime | None
    base_version: int
    note: str


@dataclass(frozen=True, slots=True)
class PutCityPolicy:
    """PutCityPolicy: the versions before stay as they are, and so do the quotes and rides made under them."""

    store: Store
    archive: PolicyArchive
    reader: PolicyReader
    clock: Clock

    async def __call__(self, request_id: str, operator_id: UUID, command: PutCityPolicyCommand) -> PolicyVersion:
        """Return the new version, or for a repeated request the one that it made.

        Raises:
            InvalidInput: `invalid_city_policy`, `effective_in_the_past`.
            Conflict: `policy_moved_on`, the city has a newer version than the one this is based on.
        """
        policy = self.reader(command.document)
        effective = "" if command.effective_at is None else command.effective_at.isoformat()
        fields = (command.document, effective, str(command.base_version), command.note)
        async with self.store.transaction() as tx:
            answer = await tx.claim(RequestKey(operator_id, "PutCityPolicy", request_id, fields))
            if answer is None:
                now = self.clock.now()
                if command.effective_at is not None and command.effective_at < now:
                    violation = FieldViolation("effective_time", "is past: what was charged is not changed afterwards")
                    raise InvalidInput("effective_in_the_past", "a policy starts now or later", violations=[violation])
                made = PolicyVersion(
                    city=policy.city,
                    version=command.base_version + 1,
                    effective_at=command.effective_at or now,
                    document=command.document,
                    made_at=now,
                    made_by=operator_id,
                    note=command.note,
                )
                if await tx.latest_policy_version(policy.city) != command.base_version:
                    raise Conflict("policy_moved_on", "the city has another newest version: compare with that first")
                await tx.add_policy(made)
                await tx.complete(str(made.version).encode())
                return made
        return await self.archive.get(policy.city, int(answer))

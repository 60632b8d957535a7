"""Puts together the campaigns: who begins them, and the worker that tells them."""

from __future__ import annotations

from collections.abc import Sequence

from chassis.database import Database
from chassis.runtime import Wakeup, Workers
from chassis.server import ServiceServer
from notification_service.adapters.postgres_campaigns import PostgresCampaigns
from notification_service.entrypoints.campaign_servicer import SERVICE_NAME, CampaignServicer
from notification_service.entrypoints.campaign_worker import SeeAudience, run_campaigns_forever
from notification_service.entrypoints.delivery_worker import Alarms
from notification_service.use_cases.keep_campaigns import KeepCampaigns
from notification_service.use_cases.owe_messages import OweMessages
from notification_service.use_cases.run_campaigns import RunCampaigns
from ridesharing.notification.v1.campaign_service_pb2_grpc import add_CampaignServiceServicer_to_server
from shared_kernel.clock import Clock
from shared_kernel.ids import IdSource


class Campaigns:
    """All of it, over one store."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._store = PostgresCampaigns(database)
        self._clock = clock
        self._wakeup = Wakeup()
        self.see_audience = SeeAudience(self._store)

    def add_worker(self, workers: Workers, owe_messages: OweMessages, alarms: Alarms) -> None:
        """Register the worker."""
        run = RunCampaigns(self._store, owe_messages, self._clock)
        workers.add("campaigns", lambda: run_campaigns_forever(run, alarms, self._wakeup))

    def add_service(self, server: ServiceServer, languages: Sequence[str], new_id: IdSource) -> None:
        """Add what operators ask of it."""
        keep = KeepCampaigns(self._store, languages, self._clock, new_id)
        server.add(add_CampaignServiceServicer_to_server, CampaignServicer(keep, self._wakeup.wake), SERVICE_NAME)

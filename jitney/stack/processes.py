"""The list of processes, in the order in which they are started (and, backwards, stopped)."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

from jitney.stack.addresses import Address
from jitney.stack.databases import OWNED_APART, SERVICES
from jitney.stack.environment import StackSettings, environment_of, owner_setting
from jitney.stack.replicas import addresses_of, name_of
from jitney.stack.specs import ProcessSpec

_EDGE = ("JITNEY_REST_", "JITNEY_STREAM_")


class Stage(IntEnum):
    """Who needs whom: a later stage is stopped before an earlier one."""

    STORES = 0
    OUTSIDE = 1
    SERVICES = 2
    EDGE = 3
    CITY = 4


@dataclass(frozen=True)
class ProcessFactory:
    """Makes the specification of each process of ours.

    Args:
        settings: of the stack.
        whole: the JITNEY_ variables of the whole system.
        inherited: the environment that we were started with.
    """

    settings: StackSettings
    whole: Mapping[str, str]
    inherited: Mapping[str, str]

    @property
    def _numbers(self) -> range:
        return range(1, self.settings.replicas + 1)

    def _address(self, setting: str, number: int) -> Address:
        return addresses_of(self.settings.addresses[setting], number)[-1]

    def migrator(self) -> ProcessSpec:
        """Brings the schemas up to date, then ends."""
        prefixes = tuple(f"JITNEY_{service.upper()}_DATABASE_" for service in SERVICES)
        prefixes += tuple(owner_setting(service) for service in OWNED_APART)
        return self._python("migrations", ("jitney.stack.migrator",), prefixes)

    def sandbox(self) -> ProcessSpec:
        """The outside world: payment provider, text messages, push."""
        # It signs its webhooks and knows its customers with what the services were given for it.
        prefixes = ("JITNEY_SANDBOX_", "JITNEY_PAYMENT_PSP_", "JITNEY_NOTIFICATION_SMS_")
        prefixes += ("JITNEY_NOTIFICATION_PROVIDERS_",)
        return self._python("sandbox", ("jitney.sandbox",), prefixes, "JITNEY_SANDBOX_LISTEN", "http://{}/healthz")

    def services(self) -> list[ProcessSpec]:
        """The four services, each with its replicas."""
        return [
            self._python(service, (f"{service}_service", "serve"), (prefix,), f"{prefix}LISTEN", "grpc://{}", number)
            for number in self._numbers
            for service in SERVICES
            for prefix in (f"JITNEY_{service.upper()}_",)
        ]

    def matchers(self, count: int) -> list[ProcessSpec]:
        """More processes that dispatch, beside the one that serves: they share the shards of the map with it."""
        return [
            self._python(f"matcher-{number}", ("matching_service", "work"), ("JITNEY_MATCHING_",))
            for number in range(2, count + 1)
        ]

    def edge(self) -> list[ProcessSpec]:
        """The two processes of the edge, each with its replicas."""
        return [
            self._python(name, ("rider_api", name), _EDGE, f"JITNEY_{name.upper()}_LISTEN", "http://{}/readyz", number)
            for number in self._numbers
            for name in ("rest", "stream")
        ]

    def city(self) -> ProcessSpec:
        """Riders and drivers that use the public interfaces, until they are stopped."""
        # Forty times as fast as life, with a ride every two seconds: a newcomer soon sees the first one end.
        demand = ("--minutes", "0", "--speed", "40", "--rides-per-minute", "0.75")
        if self.settings.replicas > 1:
            demand += ("--rest-url", self.settings.urls("REST"), "--stream-url", self.settings.urls("STREAM"))
        return self._python("city", ("jitney", "simulate", *demand), (*_EDGE, "JITNEY_SANDBOX_"))

    def _python(
        self,
        name: str,
        module: tuple[str, ...],
        prefixes: tuple[str, ...],
        listen: str | None = None,
        ready: str = "",
        number: int = 1,
    ) -> ProcessSpec:
        address = None if listen is None else self._address(listen, number)
        name = name_of(name, number)
        environment = environment_of(prefixes, self.whole, self.inherited)
        # Whoever takes work from among its like is told apart from those on the same host.
        environment["JITNEY_REPLICA"] = name
        if number > 1 and listen is not None:
            for setting in (listen, listen.replace("_LISTEN", "_METRICS_LISTEN")):
                if setting in environment:
                    environment[setting] = str(self._address(setting, number))
        return ProcessSpec(
            name=name,
            argv=(sys.executable, "-m", *module),
            environment=environment,
            ready=None if address is None else ready.format(address.local),
            port=None if address is None else address.port,
        )

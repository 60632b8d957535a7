"""For each alert, metrics that must fire it, and others, near by, that must not.

Values are promtool's: `0+10x60` begins at 0 and grows by 10 at each of 60 steps of a minute, `5x60` stays at 5. All is
looked at after `minutes`; where that is longer than two hours, a step is a quarter of an hour.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Series = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Case:
    """What fires an alert, what does not, and when it is looked at."""

    fires: Series
    quiet: Series
    minutes: int = 30

    @property
    def step_minutes(self) -> int:
        """How far apart values are, and how often rules are looked at."""
        return 1 if self.minutes <= 120 else 15


def _rides(count: str) -> Series:
    return {'matching_rides_total{state="matching"}': count}


_OF_OPERATIONS: Mapping[str, Case] = {
    "ProcessDown": Case(
        {'up{job="jitney-matching"}': "1x10 0x60"},
        {
            'up{job="jitney-matching"}': "1x27 0 1x60",
            'up{job="notification-controller"}': "0x60",
            'up{job="upstream"}': "0x60",
        },
    ),
    "ProcessNotReady": Case({'ready{job="payment"}': "0x60"}, {'ready{job="payment"}': "1x28 0x60"}, 29),
    "WorkerRestarts": Case(
        {'worker_restarts_total{job="payment",worker="saga"}': "0+1x60"},
        {'worker_restarts_total{job="payment",worker="saga"}': "0x20 1x60"},
    ),
    "EventLoopLags": Case(
        {'event_loop_lag_seconds{job="matching",instance="a"}': "0.9x60"},
        {'event_loop_lag_seconds{job="matching",instance="a"}': "0.01x28 0.9x60"},
    ),
    "DatabasePoolFull": Case(
        {
            'database_pool_in_use{job="a",instance="b",database="c"}': "12x60",
            'database_pool_size{job="a",instance="b",database="c"}': "12x60",
        },
        {
            'database_pool_in_use{job="a",instance="b",database="c"}': "6x60",
            'database_pool_size{job="a",instance="b",database="c"}': "12x60",
        },
    ),
    "RpcsFail": Case(
        {
            'grpc_server_handled_total{job="a",method="m",code="OK"}': "0+90x60",
            'grpc_server_handled_total{job="a",method="m",code="INTERNAL"}': "0+10x60",
        },
        {
            'grpc_server_handled_total{job="a",method="m",code="OK"}': "0+90x60",
            'grpc_server_handled_total{job="a",method="m",code="NOT_FOUND"}': "0+50x60",
            'grpc_server_handled_total{job="a",method="m",code="INTERNAL"}': "0+1x60",
        },
    ),
    "EventsParked": Case({'dead_letters{consumer="notification"}': "1x60"}, {'dead_letters{consumer="a"}': "0x60"}),
    "EventsWait": Case(
        {'outbox_oldest_age_seconds{stream="events:matching"}': "0+20x60"},
        {'outbox_oldest_age_seconds{stream="events:matching"}': "2x60"},
    ),
    "StreamHeldBack": Case({'stream_held_back{stream="s"}': "1x60"}, {'stream_held_back{stream="s"}': "0x28 1x60"}),
    "EventsRefilled": Case(
        {'outbox_refilled_total{stream="s"}': "0x20 1309x60"}, {'outbox_refilled_total{stream="s"}': "1309x60"}
    ),
    "SagaStuck": Case(
        {"matching_saga_oldest_owed_seconds": "0+60x60"}, {"matching_saga_oldest_owed_seconds": "250x60"}
    ),
    "NobodyDispatches": Case(
        {'dispatch_owned_shards{instance="a"}': "0x60", 'dispatch_owned_shards{instance="b"}': "0x60"}
        | dict(_rides("0+5x60")),
        {'dispatch_owned_shards{instance="a"}': "0x60"} | dict(_rides("7x60")),
    ),
    "DispatchTicksFail": Case({"dispatch_failed_ticks_total": "0+1x60"}, {"dispatch_failed_ticks_total": "0x25 1x60"}),
    "DispatchTicksSlow": Case(
        {
            'dispatch_tick_seconds_bucket{le="2.0"}': "0+1x60",
            'dispatch_tick_seconds_bucket{le="5.0"}': "0+30x60",
            'dispatch_tick_seconds_bucket{le="+Inf"}': "0+30x60",
        },
        {
            'dispatch_tick_seconds_bucket{le="2.0"}': "0+30x60",
            'dispatch_tick_seconds_bucket{le="5.0"}': "0+30x60",
            'dispatch_tick_seconds_bucket{le="+Inf"}': "0+30x60",
        },
    ),
    "ShardsTakenOver": Case(
        {'dispatch_shard_changes_total{how="taken_over"}': "0+1x60"},
        {
            'dispatch_shard_changes_total{how="gained"}': "0+9x60",
            'dispatch_shard_changes_total{how="taken_over"}': "1x60",
        },
    ),
    "OffersFenced": Case(
        {'dispatch_offers_total{outcome="fenced"}': "0x20 1x60"},
        {'dispatch_offers_total{outcome="fenced"}': "1x60", 'dispatch_offers_total{outcome="offered"}': "0+9x60"},
    ),
    "DriversSilent": Case(
        {"dispatch_stale_drivers": "30x60", "dispatch_free_drivers": "20x60"},
        {"dispatch_stale_drivers": "3x60", "dispatch_free_drivers": "1x60"},
    ),
    "EtaFallsBack": Case(
        {
            'matching_eta_fallbacks_total{provider="streets",cause="off_the_map"}': "0+10x60",
            'matching_eta_legs_total{provider="streets"}': "0+90x60",
        },
        {
            'matching_eta_fallbacks_total{provider="streets",cause="off_the_map"}': "0+1x60",
            'matching_eta_legs_total{provider="streets"}': "0+99x60",
        },
    ),
    "EtaWrong": Case(
        {'matching_eta_error{provider="streets"}': "0.5x120"}, {'matching_eta_error{provider="streets"}': "0.2x120"}, 90
    ),
    "PspFails": Case(
        {
            'psp_calls_total{operation="POST payment_intents",outcome="2xx"}': "0+50x60",
            'psp_calls_total{operation="POST payment_intents",outcome="unanswered"}': "0+9x60",
        },
        {
            'psp_calls_total{operation="POST payment_intents",outcome="2xx"}': "0+50x60",
            'psp_calls_total{operation="POST payment_intents",outcome="4xx"}': "0+50x60",
            'psp_calls_total{operation="POST payment_intents",outcome="5xx"}': "0+1x60",
        },
    ),
    "PaymentsInDoubt": Case(
        {"jitney_payment_unknown_oldest_age_seconds": "0+60x120"},
        {"jitney_payment_unknown_oldest_age_seconds": "3500x120"},
        90,
    ),
    "PspEventsParked": Case(
        {"jitney_payment_psp_events_parked": "2x60"}, {"jitney_payment_psp_events_parked": "0x25 2x60"}
    ),
    "OpenItems": Case(
        {'jitney_payment_open_items{kind="missing_at_psp"}': "1x120"},
        {'jitney_payment_open_items{kind="missing_at_psp"}': "0x60 1x60"},
        90,
    ),
    "ClearingAges": Case(
        {'jitney_payment_clearing_aged_minor{account="psp_clearing",currency="USD"}': "-5x120"},
        {'jitney_payment_clearing_aged_minor{account="psp_clearing",currency="USD"}': "0x120"},
        90,
    ),
    "LedgerDiffers": Case({"jitney_payment_ledger_differences": "1x60"}, {"jitney_payment_ledger_differences": "0x60"}),
    "BalancesLag": Case(
        {"jitney_payment_balance_deltas": "6000x120"}, {"jitney_payment_balance_deltas": "10x20 9000x40 10x60"}, 90
    ),
    "ProviderLeftAlone": Case(
        {'notification_provider_open{provider="fcm"}': "1x60"}, {'notification_provider_open{provider="fcm"}': "0x60"}
    ),
    "DeliveriesFail": Case(
        {
            'notification_deliveries_total{channel="sms",outcome="sent"}': "0+10x60",
            'notification_deliveries_total{channel="sms",outcome="failed"}': "0+5x60",
        },
        {
            'notification_deliveries_total{channel="sms",outcome="sent"}': "0+100x60",
            'notification_deliveries_total{channel="sms",outcome="dropped"}': "0+90x60",
            'notification_deliveries_total{channel="sms",outcome="failed"}': "0+1x60",
        },
        40,
    ),
    "RequestsRefused": Case(
        {
            'edge_rate_limited_total{pace="read"}': "0+10x60",
            'http_server_handled_total{method="GET",route="/v1/me",status="200"}': "0+90x60",
        },
        {
            'edge_rate_limited_total{pace="read"}': "0+1x60",
            'http_server_handled_total{method="GET",route="/v1/me",status="200"}': "0+99x60",
        },
    ),
    "TripsShed": Case(
        {'edge_shed_total{urgency="trip"}': "0+5x60"},
        {'edge_shed_total{urgency="trip"}': "0x60", 'edge_shed_total{urgency="deferrable"}': "0+5000x60"},
    ),
    "EdgeWithoutRedis": Case(
        {"edge_shared_redis_failures_total": "0+5x60"}, {"edge_shared_redis_failures_total": "0x10 5x60"}
    ),
}


def _edge(failed: int) -> Series:
    of = 'http_server_handled_total{method="GET",route="/v1/me",status='
    return {f'{of}"200"}}': "0+1000x200", f'{of}"503"}}': f"0+{failed}x200"}


def _late(histogram: str, bound: str, late: int, labels: str = "") -> Series:
    """A histogram of which `late` of a thousand are above a bound."""
    inner = f"{labels}," if labels else ""
    every = f"{{{labels}}}" if labels else ""
    return {
        f"{histogram}_count{every}": "0+1000x200",
        f'{histogram}_bucket{{{inner}le="{bound}"}}': f"0+{1000 - late}x200",
    }


_STREAM = ("stream_latency_seconds", "1.0")
_OFFERS = 'type="offer_created"'
_SETTLED = ("matching_payment_settled_seconds", "30.0")
_CAPTURED = 'outcome="captured"'
_DELIVERED = ("notification_delivery_seconds", "5.0")
_CRITICAL = 'channel="push",priority="trip_critical"'
_WAIT = ("matching_offer_wait_seconds", "10.0")
_A_DAY_MINUTES = 1_500

# In a thousand: a budget burns fast at 14.4 or, longer, 6 times what may go wrong, and slowly at 3 or 1 times.
CASES: Mapping[str, Case] = {
    **_OF_OPERATIONS,
    "AvailabilityBurnsFast": Case(_edge(20), _edge(2), 70),
    "AvailabilityBurnsSlow": Case(_edge(5), _edge(0), _A_DAY_MINUTES),
    "RequestToOfferBurnsFast": Case(_late(*_WAIT, 800), _late(*_WAIT, 200), 70),
    "RequestToOfferBurnsSlow": Case(_late(*_WAIT, 200), _late(*_WAIT, 20), _A_DAY_MINUTES),
    "OfferToDriverBurnsFast": Case(_late(*_STREAM, 200, _OFFERS), _late(*_STREAM, 20, _OFFERS), 70),
    "OfferToDriverBurnsSlow": Case(_late(*_STREAM, 40, _OFFERS), _late(*_STREAM, 5, _OFFERS), _A_DAY_MINUTES),
    "CaptureBurnsFast": Case(_late(*_SETTLED, 200, _CAPTURED), _late(*_SETTLED, 200, 'outcome="voided"'), 70),
    "CaptureBurnsSlow": Case(_late(*_SETTLED, 40, _CAPTURED), _late(*_SETTLED, 5, _CAPTURED), _A_DAY_MINUTES),
    "NotificationBurnsFast": Case(_late(*_DELIVERED, 200, _CRITICAL), _late(*_DELIVERED, 20, _CRITICAL), 70),
    "NotificationBurnsSlow": Case(_late(*_DELIVERED, 40, _CRITICAL), _late(*_DELIVERED, 5, _CRITICAL), _A_DAY_MINUTES),
}

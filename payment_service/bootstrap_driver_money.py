"""Puts together what drivers are owed and how it is paid out; a part of the composition root."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import NamedTuple

from chassis.runtime import Workers
from chassis.server import ServiceServer
from payment_service.domain.payout_schedule import PayoutSchedule
from payment_service.entrypoints.driver_account_servicer import SERVICE_NAME as DRIVER_ACCOUNT_SERVICE
from payment_service.entrypoints.driver_account_servicer import DriverAccountServicer, DriverAccountUseCases
from payment_service.entrypoints.payout_servicer import SERVICE_NAME as PAYOUT_SERVICE
from payment_service.entrypoints.payout_servicer import PayoutServicer, PayoutUseCases
from payment_service.entrypoints.workers import repeat_forever
from payment_service.settings import PaymentSettings
from payment_service.use_cases.charge_subscriptions import ChargeSubscriptions
from payment_service.use_cases.driver_terms import GetDriverTerms, SetDriverTerms
from payment_service.use_cases.follow_payouts import FollowPayouts
from payment_service.use_cases.get_driver_standing import GetDriverStanding
from payment_service.use_cases.get_earnings_statement import GetEarningsStatement
from payment_service.use_cases.get_payout import GetPayout, ListPayouts
from payment_service.use_cases.get_payout_account import GetPayoutAccount
from payment_service.use_cases.mutate import Mutate
from payment_service.use_cases.patronage import DeclarePatronage, ListPatronage, PostPatronage
from payment_service.use_cases.pay_out_earnings import PayOutEarnings
from payment_service.use_cases.ports import Failpoint, PaymentServiceProvider
from payment_service.use_cases.psp_events.handling import PspEventHandlers
from payment_service.use_cases.psp_events.payouts import PayoutEvents
from payment_service.use_cases.record_driver_payment import RecordDriverPayment
from payment_service.use_cases.request_payout import PayoutLimits, RequestPayout
from payment_service.use_cases.retry_payout import RetryPayout
from payment_service.use_cases.set_payout_account import SetPayoutAccount
from payment_service.use_cases.settle import Settle
from payment_service.use_cases.watch_standings import WatchedStore
from ridesharing.payment.v1.driver_account_service_pb2_grpc import add_DriverAccountServiceServicer_to_server
from ridesharing.payment.v1.payout_service_pb2_grpc import add_PayoutServiceServicer_to_server
from shared_kernel.clock import Clock
from shared_kernel.ids import IdSource


class Repeated(NamedTuple):
    """A step that is taken again and again: at once while it tells that there may be more, then after a pause."""

    step: Callable[[], Awaitable[bool]]
    pause_seconds: float


class DriverMoney(NamedTuple):
    """The use cases; `steps` run beside the server, `psp_events` take in what the PSP tells of payouts."""

    payouts: PayoutUseCases
    accounts: DriverAccountUseCases
    steps: Mapping[str, Repeated]
    psp_events: PspEventHandlers


def build_driver_money(
    settings: PaymentSettings,
    store: WatchedStore,
    psp: PaymentServiceProvider,
    mutate: Mutate,
    settle: Settle,
    clock: Clock,
    ids: IdSource,
    failpoint: Failpoint,
) -> DriverMoney:
    """Put the use cases together over what the other use cases share."""
    minimum_minor = settings.payment_payout_minimum_minor
    limits = PayoutLimits(minimum_minor, settings.payment_payouts_a_day)
    schedule = PayoutSchedule(
        settings.payment_payout_schedule, settings.payment_payout_weekday, settings.payment_payout_hour
    )
    payouts = PayoutUseCases(
        set_payout_account=SetPayoutAccount(store, mutate, settle, clock, ids),
        get_payout_account=GetPayoutAccount(store),
        request_payout=RequestPayout(store, mutate, psp, clock, ids, limits),
        get_payout=GetPayout(store),
        list_payouts=ListPayouts(store),
        retry_payout=RetryPayout(store, mutate, psp, clock, ids),
    )
    accounts = DriverAccountUseCases(
        get_driver_standing=GetDriverStanding(store, settings.payment_driver_cash_floor_minor),
        record_driver_payment=RecordDriverPayment(mutate, clock, ids),
        set_driver_terms=SetDriverTerms(store, mutate, clock, ids),
        get_driver_terms=GetDriverTerms(store, clock),
        declare_patronage=DeclarePatronage(store, mutate, clock, ids),
        list_patronage=ListPatronage(store),
        get_earnings_statement=GetEarningsStatement(store),
    )
    follow = FollowPayouts(
        store,
        psp,
        clock,
        ids,
        failpoint,
        psp_timeout_seconds=settings.payment_psp_timeout_seconds,
        look_seconds=settings.payment_payout_look_seconds,
    )
    steps = {
        "scheduled payouts": Repeated(PayOutEarnings(store, clock, ids, failpoint, psp, schedule, minimum_minor), 30),
        "payouts at banks": Repeated(follow, settings.payment_sweep_seconds),
        "subscription fees": Repeated(ChargeSubscriptions(store, clock, ids, failpoint), 30),
        "patronage": Repeated(PostPatronage(store, clock, ids, failpoint), 5),
        "standings": Repeated(store.review, 3600),
    }
    return DriverMoney(payouts, accounts, steps, {"payout.": PayoutEvents(store, settle, follow)})


def add_driver_money_servicers(server: ServiceServer, driver_money: DriverMoney) -> None:
    """Serve drivers' accounts and payouts."""
    server.add(add_PayoutServiceServicer_to_server, PayoutServicer(driver_money.payouts), PAYOUT_SERVICE)
    accounts = DriverAccountServicer(driver_money.accounts)
    server.add(add_DriverAccountServiceServicer_to_server, accounts, DRIVER_ACCOUNT_SERVICE)


def add_driver_money_workers(workers: Workers, driver_money: DriverMoney) -> None:
    """Run beside the server what drivers' money needs."""
    for name, repeated in driver_money.steps.items():
        workers.add(name, partial(repeat_forever, *repeated))

"""The composition root's part for riders' money: wallets, credit, tips and arrears."""

from __future__ import annotations

from datetime import timedelta

from payment_service.domain.rider_limits import RiderLimits
from payment_service.entrypoints.wallet_servicer import WalletUseCases
from payment_service.settings import PaymentSettings
from payment_service.use_cases.adjust_rider import AdjustRider
from payment_service.use_cases.get_wallet import GetWallet
from payment_service.use_cases.list_adjustments import ListAdjustments
from payment_service.use_cases.list_wallet_entries import ListWalletEntries
from payment_service.use_cases.list_withdrawals import ListWithdrawals
from payment_service.use_cases.mutate import Mutate
from payment_service.use_cases.pay_arrears import PayArrears
from payment_service.use_cases.ports import Store
from payment_service.use_cases.settle import Settle
from payment_service.use_cases.top_up_wallet import TopUpWallet
from payment_service.use_cases.withdraw_from_wallet import WithdrawFromWallet
from shared_kernel.clock import Clock
from shared_kernel.ids import IdSource


def rider_limits(settings: PaymentSettings) -> RiderLimits:
    """Return the operator's limits as they are set."""
    return RiderLimits(
        arrears_minor=settings.payment_rider_arrears_limit_minor,
        tip_window=timedelta(days=settings.payment_tip_window_days),
        tip_percent=settings.payment_tip_percent,
        tip_floor_minor=settings.payment_tip_floor_minor,
        top_up_least_minor=settings.payment_top_up_least_minor,
        top_up_most_minor=settings.payment_top_up_most_minor,
        wallet_most_minor=settings.payment_wallet_most_minor,
    )


def build_wallet(
    store: Store, mutate: Mutate, settle: Settle, clock: Clock, ids: IdSource, limits: RiderLimits
) -> WalletUseCases:
    """Put the use cases of WalletService together."""
    return WalletUseCases(
        get_wallet=GetWallet(store),
        top_up_wallet=TopUpWallet(store, mutate, settle, clock, ids, limits),
        withdraw_from_wallet=WithdrawFromWallet(store, mutate, clock, ids),
        list_withdrawals=ListWithdrawals(store),
        list_wallet_entries=ListWalletEntries(store),
        pay_arrears=PayArrears(store, mutate, settle, clock, ids),
        adjust_rider=AdjustRider(mutate, clock, ids),
        list_adjustments=ListAdjustments(store),
        limits=limits,
    )

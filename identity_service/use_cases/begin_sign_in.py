"""Begin a device's sign-in, once it is known who holds the device."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from identity_service.domain.accounts import Account
from identity_service.domain.erasures import being_erased
from identity_service.domain.events import AccountCreated, NewDeviceSignedIn, SessionEnded
from identity_service.domain.sign_ins import EndReason, SignIn, SignInRole, TokenPair
from identity_service.use_cases.ports import Transaction
from identity_service.use_cases.token_pairs import TokenPairs
from shared_kernel.ids import IdSource


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A device that signed in, with its account and whether that was made now."""

    tokens: TokenPair
    account: Account
    new_account: bool


class BeginSignIn:
    """Begins the refresh family of a device; whoever calls has checked who it is, and the role."""

    def __init__(self, pairs: TokenPairs, new_id: IdSource) -> None:
        self._pairs = pairs
        self._new_id = new_id

    async def __call__(
        self,
        transaction: Transaction,
        account: Account,
        *,
        new_account: bool,
        role: SignInRole,
        device_id: str,
        now: datetime,
    ) -> SignedIn:
        """Sign a device in.

        Raises:
            PermissionRefused: `account_being_erased`.
        """
        if new_account:
            await transaction.record(AccountCreated(account.account_id, account.version, account.locale))
        else:
            # By the account's lock sign-ins follow one another, and none begins beside an erasure that ends them all.
            await transaction.accounts.find(account.account_id, lock=True)
            # A stranger who gets the number later must wait until nothing of the one before is left.
            if await transaction.erasures.find(account.account_id) is not None:
                raise being_erased()
        sign_in = SignIn(self._new_id(), account.account_id, device_id, role, now)
        if not new_account and await transaction.sign_ins.is_new_device(account.account_id, device_id):
            await transaction.record(NewDeviceSignedIn(sign_in.sign_in_id, account.account_id, device_id, role))
        first, text = self._pairs.first_token(sign_in, now)
        for replaced in await transaction.sign_ins.begin(sign_in, first):
            await transaction.record(
                SessionEnded(replaced, account.account_id, EndReason.REPLACED, replaced_by=sign_in.sign_in_id)
            )
        return SignedIn(self._pairs.pair(sign_in, text, first.expires_at, now), account, new_account)

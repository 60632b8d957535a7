"""Who is told what, by which channels, how urgently and for how long: one table, drawn as docs/notifications.md.

The priorities are those of an on-call sheet: security first, then what somebody at the kerb waits for, then money, then
what is only nice to know. A message that has outlived its life is dropped, not sent late. Whoever made a thing happen
sees it in the app; words are for the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from notification_service.domain.cases import Case
from notification_service.domain.channels import Channel, Leg, Priority
from notification_service.domain.facts import Happening


class Audience(StrEnum):
    """Whom a row is for."""

    RIDER = "rider"
    DRIVER = "driver"
    FORMER_DRIVER = "former driver"
    ACCOUNT = "account"
    """Whoever it befell, rider or driver."""
    PHONE = "phone"
    """A number that may be nobody's yet."""
    MAILBOX = "mailbox"
    """An address that is to be proved somebody's."""
    CONTACTS = "trusted contacts"
    """Numbers that a rider named, of people who need no account."""


class Collapse(StrEnum):
    """Of which messages a device shows only the newest; news of a ride are also never sent after later ones."""

    NONE = "none"
    RIDE = "ride"
    OFFER = "offer"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. `words` names the template; without one it is for the live stream alone."""

    happening: Happening
    to: Audience
    legs: tuple[Leg, ...]
    priority: Priority
    life: timedelta
    words: str = ""
    case: Case = Case.ALWAYS
    collapse: Collapse = Collapse.NONE

    @property
    def name(self) -> str:
        """One of its own among all rows."""
        return f"{self.happening}:{self.to}:{self.case}"

    @property
    def spoken(self) -> tuple[Channel, ...]:
        """The channels that carry words."""
        return tuple(leg.channel for leg in self.legs if leg.channel is not Channel.STREAM)


ACKNOWLEDGED_WITHIN = timedelta(seconds=20)
"""Who has shown by then that the message was seen is sent no SMS; whom an SMS with a code has reached is not called."""
_STREAM, _INBOX, _PUSH = Leg(Channel.STREAM), Leg(Channel.INBOX), Leg(Channel.PUSH)
_SMS, _EMAIL = Leg(Channel.SMS), Leg(Channel.EMAIL)

SHOWN = (_STREAM,)
NUDGED = (_STREAM, _PUSH)
TOLD = (_INBOX, _STREAM, _PUSH)
URGED = (*TOLD, Leg(Channel.SMS, ACKNOWLEDGED_WITHIN))
FILED = (_INBOX, _STREAM, _EMAIL)
WRITTEN = (*TOLD, _EMAIL)
TEXTED = (_SMS,)
TEXTED_OR_CALLED = (_SMS, Leg(Channel.VOICE, ACKNOWLEDGED_WITHIN))
MAILED = (_EMAIL,)

_TRIP = timedelta(minutes=2)
"""How long the news of a trip are worth sending; the state itself can be read at any time."""
_CODE = timedelta(minutes=5)
_SAFETY = timedelta(hours=1)
_DAY = timedelta(days=1)
_SHIFT = timedelta(hours=12)
"""A driver whose phone was off learns at the next look why no rides came."""

H, TO, P, C = Happening, Audience, Priority, Collapse
_R, _D, _F = TO.RIDER, TO.DRIVER, TO.FORMER_DRIVER
_P0, _P1, _P2, _P3 = P.SECURITY, P.TRIP_CRITICAL, P.MONEY, P.MARKETING

# Of the rows of a happening and an audience the first whose case holds is taken.
MATRIX: Sequence[Row] = (
    # Security
    Row(H.ONE_TIME_CODE, TO.PHONE, TEXTED_OR_CALLED, _P0, _CODE, "one_time_code"),
    Row(H.ONE_TIME_CODE, TO.MAILBOX, MAILED, _P0, _CODE, "one_time_code"),
    Row(H.NEW_DEVICE, TO.ACCOUNT, WRITTEN, _P0, _DAY, "new_device"),
    Row(H.SIGN_IN_STOLEN, TO.ACCOUNT, WRITTEN, _P0, _DAY, "sign_in_stolen"),
    # Safety
    Row(H.SOS_RAISED, TO.CONTACTS, TEXTED, _P0, _SAFETY, "sos_raised"),
    Row(H.TRIP_SHARED, TO.CONTACTS, TEXTED, _P1, _SAFETY, "trip_shared"),
    Row(H.ROUTE_DEVIATED, _R, URGED, _P0, _SAFETY, "route_deviated"),
    Row(H.LONG_STOP, _R, URGED, _P0, _SAFETY, "long_stop"),
    # Offers
    Row(H.OFFER_CREATED, _D, NUDGED, _P1, _TRIP, "driver_offer_created", collapse=C.OFFER),
    Row(H.OFFER_CLOSED, _D, SHOWN, _P1, _TRIP, collapse=C.OFFER),
    # Before the pickup
    Row(H.RIDE_SCHEDULED, _R, SHOWN, _P1, _TRIP),
    Row(H.RIDE_REMINDED, _R, TOLD, _P1, _TRIP, "rider_ride_reminded", collapse=C.RIDE),
    Row(H.RIDE_REQUESTED, _R, SHOWN, _P1, _TRIP),
    Row(H.RIDE_MATCHING, _R, SHOWN, _P1, _TRIP),
    Row(H.RIDE_ASSIGNED, _R, URGED, _P1, _TRIP, "order_ride_assigned", Case.ORDER, C.RIDE),
    Row(H.RIDE_ASSIGNED, _R, URGED, _P1, _TRIP, "rider_ride_assigned", collapse=C.RIDE),
    Row(H.RIDE_DRIVER_SWAPPED, _R, URGED, _P1, _TRIP, "rider_ride_driver_swapped", collapse=C.RIDE),
    Row(H.RIDE_DRIVER_SWAPPED, _D, TOLD, _P1, _TRIP, "driver_ride_driver_swapped", collapse=C.RIDE),
    Row(H.RIDE_DRIVER_SWAPPED, _F, TOLD, _P1, _TRIP, "driver_ride_taken_over", collapse=C.RIDE),
    Row(H.RIDE_REMATCHING, _R, TOLD, _P1, _TRIP, "rider_ride_rematching", collapse=C.RIDE),
    Row(H.RIDE_REMATCHING, _F, TOLD, _P1, _TRIP, "driver_ride_rematching", Case.TAKEN_BACK, C.RIDE),
    Row(H.RIDE_UNMATCHED, _R, TOLD, _P1, _TRIP, "rider_ride_unmatched", collapse=C.RIDE),
    Row(H.DRIVER_ARRIVING, _R, NUDGED, _P1, _TRIP, "order_driver_arriving", Case.ORDER, C.RIDE),
    Row(H.DRIVER_ARRIVING, _R, NUDGED, _P1, _TRIP, "rider_driver_arriving", collapse=C.RIDE),
    Row(H.DRIVER_ARRIVED, _R, URGED, _P1, _TRIP, "order_driver_arrived", Case.ORDER, C.RIDE),
    Row(H.DRIVER_ARRIVED, _R, URGED, _P1, _TRIP, "rider_driver_arrived", collapse=C.RIDE),
    Row(H.RIDE_NO_SHOW, _R, TOLD, _P1, _TRIP, "order_ride_no_show", Case.ORDER, C.RIDE),
    Row(H.RIDE_NO_SHOW, _R, TOLD, _P1, _TRIP, "rider_ride_no_show", collapse=C.RIDE),
    Row(H.RIDE_CANCELED, _R, SHOWN, _P1, _TRIP, case=Case.CANCELED_FOR_FREE, collapse=C.RIDE),
    Row(H.RIDE_CANCELED, _R, TOLD, _P1, _TRIP, "rider_ride_canceled", collapse=C.RIDE),
    Row(H.RIDE_CANCELED, _D, TOLD, _P1, _TRIP, "driver_ride_canceled", collapse=C.RIDE),
    Row(H.RIDE_CANCELED, _F, TOLD, _P1, _TRIP, "driver_ride_canceled", collapse=C.RIDE),
    # On the way
    Row(H.TRIP_STARTED, _R, TOLD, _P1, _TRIP, "order_trip_started", Case.ORDER, C.RIDE),
    Row(H.TRIP_STARTED, _R, NUDGED, _P1, _TRIP, "rider_trip_started", collapse=C.RIDE),
    Row(H.STOP_REACHED, _R, SHOWN, _P1, _TRIP),
    Row(H.STOP_LEFT, _R, SHOWN, _P1, _TRIP),
    Row(H.RIDE_EDIT_PROPOSED, _R, SHOWN, _P1, _TRIP),
    Row(H.RIDE_EDIT_PROPOSED, _D, TOLD, _P1, _TRIP, "driver_ride_edit_proposed", collapse=C.RIDE),
    Row(H.RIDE_EDITED, _R, TOLD, _P1, _TRIP, "rider_ride_edited", collapse=C.RIDE),
    Row(H.RIDE_EDITED, _D, TOLD, _P1, _TRIP, "driver_ride_edited", collapse=C.RIDE),
    Row(H.RIDE_EDIT_CLOSED, _R, TOLD, _P1, _TRIP, "rider_ride_edit_closed", collapse=C.RIDE),
    Row(H.RIDE_RETURNING, _R, TOLD, _P1, _TRIP, "order_ride_returning", collapse=C.RIDE),
    Row(H.RIDE_RETURNED, _R, TOLD, _P1, _TRIP, "order_ride_returned", collapse=C.RIDE),
    Row(H.RIDE_COMPLETED, _R, TOLD, _P1, _TRIP, "order_ride_completed", Case.ORDER, C.RIDE),
    Row(H.RIDE_COMPLETED, _R, TOLD, _P1, _TRIP, "rider_ride_completed", collapse=C.RIDE),
    Row(H.RIDE_PAYMENT_SETTLED, _R, SHOWN, _P1, _TRIP),
    # What else befalls a ride, its driver sees as it happens.
    *(
        Row(happening, _D, SHOWN, _P1, _TRIP)
        for happening in (
            H.RIDE_ASSIGNED,
            H.DRIVER_ARRIVED,
            H.RIDE_NO_SHOW,
            H.TRIP_STARTED,
            H.STOP_REACHED,
            H.STOP_LEFT,
            H.RIDE_EDIT_CLOSED,
            H.RIDE_RETURNING,
            H.RIDE_RETURNED,
            H.RIDE_COMPLETED,
            H.RIDE_PAYMENT_SETTLED,
        )
    ),
    Row(H.RIDE_NO_SHOW, _F, SHOWN, _P1, _TRIP),
    Row(H.RIDE_REMATCHING, _F, SHOWN, _P1, _TRIP),
    # Money
    Row(H.RIDE_PAYMENT_FAILED, _R, WRITTEN, _P2, _DAY, "rider_ride_payment_failed"),
    Row(H.RECEIPT_READY, _R, FILED, _P2, _DAY, "rider_receipt_ready"),
    Row(H.REFUND_PAID, _R, TOLD, _P2, _DAY, "rider_refund_paid"),
    Row(H.REFUND_FAILED, _R, WRITTEN, _P2, _DAY, "rider_refund_failed"),
    Row(H.COMPLAINT_DECIDED, _R, TOLD, _P2, _DAY, "rider_complaint_decided"),
    Row(H.TIP_RECEIVED, _D, TOLD, _P2, _DAY, "driver_tip_received"),
    Row(H.PAYOUT_PAID, _D, WRITTEN, _P2, _DAY, "driver_payout_paid"),
    Row(H.PAYOUT_FAILED, _D, WRITTEN, _P2, _DAY, "driver_payout_failed"),
    Row(H.CASH_STOPPED, _D, TOLD, _P2, _DAY, "driver_cash_stopped"),
    Row(H.CASH_ALLOWED, _D, TOLD, _P2, _DAY, "driver_cash_allowed"),
    # A driver's work
    Row(H.SHIFT_ENDED, _D, TOLD, _P1, _SHIFT, "driver_shift_ended", Case.TAKEN_OFFLINE),
    Row(H.DRIVER_APPROVED, _D, WRITTEN, _P2, _DAY, "driver_approved"),
    Row(H.DRIVER_REJECTED, _D, WRITTEN, _P2, _DAY, "driver_rejected"),
    Row(H.DRIVER_SUSPENDED, _D, WRITTEN, _P2, _DAY, "driver_suspended"),
    Row(H.DOCUMENT_EXPIRING, _D, WRITTEN, _P2, _DAY, "driver_document_expiring"),
    # Nice to know
    Row(H.RIDE_RATING_DUE, _R, TOLD, _P3, _DAY, "order_ride_rating_due", Case.ORDER),
    Row(H.RIDE_RATING_DUE, _R, TOLD, _P3, _DAY, "rider_ride_rating_due"),
    Row(H.PROMOTION, TO.ACCOUNT, TOLD, _P3, _DAY, "promotion"),
)


def rows_of(happening: Happening) -> list[Row]:
    """Return the rows of a happening in their order."""
    return [row for row in MATRIX if row.happening is happening]

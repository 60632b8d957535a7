"""All operations, one method each. Written by `python -m tools.clients` from the OpenAPI document."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Literal, cast

from jitney_client.calls import Caller, page_items, path_part
from jitney_client.models import (
    Account,
    AccountChange,
    AccountExport,
    Acknowledgement,
    AgreedTerms,
    ApiKeyExchange,
    ApiKeyRequest,
    ApiKeys,
    Arrears,
    AssignmentCancellation,
    AuditCheck,
    AuditEntries,
    AuditEntry,
    Availability,
    AvailabilityAnswer,
    Booking,
    Break,
    Campaign,
    CampaignRequest,
    Campaigns,
    Cancellation,
    CancellationPreview,
    CheckedCityPolicy,
    ChosenCardRequest,
    Cities,
    CityPolicies,
    CityPolicy,
    CityPolicyCheck,
    CityPolicyDiff,
    CityPolicyPut,
    Complaint,
    ComplaintRefund,
    ComplaintRejection,
    ComplaintRequest,
    Complaints,
    DeadLetter,
    DeadLetters,
    DeliverySummary,
    Device,
    Devices,
    DispatchExplanation,
    Dispute,
    DisputeAcceptance,
    DisputeEvidence,
    Disputes,
    Document,
    DocumentContent,
    DocumentReview,
    Documents,
    DocumentSubmission,
    Driver,
    DriverApplication,
    DriverPaymentRequest,
    DriverRide,
    DriverRides,
    Drivers,
    DriverStanding,
    DriverStatusChange,
    DriverTerms,
    DriverTermsRequest,
    Earnings,
    EarningsStatement,
    EditAnswer,
    EditRequest,
    Erasure,
    ErasureReason,
    FailedDeliveries,
    FailedDelivery,
    Fleet,
    ForcedCancellation,
    GivenUpDelivery,
    Guest,
    GuestQuoteRequest,
    GuestRegistration,
    HandOver,
    Heading,
    IdTokenProof,
    IdTokenSignIn,
    ItemResolution,
    Journal,
    JournalEntry,
    LastRide,
    LearnedTravelTimes,
    LedgerAudit,
    LiftedSuppression,
    LiftedSuppressions,
    LinkedIdentities,
    LinkedIdentity,
    LocationAnswer,
    LocationBatch,
    MailAddress,
    MailAddressProof,
    MailAddressRequest,
    MailCode,
    MdsTrips,
    MdsVehicles,
    MdsVehicleStatuses,
    MessageDelivery,
    NearbyDrivers,
    NewApiKey,
    NewDevice,
    NewTrustedContact,
    NewWebhookEndpoint,
    NewWebhookEndpointAnswer,
    Notification,
    Notifications,
    Offer,
    OperatorComplaint,
    OperatorComplaints,
    OperatorPayout,
    OperatorPayouts,
    OperatorRide,
    OperatorRides,
    OperatorShift,
    OperatorShifts,
    OrderCollection,
    OrderReturn,
    OtpAnswer,
    OtpRequest,
    OtpVerification,
    PartnerToken,
    Patronage,
    PatronageRequest,
    Patronages,
    PatronageShare,
    PatronageShares,
    Payment,
    PaymentMethod,
    PaymentMethodRequest,
    PaymentMethods,
    PaymentMethodSetup,
    Payments,
    PaymentStory,
    Payout,
    PayoutAccount,
    PayoutAccountRequest,
    PayoutRequest,
    Payouts,
    Person,
    PersonSearch,
    PhoneInClear,
    Plan,
    PreferenceChange,
    Preferences,
    Products,
    Promotion,
    PromotionEnd,
    PromotionRequest,
    Promotions,
    Providers,
    PspEvent,
    PspEvents,
    PublicKeys,
    Pulse,
    QuietHours,
    QuietHoursAnswer,
    QuoteRequest,
    Quotes,
    Rating,
    RatingRequest,
    RatingSummary,
    Reason,
    Reassignment,
    Receipt,
    ReconciliationItem,
    ReconciliationItems,
    ReconciliationRun,
    ReconciliationRuns,
    RedeemedPromotion,
    RedeemedPromotions,
    RedeemRequest,
    Refund,
    RefundRequest,
    Refunds,
    Replayed,
    ReplayRequest,
    RevokedSessions,
    RideAccount,
    RideEdit,
    RideHistory,
    RideLocation,
    RiderAdjustment,
    RiderAdjustmentRequest,
    RiderAdjustments,
    RideRequest,
    RideRoute,
    RiderRide,
    RiderRides,
    RideSummary,
    RideTimeline,
    RoleGrant,
    RoleGrantRequest,
    RoleGrants,
    SavedPlace,
    SavedPlaceRequest,
    SavedPlaces,
    ScheduledRides,
    ServiceAreas,
    Sessions,
    SharedRide,
    ShareLink,
    ShareTextsRequest,
    Shift,
    SignIn,
    Sos,
    SosCalls,
    SosRequest,
    Statement,
    StatementEntry,
    StreamTicket,
    Suppression,
    SuppressionLift,
    Suppressions,
    Surge,
    SurgeControl,
    SurgeControlChange,
    Timeline,
    TimelineEntry,
    TipRequest,
    TokenRefresh,
    Tokens,
    TopUpRequest,
    TrialBalance,
    TripAlert,
    TripAlerts,
    TripStart,
    TrustedContact,
    TrustedContacts,
    Unmasking,
    Wallet,
    WalletEntries,
    WalletEntry,
    Webhook,
    WebhookEndpoints,
    Webhooks,
    Withdrawal,
    WithdrawalRequest,
    Withdrawals,
)


class Operations(Caller):
    """What the interface can do. Methods that change something send an Idempotency-Key.

    The key is `idempotency_key`, or one made for the call; it stays the same over all tries of the call. All
    raise ApiError when the request was refused for good, and Unreachable when there was no answer.
    """

    async def request_otp(self, body: OtpRequest, *, idempotency_key: str = "") -> OtpAnswer:
        """Send a one-time code by SMS."""
        return cast("OtpAnswer", await self.call("POST", "/v1/auth/otp", body=body, key=idempotency_key, is_open=True))

    async def verify_otp(self, body: OtpVerification, *, idempotency_key: str = "") -> SignIn:
        """Trade a code for tokens; the first sign-in makes the account."""
        return cast(
            "SignIn", await self.call("POST", "/v1/auth/otp/verify", body=body, key=idempotency_key, is_open=True)
        )

    async def refresh_tokens(self, body: TokenRefresh, *, idempotency_key: str = "") -> Tokens:
        """Trade a refresh token for the next pair; using one twice ends the sign-in."""
        return cast(
            "Tokens", await self.call("POST", "/v1/auth/token/refresh", body=body, key=idempotency_key, is_open=True)
        )

    async def sign_out(self, *, idempotency_key: str = "") -> None:
        """End the sign-in that the access token belongs to. For: admin, driver, operator, rider, support."""
        await self.call("POST", "/v1/auth/logout", key=idempotency_key)

    async def read_public_keys(self) -> PublicKeys:
        """Return the public keys that access tokens can be checked with."""
        return cast("PublicKeys", await self.call("GET", "/v1/auth/jwks", is_open=True))

    async def read_account(self) -> Account:
        """Return the caller's own account. For: admin, driver, operator, rider, support."""
        return cast("Account", await self.call("GET", "/v1/me"))

    async def erase_own_account(self, *, idempotency_key: str = "") -> Erasure:
        """Erase the caller: signed out everywhere at once, the rest within the hour. Not while a ride or money is
        open. For: driver, rider.
        """
        return cast("Erasure", await self.call("DELETE", "/v1/me", key=idempotency_key))

    async def change_account(self, body: AccountChange | None = None, *, idempotency_key: str = "") -> Account:
        """Change the caller's own name or language. For: admin, driver, operator, rider, support."""
        return cast("Account", await self.call("PATCH", "/v1/me", body=body, key=idempotency_key))

    async def list_notifications(self, *, limit: int | None = None, cursor: str | None = None) -> Notifications:
        """Page through the caller's inbox, newest first. For: driver, rider."""
        return cast(
            "Notifications", await self.call("GET", "/v1/me/notifications", query={"limit": limit, "cursor": cursor})
        )

    def iterate_notifications(self, *, limit: int | None = None) -> AsyncIterator[Notification]:
        """Go through all pages of `list_notifications`; a page is read when it is needed."""
        return page_items(lambda cursor: self.list_notifications(limit=limit, cursor=cursor))

    async def mark_notification_read(self, notification_id: str, *, idempotency_key: str = "") -> Notification:
        """Note that the caller read a notification. For: driver, rider."""
        return cast(
            "Notification",
            await self.call("POST", f"/v1/me/notifications/{path_part(notification_id)}/read", key=idempotency_key),
        )

    async def make_stream_ticket(self, *, idempotency_key: str = "") -> StreamTicket:
        """Return a ticket that opens the caller's live stream once, within 60 seconds. For: driver, rider."""
        return cast("StreamTicket", await self.call("POST", "/v1/me/stream-tickets", key=idempotency_key))

    async def list_devices(self) -> Devices:
        """Return the devices that the caller's pushes go to. For: driver, rider."""
        return cast("Devices", await self.call("GET", "/v1/me/devices"))

    async def register_device(self, body: NewDevice, *, idempotency_key: str = "") -> Device:
        """Register this installation for pushes; at each start of the app, and whenever its token changes. For:
        driver, rider.
        """
        return cast("Device", await self.call("POST", "/v1/me/devices", body=body, key=idempotency_key))

    async def remove_device(self, device_id: str, *, idempotency_key: str = "") -> None:
        """Send no more pushes to a device; at sign-out. For: driver, rider."""
        await self.call("DELETE", f"/v1/me/devices/{path_part(device_id)}", key=idempotency_key)

    async def read_preferences(self) -> Preferences:
        """Return what the caller wants to be told by which channel, and the quiet hours. For: driver, rider."""
        return cast("Preferences", await self.call("GET", "/v1/me/notification-preferences"))

    async def change_preference(self, body: PreferenceChange, *, idempotency_key: str = "") -> Preferences:
        """Turn a subject on or off for a channel; security and trips cannot be turned off (`topic_mandatory`). For:
        driver, rider.
        """
        return cast(
            "Preferences", await self.call("PATCH", "/v1/me/notification-preferences", body=body, key=idempotency_key)
        )

    async def set_quiet_hours(self, body: QuietHours, *, idempotency_key: str = "") -> QuietHoursAnswer:
        """Name the hours in which only security and a trip under way may disturb. For: driver, rider."""
        return cast("QuietHoursAnswer", await self.call("PUT", "/v1/me/quiet-hours", body=body, key=idempotency_key))

    async def end_quiet_hours(self, *, idempotency_key: str = "") -> None:
        """Have no quiet hours. For: driver, rider."""
        await self.call("DELETE", "/v1/me/quiet-hours", key=idempotency_key)

    async def acknowledge_notification(self, notification_id: str, *, idempotency_key: str = "") -> Acknowledgement:
        """Say that the app showed a notification, so that no SMS follows it. For: driver, rider."""
        return cast(
            "Acknowledgement",
            await self.call("POST", f"/v1/me/notifications/{path_part(notification_id)}/ack", key=idempotency_key),
        )

    async def list_trusted_contacts(self) -> TrustedContacts:
        """Return whom the caller wants to be written to in an emergency. For: driver, rider."""
        return cast("TrustedContacts", await self.call("GET", "/v1/me/trusted-contacts"))

    async def add_trusted_contact(self, body: NewTrustedContact, *, idempotency_key: str = "") -> TrustedContact:
        """Name somebody to be written to in an emergency; five at most (`too_many_contacts`). For: driver, rider."""
        return cast(
            "TrustedContact", await self.call("POST", "/v1/me/trusted-contacts", body=body, key=idempotency_key)
        )

    async def remove_trusted_contact(self, contact_id: str, *, idempotency_key: str = "") -> None:
        """Write to a contact no more. For: driver, rider."""
        await self.call("DELETE", f"/v1/me/trusted-contacts/{path_part(contact_id)}", key=idempotency_key)

    async def raise_sos(self, body: SosRequest, *, idempotency_key: str = "") -> Sos:
        """Call for help: each trusted contact is sent an SMS with where the caller is, and operators see the call.
        For: driver, rider.
        """
        return cast("Sos", await self.call("POST", "/v1/me/sos", body=body, key=idempotency_key))

    async def list_sos(self, *, limit: int | None = None, cursor: str | None = None) -> SosCalls:
        """Page through the calls for help, newest first. For: admin, operator."""
        return cast("SosCalls", await self.call("GET", "/v1/operator/sos", query={"limit": limit, "cursor": cursor}))

    def iterate_sos(self, *, limit: int | None = None) -> AsyncIterator[Sos]:
        """Go through all pages of `list_sos`; a page is read when it is needed."""
        return page_items(lambda cursor: self.list_sos(limit=limit, cursor=cursor))

    async def list_sessions(self) -> Sessions:
        """Return the devices on which the caller is signed in. For: admin, driver, operator, rider, support."""
        return cast("Sessions", await self.call("GET", "/v1/me/sessions"))

    async def revoke_other_sessions(self, *, idempotency_key: str = "") -> RevokedSessions:
        """Sign all devices out but the one that asks. For: admin, driver, operator, rider, support."""
        return cast("RevokedSessions", await self.call("DELETE", "/v1/me/sessions", key=idempotency_key))

    async def revoke_session(self, session_id: str, *, idempotency_key: str = "") -> None:
        """Sign a device out. For: admin, driver, operator, rider, support."""
        await self.call("DELETE", f"/v1/me/sessions/{path_part(session_id)}", key=idempotency_key)

    async def list_products(self, *, latitude: float | None = None, longitude: float | None = None) -> Products:
        """Return the products of the city that serves a place, with their rates. For: admin, driver, operator,
        rider.
        """
        return cast(
            "Products", await self.call("GET", "/v1/products", query={"latitude": latitude, "longitude": longitude})
        )

    async def list_service_areas(self) -> ServiceAreas:
        """Return where the cities serve, with their zones, so that apps can draw it. For: admin, driver, operator,
        rider.
        """
        return cast("ServiceAreas", await self.call("GET", "/v1/service-areas"))

    async def create_quotes(self, body: QuoteRequest, *, idempotency_key: str = "") -> Quotes:
        """Promise a price for each product, until it expires. For: rider."""
        return cast("Quotes", await self.call("POST", "/v1/quotes", body=body, key=idempotency_key))

    async def list_rides(self, *, limit: int | None = None, cursor: str | None = None) -> RiderRides:
        """Page through the caller's rides, newest first. For: rider."""
        return cast("RiderRides", await self.call("GET", "/v1/rides", query={"limit": limit, "cursor": cursor}))

    def iterate_rides(self, *, limit: int | None = None) -> AsyncIterator[RiderRide]:
        """Go through all pages of `list_rides`; a page is read when it is needed."""
        return page_items(lambda cursor: self.list_rides(limit=limit, cursor=cursor))

    async def request_ride(self, body: RideRequest, *, idempotency_key: str = "") -> RiderRide:
        """Ask for the ride of a quote; the fare is held on the card or in the wallet, or is paid to the driver in
        cash. For: rider.
        """
        return cast("RiderRide", await self.call("POST", "/v1/rides", body=body, key=idempotency_key))

    async def list_scheduled_rides(self) -> ScheduledRides:
        """Return the caller's rides that wait for their time, the next one first. For: rider."""
        return cast("ScheduledRides", await self.call("GET", "/v1/rides/scheduled"))

    async def read_current_ride(self) -> RiderRide:
        """Return the caller's live ride. For: rider."""
        return cast("RiderRide", await self.call("GET", "/v1/rides/current"))

    async def read_ride(self, ride_id: str) -> RiderRide:
        """Return one of the caller's rides; with If-None-Match, 304 while it has not changed. For: rider."""
        return cast("RiderRide", await self.call("GET", f"/v1/rides/{path_part(ride_id)}"))

    async def read_ride_location(self, ride_id: str) -> RideLocation:
        """Return where the driver of the caller's ride is. For: rider."""
        return cast("RideLocation", await self.call("GET", f"/v1/rides/{path_part(ride_id)}/location"))

    async def read_receipt(self, ride_id: str) -> Receipt:
        """Return what the caller was charged for a ride. For: rider."""
        return cast("Receipt", await self.call("GET", f"/v1/rides/{path_part(ride_id)}/receipt"))

    async def preview_cancellation(self, ride_id: str, *, idempotency_key: str = "") -> CancellationPreview:
        """Tell what a cancel costs now, and the token that consents to it. For: rider."""
        return cast(
            "CancellationPreview",
            await self.call("POST", f"/v1/rides/{path_part(ride_id)}/cancellation-preview", key=idempotency_key),
        )

    async def cancel_ride(
        self, ride_id: str, body: Cancellation | None = None, *, idempotency_key: str = ""
    ) -> RiderRide:
        """End the caller's ride; a fee needs the token of its preview. With If-Match, only the version that it
        names. For: rider.
        """
        return cast(
            "RiderRide",
            await self.call("POST", f"/v1/rides/{path_part(ride_id)}/cancel", body=body, key=idempotency_key),
        )

    async def read_ride_timeline(self, ride_id: str) -> RideTimeline:
        """Tell all that happened to a ride, over all services in the order of time: moves, offers, money and
        messages. For: admin, operator, support.
        """
        return cast("RideTimeline", await self.call("GET", f"/v1/operator/rides/{path_part(ride_id)}/timeline"))

    async def quote_edit(self, ride_id: str, body: EditRequest | None = None, *, idempotency_key: str = "") -> RideEdit:
        """Tell what another way of the caller's ride costs; it is the ride's once it is accepted. For: rider."""
        return cast(
            "RideEdit", await self.call("POST", f"/v1/rides/{path_part(ride_id)}/edits", body=body, key=idempotency_key)
        )

    async def read_edit(self, ride_id: str, edit_id: str) -> RideEdit:
        """Return an edit of the caller's ride. For: rider."""
        return cast("RideEdit", await self.call("GET", f"/v1/rides/{path_part(ride_id)}/edits/{path_part(edit_id)}"))

    async def accept_edit(self, ride_id: str, edit_id: str, *, idempotency_key: str = "") -> RideEdit:
        """Have the caller's ride go the way of an edit, at its price; the answer's state tells whether it does.
        For: rider.
        """
        return cast(
            "RideEdit",
            await self.call(
                "POST", f"/v1/rides/{path_part(ride_id)}/edits/{path_part(edit_id)}/accept", key=idempotency_key
            ),
        )

    async def read_proposed_edit(self, ride_id: str, edit_id: str) -> RideEdit:
        """Return an edit of the ride that the caller drives. For: driver."""
        return cast(
            "RideEdit", await self.call("GET", f"/v1/driver/rides/{path_part(ride_id)}/edits/{path_part(edit_id)}")
        )

    async def answer_edit(self, ride_id: str, edit_id: str, body: EditAnswer, *, idempotency_key: str = "") -> RideEdit:
        """Agree to an edit that makes the trip much longer, or not: then it stays as it was. For: driver."""
        return cast(
            "RideEdit",
            await self.call(
                "POST",
                f"/v1/driver/rides/{path_part(ride_id)}/edits/{path_part(edit_id)}/answer",
                body=body,
                key=idempotency_key,
            ),
        )

    async def quote_edit_for_rider(
        self, ride_id: str, body: EditRequest | None = None, *, idempotency_key: str = ""
    ) -> RideEdit:
        """Tell what another way of a ride costs. For: admin, operator."""
        return cast(
            "RideEdit",
            await self.call("POST", f"/v1/operator/rides/{path_part(ride_id)}/edits", body=body, key=idempotency_key),
        )

    async def accept_edit_for_rider(self, ride_id: str, edit_id: str, *, idempotency_key: str = "") -> RideEdit:
        """Have a ride go the way of an edit, in the name of its rider. For: admin, operator."""
        return cast(
            "RideEdit",
            await self.call(
                "POST",
                f"/v1/operator/rides/{path_part(ride_id)}/edits/{path_part(edit_id)}/accept",
                key=idempotency_key,
            ),
        )

    async def list_nearby_drivers(self, *, latitude: float, longitude: float) -> NearbyDrivers:
        """Return about where free drivers are around a place: eight at most, nearest first. For: rider."""
        return cast(
            "NearbyDrivers",
            await self.call("GET", "/v1/nearby-drivers", query={"latitude": latitude, "longitude": longitude}),
        )

    async def make_share_link(self, ride_id: str, *, idempotency_key: str = "") -> ShareLink:
        """Make a link by which anybody may follow the caller's ride; one that was made before ends. For: rider."""
        return cast(
            "ShareLink", await self.call("POST", f"/v1/rides/{path_part(ride_id)}/share-link", key=idempotency_key)
        )

    async def revoke_share_link(self, ride_id: str, *, idempotency_key: str = "") -> None:
        """End the link of the caller's ride. For: rider."""
        await self.call("DELETE", f"/v1/rides/{path_part(ride_id)}/share-link", key=idempotency_key)

    async def send_share_link(self, ride_id: str, body: ShareTextsRequest, *, idempotency_key: str = "") -> ShareLink:
        """Make a link in place of the former one and send it to trusted contacts by SMS; five times a ride at most.
        For: rider.
        """
        return cast(
            "ShareLink",
            await self.call("POST", f"/v1/rides/{path_part(ride_id)}/share-link/texts", body=body, key=idempotency_key),
        )

    async def read_shared_ride(self, token: str) -> SharedRide:
        """Show a ride to who has its link: about where it is, and nothing of its rider."""
        return cast("SharedRide", await self.call("GET", f"/v1/shared-rides/{path_part(token)}", is_open=True))

    async def rate_driver(self, ride_id: str, body: RatingRequest, *, idempotency_key: str = "") -> Rating:
        """Rate the driver of a completed ride, once, within 30 days. For: rider."""
        return cast(
            "Rating", await self.call("POST", f"/v1/rides/{path_part(ride_id)}/rating", body=body, key=idempotency_key)
        )

    async def rate_rider(self, ride_id: str, body: RatingRequest, *, idempotency_key: str = "") -> Rating:
        """Rate the rider of a completed ride, once, within 30 days. For: driver."""
        return cast(
            "Rating",
            await self.call("POST", f"/v1/driver/rides/{path_part(ride_id)}/rating", body=body, key=idempotency_key),
        )

    async def read_own_rating(self) -> RatingSummary:
        """Return what others think of the caller, as a rider or as a driver. For: driver, rider."""
        return cast("RatingSummary", await self.call("GET", "/v1/me/rating"))

    async def read_rating_of_driver(self, driver_id: str) -> RatingSummary:
        """Return what riders think of a driver. For: admin, operator."""
        return cast("RatingSummary", await self.call("GET", f"/v1/operator/drivers/{path_part(driver_id)}/rating"))

    async def read_rating_of_rider(self, rider_id: str) -> RatingSummary:
        """Return what drivers think of a rider. For: admin, operator."""
        return cast("RatingSummary", await self.call("GET", f"/v1/operator/riders/{path_part(rider_id)}/rating"))

    async def list_complaints(self, ride_id: str) -> Complaints:
        """Return what the caller said was wrong with a ride, and what became of it. For: rider."""
        return cast("Complaints", await self.call("GET", f"/v1/rides/{path_part(ride_id)}/disputes"))

    async def raise_complaint(self, ride_id: str, body: ComplaintRequest, *, idempotency_key: str = "") -> Complaint:
        """Say what was wrong with the caller's ride, within 30 days; one at a time, five times at most. For: rider."""
        return cast(
            "Complaint",
            await self.call("POST", f"/v1/rides/{path_part(ride_id)}/disputes", body=body, key=idempotency_key),
        )

    async def search_complaints(
        self,
        *,
        limit: int | None = None,
        cursor: str | None = None,
        state: Literal["open", "refund_pending", "refunded", "rejected"] | None = None,
    ) -> OperatorComplaints:
        """Page through what riders complain of, newest first. For: admin, operator."""
        return cast(
            "OperatorComplaints",
            await self.call("GET", "/v1/operator/complaints", query={"limit": limit, "cursor": cursor, "state": state}),
        )

    def iterate_search_complaints(
        self,
        *,
        limit: int | None = None,
        state: Literal["open", "refund_pending", "refunded", "rejected"] | None = None,
    ) -> AsyncIterator[OperatorComplaint]:
        """Go through all pages of `search_complaints`; a page is read when it is needed."""
        return page_items(lambda cursor: self.search_complaints(limit=limit, state=state, cursor=cursor))

    async def read_complaint(self, complaint_id: str) -> OperatorComplaint:
        """Return a complaint. For: admin, operator."""
        return cast("OperatorComplaint", await self.call("GET", f"/v1/operator/complaints/{path_part(complaint_id)}"))

    async def refund_complaint(
        self, complaint_id: str, body: ComplaintRefund | None = None, *, idempotency_key: str = ""
    ) -> OperatorComplaint:
        """Give money back, of the ride's own payment; a refund that is refused opens the complaint again. For:
        admin, operator.
        """
        return cast(
            "OperatorComplaint",
            await self.call(
                "POST", f"/v1/operator/complaints/{path_part(complaint_id)}/refund", body=body, key=idempotency_key
            ),
        )

    async def reject_complaint(
        self, complaint_id: str, body: ComplaintRejection, *, idempotency_key: str = ""
    ) -> OperatorComplaint:
        """Give nothing back, and tell the rider why. For: admin, operator."""
        return cast(
            "OperatorComplaint",
            await self.call(
                "POST", f"/v1/operator/complaints/{path_part(complaint_id)}/reject", body=body, key=idempotency_key
            ),
        )

    async def list_payment_methods(self, *, limit: int | None = None, cursor: str | None = None) -> PaymentMethods:
        """Page through the caller's cards, newest first. For: rider."""
        return cast(
            "PaymentMethods", await self.call("GET", "/v1/payment-methods", query={"limit": limit, "cursor": cursor})
        )

    def iterate_payment_methods(self, *, limit: int | None = None) -> AsyncIterator[PaymentMethod]:
        """Go through all pages of `list_payment_methods`; a page is read when it is needed."""
        return page_items(lambda cursor: self.list_payment_methods(limit=limit, cursor=cursor))

    async def add_payment_method(self, body: PaymentMethodRequest, *, idempotency_key: str = "") -> PaymentMethod:
        """Keep a card that the PSP knows by a token. For: rider."""
        return cast("PaymentMethod", await self.call("POST", "/v1/payment-methods", body=body, key=idempotency_key))

    async def remove_payment_method(self, payment_method_id: str, *, idempotency_key: str = "") -> None:
        """Forget a card. For: rider."""
        await self.call("DELETE", f"/v1/payment-methods/{path_part(payment_method_id)}", key=idempotency_key)

    async def set_up_payment_method(
        self, body: PaymentMethodRequest, *, idempotency_key: str = ""
    ) -> PaymentMethodSetup:
        """Keep a card whose bank may ask for its holder; `action_required` says that it does. For: rider."""
        return cast(
            "PaymentMethodSetup", await self.call("POST", "/v1/payment-method-setups", body=body, key=idempotency_key)
        )

    async def finish_payment_method_setup(self, setup_id: str, *, idempotency_key: str = "") -> PaymentMethodSetup:
        """Look how a set-up stands after the card's holder acted; another look wants another key. For: rider."""
        return cast(
            "PaymentMethodSetup",
            await self.call("POST", f"/v1/payment-method-setups/{path_part(setup_id)}/finish", key=idempotency_key),
        )

    async def set_default_payment_method(self, payment_method_id: str, *, idempotency_key: str = "") -> PaymentMethod:
        """Choose the card that is taken where none is named. For: rider."""
        return cast(
            "PaymentMethod",
            await self.call("PUT", f"/v1/payment-methods/{path_part(payment_method_id)}/default", key=idempotency_key),
        )

    async def submit_driver_application(self, body: DriverApplication, *, idempotency_key: str = "") -> Driver:
        """Ask to drive with a vehicle. For: driver, rider."""
        return cast("Driver", await self.call("POST", "/v1/driver/application", body=body, key=idempotency_key))

    async def read_driver(self) -> Driver:
        """Return the caller's standing as a driver. For: driver."""
        return cast("Driver", await self.call("GET", "/v1/driver"))

    async def report_locations(self, body: LocationBatch, *, idempotency_key: str = "") -> LocationAnswer:
        """Take a batch of positions, oldest first. For: driver."""
        return cast("LocationAnswer", await self.call("POST", "/v1/driver/locations", body=body, key=idempotency_key))

    async def read_current_offer(self) -> Offer:
        """Return the caller's open offer. For: driver."""
        return cast("Offer", await self.call("GET", "/v1/driver/offers/current"))

    async def accept_offer(self, offer_id: str, *, idempotency_key: str = "") -> DriverRide:
        """Take the ride of an offer. For: driver."""
        return cast(
            "DriverRide",
            await self.call("POST", f"/v1/driver/offers/{path_part(offer_id)}/accept", key=idempotency_key),
        )

    async def decline_offer(self, offer_id: str, *, idempotency_key: str = "") -> Offer:
        """Refuse the ride of an offer; the caller is not asked for it again. For: driver."""
        return cast(
            "Offer", await self.call("POST", f"/v1/driver/offers/{path_part(offer_id)}/decline", key=idempotency_key)
        )

    async def arrive_at_pickup(self, ride_id: str, *, idempotency_key: str = "") -> DriverRide:
        """Tell that the caller waits at the pickup. For: driver."""
        return cast(
            "DriverRide", await self.call("POST", f"/v1/driver/rides/{path_part(ride_id)}/arrive", key=idempotency_key)
        )

    async def start_trip(self, ride_id: str, body: TripStart, *, idempotency_key: str = "") -> DriverRide:
        """Begin the trip with the PIN that the rider tells. For: driver."""
        return cast(
            "DriverRide",
            await self.call("POST", f"/v1/driver/rides/{path_part(ride_id)}/start", body=body, key=idempotency_key),
        )

    async def reach_stop(self, ride_id: str, stop_id: str, *, idempotency_key: str = "") -> DriverRide:
        """Tell that the caller waits at the next stop of the trip. For: driver."""
        return cast(
            "DriverRide",
            await self.call(
                "POST", f"/v1/driver/rides/{path_part(ride_id)}/stops/{path_part(stop_id)}/reach", key=idempotency_key
            ),
        )

    async def leave_stop(self, ride_id: str, stop_id: str, *, idempotency_key: str = "") -> DriverRide:
        """Tell that the trip goes on from a stop. For: driver."""
        return cast(
            "DriverRide",
            await self.call(
                "POST", f"/v1/driver/rides/{path_part(ride_id)}/stops/{path_part(stop_id)}/leave", key=idempotency_key
            ),
        )

    async def complete_trip(self, ride_id: str, *, idempotency_key: str = "") -> DriverRide:
        """End the trip; the fare is collected after it. For: driver."""
        return cast(
            "DriverRide",
            await self.call("POST", f"/v1/driver/rides/{path_part(ride_id)}/complete", key=idempotency_key),
        )

    async def cancel_assignment(
        self, ride_id: str, body: AssignmentCancellation | None = None, *, idempotency_key: str = ""
    ) -> DriverRide:
        """Give a ride back before the trip; another driver is looked for. For: driver."""
        return cast(
            "DriverRide",
            await self.call("POST", f"/v1/driver/rides/{path_part(ride_id)}/cancel", body=body, key=idempotency_key),
        )

    async def report_no_show(self, ride_id: str, *, idempotency_key: str = "") -> DriverRide:
        """End a ride whose rider did not come within the waiting time. For: driver."""
        return cast(
            "DriverRide", await self.call("POST", f"/v1/driver/rides/{path_part(ride_id)}/no-show", key=idempotency_key)
        )

    async def list_driver_rides(self, *, limit: int | None = None, cursor: str | None = None) -> DriverRides:
        """Page through the caller's rides, newest first. For: driver."""
        return cast("DriverRides", await self.call("GET", "/v1/driver/rides", query={"limit": limit, "cursor": cursor}))

    def iterate_driver_rides(self, *, limit: int | None = None) -> AsyncIterator[DriverRide]:
        """Go through all pages of `list_driver_rides`; a page is read when it is needed."""
        return page_items(lambda cursor: self.list_driver_rides(limit=limit, cursor=cursor))

    async def read_current_driver_ride(self) -> DriverRide:
        """Return the caller's live ride. For: driver."""
        return cast("DriverRide", await self.call("GET", "/v1/driver/rides/current"))

    async def read_driver_ride(self, ride_id: str) -> DriverRide:
        """Return a ride that the caller drives or drove; with If-None-Match, 304 while it has not changed. For:
        driver.
        """
        return cast("DriverRide", await self.call("GET", f"/v1/driver/rides/{path_part(ride_id)}"))

    async def read_plan(self) -> Plan:
        """Return the stops that are left of the caller's ride, or of the rides that share the vehicle, in their
        order. For: driver.
        """
        return cast("Plan", await self.call("GET", "/v1/driver/plan"))

    async def read_earnings(self) -> Earnings:
        """Return what is owed to the caller, with the latest changes. For: driver."""
        return cast("Earnings", await self.call("GET", "/v1/driver/earnings"))

    async def change_availability(self, body: Availability, *, idempotency_key: str = "") -> AvailabilityAnswer:
        """Go online, or offline after the ride under way. To say what is so already changes nothing. For: driver."""
        return cast(
            "AvailabilityAnswer", await self.call("PUT", "/v1/driver/availability", body=body, key=idempotency_key)
        )

    async def read_shift(self) -> Shift:
        """Return the caller's open shift. For: driver."""
        return cast("Shift", await self.call("GET", "/v1/driver/shift"))

    async def take_break(self, body: Break | None = None, *, idempotency_key: str = "") -> Shift:
        """Pause: no offers until the end of the break. Who is not back in time is taken offline. For: driver."""
        return cast("Shift", await self.call("POST", "/v1/driver/shift/break", body=body, key=idempotency_key))

    async def end_break(self, *, idempotency_key: str = "") -> Shift:
        """Take offers again. For: driver."""
        return cast("Shift", await self.call("POST", "/v1/driver/shift/break/end", key=idempotency_key))

    async def set_last_ride(self, body: LastRide, *, idempotency_key: str = "") -> Shift:
        """Make the ride under way, or else the next one, the last of the shift; or take that back. For: driver."""
        return cast("Shift", await self.call("PUT", "/v1/driver/shift/last-ride", body=body, key=idempotency_key))

    async def set_heading(self, body: Heading, *, idempotency_key: str = "") -> Shift:
        """Take only rides on the way to a place, twice in 24 hours at most; or all rides again. For: driver."""
        return cast("Shift", await self.call("PUT", "/v1/driver/shift/heading", body=body, key=idempotency_key))

    async def collect_order(
        self, ride_id: str, body: OrderCollection | None = None, *, idempotency_key: str = ""
    ) -> DriverRide:
        """Take a delivery along from the shop. For: driver."""
        return cast(
            "DriverRide",
            await self.call("POST", f"/v1/driver/rides/{path_part(ride_id)}/collect", body=body, key=idempotency_key),
        )

    async def hand_over_order(self, ride_id: str, body: HandOver, *, idempotency_key: str = "") -> DriverRide:
        """Complete a delivery with the proof that the order asks for; the fare is collected after it. For: driver."""
        return cast(
            "DriverRide",
            await self.call("POST", f"/v1/driver/rides/{path_part(ride_id)}/hand-over", body=body, key=idempotency_key),
        )

    async def fail_delivery(self, ride_id: str, body: FailedDelivery, *, idempotency_key: str = "") -> DriverRide:
        """Tell that a delivery could not be handed over and goes back to the shop. For: driver."""
        return cast(
            "DriverRide",
            await self.call(
                "POST", f"/v1/driver/rides/{path_part(ride_id)}/fail-delivery", body=body, key=idempotency_key
            ),
        )

    async def return_order(self, ride_id: str, body: OrderReturn, *, idempotency_key: str = "") -> DriverRide:
        """Tell that the shop has the goods again; fare and return fee are collected after it. For: driver."""
        return cast(
            "DriverRide",
            await self.call("POST", f"/v1/driver/rides/{path_part(ride_id)}/return", body=body, key=idempotency_key),
        )

    async def search_rides(
        self,
        *,
        limit: int | None = None,
        cursor: str | None = None,
        state: Sequence[
            Literal[
                "requested",
                "payment_failed",
                "matching",
                "offered",
                "driver_en_route",
                "arrived",
                "in_progress",
                "completed",
                "no_driver_available",
                "canceled_by_rider",
                "canceled_by_platform",
                "no_show",
                "scheduled",
                "returning",
                "returned",
            ]
        ]
        | None = None,
    ) -> OperatorRides:
        """Page through all rides, newest first. For: admin, operator."""
        return cast(
            "OperatorRides",
            await self.call("GET", "/v1/operator/rides", query={"limit": limit, "cursor": cursor, "state": state}),
        )

    def iterate_search_rides(
        self,
        *,
        limit: int | None = None,
        state: Sequence[
            Literal[
                "requested",
                "payment_failed",
                "matching",
                "offered",
                "driver_en_route",
                "arrived",
                "in_progress",
                "completed",
                "no_driver_available",
                "canceled_by_rider",
                "canceled_by_platform",
                "no_show",
                "scheduled",
                "returning",
                "returned",
            ]
        ]
        | None = None,
    ) -> AsyncIterator[OperatorRide]:
        """Go through all pages of `search_rides`; a page is read when it is needed."""
        return page_items(lambda cursor: self.search_rides(limit=limit, state=state, cursor=cursor))

    async def summarize_rides(self, *, since: str) -> RideSummary:
        """Count the rides asked for since a time, with the waits. For: admin, operator."""
        return cast("RideSummary", await self.call("GET", "/v1/operator/rides/summary", query={"since": since}))

    async def read_any_ride(self, ride_id: str) -> OperatorRide:
        """Return a ride; with If-None-Match, 304 while it has not changed. For: admin, operator."""
        return cast("OperatorRide", await self.call("GET", f"/v1/operator/rides/{path_part(ride_id)}"))

    async def read_ride_history(self, ride_id: str) -> RideHistory:
        """Return all moves of state and all offers of a ride. For: admin, operator."""
        return cast("RideHistory", await self.call("GET", f"/v1/operator/rides/{path_part(ride_id)}/history"))

    async def force_cancel_ride(
        self, ride_id: str, body: ForcedCancellation, *, idempotency_key: str = ""
    ) -> OperatorRide:
        """End a live ride for the platform; nothing is charged. For: admin, operator."""
        return cast(
            "OperatorRide",
            await self.call("POST", f"/v1/operator/rides/{path_part(ride_id)}/cancel", body=body, key=idempotency_key),
        )

    async def list_journal_entries(
        self, ride_id: str, *, limit: int | None = None, cursor: str | None = None
    ) -> Journal:
        """Page through the ledger's entries of a ride, oldest first. For: admin, operator."""
        return cast(
            "Journal",
            await self.call(
                "GET", f"/v1/operator/rides/{path_part(ride_id)}/journal", query={"limit": limit, "cursor": cursor}
            ),
        )

    def iterate_journal_entries(self, ride_id: str, *, limit: int | None = None) -> AsyncIterator[JournalEntry]:
        """Go through all pages of `list_journal_entries`; a page is read when it is needed."""
        return page_items(lambda cursor: self.list_journal_entries(ride_id, limit=limit, cursor=cursor))

    async def list_drivers(
        self,
        *,
        limit: int | None = None,
        cursor: str | None = None,
        status: Literal["pending", "approved", "rejected", "suspended"] | None = None,
    ) -> Drivers:
        """Page through drivers, newest first. For: admin, operator, support."""
        return cast(
            "Drivers",
            await self.call("GET", "/v1/operator/drivers", query={"limit": limit, "cursor": cursor, "status": status}),
        )

    def iterate_drivers(
        self, *, limit: int | None = None, status: Literal["pending", "approved", "rejected", "suspended"] | None = None
    ) -> AsyncIterator[Driver]:
        """Go through all pages of `list_drivers`; a page is read when it is needed."""
        return page_items(lambda cursor: self.list_drivers(limit=limit, status=status, cursor=cursor))

    async def set_driver_status(self, driver_id: str, body: DriverStatusChange, *, idempotency_key: str = "") -> Driver:
        """Approve, reject, suspend or restore a driver. For: admin, operator."""
        return cast(
            "Driver",
            await self.call(
                "PUT", f"/v1/operator/drivers/{path_part(driver_id)}/status", body=body, key=idempotency_key
            ),
        )

    async def explain_dispatch(self, ride_id: str) -> DispatchExplanation:
        """Tell why a ride got its driver, or none: each tick with the drivers around it. Kept for three days. For:
        admin, operator.
        """
        return cast("DispatchExplanation", await self.call("GET", f"/v1/operator/rides/{path_part(ride_id)}/dispatch"))

    async def list_shifts(
        self, *, limit: int | None = None, cursor: str | None = None, only: Literal["silent", "on_break"] | None = None
    ) -> OperatorShifts:
        """Page through open shifts, newest first: who is on a break, whose device is silent, and on which ride.
        For: admin, operator.
        """
        return cast(
            "OperatorShifts",
            await self.call("GET", "/v1/operator/shifts", query={"limit": limit, "cursor": cursor, "only": only}),
        )

    def iterate_shifts(
        self, *, limit: int | None = None, only: Literal["silent", "on_break"] | None = None
    ) -> AsyncIterator[OperatorShift]:
        """Go through all pages of `list_shifts`; a page is read when it is needed."""
        return page_items(lambda cursor: self.list_shifts(limit=limit, only=only, cursor=cursor))

    async def read_trial_balance(self) -> TrialBalance:
        """Sum the ledger by currency and account kind. For: admin, operator."""
        return cast("TrialBalance", await self.call("GET", "/v1/operator/ledger/trial-balance"))

    async def summarize_deliveries(self, *, since: str) -> DeliverySummary:
        """Count what was owed since a time and what became of it. For: admin, operator."""
        return cast(
            "DeliverySummary", await self.call("GET", "/v1/operator/notifications/summary", query={"since": since})
        )

    async def list_dead_letters(
        self, service: Literal["matching", "notification"], *, limit: int | None = None, cursor: str | None = None
    ) -> DeadLetters:
        """Page through the events that a service could not take in, oldest first. For: admin, operator."""
        return cast(
            "DeadLetters",
            await self.call(
                "GET", f"/v1/operator/dead-letters/{path_part(service)}", query={"limit": limit, "cursor": cursor}
            ),
        )

    def iterate_dead_letters(
        self, service: Literal["matching", "notification"], *, limit: int | None = None
    ) -> AsyncIterator[DeadLetter]:
        """Go through all pages of `list_dead_letters`; a page is read when it is needed."""
        return page_items(lambda cursor: self.list_dead_letters(service, limit=limit, cursor=cursor))

    async def replay_dead_letter(
        self, service: Literal["matching", "notification"], event_id: str, *, idempotency_key: str = ""
    ) -> None:
        """Hand a parked event to its consumer again; it is removed when that succeeds. For: admin, operator."""
        await self.call(
            "POST", f"/v1/operator/dead-letters/{path_part(service)}/{path_part(event_id)}/replay", key=idempotency_key
        )

    async def list_timeline(self, *, limit: int | None = None, cursor: str | None = None, account_id: str) -> Timeline:
        """Page through all that a person was owed: how it was sent, what came back, why it was dropped. For: admin,
        operator.
        """
        return cast(
            "Timeline",
            await self.call(
                "GET",
                "/v1/operator/notifications/timeline",
                query={"limit": limit, "cursor": cursor, "account_id": account_id},
            ),
        )

    def iterate_timeline(self, *, limit: int | None = None, account_id: str) -> AsyncIterator[TimelineEntry]:
        """Go through all pages of `list_timeline`; a page is read when it is needed."""
        return page_items(lambda cursor: self.list_timeline(limit=limit, account_id=account_id, cursor=cursor))

    async def list_failed_deliveries(self, *, limit: int | None = None, cursor: str | None = None) -> FailedDeliveries:
        """Page through deliveries that were given up, the latest first. For: admin, operator."""
        return cast(
            "FailedDeliveries",
            await self.call(
                "GET", "/v1/operator/notifications/failed-deliveries", query={"limit": limit, "cursor": cursor}
            ),
        )

    def iterate_failed_deliveries(self, *, limit: int | None = None) -> AsyncIterator[GivenUpDelivery]:
        """Go through all pages of `list_failed_deliveries`; a page is read when it is needed."""
        return page_items(lambda cursor: self.list_failed_deliveries(limit=limit, cursor=cursor))

    async def replay_delivery(self, delivery_id: str, *, idempotency_key: str = "") -> MessageDelivery:
        """Try a failed delivery again from the beginning. For: admin, operator."""
        return cast(
            "MessageDelivery",
            await self.call(
                "POST", f"/v1/operator/notifications/deliveries/{path_part(delivery_id)}/replay", key=idempotency_key
            ),
        )

    async def list_providers(self) -> Providers:
        """Return how the providers of messages stood at their last change. For: admin, operator."""
        return cast("Providers", await self.call("GET", "/v1/operator/notifications/providers"))

    async def list_suppressions(
        self, *, limit: int | None = None, cursor: str | None = None, account_id: str | None = None
    ) -> Suppressions:
        """Page through numbers and mailboxes that are not written to any more, the latest first. For: admin,
        operator.
        """
        return cast(
            "Suppressions",
            await self.call(
                "GET",
                "/v1/operator/notifications/suppressions",
                query={"limit": limit, "cursor": cursor, "account_id": account_id},
            ),
        )

    def iterate_suppressions(
        self, *, limit: int | None = None, account_id: str | None = None
    ) -> AsyncIterator[Suppression]:
        """Go through all pages of `list_suppressions`; a page is read when it is needed."""
        return page_items(lambda cursor: self.list_suppressions(limit=limit, account_id=account_id, cursor=cursor))

    async def lift_suppression(self, body: SuppressionLift, *, idempotency_key: str = "") -> LiftedSuppression:
        """Write to a person's number or mailbox again, from the next message on. For: admin, operator."""
        return cast(
            "LiftedSuppression",
            await self.call("POST", "/v1/operator/notifications/suppressions/lift", body=body, key=idempotency_key),
        )

    async def list_lifted_suppressions(
        self, *, limit: int | None = None, cursor: str | None = None, account_id: str | None = None
    ) -> LiftedSuppressions:
        """Page through what operators lifted, and why, the latest first. For: admin, operator."""
        return cast(
            "LiftedSuppressions",
            await self.call(
                "GET",
                "/v1/operator/notifications/lifted-suppressions",
                query={"limit": limit, "cursor": cursor, "account_id": account_id},
            ),
        )

    def iterate_lifted_suppressions(
        self, *, limit: int | None = None, account_id: str | None = None
    ) -> AsyncIterator[LiftedSuppression]:
        """Go through all pages of `list_lifted_suppressions`; a page is read when it is needed."""
        return page_items(
            lambda cursor: self.list_lifted_suppressions(limit=limit, account_id=account_id, cursor=cursor)
        )

    async def read_fleet(
        self,
        *,
        south: float,
        west: float,
        north: float,
        east: float,
        vehicle_limit: int | None = None,
        ride_limit: int | None = None,
    ) -> Fleet:
        """Return the vehicles on shift, the live rides and the open offers in a box on the map. For: admin,
        operator.
        """
        return cast(
            "Fleet",
            await self.call(
                "GET",
                "/v1/operator/fleet",
                query={
                    "south": south,
                    "west": west,
                    "north": north,
                    "east": east,
                    "vehicle_limit": vehicle_limit,
                    "ride_limit": ride_limit,
                },
            ),
        )

    async def read_pulse(self, *, since: str, step_seconds: int | None = None) -> Pulse:
        """Count drivers, rides and offers as they stand, and what rides came to since a time, step by step. For:
        admin, operator.
        """
        return cast(
            "Pulse", await self.call("GET", "/v1/operator/pulse", query={"since": since, "step_seconds": step_seconds})
        )

    async def list_trip_alerts(self, *, limit: int | None = None, cursor: str | None = None) -> TripAlerts:
        """Page through trips that left their way or stood still, as their riders were asked, newest first. For:
        admin, operator.
        """
        return cast(
            "TripAlerts", await self.call("GET", "/v1/operator/trip-alerts", query={"limit": limit, "cursor": cursor})
        )

    def iterate_trip_alerts(self, *, limit: int | None = None) -> AsyncIterator[TripAlert]:
        """Go through all pages of `list_trip_alerts`; a page is read when it is needed."""
        return page_items(lambda cursor: self.list_trip_alerts(limit=limit, cursor=cursor))

    async def register_guest(self, body: GuestRegistration, *, idempotency_key: str = "") -> Guest:
        """Return the account of somebody who calls, made now where the number has none. For: admin, operator."""
        return cast("Guest", await self.call("POST", "/v1/operator/guests", body=body, key=idempotency_key))

    async def create_quotes_for_guest(self, body: GuestQuoteRequest, *, idempotency_key: str = "") -> Quotes:
        """Promise somebody who calls a price for each product, until it expires. For: admin, operator."""
        return cast("Quotes", await self.call("POST", "/v1/operator/quotes", body=body, key=idempotency_key))

    async def book_ride(self, body: Booking, *, idempotency_key: str = "") -> OperatorRide:
        """Ask for the ride of a quote for somebody who calls; it is paid to the driver in cash. For: admin,
        operator.
        """
        return cast("OperatorRide", await self.call("POST", "/v1/operator/bookings", body=body, key=idempotency_key))

    async def reassign_ride(self, ride_id: str, body: Reassignment, *, idempotency_key: str = "") -> OperatorRide:
        """Take a ride from its driver before the trip, and look for another at the same fare. For: admin, operator."""
        return cast(
            "OperatorRide",
            await self.call(
                "POST", f"/v1/operator/rides/{path_part(ride_id)}/reassign", body=body, key=idempotency_key
            ),
        )

    async def list_webhook_endpoints(self) -> WebhookEndpoints:
        """Return where webhooks are posted. For: admin, operator."""
        return cast("WebhookEndpoints", await self.call("GET", "/v1/operator/webhook-endpoints"))

    async def create_webhook_endpoint(
        self, body: NewWebhookEndpoint, *, idempotency_key: str = ""
    ) -> NewWebhookEndpointAnswer:
        """Name an endpoint and get its secret, this once; twenty at most (`too_many_endpoints`). For: admin,
        operator.
        """
        return cast(
            "NewWebhookEndpointAnswer",
            await self.call("POST", "/v1/operator/webhook-endpoints", body=body, key=idempotency_key),
        )

    async def delete_webhook_endpoint(self, endpoint_id: str, *, idempotency_key: str = "") -> None:
        """Post to an endpoint no more, and forget what it was owed. For: admin, operator."""
        await self.call("DELETE", f"/v1/operator/webhook-endpoints/{path_part(endpoint_id)}", key=idempotency_key)

    async def list_webhooks(self, endpoint_id: str, *, limit: int | None = None, cursor: str | None = None) -> Webhooks:
        """Page through what an endpoint was owed in thirty days, newest first. For: admin, operator."""
        return cast(
            "Webhooks",
            await self.call(
                "GET",
                f"/v1/operator/webhook-endpoints/{path_part(endpoint_id)}/webhooks",
                query={"limit": limit, "cursor": cursor},
            ),
        )

    def iterate_webhooks(self, endpoint_id: str, *, limit: int | None = None) -> AsyncIterator[Webhook]:
        """Go through all pages of `list_webhooks`; a page is read when it is needed."""
        return page_items(lambda cursor: self.list_webhooks(endpoint_id, limit=limit, cursor=cursor))

    async def replay_failed_webhooks(
        self, endpoint_id: str, body: ReplayRequest, *, idempotency_key: str = ""
    ) -> Replayed:
        """Post all again that an endpoint did not take since a time; one that said it was gone is taken up again.
        For: admin, operator.
        """
        return cast(
            "Replayed",
            await self.call(
                "POST",
                f"/v1/operator/webhook-endpoints/{path_part(endpoint_id)}/replay",
                body=body,
                key=idempotency_key,
            ),
        )

    async def replay_webhook(self, webhook_id: str, *, idempotency_key: str = "") -> Webhook:
        """Post one again from the beginning, also one that was taken. For: admin, operator."""
        return cast(
            "Webhook",
            await self.call("POST", f"/v1/operator/webhooks/{path_part(webhook_id)}/replay", key=idempotency_key),
        )

    async def list_campaigns(self, *, limit: int | None = None, cursor: str | None = None) -> Campaigns:
        """Page through the campaigns, newest first. For: admin, operator."""
        return cast(
            "Campaigns", await self.call("GET", "/v1/operator/campaigns", query={"limit": limit, "cursor": cursor})
        )

    def iterate_campaigns(self, *, limit: int | None = None) -> AsyncIterator[Campaign]:
        """Go through all pages of `list_campaigns`; a page is read when it is needed."""
        return page_items(lambda cursor: self.list_campaigns(limit=limit, cursor=cursor))

    async def create_campaign(self, body: CampaignRequest, *, idempotency_key: str = "") -> Campaign:
        """Tell news to riders or drivers: at most one a person and day, in no quiet hours, as people wish. For:
        admin, operator.
        """
        return cast("Campaign", await self.call("POST", "/v1/operator/campaigns", body=body, key=idempotency_key))

    async def stop_campaign(self, campaign_id: str, *, idempotency_key: str = "") -> Campaign:
        """Tell nobody else. For: admin, operator."""
        return cast(
            "Campaign",
            await self.call("POST", f"/v1/operator/campaigns/{path_part(campaign_id)}/stop", key=idempotency_key),
        )

    async def read_wallet(self) -> Wallet:
        """Return what the caller has here and owes, by currency. For: rider."""
        return cast("Wallet", await self.call("GET", "/v1/wallet"))

    async def list_wallet_entries(self, *, limit: int | None = None, cursor: str | None = None) -> WalletEntries:
        """Page through what came into the caller's wallet and credit and went out of them, newest first. For:
        rider.
        """
        return cast(
            "WalletEntries", await self.call("GET", "/v1/wallet/entries", query={"limit": limit, "cursor": cursor})
        )

    def iterate_wallet_entries(self, *, limit: int | None = None) -> AsyncIterator[WalletEntry]:
        """Go through all pages of `list_wallet_entries`; a page is read when it is needed."""
        return page_items(lambda cursor: self.list_wallet_entries(limit=limit, cursor=cursor))

    async def top_up_wallet(self, body: TopUpRequest, *, idempotency_key: str = "") -> Payment:
        """Charge a card at once and put the money into the wallet; a decline is an answer with the status
        `declined`. For: rider.
        """
        return cast("Payment", await self.call("POST", "/v1/wallet/top-ups", body=body, key=idempotency_key))

    async def list_withdrawals(self, *, limit: int | None = None, cursor: str | None = None) -> Withdrawals:
        """Page through the caller's withdrawals, newest first. For: rider."""
        return cast(
            "Withdrawals", await self.call("GET", "/v1/wallet/withdrawals", query={"limit": limit, "cursor": cursor})
        )

    def iterate_withdrawals(self, *, limit: int | None = None) -> AsyncIterator[Withdrawal]:
        """Go through all pages of `list_withdrawals`; a page is read when it is needed."""
        return page_items(lambda cursor: self.list_withdrawals(limit=limit, cursor=cursor))

    async def withdraw_from_wallet(self, body: WithdrawalRequest, *, idempotency_key: str = "") -> Withdrawal:
        """Send money of the wallet back to the cards it came from, the newest top-up first. For: rider."""
        return cast("Withdrawal", await self.call("POST", "/v1/wallet/withdrawals", body=body, key=idempotency_key))

    async def read_wallet_statement(
        self,
        *,
        limit: int | None = None,
        cursor: str | None = None,
        currency_code: str,
        start_at: str | None = None,
        end_at: str | None = None,
        account_kind: Literal["rider_wallet", "rider_credit", "rider_receivable"],
    ) -> Statement:
        """Return what moved on one of the caller's accounts in a period, oldest first, with the balances at its
        ends. For: rider.
        """
        return cast(
            "Statement",
            await self.call(
                "GET",
                "/v1/wallet/statement",
                query={
                    "limit": limit,
                    "cursor": cursor,
                    "currency_code": currency_code,
                    "start_at": start_at,
                    "end_at": end_at,
                    "account_kind": account_kind,
                },
            ),
        )

    def iterate_read_wallet_statement(
        self,
        *,
        limit: int | None = None,
        currency_code: str,
        start_at: str | None = None,
        end_at: str | None = None,
        account_kind: Literal["rider_wallet", "rider_credit", "rider_receivable"],
    ) -> AsyncIterator[StatementEntry]:
        """Go through all pages of `read_wallet_statement`; a page is read when it is needed."""
        return page_items(
            lambda cursor: self.read_wallet_statement(
                limit=limit,
                currency_code=currency_code,
                start_at=start_at,
                end_at=end_at,
                account_kind=account_kind,
                cursor=cursor,
            )
        )

    async def read_arrears(self) -> Arrears:
        """Return what the caller owes, and whether it stops them from riding. For: rider."""
        return cast("Arrears", await self.call("GET", "/v1/arrears"))

    async def pay_arrears(self, body: ChosenCardRequest, *, idempotency_key: str = "") -> Payment:
        """Charge a card at once with all that the caller owes in a currency; a decline is an answer. For: rider."""
        return cast("Payment", await self.call("POST", "/v1/arrears/payments", body=body, key=idempotency_key))

    async def list_payments(self, *, limit: int | None = None, cursor: str | None = None) -> Payments:
        """Page through the caller's payments, newest first. For: rider."""
        return cast("Payments", await self.call("GET", "/v1/payments", query={"limit": limit, "cursor": cursor}))

    def iterate_payments(self, *, limit: int | None = None) -> AsyncIterator[Payment]:
        """Go through all pages of `list_payments`; a page is read when it is needed."""
        return page_items(lambda cursor: self.list_payments(limit=limit, cursor=cursor))

    async def read_ride_payment(self, ride_id: str) -> Payment:
        """Return where the payment of the caller's ride stands; with If-None-Match, 304 while it has not changed.
        For: rider.
        """
        return cast("Payment", await self.call("GET", f"/v1/rides/{path_part(ride_id)}/payment"))

    async def read_ride_account(self, ride_id: str) -> RideAccount:
        """Return all that the caller paid for a ride and got back, tips and refunds included. For: rider."""
        return cast("RideAccount", await self.call("GET", f"/v1/rides/{path_part(ride_id)}/account"))

    async def add_tip(self, ride_id: str, body: TipRequest, *, idempotency_key: str = "") -> Payment:
        """Tip the driver of a ride, once, from what paid it; a decline is an answer, and another try may follow.
        For: rider.
        """
        return cast(
            "Payment", await self.call("POST", f"/v1/rides/{path_part(ride_id)}/tips", body=body, key=idempotency_key)
        )

    async def list_ride_refunds(self, ride_id: str, *, limit: int | None = None, cursor: str | None = None) -> Refunds:
        """Page through what came back to the caller for a ride, newest first. For: rider."""
        return cast(
            "Refunds",
            await self.call("GET", f"/v1/rides/{path_part(ride_id)}/refunds", query={"limit": limit, "cursor": cursor}),
        )

    def iterate_ride_refunds(self, ride_id: str, *, limit: int | None = None) -> AsyncIterator[Refund]:
        """Go through all pages of `list_ride_refunds`; a page is read when it is needed."""
        return page_items(lambda cursor: self.list_ride_refunds(ride_id, limit=limit, cursor=cursor))

    async def read_refund(self, refund_id: str) -> Refund:
        """Return a refund of the caller's; with If-None-Match, 304 while it has not changed. For: rider."""
        return cast("Refund", await self.call("GET", f"/v1/refunds/{path_part(refund_id)}"))

    async def redeem_promotion(self, body: RedeemRequest, *, idempotency_key: str = "") -> RedeemedPromotion:
        """Put a promotion on the caller's account by its code; quotes contain it from then on. For: rider."""
        return cast(
            "RedeemedPromotion", await self.call("POST", "/v1/promotions/redeem", body=body, key=idempotency_key)
        )

    async def list_own_promotions(self) -> RedeemedPromotions:
        """Return the promotions on the caller's account, also those that are over. For: rider."""
        return cast("RedeemedPromotions", await self.call("GET", "/v1/promotions"))

    async def list_promotions(self, *, limit: int | None = None, cursor: str | None = None) -> Promotions:
        """Page through the promotions, newest first. For: admin, operator."""
        return cast(
            "Promotions", await self.call("GET", "/v1/operator/promotions", query={"limit": limit, "cursor": cursor})
        )

    def iterate_promotions(self, *, limit: int | None = None) -> AsyncIterator[Promotion]:
        """Go through all pages of `list_promotions`; a page is read when it is needed."""
        return page_items(lambda cursor: self.list_promotions(limit=limit, cursor=cursor))

    async def create_promotion(self, body: PromotionRequest, *, idempotency_key: str = "") -> Promotion:
        """Make a promotion; its terms never change afterwards. For: admin, operator."""
        return cast("Promotion", await self.call("POST", "/v1/operator/promotions", body=body, key=idempotency_key))

    async def read_promotion(self, promotion_id: str) -> Promotion:
        """Return a promotion, how often it was redeemed and used, and what it took off. For: admin, operator."""
        return cast("Promotion", await self.call("GET", f"/v1/operator/promotions/{path_part(promotion_id)}"))

    async def end_promotion(
        self, promotion_id: str, body: PromotionEnd | None = None, *, idempotency_key: str = ""
    ) -> Promotion:
        """End a promotion: nobody redeems it or is quoted by it any more; quotes and rides that have it keep it.
        For: admin, operator.
        """
        return cast(
            "Promotion",
            await self.call(
                "POST", f"/v1/operator/promotions/{path_part(promotion_id)}/end", body=body, key=idempotency_key
            ),
        )

    async def read_wallet_of_rider(self, rider_id: str) -> Wallet:
        """Return what a rider has here and owes, by currency. For: admin, operator."""
        return cast("Wallet", await self.call("GET", f"/v1/operator/riders/{path_part(rider_id)}/wallet"))

    async def list_wallet_entries_of_rider(
        self, rider_id: str, *, limit: int | None = None, cursor: str | None = None
    ) -> WalletEntries:
        """Page through what came into a rider's wallet and credit and went out of them, newest first. For: admin,
        operator.
        """
        return cast(
            "WalletEntries",
            await self.call(
                "GET",
                f"/v1/operator/riders/{path_part(rider_id)}/wallet/entries",
                query={"limit": limit, "cursor": cursor},
            ),
        )

    def iterate_wallet_entries_of_rider(self, rider_id: str, *, limit: int | None = None) -> AsyncIterator[WalletEntry]:
        """Go through all pages of `list_wallet_entries_of_rider`; a page is read when it is needed."""
        return page_items(lambda cursor: self.list_wallet_entries_of_rider(rider_id, limit=limit, cursor=cursor))

    async def list_withdrawals_of_rider(
        self, rider_id: str, *, limit: int | None = None, cursor: str | None = None
    ) -> Withdrawals:
        """Page through a rider's withdrawals, newest first. For: admin, operator."""
        return cast(
            "Withdrawals",
            await self.call(
                "GET",
                f"/v1/operator/riders/{path_part(rider_id)}/withdrawals",
                query={"limit": limit, "cursor": cursor},
            ),
        )

    def iterate_withdrawals_of_rider(self, rider_id: str, *, limit: int | None = None) -> AsyncIterator[Withdrawal]:
        """Go through all pages of `list_withdrawals_of_rider`; a page is read when it is needed."""
        return page_items(lambda cursor: self.list_withdrawals_of_rider(rider_id, limit=limit, cursor=cursor))

    async def read_arrears_of_rider(self, rider_id: str) -> Arrears:
        """Return what a rider owes, and whether it stops them from riding. For: admin, operator."""
        return cast("Arrears", await self.call("GET", f"/v1/operator/riders/{path_part(rider_id)}/arrears"))

    async def grant_credit(
        self, rider_id: str, body: RiderAdjustmentRequest, *, idempotency_key: str = ""
    ) -> RiderAdjustment:
        """Give a rider credit at the platform's expense; rides use it before anything else. For: admin, operator."""
        return cast(
            "RiderAdjustment",
            await self.call(
                "POST", f"/v1/operator/riders/{path_part(rider_id)}/credits", body=body, key=idempotency_key
            ),
        )

    async def revoke_credit(
        self, rider_id: str, body: RiderAdjustmentRequest, *, idempotency_key: str = ""
    ) -> RiderAdjustment:
        """Take granted credit back, as far as it is neither used nor held by a ride. For: admin, operator."""
        return cast(
            "RiderAdjustment",
            await self.call(
                "POST", f"/v1/operator/riders/{path_part(rider_id)}/credits/revoke", body=body, key=idempotency_key
            ),
        )

    async def write_off_arrears(
        self, rider_id: str, body: RiderAdjustmentRequest, *, idempotency_key: str = ""
    ) -> RiderAdjustment:
        """Give up a part of what a rider owes, as a bad debt. For: admin, operator."""
        return cast(
            "RiderAdjustment",
            await self.call(
                "POST", f"/v1/operator/riders/{path_part(rider_id)}/arrears/write-offs", body=body, key=idempotency_key
            ),
        )

    async def list_credit_grants(
        self, *, limit: int | None = None, cursor: str | None = None, rider_id: str | None = None
    ) -> RiderAdjustments:
        """Page through granted and revoked credit, newest first. For: admin, operator."""
        return cast(
            "RiderAdjustments",
            await self.call(
                "GET", "/v1/operator/credits", query={"limit": limit, "cursor": cursor, "rider_id": rider_id}
            ),
        )

    def iterate_credit_grants(
        self, *, limit: int | None = None, rider_id: str | None = None
    ) -> AsyncIterator[RiderAdjustment]:
        """Go through all pages of `list_credit_grants`; a page is read when it is needed."""
        return page_items(lambda cursor: self.list_credit_grants(limit=limit, rider_id=rider_id, cursor=cursor))

    async def list_write_offs(
        self, *, limit: int | None = None, cursor: str | None = None, rider_id: str | None = None
    ) -> RiderAdjustments:
        """Page through debts that were given up, newest first. For: admin, operator."""
        return cast(
            "RiderAdjustments",
            await self.call(
                "GET", "/v1/operator/write-offs", query={"limit": limit, "cursor": cursor, "rider_id": rider_id}
            ),
        )

    def iterate_write_offs(
        self, *, limit: int | None = None, rider_id: str | None = None
    ) -> AsyncIterator[RiderAdjustment]:
        """Go through all pages of `list_write_offs`; a page is read when it is needed."""
        return page_items(lambda cursor: self.list_write_offs(limit=limit, rider_id=rider_id, cursor=cursor))

    async def search_payments(
        self, *, limit: int | None = None, cursor: str | None = None, rider_id: str | None = None
    ) -> Payments:
        """Page through payments, newest first. For: admin, operator."""
        return cast(
            "Payments",
            await self.call(
                "GET", "/v1/operator/payments", query={"limit": limit, "cursor": cursor, "rider_id": rider_id}
            ),
        )

    def iterate_search_payments(
        self, *, limit: int | None = None, rider_id: str | None = None
    ) -> AsyncIterator[Payment]:
        """Go through all pages of `search_payments`; a page is read when it is needed."""
        return page_items(lambda cursor: self.search_payments(limit=limit, rider_id=rider_id, cursor=cursor))

    async def read_payment_story(self, payment_id: str) -> PaymentStory:
        """Tell all that happened around a payment and its ride, in the order of time. For: admin, operator."""
        return cast("PaymentStory", await self.call("GET", f"/v1/operator/payments/{path_part(payment_id)}/story"))

    async def read_payment_story_of_ride(self, ride_id: str) -> PaymentStory:
        """Tell all that happened around the payments of a ride, in the order of time. For: admin, operator."""
        return cast("PaymentStory", await self.call("GET", f"/v1/operator/rides/{path_part(ride_id)}/payment-story"))

    async def read_account_of_ride(self, ride_id: str) -> RideAccount:
        """Return all that was paid for a ride and came back. For: admin, operator."""
        return cast("RideAccount", await self.call("GET", f"/v1/operator/rides/{path_part(ride_id)}/account"))

    async def search_refunds(
        self,
        *,
        limit: int | None = None,
        cursor: str | None = None,
        ride_id: str | None = None,
        payment_id: str | None = None,
        status: Literal["pending", "paid", "failed"] | None = None,
    ) -> Refunds:
        """Page through refunds, newest first. For: admin, operator."""
        return cast(
            "Refunds",
            await self.call(
                "GET",
                "/v1/operator/refunds",
                query={
                    "limit": limit,
                    "cursor": cursor,
                    "ride_id": ride_id,
                    "payment_id": payment_id,
                    "status": status,
                },
            ),
        )

    def iterate_search_refunds(
        self,
        *,
        limit: int | None = None,
        ride_id: str | None = None,
        payment_id: str | None = None,
        status: Literal["pending", "paid", "failed"] | None = None,
    ) -> AsyncIterator[Refund]:
        """Go through all pages of `search_refunds`; a page is read when it is needed."""
        return page_items(
            lambda cursor: self.search_refunds(
                limit=limit, ride_id=ride_id, payment_id=payment_id, status=status, cursor=cursor
            )
        )

    async def create_refund(self, body: RefundRequest, *, idempotency_key: str = "") -> Refund:
        """Give back a part of a payment, or all that is left; a refusal by the PSP is an answer: status `failed`.
        For: admin, operator.
        """
        return cast("Refund", await self.call("POST", "/v1/operator/refunds", body=body, key=idempotency_key))

    async def read_any_refund(self, refund_id: str) -> Refund:
        """Return a refund; with If-None-Match, 304 while it has not changed. For: admin, operator."""
        return cast("Refund", await self.call("GET", f"/v1/operator/refunds/{path_part(refund_id)}"))

    async def search_disputes(
        self,
        *,
        limit: int | None = None,
        cursor: str | None = None,
        ride_id: str | None = None,
        payment_id: str | None = None,
        status: Literal["inquiry", "needs_response", "under_review", "won", "lost", "closed"] | None = None,
    ) -> Disputes:
        """Page through what cardholders dispute, newest first. For: admin, operator."""
        return cast(
            "Disputes",
            await self.call(
                "GET",
                "/v1/operator/disputes",
                query={
                    "limit": limit,
                    "cursor": cursor,
                    "ride_id": ride_id,
                    "payment_id": payment_id,
                    "status": status,
                },
            ),
        )

    def iterate_search_disputes(
        self,
        *,
        limit: int | None = None,
        ride_id: str | None = None,
        payment_id: str | None = None,
        status: Literal["inquiry", "needs_response", "under_review", "won", "lost", "closed"] | None = None,
    ) -> AsyncIterator[Dispute]:
        """Go through all pages of `search_disputes`; a page is read when it is needed."""
        return page_items(
            lambda cursor: self.search_disputes(
                limit=limit, ride_id=ride_id, payment_id=payment_id, status=status, cursor=cursor
            )
        )

    async def read_dispute(self, dispute_id: str) -> Dispute:
        """Return a dispute; with If-None-Match, 304 while it has not changed. For: admin, operator."""
        return cast("Dispute", await self.call("GET", f"/v1/operator/disputes/{path_part(dispute_id)}"))

    async def submit_dispute_evidence(
        self, dispute_id: str, body: DisputeEvidence | None = None, *, idempotency_key: str = ""
    ) -> Dispute:
        """Hand evidence in, once: the bank decides by it. For: admin, operator."""
        return cast(
            "Dispute",
            await self.call(
                "POST", f"/v1/operator/disputes/{path_part(dispute_id)}/evidence", body=body, key=idempotency_key
            ),
        )

    async def accept_dispute(
        self, dispute_id: str, body: DisputeAcceptance | None = None, *, idempotency_key: str = ""
    ) -> Dispute:
        """Give a dispute up: it is lost. For: admin, operator."""
        return cast(
            "Dispute",
            await self.call(
                "POST", f"/v1/operator/disputes/{path_part(dispute_id)}/accept", body=body, key=idempotency_key
            ),
        )

    async def search_payouts(
        self,
        *,
        limit: int | None = None,
        cursor: str | None = None,
        status: Literal["pending", "sent", "paid", "recovering", "failed", "returned"] | None = None,
        driver_id: str | None = None,
    ) -> OperatorPayouts:
        """Page through payouts, newest first. For: admin, operator."""
        return cast(
            "OperatorPayouts",
            await self.call(
                "GET",
                "/v1/operator/payouts",
                query={"limit": limit, "cursor": cursor, "status": status, "driver_id": driver_id},
            ),
        )

    def iterate_search_payouts(
        self,
        *,
        limit: int | None = None,
        status: Literal["pending", "sent", "paid", "recovering", "failed", "returned"] | None = None,
        driver_id: str | None = None,
    ) -> AsyncIterator[OperatorPayout]:
        """Go through all pages of `search_payouts`; a page is read when it is needed."""
        return page_items(
            lambda cursor: self.search_payouts(limit=limit, status=status, driver_id=driver_id, cursor=cursor)
        )

    async def read_any_payout(self, payout_id: str) -> OperatorPayout:
        """Return a payout; with If-None-Match, 304 while it has not changed. For: admin, operator."""
        return cast("OperatorPayout", await self.call("GET", f"/v1/operator/payouts/{path_part(payout_id)}"))

    async def retry_payout(self, payout_id: str, *, idempotency_key: str = "") -> OperatorPayout:
        """Send a payout that waits at once, or ask anew for one that failed; the answer is the one under way now.
        For: admin, operator.
        """
        return cast(
            "OperatorPayout",
            await self.call("POST", f"/v1/operator/payouts/{path_part(payout_id)}/retry", key=idempotency_key),
        )

    async def read_payout_account_of_driver(self, driver_id: str, *, currency_code: str) -> PayoutAccount:
        """Return the bank account that a driver's payouts in a currency go to. For: admin, operator."""
        return cast(
            "PayoutAccount",
            await self.call(
                "GET",
                f"/v1/operator/drivers/{path_part(driver_id)}/payout-account",
                query={"currency_code": currency_code},
            ),
        )

    async def read_standing_of_driver(self, driver_id: str, *, currency_code: str) -> DriverStanding:
        """Return what is owed to a driver in a currency, and whether they may take cash rides. For: admin,
        operator.
        """
        return cast(
            "DriverStanding",
            await self.call(
                "GET", f"/v1/operator/drivers/{path_part(driver_id)}/standing", query={"currency_code": currency_code}
            ),
        )

    async def read_statement_of_driver(
        self,
        driver_id: str,
        *,
        limit: int | None = None,
        cursor: str | None = None,
        currency_code: str,
        start_at: str,
        end_at: str,
    ) -> EarningsStatement:
        """Return a driver's balance at the ends of a period, the sums of what lies between, and a page of its
        lines. For: admin, operator.
        """
        return cast(
            "EarningsStatement",
            await self.call(
                "GET",
                f"/v1/operator/drivers/{path_part(driver_id)}/earnings-statement",
                query={
                    "limit": limit,
                    "cursor": cursor,
                    "currency_code": currency_code,
                    "start_at": start_at,
                    "end_at": end_at,
                },
            ),
        )

    async def record_driver_payment(
        self, driver_id: str, body: DriverPaymentRequest, *, idempotency_key: str = ""
    ) -> DriverStanding:
        """Take down money that a driver paid in at a desk; the answer is how the driver stands now. For: admin,
        operator.
        """
        return cast(
            "DriverStanding",
            await self.call(
                "POST", f"/v1/operator/drivers/{path_part(driver_id)}/payments", body=body, key=idempotency_key
            ),
        )

    async def read_terms_of_driver(self, driver_id: str) -> AgreedTerms:
        """Return how the platform is paid for a driver's rides, now and later. For: admin, operator."""
        return cast("AgreedTerms", await self.call("GET", f"/v1/operator/drivers/{path_part(driver_id)}/terms"))

    async def set_driver_terms(
        self, driver_id: str, body: DriverTermsRequest, *, idempotency_key: str = ""
    ) -> DriverTerms:
        """Say how the platform is paid for a driver's rides from a time on. For: admin, operator."""
        return cast(
            "DriverTerms",
            await self.call(
                "POST", f"/v1/operator/drivers/{path_part(driver_id)}/terms", body=body, key=idempotency_key
            ),
        )

    async def list_patronages(self, *, limit: int | None = None, cursor: str | None = None) -> Patronages:
        """Page through the surplus that was declared, newest first. For: admin, operator."""
        return cast(
            "Patronages", await self.call("GET", "/v1/operator/patronages", query={"limit": limit, "cursor": cursor})
        )

    def iterate_patronages(self, *, limit: int | None = None) -> AsyncIterator[Patronage]:
        """Go through all pages of `list_patronages`; a page is read when it is needed."""
        return page_items(lambda cursor: self.list_patronages(limit=limit, cursor=cursor))

    async def declare_patronage(self, body: PatronageRequest, *, idempotency_key: str = "") -> Patronage:
        """Give a part of the commission of a period back to the member drivers, in proportion to what they brought.
        For: admin, operator.
        """
        return cast("Patronage", await self.call("POST", "/v1/operator/patronages", body=body, key=idempotency_key))

    async def read_earnings_statement(
        self, *, limit: int | None = None, cursor: str | None = None, currency_code: str, start_at: str, end_at: str
    ) -> EarningsStatement:
        """Return the caller's balance at the ends of a period, the sums of what lies between, and a page of its
        lines. For: driver.
        """
        return cast(
            "EarningsStatement",
            await self.call(
                "GET",
                "/v1/driver/earnings/statement",
                query={
                    "limit": limit,
                    "cursor": cursor,
                    "currency_code": currency_code,
                    "start_at": start_at,
                    "end_at": end_at,
                },
            ),
        )

    async def read_driver_standing(self, *, currency_code: str) -> DriverStanding:
        """Return what is owed to the caller in a currency, and whether they may take cash rides. For: driver."""
        return cast(
            "DriverStanding", await self.call("GET", "/v1/driver/standing", query={"currency_code": currency_code})
        )

    async def read_driver_terms(self) -> AgreedTerms:
        """Return how the platform is paid for the caller's rides, now and later. For: driver."""
        return cast("AgreedTerms", await self.call("GET", "/v1/driver/terms"))

    async def list_patronage_shares(self, *, limit: int | None = None, cursor: str | None = None) -> PatronageShares:
        """Page through the surplus that was given back to the caller, newest first. For: driver."""
        return cast(
            "PatronageShares", await self.call("GET", "/v1/driver/patronages", query={"limit": limit, "cursor": cursor})
        )

    def iterate_patronage_shares(self, *, limit: int | None = None) -> AsyncIterator[PatronageShare]:
        """Go through all pages of `list_patronage_shares`; a page is read when it is needed."""
        return page_items(lambda cursor: self.list_patronage_shares(limit=limit, cursor=cursor))

    async def read_payout_account(self, *, currency_code: str) -> PayoutAccount:
        """Return the bank account that the caller's payouts in a currency go to. For: driver."""
        return cast(
            "PayoutAccount", await self.call("GET", "/v1/driver/payout-account", query={"currency_code": currency_code})
        )

    async def set_payout_account(self, body: PayoutAccountRequest, *, idempotency_key: str = "") -> PayoutAccount:
        """Keep the bank account that payouts in its currency go to. For: driver."""
        return cast(
            "PayoutAccount", await self.call("PUT", "/v1/driver/payout-account", body=body, key=idempotency_key)
        )

    async def list_payouts(
        self,
        *,
        limit: int | None = None,
        cursor: str | None = None,
        status: Literal["pending", "sent", "paid", "recovering", "failed", "returned"] | None = None,
    ) -> Payouts:
        """Page through the caller's payouts, newest first. For: driver."""
        return cast(
            "Payouts",
            await self.call("GET", "/v1/driver/payouts", query={"limit": limit, "cursor": cursor, "status": status}),
        )

    def iterate_payouts(
        self,
        *,
        limit: int | None = None,
        status: Literal["pending", "sent", "paid", "recovering", "failed", "returned"] | None = None,
    ) -> AsyncIterator[Payout]:
        """Go through all pages of `list_payouts`; a page is read when it is needed."""
        return page_items(lambda cursor: self.list_payouts(limit=limit, status=status, cursor=cursor))

    async def request_payout(self, body: PayoutRequest, *, idempotency_key: str = "") -> Payout:
        """Send an amount, or all that is available, to the caller's bank; the payout tells what becomes of it. For:
        driver.
        """
        return cast("Payout", await self.call("POST", "/v1/driver/payouts", body=body, key=idempotency_key))

    async def read_payout(self, payout_id: str) -> Payout:
        """Return one of the caller's payouts; with If-None-Match, 304 while it has not changed. For: driver."""
        return cast("Payout", await self.call("GET", f"/v1/driver/payouts/{path_part(payout_id)}"))

    async def read_account_statement(
        self,
        *,
        limit: int | None = None,
        cursor: str | None = None,
        currency_code: str,
        start_at: str | None = None,
        end_at: str | None = None,
        account_kind: str,
        owner: str | None = None,
    ) -> Statement:
        """Return what moved on an account in a period, oldest first, with the balances at its ends. For: admin,
        operator.
        """
        return cast(
            "Statement",
            await self.call(
                "GET",
                "/v1/operator/ledger/statement",
                query={
                    "limit": limit,
                    "cursor": cursor,
                    "currency_code": currency_code,
                    "start_at": start_at,
                    "end_at": end_at,
                    "account_kind": account_kind,
                    "owner": owner,
                },
            ),
        )

    def iterate_read_account_statement(
        self,
        *,
        limit: int | None = None,
        currency_code: str,
        start_at: str | None = None,
        end_at: str | None = None,
        account_kind: str,
        owner: str | None = None,
    ) -> AsyncIterator[StatementEntry]:
        """Go through all pages of `read_account_statement`; a page is read when it is needed."""
        return page_items(
            lambda cursor: self.read_account_statement(
                limit=limit,
                currency_code=currency_code,
                start_at=start_at,
                end_at=end_at,
                account_kind=account_kind,
                owner=owner,
                cursor=cursor,
            )
        )

    async def audit_ledger(self, *, cursor: str | None = None) -> LedgerAudit:
        """Audit a part of the ledger against itself; any difference is a defect. For: admin, operator."""
        return cast("LedgerAudit", await self.call("GET", "/v1/operator/ledger/audit", query={"cursor": cursor}))

    async def list_reconciliation_runs(
        self, *, limit: int | None = None, cursor: str | None = None
    ) -> ReconciliationRuns:
        """Page through the runs, newest first. For: admin, operator."""
        return cast(
            "ReconciliationRuns",
            await self.call("GET", "/v1/operator/reconciliation-runs", query={"limit": limit, "cursor": cursor}),
        )

    def iterate_reconciliation_runs(self, *, limit: int | None = None) -> AsyncIterator[ReconciliationRun]:
        """Go through all pages of `list_reconciliation_runs`; a page is read when it is needed."""
        return page_items(lambda cursor: self.list_reconciliation_runs(limit=limit, cursor=cursor))

    async def start_reconciliation(self, *, idempotency_key: str = "") -> ReconciliationRun:
        """Begin to compare the ledger with the PSP's list, or name the run that is under way; it goes on by itself.
        For: admin, operator.
        """
        return cast(
            "ReconciliationRun", await self.call("POST", "/v1/operator/reconciliation-runs", key=idempotency_key)
        )

    async def read_reconciliation_run(self, run_id: str) -> ReconciliationRun:
        """Return a run. For: admin, operator."""
        return cast(
            "ReconciliationRun", await self.call("GET", f"/v1/operator/reconciliation-runs/{path_part(run_id)}")
        )

    async def list_reconciliation_items(
        self,
        *,
        limit: int | None = None,
        cursor: str | None = None,
        include_closed: Literal["true", "false"] | None = None,
    ) -> ReconciliationItems:
        """Page through what does not agree, oldest first. For: admin, operator."""
        return cast(
            "ReconciliationItems",
            await self.call(
                "GET",
                "/v1/operator/reconciliation-items",
                query={"limit": limit, "cursor": cursor, "include_closed": include_closed},
            ),
        )

    def iterate_reconciliation_items(
        self, *, limit: int | None = None, include_closed: Literal["true", "false"] | None = None
    ) -> AsyncIterator[ReconciliationItem]:
        """Go through all pages of `list_reconciliation_items`; a page is read when it is needed."""
        return page_items(
            lambda cursor: self.list_reconciliation_items(limit=limit, include_closed=include_closed, cursor=cursor)
        )

    async def resolve_reconciliation_item(
        self, item_id: str, body: ItemResolution, *, idempotency_key: str = ""
    ) -> ReconciliationItem:
        """Close an item with a note, and book its difference where money must move. For: admin, operator."""
        return cast(
            "ReconciliationItem",
            await self.call(
                "POST",
                f"/v1/operator/reconciliation-items/{path_part(item_id)}/resolve",
                body=body,
                key=idempotency_key,
            ),
        )

    async def list_psp_events(
        self,
        *,
        limit: int | None = None,
        cursor: str | None = None,
        state: Literal["received", "unmatched", "applied", "ignored", "parked"] | None = None,
    ) -> PspEvents:
        """Page through what the PSP told by itself, newest first. For: admin, operator."""
        return cast(
            "PspEvents",
            await self.call("GET", "/v1/operator/psp-events", query={"limit": limit, "cursor": cursor, "state": state}),
        )

    def iterate_psp_events(
        self,
        *,
        limit: int | None = None,
        state: Literal["received", "unmatched", "applied", "ignored", "parked"] | None = None,
    ) -> AsyncIterator[PspEvent]:
        """Go through all pages of `list_psp_events`; a page is read when it is needed."""
        return page_items(lambda cursor: self.list_psp_events(limit=limit, state=state, cursor=cursor))

    async def replay_psp_event(self, psp_event_id: str, *, idempotency_key: str = "") -> PspEvent:
        """Let a parked event of the PSP be taken up again. For: admin, operator."""
        return cast(
            "PspEvent",
            await self.call("POST", f"/v1/operator/psp-events/{path_part(psp_event_id)}/replay", key=idempotency_key),
        )

    async def list_role_grants(self, *, limit: int | None = None, cursor: str | None = None) -> RoleGrants:
        """Page through the roles that are granted. For: admin."""
        return cast(
            "RoleGrants", await self.call("GET", "/v1/operator/roles", query={"limit": limit, "cursor": cursor})
        )

    def iterate_role_grants(self, *, limit: int | None = None) -> AsyncIterator[RoleGrant]:
        """Go through all pages of `list_role_grants`; a page is read when it is needed."""
        return page_items(lambda cursor: self.list_role_grants(limit=limit, cursor=cursor))

    async def grant_role(self, body: RoleGrantRequest, *, idempotency_key: str = "") -> RoleGrant:
        """Let somebody sign in as support, operator or admin; they sign in as a rider first. For: admin."""
        return cast("RoleGrant", await self.call("POST", "/v1/operator/roles", body=body, key=idempotency_key))

    async def revoke_role(
        self, account_id: str, role: Literal["support", "operator", "admin"], body: Reason, *, idempotency_key: str = ""
    ) -> None:
        """Take a role away; sign-ins made in it end. For: admin."""
        await self.call(
            "POST",
            f"/v1/operator/roles/{path_part(account_id)}/{path_part(role)}/revoke",
            body=body,
            key=idempotency_key,
        )

    async def list_audit_entries(
        self,
        *,
        limit: int | None = None,
        cursor: str | None = None,
        subject_id: str | None = None,
        actor_id: str | None = None,
        act: str | None = None,
    ) -> AuditEntries:
        """Page through what the people who run the service did, the newest first. For: admin, operator."""
        return cast(
            "AuditEntries",
            await self.call(
                "GET",
                "/v1/operator/audit-log",
                query={"limit": limit, "cursor": cursor, "subject_id": subject_id, "actor_id": actor_id, "act": act},
            ),
        )

    def iterate_audit_entries(
        self,
        *,
        limit: int | None = None,
        subject_id: str | None = None,
        actor_id: str | None = None,
        act: str | None = None,
    ) -> AsyncIterator[AuditEntry]:
        """Go through all pages of `list_audit_entries`; a page is read when it is needed."""
        return page_items(
            lambda cursor: self.list_audit_entries(
                limit=limit, subject_id=subject_id, actor_id=actor_id, act=act, cursor=cursor
            )
        )

    async def verify_audit_log(
        self,
        *,
        first_sequence: int | None = None,
        entry_count: int | None = None,
        anchor_sequence: int | None = None,
        anchor_hash: str | None = None,
    ) -> AuditCheck:
        """Recompute the hashes of a part of the log. For: admin, operator."""
        return cast(
            "AuditCheck",
            await self.call(
                "GET",
                "/v1/operator/audit-log/verification",
                query={
                    "first_sequence": first_sequence,
                    "entry_count": entry_count,
                    "anchor_sequence": anchor_sequence,
                    "anchor_hash": anchor_hash,
                },
            ),
        )

    async def find_person(self, body: PersonSearch, *, idempotency_key: str = "") -> Person:
        """Return the person with a phone number. For: admin, operator, support."""
        return cast("Person", await self.call("POST", "/v1/operator/people/search", body=body, key=idempotency_key))

    async def read_person(self, account_id: str) -> Person:
        """Return a person. For: admin, operator, support."""
        return cast("Person", await self.call("GET", f"/v1/operator/people/{path_part(account_id)}"))

    async def unmask_phone(self, account_id: str, body: Unmasking, *, idempotency_key: str = "") -> PhoneInClear:
        """Tell a phone number and a mail address in clear; who asked and why stays in the audit log. For: admin,
        operator, support.
        """
        return cast(
            "PhoneInClear",
            await self.call(
                "POST", f"/v1/operator/people/{path_part(account_id)}/unmask", body=body, key=idempotency_key
            ),
        )

    async def read_mail_address(self) -> MailAddress:
        """Return where the caller is written to. For: driver, rider."""
        return cast("MailAddress", await self.call("GET", "/v1/me/mail-address"))

    async def request_mail_code(self, body: MailAddressRequest, *, idempotency_key: str = "") -> MailCode:
        """Send a code to an address; with the code it becomes the caller's, in place of a former one. For: driver,
        rider.
        """
        return cast("MailCode", await self.call("PUT", "/v1/me/mail-address", body=body, key=idempotency_key))

    async def forget_mail_address(self, *, idempotency_key: str = "") -> None:
        """Forget the caller's address: no more mail goes there. For: driver, rider."""
        await self.call("DELETE", "/v1/me/mail-address", key=idempotency_key)

    async def verify_mail_address(self, body: MailAddressProof, *, idempotency_key: str = "") -> MailAddress:
        """Trade the code for the address: receipts and other mail go there from now on. For: driver, rider."""
        return cast(
            "MailAddress", await self.call("POST", "/v1/me/mail-address/verify", body=body, key=idempotency_key)
        )

    async def list_places(self) -> SavedPlaces:
        """Return the caller's places. For: rider."""
        return cast("SavedPlaces", await self.call("GET", "/v1/me/places"))

    async def keep_place(self, body: SavedPlaceRequest, *, idempotency_key: str = "") -> SavedPlace:
        """Keep a place. For: rider."""
        return cast("SavedPlace", await self.call("POST", "/v1/me/places", body=body, key=idempotency_key))

    async def change_place(self, place_id: str, body: SavedPlaceRequest, *, idempotency_key: str = "") -> SavedPlace:
        """Change a place. For: rider."""
        return cast(
            "SavedPlace", await self.call("PUT", f"/v1/me/places/{path_part(place_id)}", body=body, key=idempotency_key)
        )

    async def forget_place(self, place_id: str, *, idempotency_key: str = "") -> None:
        """Forget a place. For: rider."""
        await self.call("DELETE", f"/v1/me/places/{path_part(place_id)}", key=idempotency_key)

    async def sign_in_with_id_token(self, body: IdTokenSignIn, *, idempotency_key: str = "") -> SignIn:
        """Trade a provider's ID token for tokens; who is not linked yet needs a phone number that the provider
        verified.
        """
        return cast("SignIn", await self.call("POST", "/v1/auth/oidc", body=body, key=idempotency_key, is_open=True))

    async def list_identities(self) -> LinkedIdentities:
        """Return the identities that stand for the caller. For: admin, driver, operator, rider, support."""
        return cast("LinkedIdentities", await self.call("GET", "/v1/me/identities"))

    async def link_identity(self, body: IdTokenProof, *, idempotency_key: str = "") -> LinkedIdentity:
        """Let a provider's identity stand for the caller from now on. For: admin, driver, operator, rider, support."""
        return cast("LinkedIdentity", await self.call("POST", "/v1/me/identities", body=body, key=idempotency_key))

    async def unlink_identity(self, identity_id: str, *, idempotency_key: str = "") -> None:
        """Let an identity stand for nobody. For: admin, driver, operator, rider, support."""
        await self.call("DELETE", f"/v1/me/identities/{path_part(identity_id)}", key=idempotency_key)

    async def exchange_api_key(self, body: ApiKeyExchange, *, idempotency_key: str = "") -> PartnerToken:
        """Trade an API key for an access token of ten minutes."""
        return cast(
            "PartnerToken", await self.call("POST", "/v1/auth/api-key", body=body, key=idempotency_key, is_open=True)
        )

    async def list_api_keys(self) -> ApiKeys:
        """Return the keys, the newest first. For: admin."""
        return cast("ApiKeys", await self.call("GET", "/v1/operator/api-keys"))

    async def create_api_key(self, body: ApiKeyRequest, *, idempotency_key: str = "") -> NewApiKey:
        """Make a key; the answer is the only place where it stands whole. For: admin."""
        return cast("NewApiKey", await self.call("POST", "/v1/operator/api-keys", body=body, key=idempotency_key))

    async def revoke_api_key(self, api_key_id: str, body: Reason, *, idempotency_key: str = "") -> None:
        """End a key. For: admin."""
        await self.call("POST", f"/v1/operator/api-keys/{path_part(api_key_id)}/revoke", body=body, key=idempotency_key)

    async def export_account(self, *, idempotency_key: str = "") -> AccountExport:
        """Return all that is kept of the caller. For: driver, rider."""
        return cast("AccountExport", await self.call("POST", "/v1/me/exports", key=idempotency_key))

    async def erase_person(self, account_id: str, body: ErasureReason, *, idempotency_key: str = "") -> Erasure:
        """Erase a person who asked for it by another way. For: admin, operator."""
        return cast(
            "Erasure",
            await self.call(
                "POST", f"/v1/operator/people/{path_part(account_id)}/erase", body=body, key=idempotency_key
            ),
        )

    async def read_erasure(self, account_id: str) -> Erasure:
        """Tell how far an erasure has come. For: admin, operator."""
        return cast("Erasure", await self.call("GET", f"/v1/operator/people/{path_part(account_id)}/erasure"))

    async def list_own_documents(self) -> Documents:
        """Return the caller's documents, the newest first. For: driver."""
        return cast("Documents", await self.call("GET", "/v1/driver/documents"))

    async def submit_document(self, body: DocumentSubmission, *, idempotency_key: str = "") -> Document:
        """Show a document: what it is is read from its bytes, and an operator decides on it. For: driver."""
        return cast("Document", await self.call("POST", "/v1/driver/documents", body=body, key=idempotency_key))

    async def list_documents_of_driver(self, driver_id: str) -> Documents:
        """Return a driver's documents, the newest first. For: admin, operator."""
        return cast("Documents", await self.call("GET", f"/v1/operator/drivers/{path_part(driver_id)}/documents"))

    async def read_document(self, document_id: str, *, idempotency_key: str = "") -> DocumentContent:
        """Return a document's number and bytes; who looked stands in the audit log, so this is no GET. For: admin,
        operator.
        """
        return cast(
            "DocumentContent",
            await self.call("POST", f"/v1/operator/documents/{path_part(document_id)}/read", key=idempotency_key),
        )

    async def review_document(self, document_id: str, body: DocumentReview, *, idempotency_key: str = "") -> Document:
        """Accept or reject a document; an accepted one takes the place of an older one of its kind. For: admin,
        operator.
        """
        return cast(
            "Document",
            await self.call(
                "POST", f"/v1/operator/documents/{path_part(document_id)}/review", body=body, key=idempotency_key
            ),
        )

    async def export_mds_trips(self, *, limit: int | None = None, cursor: str | None = None, end_time: str) -> MdsTrips:
        """Return the trips with passengers that ended in an hour; an hour that is not over is a conflict. For:
        admin, operator, partner.
        """
        return cast(
            "MdsTrips",
            await self.call(
                "GET", "/v1/operator/mds/trips", query={"limit": limit, "cursor": cursor, "end_time": end_time}
            ),
        )

    async def export_mds_vehicles(self, *, limit: int | None = None, cursor: str | None = None) -> MdsVehicles:
        """Return the vehicles in service. For: admin, operator, partner."""
        return cast(
            "MdsVehicles", await self.call("GET", "/v1/operator/mds/vehicles", query={"limit": limit, "cursor": cursor})
        )

    async def export_mds_vehicle_statuses(
        self, *, limit: int | None = None, cursor: str | None = None
    ) -> MdsVehicleStatuses:
        """Return the state, the last event and the coarse place of the vehicles in service. For: admin, operator,
        partner.
        """
        return cast(
            "MdsVehicleStatuses",
            await self.call("GET", "/v1/operator/mds/vehicles/status", query={"limit": limit, "cursor": cursor}),
        )

    async def list_cities(self) -> Cities:
        """Return the cities with the version of the policy that is in force now. For: admin, operator."""
        return cast("Cities", await self.call("GET", "/v1/operator/cities"))

    async def list_city_policies(
        self, city: str, *, limit: int | None = None, cursor: str | None = None
    ) -> CityPolicies:
        """Page through the versions of a city's policy, newest first. For: admin, operator."""
        return cast(
            "CityPolicies",
            await self.call(
                "GET", f"/v1/operator/cities/{path_part(city)}/policies", query={"limit": limit, "cursor": cursor}
            ),
        )

    def iterate_city_policies(self, city: str, *, limit: int | None = None) -> AsyncIterator[CityPolicy]:
        """Go through all pages of `list_city_policies`; a page is read when it is needed."""
        return page_items(lambda cursor: self.list_city_policies(city, limit=limit, cursor=cursor))

    async def read_city_policy(self, city: str, version: int) -> CityPolicy:
        """Return a version with its document. For: admin, operator."""
        return cast(
            "CityPolicy", await self.call("GET", f"/v1/operator/cities/{path_part(city)}/policies/{path_part(version)}")
        )

    async def compare_city_policies(self, city: str, version: int, *, since: int) -> CityPolicyDiff:
        """Compare a version with another, key by key. For: admin, operator."""
        return cast(
            "CityPolicyDiff",
            await self.call(
                "GET",
                f"/v1/operator/cities/{path_part(city)}/policies/{path_part(version)}/changes",
                query={"since": since},
            ),
        )

    async def read_surge(self, city: str, *, limit: int | None = None) -> Surge:
        """Return a city's cells that have a surge, the highest first. For: admin, operator."""
        return cast(
            "Surge", await self.call("GET", f"/v1/operator/cities/{path_part(city)}/surge", query={"limit": limit})
        )

    async def set_surge_control(
        self, city: str, body: SurgeControlChange | None = None, *, idempotency_key: str = ""
    ) -> SurgeControl:
        """Freeze a city's surge as it is, or cap it lower than its policy does, until it is set again. For: admin,
        operator.
        """
        return cast(
            "SurgeControl",
            await self.call(
                "PUT", f"/v1/operator/cities/{path_part(city)}/surge-control", body=body, key=idempotency_key
            ),
        )

    async def check_city_policy(self, body: CityPolicyCheck, *, idempotency_key: str = "") -> CheckedCityPolicy:
        """Try a document out: whether it can be put, and what it would change. Nothing is stored. For: admin,
        operator.
        """
        return cast(
            "CheckedCityPolicy",
            await self.call("POST", "/v1/operator/city-policies/check", body=body, key=idempotency_key),
        )

    async def put_city_policy(self, body: CityPolicyPut, *, idempotency_key: str = "") -> CityPolicy:
        """Put a new version of a city's policy, in force from a time on. For: admin, operator."""
        return cast("CityPolicy", await self.call("POST", "/v1/operator/city-policies", body=body, key=idempotency_key))

    async def read_ride_route(self, ride_id: str) -> RideRoute:
        """Tell the way of a live ride that is still to be driven, from where the driver is. For: admin, driver,
        operator, rider.
        """
        return cast("RideRoute", await self.call("GET", f"/v1/rides/{path_part(ride_id)}/route"))

    async def list_travel_times(self, *, limit: int | None = None) -> LearnedTravelTimes:
        """Tell what completed trips taught of travel times, newest first. For: admin, operator."""
        return cast("LearnedTravelTimes", await self.call("GET", "/v1/operator/travel-times", query={"limit": limit}))

    async def learn_travel_times(self, *, idempotency_key: str = "") -> None:
        """Have travel times learned now; the list tells when it is done. With fewer than 200 trips nothing is
        learned. For: admin, operator.
        """
        await self.call("POST", "/v1/operator/travel-times/lessons", key=idempotency_key)

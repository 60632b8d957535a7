"""What is sent and what is answered. Written by `python -m tools.clients` from the OpenAPI document."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict


class Account(TypedDict):
    """A person's own account."""

    id: str
    display_name: str
    phone_last_digits: str
    locale: str
    created_at: str
    version: int


class AccountChange(TypedDict):
    """Changes what is given."""

    display_name: NotRequired[str | None]
    locale: NotRequired[str | None]


class AccountExport(TypedDict):
    """All that the services keep of the caller, a member for each service; ids and names are the services' own."""

    document: dict[str, Any]


class AccountKindBalance(TypedDict):
    """Debits less credits of all accounts of a kind."""

    account_kind: str
    balance: Money


class Acknowledgement(TypedDict):
    """Since when a notification counts as seen."""

    acknowledged_at: str


class AgreedTerms(TypedDict):
    """The terms in force, and those agreed for later."""

    terms: DriverTerms
    upcoming: list[DriverTerms]


class ApiKey(TypedDict):
    """A key without its secret."""

    id: str
    name: str
    prefix: str
    """How the key begins."""
    scopes: list[str]
    created_by: str
    created_at: str
    expires_at: str
    last_used_at: str | None
    """To the minute."""
    revoked_at: str | None


class ApiKeyExchange(TypedDict):
    """Shows a key."""

    secret: str


class ApiKeyRequest(TypedDict):
    """Asks for a key."""

    name: str
    scopes: list[str]
    lifetime_days: NotRequired[int]


class ApiKeys(TypedDict):
    """The keys, the newest first; at most two hundred."""

    items: list[ApiKey]


class AppliedPromotion(TypedDict):
    """A promotion in a price."""

    id: str
    code: str
    amount_off: Money
    """Zero where the ride came to cost no fare, or too little for it."""
    price_before: Money


class Arrears(TypedDict):
    """What a rider owes."""

    items: list[ArrearsOfCurrency]


class ArrearsOfCurrency(TypedDict):
    """What a rider owes in one currency."""

    owed: Money
    in_collection: Money
    blocks_rides: bool
    """True while a new ride in this currency is refused for it."""


class AssignmentCancellation(TypedDict):
    """Gives a ride back."""

    reason: NotRequired[str]


class AuditCheck(TypedDict):
    """What was found. Keep the head elsewhere: with it a log that was cut short is noticed."""

    verified_count: int
    broken_sequence: int | None
    """The first entry that is not as it was written, or is missing."""
    next_sequence: int | None
    """Where to go on; null at the end."""
    head_sequence: int
    head_hash: str
    anchor_holds: bool


class AuditEntries(TypedDict):
    """A page of the log, the newest first."""

    items: list[AuditEntry]
    next_cursor: str | None


class AuditEntry(TypedDict):
    """One act. Ids stand as the log has them."""

    sequence: int
    occurred_at: str
    actor_id: str
    actor_role: str
    act: str
    subject_kind: str
    subject_id: str
    reason: str
    details: dict[str, str]
    previous_hash: str
    hash: str


class Availability(TypedDict):
    """Takes a driver online or offline."""

    online: bool
    capabilities: NotRequired[list[Literal["delivery", "thermal_bag", "age_check", "heavy_load"]]]
    """What the driver is able to do beside taking rides; replaces what was told before."""


class AvailabilityAnswer(TypedDict):
    """Whether the driver is online, and the shift it concerns."""

    online: bool
    shift: Shift | None


class BlurredPoint(TypedDict):
    """About where something is, to a thousandth of a degree."""

    latitude: float
    longitude: float


class Booking(TypedDict):
    """Asks for the ride of a quote for somebody who calls."""

    quote_id: str
    note: NotRequired[str]
    """Words for the driver."""
    surge_consent_token: NotRequired[str | None]
    """Of a quote that has one: the rider said yes to its surge."""
    accepted_detour_seconds: NotRequired[int]
    """Of a pooled quote: its `max_detour_seconds`, or more."""
    rider_id: str


class Break(TypedDict):
    """Pauses a shift."""

    seconds: NotRequired[int]
    """For how long at most."""


class Campaign(TypedDict):
    """News and how far they have come."""

    id: str
    words: list[CampaignWords]
    audience: str
    """riders or drivers."""
    city: str
    state: str
    """running, done or stopped."""
    starts_at: str
    created_at: str
    told_count: int
    """To how many a message was owed, or not, by their own wish."""


class CampaignRequest(TypedDict):
    """What is told to whom."""

    words: CampaignTexts
    audience: Literal["riders", "drivers"]
    city: NotRequired[str]
    """Only who has ridden or driven in this city; empty for all."""
    starts_at: NotRequired[str | None]
    """Now, where it is not said."""


class CampaignText(TypedDict):
    """The news in a language."""

    title: str
    body: str


class CampaignTexts(TypedDict):
    """The news in each language; people read theirs, or English."""

    en: CampaignText
    es: CampaignText
    fr: CampaignText


class CampaignWords(TypedDict):
    """The news in a language."""

    language: str
    title: str
    body: str


class Campaigns(TypedDict):
    """A page of campaigns, newest first."""

    items: list[Campaign]
    next_cursor: str | None


class Cancellation(TypedDict):
    """Ends a ride."""

    fee_consent_token: NotRequired[str | None]
    """Of the preview, if a fee is due."""
    reason: NotRequired[str]


class CancellationPreview(TypedDict):
    """What a cancel costs now."""

    fee: Money
    fee_consent_token: str | None
    """To be handed to the cancel; null when it is free."""
    expires_at: str


class CandidateFacts(TypedDict):
    """A driver around a ride at a tick of dispatch."""

    driver_id: str
    distance_meters: int
    verdict: str
    """chosen, lost, dearer, awaited, unchosen, too_far, stale, busy, off_shift, wrong_class, not_capable, declined,
    no_cash, heading, contended or refused.
    """
    pickup_eta_seconds: int | None
    cost_seconds: float | None
    terms: list[CostTerm]
    lost_to_ride_id: str | None
    """The ride that the driver was chosen for instead."""


class ChargeLine(TypedDict):
    """One line of what was charged."""

    kind: str
    amount: Money


class CheckedCityPolicy(TypedDict):
    """A document that can be put, and what it would change."""

    city: str
    latest_version: int
    """What to name as `base_version`; 0 where there is no such city yet."""
    changes: list[CityPolicyChange]


class ChosenCardRequest(TypedDict):
    """Charges a card at once with all that is owed in a currency."""

    payment_method_id: NotRequired[str | None]
    """The default card without it."""
    currency_code: str


class Cities(TypedDict):
    """The cities in the order of their keys."""

    items: list[City]


class City(TypedDict):
    """What is in force in a city."""

    city: str
    name: str
    version: int
    currency_code: str
    time_zone: str
    products: list[str]


class CityPolicies(TypedDict):
    """A page of versions, newest first."""

    items: list[CityPolicy]
    next_cursor: str | None


class CityPolicy(TypedDict):
    """One version of a city's policy."""

    city: str
    version: int
    effective_at: str
    created_at: str
    operator_id: str | None
    """Null where the deployment's city file was taken over."""
    note: str | None
    document: str | None
    """Null in lists."""


class CityPolicyChange(TypedDict):
    """One key that two documents differ in; values as JSON."""

    key: str
    before: str | None
    after: str | None


class CityPolicyCheck(TypedDict):
    """A document to try out."""

    document: str
    """The policy (TOML), at most 60,000 characters; larger ones go by gRPC or `jitney city put`."""


class CityPolicyDiff(TypedDict):
    """What two versions differ in, in the order of the keys."""

    changes: list[CityPolicyChange]


class CityPolicyPut(TypedDict):
    """A new version of a city's policy."""

    document: str
    """The policy (TOML), at most 60,000 characters; larger ones go by gRPC or `jitney city put`."""
    effective_at: NotRequired[str | None]
    """From when on; at once when absent."""
    base_version: int
    """The newest version that you know; 0 for a new city."""
    note: NotRequired[str]


class Complaint(TypedDict):
    """A complaint as its rider sees it."""

    id: str
    ride_id: str
    reason: str
    words: str
    state: str
    """open, refund_pending, refunded or rejected."""
    answer: str | None
    """What the people who run the service say to it."""
    refund_amount: Money | None
    """Null also where all that was left goes back."""
    refund_id: str | None
    """The refund, which tells where the money is."""
    created_at: str
    closed_at: str | None


class ComplaintRefund(TypedDict):
    """What is given back."""

    amount: NotRequired[MoneyRequest | None]
    """Null for all that is left of what the ride's own payment brought."""
    borne_by: NotRequired[Literal["proportional", "platform"]]
    """All who had a share of the charge, or the platform alone."""
    answer: NotRequired[str]
    """What the rider is told."""


class ComplaintRejection(TypedDict):
    """Why nothing is given back."""

    answer: str
    """What the rider is told."""


class ComplaintRequest(TypedDict):
    """What was wrong with a ride."""

    reason: Literal["overcharged", "wrong_route", "not_my_ride", "asked_for_cash", "other"]
    words: NotRequired[str]


class Complaints(TypedDict):
    """The complaints of a ride, newest first."""

    items: list[Complaint]


class CostTerm(TypedDict):
    """A part of what a pair of ride and driver costs."""

    name: str
    seconds: float


class CurrencyBalance(TypedDict):
    """The sum of all postings of a currency; anything but zero is a defect."""

    currency_code: str
    sum_minor: int
    entry_count: int


class DeadLetter(TypedDict):
    """One parked event."""

    event_id: str
    type: str
    aggregate_id: str
    error: str
    attempt_count: int
    parked_at: str


class DeadLetters(TypedDict):
    """A page of parked events, oldest first."""

    items: list[DeadLetter]
    next_cursor: str | None


class Delivery(TypedDict):
    """An order on its way."""

    order: DeliveryOrder
    hand_over_pin: str | None
    """For the recipient to tell the courier; whoever ordered is told it."""
    proof_kind: str | None
    proof_reference: str | None
    failure: str | None
    """Why it could not be handed over."""
    return_fee: Money
    """What a return to the shop costs beside the fare."""


class DeliveryCount(TypedDict):
    """How many deliveries of a channel stand in a state."""

    channel: str
    state: str
    count: int


class DeliveryEvent(TypedDict):
    """What a provider said, at the time or later by a receipt."""

    at: str
    kind: str
    provider: str
    detail: str


class DeliveryOrder(TypedDict):
    """What is carried, and for whom."""

    shop_name: str
    shop_phone: str | None
    """Null where nobody told it, or the caller may not have it."""
    order_reference: str
    recipient_name: str
    recipient_phone: str | None
    """Null where nobody told it, or the caller may not have it."""
    items: str
    size: str
    capabilities: list[str]
    pickup_code_required: bool
    proof_required: str


class DeliveryOrderRequest(TypedDict):
    """What is to be carried. The quote's pickup is the shop, its dropoff the recipient's place."""

    shop_name: str
    shop_phone: NotRequired[str]
    """E.164, or empty."""
    order_reference: str
    recipient_name: str
    recipient_phone: NotRequired[str]
    """E.164, or empty."""
    items: str
    size: Literal["small", "medium", "large"]
    capabilities: NotRequired[list[Literal["delivery", "thermal_bag", "age_check", "heavy_load"]]]
    """What the courier must be able to do."""
    pickup_code_required: NotRequired[bool]
    """The courier brings the ride's `start_pin`."""
    proof_required: NotRequired[Literal["pin", "photo", "signature"]]
    """How the hand-over is to be shown."""


class DeliverySummary(TypedDict):
    """What was owed since a time and what became of it."""

    deliveries: list[DeliveryCount]
    notification_count: int


class Device(TypedDict):
    """An installation of an app that can be pushed to."""

    id: str
    platform: str
    app: str
    created_at: str
    seen_at: str


class Devices(TypedDict):
    """All of the caller's, the one seen last first; at most ten."""

    items: list[Device]


class DispatchExplanation(TypedDict):
    """Why a ride got its driver, or none; everything oldest first."""

    ride: OperatorRide
    ticks: list[TickTrace]
    offers: list[OperatorOffer]


class Dispute(TypedDict):
    """A cardholder's claim to a charge's money."""

    id: str
    psp_dispute_id: str
    payment_id: str
    ride_id: str | None
    amount: Money
    withdrawn: Money
    """What the PSP has taken for it."""
    reinstated: Money
    """What came back of that."""
    fee: Money
    reason: str
    """The bank's."""
    status: str
    borne_by: str | None
    """Whose loss it is if it is lost."""
    evidence_due_at: str | None
    created_at: str
    closed_at: str | None
    version: int


class DisputeAcceptance(TypedDict):
    """Gives a dispute up: it is lost."""

    borne_by: NotRequired[Literal["platform", "driver"] | None]
    """As it stands without it."""


class DisputeEvidence(TypedDict):
    """What the bank is told; at least one text, once."""

    product_description: NotRequired[str]
    customer_name: NotRequired[str]
    customer_email_address: NotRequired[str]
    service_date: NotRequired[str]
    access_activity_log: NotRequired[str]
    cancellation_policy_disclosure: NotRequired[str]
    cancellation_rebuttal: NotRequired[str]
    refund_policy_disclosure: NotRequired[str]
    refund_refusal_explanation: NotRequired[str]
    uncategorized_text: NotRequired[str]


class Disputes(TypedDict):
    """A page of disputes, newest first."""

    items: list[Dispute]
    next_cursor: str | None


class Document(TypedDict):
    """A document without its bytes."""

    id: str
    driver_id: str
    kind: str
    status: str
    number_last_digits: str
    expires_on: str | None
    reason: str | None
    content_type: str
    size_bytes: int
    content_sha256: str
    submitted_at: str
    reviewed_at: str | None


class DocumentContent(TypedDict):
    """A document whole."""

    document: Document
    number: str
    content_base64: str


class DocumentReview(TypedDict):
    """Decides on a document."""

    status: Literal["accepted", "rejected"]
    reason: NotRequired[str]
    """Needed to reject."""


class DocumentSubmission(TypedDict):
    """A document for review."""

    kind: Literal[
        "driving_license",
        "identity_card",
        "vehicle_registration",
        "vehicle_insurance",
        "professional_license",
        "background_check",
    ]
    number: str
    expires_on: NotRequired[str | None]
    """The last day on which it counts."""
    content_base64: str
    """A JPEG, a PNG or a PDF of at most 3 MiB."""


class Documents(TypedDict):
    """A driver's documents, the newest first; at most a hundred."""

    items: list[Document]


class Driver(TypedDict):
    """An account's standing as a driver."""

    id: str
    display_name: str
    status: str
    vehicle: Vehicle


class DriverApplication(TypedDict):
    """Asks to drive."""

    display_name: str
    vehicle: VehicleRequest


class DriverPaymentRequest(TypedDict):
    """Takes down money that a driver paid in at a desk."""

    amount: MoneyRequest
    reference: str
    """What finds it again."""


class DriverRide(TypedDict):
    """A ride as its driver sees it."""

    id: str
    state: str
    payment_state: str | None
    kind: str
    sharing: RideSharing | None
    funding: str
    """Where the rider's money comes from."""
    version: int
    product: str
    pickup: Place
    dropoff: Place
    fare: Fare
    driver: RideDriver | None
    pickup_eta_seconds: int | None
    promised_pickup_at: str | None
    """When the driver who accepted first would have come; a swap of drivers never makes it later."""
    swap_count: int
    """How often another driver came instead, since that one is there sooner."""
    requested_at: str
    assigned_at: str | None
    arrived_at: str | None
    started_at: str | None
    ended_at: str | None
    reason: str | None
    driver_silent_since: str | None
    """Since when the driver's device is not heard of; the driver may be out of coverage."""
    stops: list[RideStop]
    """In the order in which they are driven to."""
    passengers: int
    pickup_at: str | None
    """When the rider is to be picked up; null for a ride now."""
    distance_meters: int
    """Expected, by way of the stops."""
    trip_eta_seconds: int
    """Expected time in the vehicle, with the wait at each stop."""
    note: str | None
    """The rider's words for the driver, whom they are told to from the acceptance to the end."""
    rider_name: str | None
    delivery: Delivery | None


class DriverRides(TypedDict):
    """A page of a driver's rides, newest first."""

    items: list[DriverRide]
    next_cursor: str | None


class DriverStanding(TypedDict):
    """How a driver stands in one currency."""

    driver_id: str
    balance: Money
    """Owed to the driver; below zero the driver owes the platform."""
    cash_floor: Money
    """The lowest balance with which cash rides may be taken."""
    cash_allowed: bool


class DriverStatusChange(TypedDict):
    """Decides on a driver."""

    status: Literal["approved", "rejected", "suspended"]
    reason: NotRequired[str]


class DriverTerms(TypedDict):
    """An agreement with a driver."""

    id: str | None
    """Null where the usual terms hold."""
    driver_id: str
    model: str
    effective_at: str | None
    fee: Money | None
    period_days: int | None


class DriverTermsRequest(TypedDict):
    """Says how the platform is paid for a driver's rides from a time on."""

    model: Literal["commission", "subscription", "patronage"]
    effective_at: NotRequired[str | None]
    """From now on without it."""
    fee: NotRequired[MoneyRequest | None]
    """Of each period; with a subscription only."""
    period_days: NotRequired[int]
    """With a subscription only."""


class Drivers(TypedDict):
    """A page of drivers, newest first."""

    items: list[Driver]
    next_cursor: str | None


class DroppedLocations(TypedDict):
    """How many positions were dropped for one reason."""

    reason: str
    """out_of_order, inaccurate, too_fast, in_the_future, too_old, outside_area or rate_limited."""
    count: int


class Earnings(TypedDict):
    """What is owed to a driver, by currency, and the latest changes."""

    balances: list[Money]
    entries: list[EarningsEntry]


class EarningsEntry(TypedDict):
    """One change of what is owed to a driver."""

    ride_id: str | None
    kind: str
    amount: Money
    created_at: str


class EarningsStatement(TypedDict):
    """A driver's period: balances at its ends, sums, and a page of lines, newest first."""

    opening_balance: Money
    closing_balance: Money
    sums: StatementSums
    lines: list[StatementLine]
    next_cursor: str | None


class EditAnswer(TypedDict):
    """The driver's answer to an edit that makes the trip much longer."""

    agreed: bool


class EditRequest(TypedDict):
    """Asks what another way of a ride costs; what is left out, or null, stays."""

    pickup: NotRequired[PlaceRequest | None]
    """Until the driver is there."""
    dropoff: NotRequired[PlaceRequest | None]
    pickup_at: NotRequired[str | None]
    """When a scheduled ride is to begin."""
    stops: NotRequired[list[StopChoice] | None]
    """All stops still to be made, in their order; an empty list takes all out."""


class Erasure(TypedDict):
    """An account on its way to being nobody's."""

    account_id: str
    requested_at: str
    due_at: str
    """When the services are asked to erase."""
    erased_services: list[str]
    completed_at: str | None
    last_error: str | None
    """What held it up at the last attempt."""


class ErasureReason(TypedDict):
    """Why somebody is erased, for the record."""

    reason: str


class FailedDeliveries(TypedDict):
    """A page of them, the latest first."""

    items: list[GivenUpDelivery]
    next_cursor: str | None


class FailedDelivery(TypedDict):
    """Says that the goods go back to the shop."""

    failure: Literal["recipient_absent", "refused", "address_wrong", "age_not_shown", "pin_not_known"]
    reason: NotRequired[str]


class Fare(TypedDict):
    """An amount owed; the lines, less a promotion, sum to the total."""

    total: Money
    lines: list[FareLine]


class FareAttributes(TypedDict):
    """What the mode tells of a fare."""

    payment_type: str
    fare_type: str
    taxes: int
    tolls: int
    surcharge: int


class FareLine(TypedDict):
    """One part of a fare."""

    kind: str
    amount: Money
    """Zero or more, also of the kind `promotion`, which is taken off."""
    name: str | None
    """The toll, the surcharge, the tax's jurisdiction."""


class FieldError(TypedDict):
    """One refused field."""

    field: str
    description: str


class Fleet(TypedDict):
    """What is in the box now."""

    taken_at: str
    vehicles: list[FleetVehicle]
    vehicle_count: int
    """More than are returned where `vehicle_limit` cut some off."""
    rides: list[FleetRide]
    """Those that begin or end in the box, newest first."""
    offers: list[FleetOffer]


class FleetOffer(TypedDict):
    """An open offer of one of the rides."""

    id: str
    ride_id: str
    driver_id: str
    expires_at: str


class FleetRide(TypedDict):
    """A live ride."""

    id: str
    state: str
    product: str
    pickup: Point
    dropoff: Point
    driver_id: str | None
    requested_at: str


class FleetVehicle(TypedDict):
    """A vehicle on shift."""

    driver_id: str
    state: str
    """free, offered, en_route, arrived, in_trip, on_break or silent."""
    latitude: float
    longitude: float
    measured_at: str
    vehicle_class: str
    driver_name: str
    vehicle_plate: str
    ride_id: str | None
    """The ride that it is on, the furthest on of several."""


class ForcedCancellation(TypedDict):
    """Ends a live ride for the platform."""

    reason: str


class GivenUpDelivery(TypedDict):
    """A delivery that was given up, and whose it is."""

    delivery: MessageDelivery
    notification_id: str
    topic: str
    account_id: str | None


class Gps(TypedDict):
    """A place: the middle of a cell of about 5 km²."""

    lat: float
    lng: float


class Guest(TypedDict):
    """Their account, masked; it is theirs when they sign in with the number."""

    id: str
    display_name: str
    masked_phone: str
    locale: str
    created_at: str
    driver_status: str | None
    """Null of somebody who does not drive."""
    granted_roles: list[str]
    new_account: bool
    """Whether it was made now."""


class GuestQuoteRequest(TypedDict):
    """Asks for prices for somebody who calls."""

    pickup: PlaceRequest
    dropoff: PlaceRequest
    product: NotRequired[str]
    """Only this product."""
    stops: NotRequired[list[PlaceRequest]]
    """On the way, in this order."""
    passengers: NotRequired[int]
    """Products with fewer seats are left out."""
    pickup_at: NotRequired[str | None]
    """When the ride is to begin; null for now."""
    without_promotion: NotRequired[bool]
    """Keep the promotions on the account for other rides."""
    rider_id: str


class GuestRegistration(TypedDict):
    """Somebody who calls."""

    phone_number: str
    """E.164."""
    display_name: str
    locale: NotRequired[str | None]
    """Of messages to a new account; English where null."""


class HandOver(TypedDict):
    """Shows that the recipient has the goods."""

    proof_kind: Literal["pin", "photo", "signature"]
    pin: NotRequired[str]
    """With the proof pin, and no other."""
    proof_reference: NotRequired[str]
    """Names the photo or who signed; not with a PIN."""
    age_checked: NotRequired[bool]
    """Where the order asks for it."""


class Heading(TypedDict):
    """Where a driver wants to get to; null takes all rides again."""

    destination: PointRequest | None


class IdTokenProof(TypedDict):
    """A provider's word for who somebody is."""

    id_token: str
    """As the provider gave it out; counts once."""
    nonce: NotRequired[str]
    """What the client sent to the provider as nonce."""


class IdTokenSignIn(TypedDict):
    """Trades an ID token for tokens."""

    id_token: str
    """As the provider gave it out; counts once."""
    nonce: NotRequired[str]
    """What the client sent to the provider as nonce."""
    role: Literal["rider", "driver", "support", "operator", "admin"]
    device_id: str
    locale: NotRequired[str | None]
    """Of messages to a new account; English where null."""


class ItemResolution(TypedDict):
    """Resolves an item."""

    resolution: Literal["explained", "suspense", "booked"]
    account_kind: NotRequired[str]
    """Where to book it: with `booked` only."""
    note: str
    """Why, for whoever audits this."""
    seen_amount: NotRequired[SeenAmount | None]
    """The item's `amount` that this was decided on: where it is another one by now, nothing is done (409
    `item_changed`). Without it whatever the item stands at is resolved.
    """


class Journal(TypedDict):
    """A page of the entries of a ride's payments, oldest first."""

    items: list[JournalEntry]
    next_cursor: str | None


class JournalEntry(TypedDict):
    """An immutable set of postings that sums to zero in each currency."""

    id: str
    kind: str
    source_id: str
    created_at: str
    postings: list[Posting]


class LastRide(TypedDict):
    """Whether the shift ends with a ride."""

    last_ride: bool


class LearnedTravelTimes(TypedDict):
    """What was learned, newest first, and how wrong people were told."""

    items: list[TravelTimes]
    pickups: ToldTimes
    """Times to the pickup, as told when the driver accepted."""
    trips: ToldTimes
    """Times of trips without stops, as told in their quotes."""


class LedgerAudit(TypedDict):
    """The result of a part of the ledger's audit; ask with `next_cursor` for the next one."""

    differences: list[LedgerDifference]
    account_count: int
    entry_count: int
    next_cursor: str | None


class LedgerDifference(TypedDict):
    """A contradiction of the ledger with itself: a defect."""

    kind: str
    reference: str
    kept: Money
    expected: Money
    detail: str


class LiftedSuppression(TypedDict):
    """A suppression as it was, and who lifted it why."""

    suppression: Suppression
    lifted_at: str
    operator_id: str
    reason: str


class LiftedSuppressions(TypedDict):
    """A page of what was lifted, the latest first."""

    items: list[LiftedSuppression]
    next_cursor: str | None


class LinkedIdentities(TypedDict):
    """The oldest first."""

    items: list[LinkedIdentity]


class LinkedIdentity(TypedDict):
    """A provider's identity that stands for the caller."""

    id: str
    issuer: str
    subject: str
    linked_at: str


class Links(TypedDict):
    """Where the export goes on."""

    next: str | None
    """The query of the next page; null on the last."""


class LocationAnswer(TypedDict):
    """How many were taken, how many dropped, and why."""

    accepted_count: int
    dropped_count: int
    dropped: list[DroppedLocations]


class LocationBatch(TypedDict):
    """Positions, oldest first."""

    locations: list[LocationPing]


class LocationPing(TypedDict):
    """One position of a driver's device."""

    latitude: float
    longitude: float
    measured_at: str
    sequence: int
    """Grows with each ping of a shift."""
    accuracy_meters: NotRequired[float]
    """0 when not known."""


class MailAddress(TypedDict):
    """Where the caller is written to."""

    mail_address: str
    verified_at: str


class MailAddressProof(TypedDict):
    """The code that was sent to an address."""

    mail_address: str
    code: str


class MailAddressRequest(TypedDict):
    """An address to be proved."""

    mail_address: str


class MailCode(TypedDict):
    """A code was sent to the address."""

    expires_at: str
    next_request_at: str
    """When another code may be asked for."""


class MdsEvent(TypedDict):
    """What brought a vehicle into its state."""

    provider_id: str
    device_id: str
    event_id: str
    vehicle_state: str
    event_types: list[str]
    timestamp: int
    location: Gps
    trip_ids: list[str]


class MdsTelemetry(TypedDict):
    """Where a vehicle was heard of last."""

    provider_id: str
    device_id: str
    telemetry_id: str
    timestamp: int
    trip_ids: list[str] | None
    journey_id: str | None
    location: Gps


class MdsTrip(TypedDict):
    """A trip with passengers."""

    provider_id: str
    device_id: str
    trip_id: str
    trip_type: str
    trip_attributes: TripAttributes
    fare_attributes: FareAttributes
    start_time: int
    end_time: int
    start_location: Gps
    end_location: Gps
    duration: int
    """In seconds."""
    distance: int
    """In meters, of the way that was quoted."""
    accessibility_attributes: list[str]
    actual_cost: int
    currency: str


class MdsTrips(TypedDict):
    """Trips that ended in an hour."""

    version: str
    trips: list[MdsTrip]
    links: Links


class MdsVehicle(TypedDict):
    """A vehicle in service."""

    provider_id: str
    device_id: str
    vehicle_id: str
    """The registration plate."""
    vehicle_type: str
    vehicle_attributes: VehicleAttributes
    propulsion_types: list[str]
    """Empty: it is not known here."""
    accessibility_attributes: list[str]


class MdsVehicleStatuses(TypedDict):
    """The states of the vehicles in service whose place is known."""

    version: str
    last_updated: int
    ttl: int
    vehicles_status: list[VehicleStatus]
    links: Links


class MdsVehicles(TypedDict):
    """The vehicles in service."""

    version: str
    last_updated: int
    ttl: int
    vehicles: list[MdsVehicle]
    links: Links


class MessageDelivery(TypedDict):
    """One way a message went, or was to go."""

    id: str
    channel: str
    state: str
    target: str
    """An account, a device, or the end of a number."""
    attempts: int
    provider: str | None
    reason: str | None
    """Why it was dropped or failed, or what went wrong last."""
    unless_acknowledged: bool
    next_at: str | None
    finished_at: str | None
    events: list[DeliveryEvent]


class Money(TypedDict):
    """An amount in the currency's minor unit (cents for USD)."""

    currency_code: str
    amount_minor: int


class MoneyRequest(TypedDict):
    """An amount above zero, in the currency's minor unit (cents for USD)."""

    currency_code: str
    amount_minor: int


class NearbyDrivers(TypedDict):
    """About where free drivers are, nearest first."""

    items: list[BlurredPoint]


class NewApiKey(TypedDict):
    """A key with its secret, which is shown this once."""

    id: str
    name: str
    prefix: str
    """How the key begins."""
    scopes: list[str]
    created_by: str
    created_at: str
    expires_at: str
    last_used_at: str | None
    """To the minute."""
    revoked_at: str | None
    secret: str


class NewDevice(TypedDict):
    """Where an app can be pushed to."""

    platform: Literal["android", "ios", "web"]
    app: Literal["rider", "driver"]
    token: str
    """The push provider's, of this installation."""


class NewTrustedContact(TypedDict):
    """Somebody to be written to in an emergency."""

    name: str
    phone_number: str


class NewWebhookEndpoint(TypedDict):
    """Where webhooks are to be posted."""

    url: str
    """https, and a public address."""
    topics: NotRequired[list[str]]
    """What it is to be told of; none: all."""


class NewWebhookEndpointAnswer(TypedDict):
    """An endpoint with its secret, which is shown this once."""

    endpoint: WebhookEndpoint
    secret: str
    """What its webhooks are signed with, by the scheme of Standard Webhooks."""


class Notification(TypedDict):
    """A message in a person's inbox."""

    id: str
    topic: str
    title: str
    body: str
    ride_id: str | None
    created_at: str
    read_at: str | None


class Notifications(TypedDict):
    """A page of the inbox, newest first."""

    items: list[Notification]
    next_cursor: str | None


class Offer(TypedDict):
    """A ride proposed to a driver for some seconds."""

    id: str
    ride_id: str
    state: str
    expires_at: str
    pickup: Place
    dropoff: Place
    pickup_eta_seconds: int
    distance_meters: int
    earnings: Money
    funding: str
    """Where the rider's money comes from; cash is to be collected."""
    stops: list[Place]
    """On the way, in this order."""
    passengers: int
    kind: str
    order: DeliveryOrder | None
    """What a delivery carries."""
    joins_run: bool
    """Of a pooled ride: others share the vehicle already."""
    pickup_at: str | None
    """When the rider is to be picked up; null for a ride now."""


class OperatorComplaint(TypedDict):
    """A complaint as operators see it."""

    id: str
    ride_id: str
    reason: str
    words: str
    state: str
    """open, refund_pending, refunded or rejected."""
    answer: str | None
    """What the people who run the service say to it."""
    refund_amount: Money | None
    """Null also where all that was left goes back."""
    refund_id: str | None
    """The refund, which tells where the money is."""
    created_at: str
    closed_at: str | None
    rider_id: str
    borne_by: str | None
    refusal: str | None
    """Why the refund that was tried last was refused; the complaint is open again."""
    operator_id: str | None
    version: int


class OperatorComplaints(TypedDict):
    """A page of complaints, newest first."""

    items: list[OperatorComplaint]
    next_cursor: str | None


class OperatorOffer(TypedDict):
    """An offer, and whom it was made to."""

    id: str
    ride_id: str
    state: str
    expires_at: str
    pickup: Place
    dropoff: Place
    pickup_eta_seconds: int
    distance_meters: int
    earnings: Money
    funding: str
    """Where the rider's money comes from; cash is to be collected."""
    stops: list[Place]
    """On the way, in this order."""
    passengers: int
    kind: str
    order: DeliveryOrder | None
    """What a delivery carries."""
    joins_run: bool
    """Of a pooled ride: others share the vehicle already."""
    pickup_at: str | None
    """When the rider is to be picked up; null for a ride now."""
    driver_id: str


class OperatorPayout(TypedDict):
    """A payout as operators see it."""

    id: str
    amount: Money
    status: str
    kind: str
    last_digits: str
    """Of the bank account's number."""
    failure_reason: str | None
    created_at: str
    sent_at: str | None
    paid_at: str | None
    ended_at: str | None
    """When it failed or was returned."""
    version: int
    driver_id: str
    waiting_reason: str | None
    """What it waits for at the PSP."""
    retry_of: str | None
    """The payout in whose place it was asked."""


class OperatorPayouts(TypedDict):
    """A page of payouts, newest first."""

    items: list[OperatorPayout]
    next_cursor: str | None


class OperatorRide(TypedDict):
    """A ride as operators see it."""

    id: str
    state: str
    payment_state: str | None
    kind: str
    sharing: RideSharing | None
    funding: str
    """Where the rider's money comes from."""
    version: int
    product: str
    pickup: Place
    dropoff: Place
    fare: Fare
    driver: RideDriver | None
    pickup_eta_seconds: int | None
    promised_pickup_at: str | None
    """When the driver who accepted first would have come; a swap of drivers never makes it later."""
    swap_count: int
    """How often another driver came instead, since that one is there sooner."""
    requested_at: str
    assigned_at: str | None
    arrived_at: str | None
    started_at: str | None
    ended_at: str | None
    reason: str | None
    driver_silent_since: str | None
    """Since when the driver's device is not heard of; the driver may be out of coverage."""
    stops: list[RideStop]
    """In the order in which they are driven to."""
    passengers: int
    pickup_at: str | None
    """When the rider is to be picked up; null for a ride now."""
    distance_meters: int
    """Expected, by way of the stops."""
    trip_eta_seconds: int
    """Expected time in the vehicle, with the wait at each stop."""
    note: str | None
    """The rider's words for the driver, whom they are told to from the acceptance to the end."""
    rider_id: str
    city: str | None
    policy_version: int | None
    """Version of the city's policy that the ride keeps to."""
    delivery: Delivery | None
    promotion: AppliedPromotion | None
    """The rider's promotion that the ride has."""


class OperatorRides(TypedDict):
    """A page of rides, newest first."""

    items: list[OperatorRide]
    next_cursor: str | None


class OperatorShift(TypedDict):
    """An open shift as operators see it."""

    id: str
    version: int
    started_at: str
    ended_at: str | None
    end_reason: str | None
    ends_after_ride: bool
    last_ride: bool
    """The next ride, or the one under way, is to be the last."""
    break_until: str | None
    """Who is not back by then is taken offline."""
    heading: Point | None
    """Only rides on the way there are offered."""
    silent_since: str | None
    """Since when the device is not heard of."""
    silent_until: str | None
    """Who is free and not heard of by then is taken offline."""
    capabilities: list[str]
    """What the driver declared."""
    driver_id: str
    driver_name: str
    vehicle_plate: str
    ride_id: str | None
    """The ride that the driver is bound to."""


class OperatorShifts(TypedDict):
    """A page of open shifts, newest first."""

    items: list[OperatorShift]
    next_cursor: str | None


class OrderCollection(TypedDict):
    """Takes an order along from the shop."""

    code: NotRequired[str]
    """Where the order asks for one."""


class OrderReturn(TypedDict):
    """Says that the shop has the goods again."""

    received_by: str


class OtpAnswer(TypedDict):
    """The same for known and unknown numbers."""

    expires_at: str
    next_request_at: str


class OtpRequest(TypedDict):
    """Asks for a one-time code by SMS."""

    phone_number: str
    """E.164."""
    locale: NotRequired[str | None]
    device_id: NotRequired[str]
    """As at the sign-in."""


class OtpVerification(TypedDict):
    """Trades a code for tokens."""

    phone_number: str
    """E.164."""
    code: str
    role: Literal["rider", "driver", "support", "operator", "admin"]
    device_id: str


class PaidPart(TypedDict):
    """One payment of a ride."""

    payment_id: str
    purpose: str
    funding: str
    status: str
    amount: Money
    refunded: Money
    brand: str | None
    last_digits: str | None
    paid_at: str


class PartnerToken(TypedDict):
    """An access token for a partner's program."""

    access_token: str
    """For `Authorization: Bearer`."""
    access_expires_at: str
    scopes: list[str]


class Patronage(TypedDict):
    """Surplus of a period, given back to member drivers."""

    id: str
    started_at: str
    ended_at: str
    amount: Money
    commission: Money
    member_count: int
    posted_count: int
    """How many shares are on the drivers' accounts already."""
    created_at: str


class PatronageRequest(TypedDict):
    """Gives a part of the commission of a period back to the member drivers."""

    start_at: str
    end_at: str
    """Not part of the period; it has passed."""
    amount: MoneyRequest


class PatronageShare(TypedDict):
    """A driver's share of a surplus that was given back."""

    id: str
    started_at: str
    ended_at: str
    share: Money
    created_at: str


class PatronageShares(TypedDict):
    """A page of shares, newest first."""

    items: list[PatronageShare]
    next_cursor: str | None


class Patronages(TypedDict):
    """A page of declarations, newest first."""

    items: list[Patronage]
    next_cursor: str | None


class Payment(TypedDict):
    """Money asked of a rider: held, collected, released or refused."""

    id: str
    ride_id: str | None
    rider_id: str
    purpose: str
    funding: str
    status: str
    authorized: Money
    """Held by the card or wallet."""
    captured: Money
    credit_used: Money
    """Part that granted credit paid."""
    receivable: Money
    """Part that nothing covered yet: the rider owes it."""
    refunded: Money
    """Part that went back, or is on its way."""
    decline_reason: str | None
    outcome_unknown: bool
    """True while the PSP has not said how an operation ended."""
    version: int


class PaymentMethod(TypedDict):
    """A card."""

    id: str
    brand: str
    last_digits: str
    expire_month: int
    expire_year: int
    is_default: bool
    """Taken where none is named."""


class PaymentMethodRequest(TypedDict):
    """Keeps a card that the PSP knows by a token."""

    psp_token: str


class PaymentMethodSetup(TypedDict):
    """The way of a card from a token to one that may be charged in its holder's absence."""

    id: str
    status: str
    payment_method: PaymentMethod | None
    """The card, once it is kept."""
    client_secret: str | None
    """For the PSP's own library, while the bank asks for the holder."""
    next_action: str | None
    """What the bank asks for, in the PSP's words."""
    redirect_url: str | None
    """The bank's page, where it is one."""
    decline_reason: str | None
    created_at: str


class PaymentMethods(TypedDict):
    """A page of a rider's cards, newest first."""

    items: list[PaymentMethod]
    next_cursor: str | None


class PaymentStory(TypedDict):
    """All that happened around a payment and its ride, in the order of time."""

    ride_id: str | None
    payments: list[Payment]
    events: list[StoryEvent]
    is_cut: bool
    """True where there was more than is told."""


class Payments(TypedDict):
    """A page of payments, newest first."""

    items: list[Payment]
    next_cursor: str | None


class Payout(TypedDict):
    """A payout as its driver sees it."""

    id: str
    amount: Money
    status: str
    kind: str
    last_digits: str
    """Of the bank account's number."""
    failure_reason: str | None
    created_at: str
    sent_at: str | None
    paid_at: str | None
    ended_at: str | None
    """When it failed or was returned."""
    version: int


class PayoutAccount(TypedDict):
    """A driver's bank account; its number never comes here."""

    driver_id: str
    currency_code: str
    country_code: str
    bank_name: str | None
    last_digits: str
    updated_at: str


class PayoutAccountRequest(TypedDict):
    """Keeps the bank account that payouts in its currency go to."""

    bank_token: str
    """What the PSP gave the app for the account."""
    country_code: str
    """The first one stays."""


class PayoutRequest(TypedDict):
    """Sends earnings to the caller's bank."""

    currency_code: str
    amount_minor: NotRequired[int]
    """0 for all that is available."""


class Payouts(TypedDict):
    """A page of a driver's payouts, newest first."""

    items: list[Payout]
    next_cursor: str | None


class Person(TypedDict):
    """An account, masked."""

    id: str
    display_name: str
    masked_phone: str
    locale: str
    created_at: str
    driver_status: str | None
    """Null of somebody who does not drive."""
    granted_roles: list[str]


class PersonSearch(TypedDict):
    """Looks for the person with a phone number; in a body, because addresses are written to logs."""

    phone_number: str
    """E.164."""


class PhoneInClear(TypedDict):
    """A phone number, and a mail address where there is one."""

    phone_number: str
    mail_address: str | None


class Place(TypedDict):
    """A place (WGS 84) and the words for it."""

    latitude: float
    longitude: float
    address: str | None
    """Null when nobody named it."""


class PlaceRequest(TypedDict):
    """A place as a client names it (WGS 84)."""

    latitude: float
    longitude: float
    address: NotRequired[str]


class Plan(TypedDict):
    """The stops that are left, the next one first."""

    stops: list[PlanStop]


class PlanStop(TypedDict):
    """A stop of a driver's plan."""

    ride_id: str
    action: str
    """pick_up, drop_off, or stop: the driver waits for a while on the way."""
    place: Place
    passengers: int
    """How many get in or out; 0 at a stop."""


class Point(TypedDict):
    """A point on the map (WGS 84)."""

    latitude: float
    longitude: float


class PointRequest(TypedDict):
    """A point on the map (WGS 84) as a client names it."""

    latitude: float
    longitude: float


class Posting(TypedDict):
    """One leg of a journal entry: debit above zero, credit below."""

    account: str
    amount: Money


class Preference(TypedDict):
    """Whether a subject's notifications are wanted by a channel."""

    subject: str
    channel: str
    wanted: bool
    mandatory: bool
    """Whether they cannot be turned off."""


class PreferenceChange(TypedDict):
    """One choice."""

    subject: Literal["security", "trips", "money", "marketing"]
    channel: Literal["push", "sms", "email"]
    wanted: bool


class Preferences(TypedDict):
    """All that the caller may decide."""

    preferences: list[Preference]
    quiet_hours: QuietHoursAnswer | None


class Problem(TypedDict):
    """Problem details (RFC 9457). Branch on `code`; `detail` is for people."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    retryable: bool
    """The same request with the same Idempotency-Key may succeed later."""
    request_id: str
    trace_id: NotRequired[str | None]
    """What the logs and spans of this request are found by; none where it came to no route."""
    errors: list[FieldError]
    facts: NotRequired[dict[str, str] | None]
    """What helps: ids, for example of the ride in the way, or why a payment was declined."""


class Product(TypedDict):
    """What a rider can ask for, with its rates."""

    product: str
    base: Money
    per_kilometer: Money
    per_minute: Money
    minimum: Money
    booking_fee: Money
    cash_accepted: bool
    seats: int
    """How many passengers it carries at most."""
    kind: str
    parties: int
    """Of a pooled product: how many share a vehicle at most; 0 for others."""
    return_fee: Money | None
    """Of a delivery that has to be brought back, beside the fare."""
    waiting_per_minute: Money
    vehicle_classes: list[str]


class Products(TypedDict):
    """All that the city sells there."""

    items: list[Product]


class Promotion(TypedDict):
    """A promotion as operators see it."""

    id: str
    code: str
    currency_code: str
    percent_off_basis_points: int | None
    """In hundredths of a percent."""
    amount_off: Money | None
    most_off: Money | None
    """No more is taken off a ride."""
    least_paid: Money
    """At least this is left to pay."""
    city: str | None
    products: list[str]
    uses_per_rider: int
    first_ride_only: bool
    starts_at: str
    ends_at: str
    state: str
    """upcoming, in_force or ended."""
    redemption_limit: int | None
    redemption_count: int
    """How many riders have it on their accounts."""
    use_count: int
    """How many rides have it, under way or made."""
    taken_off: Money
    """From rides that were made, so far."""
    version: int
    note: str
    created_at: str
    operator_id: str
    stopped_at: str | None
    """When an operator ended it."""
    stopped_by: str | None
    stop_note: str | None


class PromotionEnd(TypedDict):
    """Why a promotion is ended."""

    note: NotRequired[str]
    """For the record."""


class PromotionRequest(TypedDict):
    """What is made: a part or an amount that is taken off, from which fares, for whom and how often."""

    code: str
    """What riders type, in capitals or not."""
    currency_code: str
    """Of the fares and all amounts."""
    percent_off_basis_points: NotRequired[int]
    """In hundredths of a percent; 0 where an amount is."""
    amount_off_minor: NotRequired[int]
    """0 where a part is."""
    most_off_minor: NotRequired[int]
    """A ride; 0 for no cap."""
    least_paid_minor: NotRequired[int]
    """At least this is left to pay; 0 for 100."""
    starts_at: NotRequired[str | None]
    """At once, where it is not said."""
    ends_at: str
    city: NotRequired[str]
    """Empty for all."""
    products: NotRequired[list[str]]
    """Empty for all."""
    redemption_limit: NotRequired[int]
    """How many riders may redeem it; 0 for all."""
    uses_per_rider: NotRequired[int]
    """For how many rides each has it."""
    first_ride_only: NotRequired[bool]
    """Only for riders who have not ridden yet."""
    note: NotRequired[str]
    """For the record."""


class Promotions(TypedDict):
    """A page of promotions, newest first."""

    items: list[Promotion]
    next_cursor: str | None


class ProviderHealth(TypedDict):
    """How a provider stood at its last change."""

    provider: str
    state: str
    failures: int
    open_until: str | None
    error: str
    changed_at: str


class Providers(TypedDict):
    """The providers that ever failed."""

    items: list[ProviderHealth]


class PspEvent(TypedDict):
    """What the PSP told by itself."""

    id: str
    type: str
    psp_object_id: str
    psp_account_id: str | None
    state: str
    tries: int
    detail: str | None
    received_at: str


class PspEvents(TypedDict):
    """A page of events, newest first."""

    items: list[PspEvent]
    next_cursor: str | None


class PublicKey(TypedDict):
    """One issuer's public key (RFC 7517)."""

    kty: str
    crv: str
    x: str
    y: str
    kid: str
    alg: str
    use: str


class PublicKeys(TypedDict):
    """The public keys that access tokens can be checked with."""

    keys: list[PublicKey]


class Pulse(TypedDict):
    """How it goes."""

    taken_at: str
    vehicles: list[StateCount]
    """Drivers on shift by what they do: free, offered, en_route, arrived, in_trip, on_break or silent."""
    rides: list[StateCount]
    """Live rides by state."""
    open_offer_count: int
    steps: list[PulseStep]
    """Oldest first, the last one under way."""


class PulseStep(TypedDict):
    """What happened within a step to rides that were asked for since the begin."""

    started_at: str
    requested_count: int
    completed_count: int
    canceled_count: int
    """By the rider or the platform, or since the rider did not come."""
    unmatched_count: int
    """No driver was found, or the hold was declined."""
    pickup_count: int
    mean_wait_seconds: float
    """From the request to the driver's arrival, of rides for now."""
    fares: list[Money]
    """Of the completed rides, one amount a currency; refunds are not taken off."""


class QuietHours(TypedDict):
    """Hours in which nothing disturbs but security and a trip under way."""

    time_zone: str
    begins_at: str
    ends_at: str
    """On the next day where it is earlier."""


class QuietHoursAnswer(TypedDict):
    """The caller's quiet hours."""

    time_zone: str
    begins_at: str
    ends_at: str


class Quote(TypedDict):
    """A price promised until it expires."""

    id: str
    product: str
    pickup: Place
    dropoff: Place
    fare: Fare
    distance_meters: int
    trip_eta_seconds: int
    pickup_eta_seconds: int | None
    """Null when no driver is near."""
    expires_at: str
    max_detour_seconds: int | None
    """Of a pooled product: how much longer than alone the ride may become for others."""
    surge_permille: int
    """Multiplier of demand in the price; 1000 is none."""
    surge_consent_token: str | None
    """Ask the rider for an explicit yes to the surge, and send it with the request for the ride."""
    stops: list[Place]
    """On the way; distance and time are by way of them, with the wait at each."""
    route_polyline: str | None
    """The way on the map, an encoded polyline of five decimals; null where no map tells it."""
    passengers: int
    pickup_at: str | None
    """When the ride is to begin; null for now."""
    promotion: AppliedPromotion | None
    """The promotion of the account that the fare contains."""


class QuoteRequest(TypedDict):
    """Asks for prices from one place to another."""

    pickup: PlaceRequest
    dropoff: PlaceRequest
    product: NotRequired[str]
    """Only this product."""
    stops: NotRequired[list[PlaceRequest]]
    """On the way, in this order."""
    passengers: NotRequired[int]
    """Products with fewer seats are left out."""
    pickup_at: NotRequired[str | None]
    """When the ride is to begin; null for now."""
    without_promotion: NotRequired[bool]
    """Keep the promotions on the account for other rides."""


class Quotes(TypedDict):
    """One quote a product."""

    quotes: list[Quote]


class Rating(TypedDict):
    """What the caller thinks of the other side of a ride."""

    ride_id: str
    stars: int
    comment: str
    created_at: str


class RatingRequest(TypedDict):
    """Rates the other side of a ride."""

    stars: int
    comment: NotRequired[str]
    """For the people who run the service, never shown."""


class RatingSummary(TypedDict):
    """What others think of somebody: the latest 500 ratings at most."""

    count: int
    mean_stars: float | None
    """Null without a rating."""


class Reason(TypedDict):
    """Why something is done, for the record."""

    reason: str


class Reassignment(TypedDict):
    """Why a ride is taken from its driver, for the record."""

    reason: str


class Receipt(TypedDict):
    """What a rider was charged for a ride: the total is what was captured, used of credit, and is still receivable."""

    payment_id: str
    ride_id: str
    captured_at: str
    lines: list[ChargeLine]
    total: Money
    funding: str
    """Where the captured part came from."""
    captured: Money
    """Paid by card, from the wallet or in cash."""
    credit_used: Money
    """Paid by credit that was granted."""
    receivable: Money
    """Not covered: charged by itself afterwards, and owed until then."""
    brand: str | None
    """Of the card; null without one."""
    last_digits: str | None
    """Of the card; null without one."""


class ReconciliationItem(TypedDict):
    """Something that does not agree."""

    id: str
    kind: str
    reference: str
    amount: Money
    """What the PSP says less what the ledger says."""
    detail: str
    psp_transaction_id: str | None
    payment_id: str | None
    status: str
    resolution: str | None
    note: str | None
    resolved_by: str | None
    opened_at: str
    closed_at: str | None


class ReconciliationItems(TypedDict):
    """A page of items, oldest first."""

    items: list[ReconciliationItem]
    next_cursor: str | None


class ReconciliationRun(TypedDict):
    """One comparison of the ledger with the PSP's own list."""

    id: str
    status: str
    phase: str
    since: str | None
    """From where on the PSP's list was read; null from its beginning."""
    imported_count: int
    matched_count: int
    opened_count: int
    closed_count: int
    detail: str | None
    """Why it rests or failed."""
    started_at: str
    ended_at: str | None


class ReconciliationRuns(TypedDict):
    """A page of runs, newest first."""

    items: list[ReconciliationRun]
    next_cursor: str | None


class RedeemRequest(TypedDict):
    """Shows a code."""

    code: str
    """In capitals or not."""


class RedeemedPromotion(TypedDict):
    """A promotion on the caller's account."""

    id: str
    code: str
    currency_code: str
    percent_off_basis_points: int | None
    """In hundredths of a percent."""
    amount_off: Money | None
    most_off: Money | None
    """No more is taken off a ride."""
    least_paid: Money
    """At least this is left to pay."""
    city: str | None
    products: list[str]
    uses_per_rider: int
    first_ride_only: bool
    starts_at: str
    ends_at: str
    state: str
    """upcoming, in_force or ended."""
    uses_left: int
    """For how many more rides; one that came to cost no fare gives its use back."""
    redeemed_at: str


class RedeemedPromotions(TypedDict):
    """The promotions on the caller's account, newest first; at most a hundred."""

    items: list[RedeemedPromotion]


class Refund(TypedDict):
    """Captured money that goes back to its rider."""

    id: str
    payment_id: str
    ride_id: str | None
    rider_id: str
    amount: Money
    reason: str | None
    """Told to operators."""
    borne_by: str
    destination: str
    status: str
    failure_reason: str | None
    created_at: str
    paid_at: str | None
    failed_at: str | None
    version: int


class RefundRequest(TypedDict):
    """Gives back a part of a payment, or all that is left of it."""

    ride_id: NotRequired[str | None]
    """The ride whose own payment is meant."""
    payment_id: NotRequired[str | None]
    """Or one payment, for example a tip's."""
    amount: NotRequired[MoneyRequest | None]
    """All that is left without it."""
    reason: str
    """For the books; no personal data."""
    borne_by: NotRequired[Literal["proportional", "platform"] | None]
    """In the shares of the charge without it, where it has shares."""


class Refunds(TypedDict):
    """A page of refunds, newest first."""

    items: list[Refund]
    next_cursor: str | None


class ReplayRequest(TypedDict):
    """From when on what was not taken is posted again."""

    since: str


class Replayed(TypedDict):
    """How many are posted again."""

    count: int


class RevokedSessions(TypedDict):
    """How many ended. Their access tokens count until they expire, ten minutes at most."""

    revoked_count: int


class RideAccount(TypedDict):
    """All that was paid for a ride and came back, as of now."""

    receipt: Receipt
    refunds: list[Refund]
    parts: list[PaidPart]
    tips: Money
    collected: Money
    outstanding: Money
    """What no charge of this ride collected yet."""
    refunded: Money
    paid: Money
    """Collected less refunded."""


class RideDriver(TypedDict):
    """The driver of a ride."""

    id: str
    display_name: str
    vehicle: VehicleFacts


class RideEdit(TypedDict):
    """Another way of a ride. It is the ride's once its state is `applied`."""

    id: str
    ride_id: str
    state: str
    reason: str | None
    """Why it came to nothing."""
    pickup: Place
    dropoff: Place
    stops: list[RideStop]
    """Those still to be made."""
    fare: Fare
    """Of the whole ride."""
    fare_before: Money
    difference_minor: int
    """What the ride gets dearer by; below zero when cheaper."""
    distance_meters: int
    trip_eta_seconds: int
    driven_meters: int
    """Of the whole way, what lies behind the driver and is kept at its price."""
    added_seconds: int
    """What the rest of the trip gets longer by."""
    expires_at: str
    pickup_at: str | None
    """When a scheduled ride would begin, where that is changed."""
    answer_until: str | None
    """While the driver is asked: until when."""


class RideEvent(TypedDict):
    """One thing that happened to a ride, told by the service that knows of it."""

    at: str
    service: str
    """matching, payment or notification."""
    subject: str
    """What it befell: ride, offer, message or delivery, or what payment names."""
    subject_id: str | None
    what: str
    """What happened, in the words of its service."""
    account_id: str | None
    """Whom it concerns, where it is one person."""
    amount: Money | None
    facts: dict[str, str]
    """Further facts by name; never a word of a message, a PIN or a place. To operators alone `words`: what the
    person who moved the ride gave as the cause.
    """
    trace_id: str | None
    """The trace that it was part of, where that is known."""


class RideHistory(TypedDict):
    """A ride's story, oldest first."""

    ride: OperatorRide
    transitions: list[RideTransition]
    offers: list[OperatorOffer]


class RideLocation(TypedDict):
    """Where the driver of a ride is."""

    latitude: float
    longitude: float
    measured_at: str


class RideRequest(TypedDict):
    """Asks for the ride of a quote."""

    quote_id: str
    note: NotRequired[str]
    """Words for the driver."""
    surge_consent_token: NotRequired[str | None]
    """Of a quote that has one: the rider said yes to its surge."""
    accepted_detour_seconds: NotRequired[int]
    """Of a pooled quote: its `max_detour_seconds`, or more."""
    funding: NotRequired[Literal["card", "wallet", "cash"]]
    """Where the money comes from."""
    payment_method_id: NotRequired[str | None]
    """The card; only, and always, with the funding card."""
    delivery: NotRequired[DeliveryOrderRequest | None]
    """What is carried; with a product of the kind delivery, and with no other."""


class RideRoute(TypedDict):
    """The way of a ride that is still to be driven."""

    legs: list[RouteLeg]
    """While the driver comes, the first leads to the pickup."""
    measured_at: str | None
    """When the driver was where the first leg begins; null where nobody knows: then it begins where the ride was
    last, and the leg to the pickup is left out.
    """


class RideSharing(TypedDict):
    """What the rider of a pooled ride agreed to."""

    max_detour_seconds: int
    """How much longer than alone the ride may become for others."""
    max_wait_seconds: int
    """How much later the pickup may become after a driver accepted."""
    run_id: str | None
    """Rides that share a vehicle have one run."""


class RideStateCount(TypedDict):
    """How many rides stand in a state."""

    state: str
    count: int


class RideStop(TypedDict):
    """A stop on the way."""

    id: str
    place: Place
    state: str
    reached_at: str | None
    left_at: str | None


class RideSummary(TypedDict):
    """The rides asked for since a time."""

    states: list[RideStateCount]
    double_assignment_count: int
    """Anything but zero is a defect."""
    request_to_offer: WaitSummary
    request_to_pickup: WaitSummary
    open_shift_count: int
    offer_count: int
    broadcast_offer_count: int
    """Offers that were open together with others of their ride."""


class RideTimeline(TypedDict):
    """All that happened to a ride, oldest first."""

    ride_id: str
    state: str
    trace_id: str | None
    """The trace that the ride was asked for in, and that goes on with it; null where there is none."""
    events: list[RideEvent]
    is_cut: bool
    """True where there was more than is told."""


class RideTransition(TypedDict):
    """One move of a ride."""

    version: int
    from_state: str | None
    to_state: str
    occurred_at: str
    driver_id: str | None
    reason: str | None
    words: str | None
    """What the person who made it gave as the cause; null where they gave none, or were erased."""


class RiderAdjustment(TypedDict):
    """What an operator changed in a rider's accounts, and why."""

    id: str
    kind: str
    rider_id: str
    operator_id: str
    amount: Money
    reason: str
    created_at: str


class RiderAdjustmentRequest(TypedDict):
    """Changes a rider's accounts by an amount, for a reason."""

    amount: MoneyRequest
    reason: str


class RiderAdjustments(TypedDict):
    """A page of adjustments, newest first."""

    items: list[RiderAdjustment]
    next_cursor: str | None


class RiderRide(TypedDict):
    """A rider's own ride."""

    id: str
    state: str
    payment_state: str | None
    kind: str
    sharing: RideSharing | None
    funding: str
    """Where the rider's money comes from."""
    version: int
    product: str
    pickup: Place
    dropoff: Place
    fare: Fare
    driver: RideDriver | None
    pickup_eta_seconds: int | None
    promised_pickup_at: str | None
    """When the driver who accepted first would have come; a swap of drivers never makes it later."""
    swap_count: int
    """How often another driver came instead, since that one is there sooner."""
    requested_at: str
    assigned_at: str | None
    arrived_at: str | None
    started_at: str | None
    ended_at: str | None
    reason: str | None
    driver_silent_since: str | None
    """Since when the driver's device is not heard of; the driver may be out of coverage."""
    stops: list[RideStop]
    """In the order in which they are driven to."""
    passengers: int
    pickup_at: str | None
    """When the rider is to be picked up; null for a ride now."""
    distance_meters: int
    """Expected, by way of the stops."""
    trip_eta_seconds: int
    """Expected time in the vehicle, with the wait at each stop."""
    note: str | None
    """The rider's words for the driver, whom they are told to from the acceptance to the end."""
    start_pin: str | None
    """To be told to the driver at the start; of a delivery, the shop's pickup code."""
    delivery: Delivery | None
    promotion: AppliedPromotion | None
    """The promotion of the account that the ride has."""


class RiderRides(TypedDict):
    """A page of a rider's rides, newest first."""

    items: list[RiderRide]
    next_cursor: str | None


class RoleGrant(TypedDict):
    """A role that an account may sign in with."""

    account_id: str
    role: str
    granted_by: str
    """An account, or the name of a command's issuer."""
    granted_at: str


class RoleGrantRequest(TypedDict):
    """Grants a role to the account with a phone number."""

    phone_number: str
    """E.164."""
    role: Literal["support", "operator", "admin"]
    reason: str


class RoleGrants(TypedDict):
    """A page of grants, the newest first."""

    items: list[RoleGrant]
    next_cursor: str | None


class RouteLeg(TypedDict):
    """A leg of a ride's way."""

    end: str
    """To what it leads: pickup, stop or dropoff."""
    place: Place
    distance_meters: int
    eta_seconds: int
    """Waits are not part of it."""
    polyline: str | None
    """Its line on the map, an encoded polyline of five decimals; null where no map tells it."""


class SavedPlace(TypedDict):
    """A place that the caller keeps."""

    id: str
    kind: str
    label: str
    place: Place


class SavedPlaceRequest(TypedDict):
    """A place to keep. Home and work take the place of the one that stands."""

    kind: Literal["home", "work", "favorite"]
    label: str
    place: PlaceRequest


class SavedPlaces(TypedDict):
    """Home and work first, then favourites by name."""

    items: list[SavedPlace]


class ScheduledRides(TypedDict):
    """A rider's rides that wait for their time, the next one first."""

    items: list[RiderRide]


class SeenAmount(TypedDict):
    """A difference as it was told, in the currency's minor unit (cents for USD); it may be below zero."""

    currency_code: str
    amount_minor: int


class ServiceArea(TypedDict):
    """Where a city serves."""

    city: str
    name: str
    corners: list[Point]
    """In order; the last joins the first."""
    zones: list[Zone]


class ServiceAreas(TypedDict):
    """All cities, in the order of their keys."""

    items: list[ServiceArea]


class Session(TypedDict):
    """A signed-in device."""

    id: str
    device_id: str
    role: str
    started_at: str
    last_used_at: str
    expires_at: str
    current: bool
    """True of the one that asked."""


class Sessions(TypedDict):
    """The live ones, the newest first."""

    items: list[Session]


class ShareLink(TypedDict):
    """A link to a ride. The token is told this once; the app puts it behind an address of its own."""

    token: str
    path: str
    """Where the ride is read."""
    expires_at: str


class ShareTextsRequest(TypedDict):
    """Who is to be sent the link."""

    contact_ids: list[str]
    """Trusted contacts of the caller's own; who is none of them is sent nothing."""


class SharedDriver(TypedDict):
    """Whom and what to look for."""

    display_name: str
    vehicle: VehicleFacts


class SharedRide(TypedDict):
    """A ride as who has its link sees it: nothing of its rider, and places only about."""

    state: str
    pickup: BlurredPoint
    dropoff: BlurredPoint
    driver: SharedDriver | None
    location: BlurredPoint | None
    """About where the driver is."""
    measured_at: str | None
    started_at: str | None
    ended_at: str | None
    expires_at: str
    """When the link ends."""


class Shift(TypedDict):
    """A driver's online period."""

    id: str
    version: int
    started_at: str
    ended_at: str | None
    end_reason: str | None
    ends_after_ride: bool
    last_ride: bool
    """The next ride, or the one under way, is to be the last."""
    break_until: str | None
    """Who is not back by then is taken offline."""
    heading: Point | None
    """Only rides on the way there are offered."""
    silent_since: str | None
    """Since when the device is not heard of."""
    silent_until: str | None
    """Who is free and not heard of by then is taken offline."""
    capabilities: list[str]
    """What the driver declared."""


class SignIn(TypedDict):
    """Tokens, and whose they are."""

    access_token: str
    """For `Authorization: Bearer`."""
    access_expires_at: str
    refresh_token: str
    """Good once."""
    refresh_expires_at: str
    role: str
    new_account: bool
    """True when this sign-in made the account."""
    account: Account


class Sos(TypedDict):
    """A call for help."""

    id: str
    account_id: str
    ride_id: str | None
    point: Point
    contact_count: int
    """How many are being written to."""
    raised_at: str


class SosCalls(TypedDict):
    """A page of calls for help, newest first."""

    items: list[Sos]
    next_cursor: str | None


class SosRequest(TypedDict):
    """Where the caller is, and on which ride."""

    point: PointRequest
    ride_id: NotRequired[str | None]


class StateCount(TypedDict):
    """How many stand in a state."""

    state: str
    count: int


class Statement(TypedDict):
    """What moved on an account in a period, oldest first."""

    opening: Money
    closing: Money
    items: list[StatementEntry]
    next_cursor: str | None


class StatementEntry(TypedDict):
    """One change of an account."""

    id: str
    kind: str
    ride_id: str | None
    payment_id: str | None
    purpose: str | None
    amount: Money
    """Above zero where the account grows."""
    balance: Money
    created_at: str


class StatementLine(TypedDict):
    """One change of a driver's balance."""

    id: str
    ride_id: str | None
    kind: str
    amount: Money
    created_at: str


class StatementSums(TypedDict):
    """What lies between the balances at the ends of a period; what takes from the balance is below zero."""

    gross_fares: Money
    waiting: Money
    cancel_fees: Money
    tolls: Money
    tips: Money
    commission: Money
    refunds: Money
    disputes: Money
    cash_collected: Money
    payments: Money
    payouts: Money
    subscription_fees: Money
    patronage: Money
    other: Money


class StopChoice(TypedDict):
    """A stop after the edit: one that the ride has, or a new place."""

    id: NotRequired[str | None]
    """Of a stop of the ride that is not left yet."""
    place: NotRequired[PlaceRequest | None]


class StoryEvent(TypedDict):
    """One thing that happened around a payment."""

    created_at: str
    subject: str
    subject_id: str
    payment_id: str | None
    kind: str
    state: str
    amount: Money | None
    facts: dict[str, str]


class StreamTicket(TypedDict):
    """Opens one live stream without a token in its URL."""

    ticket: str
    expires_at: str


class Suppression(TypedDict):
    """A person's address of a channel that is not written to any more."""

    account_id: str
    channel: str
    reason: str
    """What was said of the address."""
    provider: str
    """Who said it."""
    suppressed_at: str


class SuppressionLift(TypedDict):
    """Names an address that is to be written to again."""

    account_id: str
    channel: Literal["sms", "voice", "email"]
    reason: str
    """For the record."""


class Suppressions(TypedDict):
    """A page of them, the latest first."""

    items: list[Suppression]
    next_cursor: str | None


class Surge(TypedDict):
    """A city's surge."""

    computed_at: str | None
    """Null where none is known, and then prices have none."""
    control: SurgeControl
    cells: list[SurgeCell]


class SurgeCell(TypedDict):
    """One H3 cell of resolution 8."""

    cell: str
    latitude: float
    longitude: float
    surge_permille: int
    """The multiplier in prices now."""
    mean_permille: int
    """The moving average that it follows."""


class SurgeControl(TypedDict):
    """What an operator laid on a city's surge."""

    frozen: bool
    cap_permille: int | None


class SurgeControlChange(TypedDict):
    """Takes the place of what was laid before."""

    frozen: NotRequired[bool]
    """The multipliers stand still."""
    cap_permille: NotRequired[int | None]
    """No multiplier is above this; 1000 ends all surge."""
    note: NotRequired[str]


class TickTrace(TypedDict):
    """What one tick of dispatch knew and did about a ride."""

    ticked_at: str
    fate: str
    """offered, swap_offered, rerouted, contended, driver_taken, ride_gone, fenced, left_over or nobody."""
    driver_id: str | None
    waited_seconds: int
    drivers_seen_count: int
    drivers_free_count: int
    repeat_count: int
    """How many ticks before it came to the same as the one before them."""
    candidates: list[CandidateFacts]


class Timeline(TypedDict):
    """A page of what a person was owed, newest first."""

    items: list[TimelineEntry]
    next_cursor: str | None


class TimelineEntry(TypedDict):
    """One message owed, with its deliveries."""

    notification: Notification
    priority: str
    expires_at: str
    acknowledged_at: str | None
    deliveries: list[MessageDelivery]


class TipRequest(TypedDict):
    """Tips the driver of a ride."""

    amount: MoneyRequest


class TokenRefresh(TypedDict):
    """Trades a refresh token for the next pair."""

    refresh_token: str


class Tokens(TypedDict):
    """What a signed-in device holds."""

    access_token: str
    """For `Authorization: Bearer`."""
    access_expires_at: str
    refresh_token: str
    """Good once."""
    refresh_expires_at: str
    role: str


class ToldTimes(TypedDict):
    """What people were told beside what came true, in the completed rides of the last seven days."""

    count: int
    mean_error: float
    """Mean of |told - measured| / measured."""
    median_ratio: float
    """Median of told / measured: below 1 too little was told."""


class TopUpRequest(TypedDict):
    """Charges a card at once and puts the money into the wallet."""

    amount: MoneyRequest
    payment_method_id: NotRequired[str | None]
    """The default card without it."""


class TravelTimes(TypedDict):
    """What some trips taught of one provider's estimates."""

    provider: str
    """Whose estimates: crow_flies, street or osrm."""
    map_id: str | None
    """The map that the provider estimates by."""
    version: int
    learned_at: str
    trip_count: int
    error_before: float
    """Of what was in force before, on trips held out: mean of |told - measured| / measured."""
    error_after: float
    """The same of what was learned."""
    in_force: bool
    """Whether it was better, and took the place of what was in force."""
    start_seconds: float
    """What setting out, turning around and stopping take."""
    factors: list[float]
    """Measured over estimated time, one an hour of the week, from Monday 0 to 1 o'clock."""


class TrialBalance(TypedDict):
    """The ledger summed up."""

    currencies: list[CurrencyBalance]
    accounts: list[AccountKindBalance]
    read_at: str


class TripAlert(TypedDict):
    """Something that looks wrong on a trip; its rider was asked whether all is well."""

    id: str
    ride_id: str
    rider_id: str
    driver_id: str
    kind: str
    """route_deviated or long_stop."""
    point: Point
    """Where the vehicle was then."""
    since: str
    """Since when it was so."""
    raised_at: str


class TripAlerts(TypedDict):
    """A page of alerts, newest first, of thirty days."""

    items: list[TripAlert]
    next_cursor: str | None


class TripAttributes(TypedDict):
    """What the mode tells of a trip."""

    hail_type: str
    passenger_count: int
    request_time: int


class TripStart(TypedDict):
    """Begins a trip with the PIN the rider tells."""

    pin: str


class TrustedContact(TypedDict):
    """Somebody who is written to in an emergency; they need no account."""

    id: str
    name: str
    phone_number: str


class TrustedContacts(TypedDict):
    """All of the caller's, at most five."""

    items: list[TrustedContact]


class Unmasking(TypedDict):
    """Why a number is to be told in clear; it stays in the audit log."""

    reason: str


class Vehicle(TypedDict):
    """A driver's vehicle."""

    model: str
    color: str
    plate: str
    vehicle_class: str


class VehicleAttributes(TypedDict):
    """What the mode tells of a vehicle."""

    model: str
    color: str


class VehicleFacts(TypedDict):
    """What to look for at the kerb."""

    model: str
    color: str
    plate: str


class VehicleRequest(TypedDict):
    """The vehicle an applicant drives."""

    model: str
    color: str
    plate: str
    vehicle_class: Literal["economy", "xl", "wheelchair"]


class VehicleStatus(TypedDict):
    """The state of a vehicle."""

    provider_id: str
    device_id: str
    last_event: MdsEvent
    last_telemetry: MdsTelemetry


class WaitSummary(TypedDict):
    """How long something took."""

    count: int
    mean_seconds: float
    p50_seconds: float
    p95_seconds: float


class Wallet(TypedDict):
    """A rider's wallet, by currency."""

    rider_id: str
    balances: list[WalletBalance]


class WalletBalance(TypedDict):
    """What a rider has here in one currency."""

    wallet: Money
    """Paid-in money, what rides hold included."""
    wallet_held: Money
    credit: Money
    """Granted credit, what rides hold included."""
    credit_held: Money
    arrears: Money
    """What the rider owes."""
    arrears_in_collection: Money


class WalletEntries(TypedDict):
    """A page of a rider's statement, newest first."""

    items: list[WalletEntry]
    next_cursor: str | None


class WalletEntry(TypedDict):
    """One line of what came into a wallet or credit and went out of it."""

    id: str
    account: str
    kind: str
    amount: Money
    """Above zero what came in, below zero what went out."""
    balance: Money
    """What the account had after it."""
    ride_id: str | None
    payment_id: str | None
    created_at: str


class Webhook(TypedDict):
    """One message to one endpoint."""

    id: str
    """Its `webhook-id`."""
    endpoint_id: str
    topic: str
    state: str
    attempts: int
    status: int | None
    """The last answer's."""
    error: str | None
    created_at: str
    next_at: str | None
    finished_at: str | None
    payload: str
    """What is posted, in JSON."""


class WebhookEndpoint(TypedDict):
    """Where webhooks are posted."""

    id: str
    url: str
    topics: list[str]
    created_at: str
    disabled_because: str | None
    """Why it is not posted to any more: `gone`, as it answered 410 itself."""


class WebhookEndpoints(TypedDict):
    """All of them, in the order of their making."""

    items: list[WebhookEndpoint]


class Webhooks(TypedDict):
    """A page of them, newest first."""

    items: list[Webhook]
    next_cursor: str | None


class Withdrawal(TypedDict):
    """Money on its way from a wallet to cards: its amount is the sum of paid, pending and returned."""

    id: str
    rider_id: str
    amount: Money
    paid: Money
    pending: Money
    returned: Money
    """What the cards' banks did not take: it is in the wallet again."""
    parts: list[WithdrawalPart]
    created_at: str


class WithdrawalPart(TypedDict):
    """What of a withdrawal goes back by one top-up."""

    refund_id: str
    payment_id: str
    amount: Money


class WithdrawalRequest(TypedDict):
    """Sends money of the wallet back to the cards it came from."""

    amount: MoneyRequest


class Withdrawals(TypedDict):
    """A page of withdrawals, newest first."""

    items: list[Withdrawal]
    next_cursor: str | None


class Zone(TypedDict):
    """A named part of a city that prices or products depend on."""

    name: str
    corners: list[Point]
    """In order; the last joins the first."""

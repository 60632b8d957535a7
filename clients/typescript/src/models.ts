/** What is sent and what is answered. Written by `python -m tools.clients` from the OpenAPI document. */

/** A person's own account. */
export interface Account {
  id: string;
  display_name: string;
  phone_last_digits: string;
  locale: string;
  created_at: string;
  version: number;
}

/** Changes what is given. */
export interface AccountChange {
  display_name?: string | null;
  locale?: string | null;
}

/** All that the services keep of the caller, a member for each service; ids and names are the services' own. */
export interface AccountExport {
  document: Record<string, unknown>;
}

/** Debits less credits of all accounts of a kind. */
export interface AccountKindBalance {
  account_kind: string;
  balance: Money;
}

/** Since when a notification counts as seen. */
export interface Acknowledgement {
  acknowledged_at: string;
}

/** The terms in force, and those agreed for later. */
export interface AgreedTerms {
  terms: DriverTerms;
  upcoming: DriverTerms[];
}

/** A key without its secret. */
export interface ApiKey {
  id: string;
  name: string;
  /** How the key begins. */
  prefix: string;
  scopes: string[];
  created_by: string;
  created_at: string;
  expires_at: string;
  /** To the minute. */
  last_used_at: string | null;
  revoked_at: string | null;
}

/** Shows a key. */
export interface ApiKeyExchange {
  secret: string;
}

/** Asks for a key. */
export interface ApiKeyRequest {
  name: string;
  scopes: string[];
  lifetime_days?: number;
}

/** The keys, the newest first; at most two hundred. */
export interface ApiKeys {
  items: ApiKey[];
}

/** A promotion in a price. */
export interface AppliedPromotion {
  id: string;
  code: string;
  /** Zero where the ride came to cost no fare, or too little for it. */
  amount_off: Money;
  price_before: Money;
}

/** What a rider owes. */
export interface Arrears {
  items: ArrearsOfCurrency[];
}

/** What a rider owes in one currency. */
export interface ArrearsOfCurrency {
  owed: Money;
  in_collection: Money;
  /** True while a new ride in this currency is refused for it. */
  blocks_rides: boolean;
}

/** Gives a ride back. */
export interface AssignmentCancellation {
  reason?: string;
}

/** What was found. Keep the head elsewhere: with it a log that was cut short is noticed. */
export interface AuditCheck {
  verified_count: number;
  /** The first entry that is not as it was written, or is missing. */
  broken_sequence: number | null;
  /** Where to go on; null at the end. */
  next_sequence: number | null;
  head_sequence: number;
  head_hash: string;
  anchor_holds: boolean;
}

/** A page of the log, the newest first. */
export interface AuditEntries {
  items: AuditEntry[];
  next_cursor: string | null;
}

/** One act. Ids stand as the log has them. */
export interface AuditEntry {
  sequence: number;
  occurred_at: string;
  actor_id: string;
  actor_role: string;
  act: string;
  subject_kind: string;
  subject_id: string;
  reason: string;
  details: Record<string, string>;
  previous_hash: string;
  hash: string;
}

/** Takes a driver online or offline. */
export interface Availability {
  online: boolean;
  /** What the driver is able to do beside taking rides; replaces what was told before. */
  capabilities?: ("delivery" | "thermal_bag" | "age_check" | "heavy_load")[];
}

/** Whether the driver is online, and the shift it concerns. */
export interface AvailabilityAnswer {
  online: boolean;
  shift: Shift | null;
}

/** About where something is, to a thousandth of a degree. */
export interface BlurredPoint {
  latitude: number;
  longitude: number;
}

/** Asks for the ride of a quote for somebody who calls. */
export interface Booking {
  quote_id: string;
  /** Words for the driver. */
  note?: string;
  /** Of a quote that has one: the rider said yes to its surge. */
  surge_consent_token?: string | null;
  /** Of a pooled quote: its `max_detour_seconds`, or more. */
  accepted_detour_seconds?: number;
  rider_id: string;
}

/** Pauses a shift. */
export interface Break {
  /** For how long at most. */
  seconds?: number;
}

/** News and how far they have come. */
export interface Campaign {
  id: string;
  words: CampaignWords[];
  /** riders or drivers. */
  audience: string;
  city: string;
  /** running, done or stopped. */
  state: string;
  starts_at: string;
  created_at: string;
  /** To how many a message was owed, or not, by their own wish. */
  told_count: number;
}

/** What is told to whom. */
export interface CampaignRequest {
  words: CampaignTexts;
  audience: "riders" | "drivers";
  /** Only who has ridden or driven in this city; empty for all. */
  city?: string;
  /** Now, where it is not said. */
  starts_at?: string | null;
}

/** The news in a language. */
export interface CampaignText {
  title: string;
  body: string;
}

/** The news in each language; people read theirs, or English. */
export interface CampaignTexts {
  en: CampaignText;
  es: CampaignText;
  fr: CampaignText;
}

/** The news in a language. */
export interface CampaignWords {
  language: string;
  title: string;
  body: string;
}

/** A page of campaigns, newest first. */
export interface Campaigns {
  items: Campaign[];
  next_cursor: string | null;
}

/** Ends a ride. */
export interface Cancellation {
  /** Of the preview, if a fee is due. */
  fee_consent_token?: string | null;
  reason?: string;
}

/** What a cancel costs now. */
export interface CancellationPreview {
  fee: Money;
  /** To be handed to the cancel; null when it is free. */
  fee_consent_token: string | null;
  expires_at: string;
}

/** A driver around a ride at a tick of dispatch. */
export interface CandidateFacts {
  driver_id: string;
  distance_meters: number;
  /**
   * chosen, lost, dearer, awaited, unchosen, too_far, stale, busy, off_shift, wrong_class, not_capable, declined,
   * no_cash, heading, contended or refused.
   */
  verdict: string;
  pickup_eta_seconds: number | null;
  cost_seconds: number | null;
  terms: CostTerm[];
  /** The ride that the driver was chosen for instead. */
  lost_to_ride_id: string | null;
}

/** One line of what was charged. */
export interface ChargeLine {
  kind: string;
  amount: Money;
}

/** A document that can be put, and what it would change. */
export interface CheckedCityPolicy {
  city: string;
  /** What to name as `base_version`; 0 where there is no such city yet. */
  latest_version: number;
  changes: CityPolicyChange[];
}

/** Charges a card at once with all that is owed in a currency. */
export interface ChosenCardRequest {
  /** The default card without it. */
  payment_method_id?: string | null;
  currency_code: string;
}

/** The cities in the order of their keys. */
export interface Cities {
  items: City[];
}

/** What is in force in a city. */
export interface City {
  city: string;
  name: string;
  version: number;
  currency_code: string;
  time_zone: string;
  products: string[];
}

/** A page of versions, newest first. */
export interface CityPolicies {
  items: CityPolicy[];
  next_cursor: string | null;
}

/** One version of a city's policy. */
export interface CityPolicy {
  city: string;
  version: number;
  effective_at: string;
  created_at: string;
  /** Null where the deployment's city file was taken over. */
  operator_id: string | null;
  note: string | null;
  /** Null in lists. */
  document: string | null;
}

/** One key that two documents differ in; values as JSON. */
export interface CityPolicyChange {
  key: string;
  before: string | null;
  after: string | null;
}

/** A document to try out. */
export interface CityPolicyCheck {
  /** The policy (TOML), at most 60,000 characters; larger ones go by gRPC or `jitney city put`. */
  document: string;
}

/** What two versions differ in, in the order of the keys. */
export interface CityPolicyDiff {
  changes: CityPolicyChange[];
}

/** A new version of a city's policy. */
export interface CityPolicyPut {
  /** The policy (TOML), at most 60,000 characters; larger ones go by gRPC or `jitney city put`. */
  document: string;
  /** From when on; at once when absent. */
  effective_at?: string | null;
  /** The newest version that you know; 0 for a new city. */
  base_version: number;
  note?: string;
}

/** A complaint as its rider sees it. */
export interface Complaint {
  id: string;
  ride_id: string;
  reason: string;
  words: string;
  /** open, refund_pending, refunded or rejected. */
  state: string;
  /** What the people who run the service say to it. */
  answer: string | null;
  /** Null also where all that was left goes back. */
  refund_amount: Money | null;
  /** The refund, which tells where the money is. */
  refund_id: string | null;
  created_at: string;
  closed_at: string | null;
}

/** What is given back. */
export interface ComplaintRefund {
  /** Null for all that is left of what the ride's own payment brought. */
  amount?: MoneyRequest | null;
  /** All who had a share of the charge, or the platform alone. */
  borne_by?: "proportional" | "platform";
  /** What the rider is told. */
  answer?: string;
}

/** Why nothing is given back. */
export interface ComplaintRejection {
  /** What the rider is told. */
  answer: string;
}

/** What was wrong with a ride. */
export interface ComplaintRequest {
  reason: "overcharged" | "wrong_route" | "not_my_ride" | "asked_for_cash" | "other";
  words?: string;
}

/** The complaints of a ride, newest first. */
export interface Complaints {
  items: Complaint[];
}

/** A part of what a pair of ride and driver costs. */
export interface CostTerm {
  name: string;
  seconds: number;
}

/** The sum of all postings of a currency; anything but zero is a defect. */
export interface CurrencyBalance {
  currency_code: string;
  sum_minor: number;
  entry_count: number;
}

/** One parked event. */
export interface DeadLetter {
  event_id: string;
  type: string;
  aggregate_id: string;
  error: string;
  attempt_count: number;
  parked_at: string;
}

/** A page of parked events, oldest first. */
export interface DeadLetters {
  items: DeadLetter[];
  next_cursor: string | null;
}

/** An order on its way. */
export interface Delivery {
  order: DeliveryOrder;
  /** For the recipient to tell the courier; whoever ordered is told it. */
  hand_over_pin: string | null;
  proof_kind: string | null;
  proof_reference: string | null;
  /** Why it could not be handed over. */
  failure: string | null;
  /** What a return to the shop costs beside the fare. */
  return_fee: Money;
}

/** How many deliveries of a channel stand in a state. */
export interface DeliveryCount {
  channel: string;
  state: string;
  count: number;
}

/** What a provider said, at the time or later by a receipt. */
export interface DeliveryEvent {
  at: string;
  kind: string;
  provider: string;
  detail: string;
}

/** What is carried, and for whom. */
export interface DeliveryOrder {
  shop_name: string;
  /** Null where nobody told it, or the caller may not have it. */
  shop_phone: string | null;
  order_reference: string;
  recipient_name: string;
  /** Null where nobody told it, or the caller may not have it. */
  recipient_phone: string | null;
  items: string;
  size: string;
  capabilities: string[];
  pickup_code_required: boolean;
  proof_required: string;
}

/** What is to be carried. The quote's pickup is the shop, its dropoff the recipient's place. */
export interface DeliveryOrderRequest {
  shop_name: string;
  /** E.164, or empty. */
  shop_phone?: string;
  order_reference: string;
  recipient_name: string;
  /** E.164, or empty. */
  recipient_phone?: string;
  items: string;
  size: "small" | "medium" | "large";
  /** What the courier must be able to do. */
  capabilities?: ("delivery" | "thermal_bag" | "age_check" | "heavy_load")[];
  /** The courier brings the ride's `start_pin`. */
  pickup_code_required?: boolean;
  /** How the hand-over is to be shown. */
  proof_required?: "pin" | "photo" | "signature";
}

/** What was owed since a time and what became of it. */
export interface DeliverySummary {
  deliveries: DeliveryCount[];
  notification_count: number;
}

/** An installation of an app that can be pushed to. */
export interface Device {
  id: string;
  platform: string;
  app: string;
  created_at: string;
  seen_at: string;
}

/** All of the caller's, the one seen last first; at most ten. */
export interface Devices {
  items: Device[];
}

/** Why a ride got its driver, or none; everything oldest first. */
export interface DispatchExplanation {
  ride: OperatorRide;
  ticks: TickTrace[];
  offers: OperatorOffer[];
}

/** A cardholder's claim to a charge's money. */
export interface Dispute {
  id: string;
  psp_dispute_id: string;
  payment_id: string;
  ride_id: string | null;
  amount: Money;
  /** What the PSP has taken for it. */
  withdrawn: Money;
  /** What came back of that. */
  reinstated: Money;
  fee: Money;
  /** The bank's. */
  reason: string;
  status: string;
  /** Whose loss it is if it is lost. */
  borne_by: string | null;
  evidence_due_at: string | null;
  created_at: string;
  closed_at: string | null;
  version: number;
}

/** Gives a dispute up: it is lost. */
export interface DisputeAcceptance {
  /** As it stands without it. */
  borne_by?: "platform" | "driver" | null;
}

/** What the bank is told; at least one text, once. */
export interface DisputeEvidence {
  product_description?: string;
  customer_name?: string;
  customer_email_address?: string;
  service_date?: string;
  access_activity_log?: string;
  cancellation_policy_disclosure?: string;
  cancellation_rebuttal?: string;
  refund_policy_disclosure?: string;
  refund_refusal_explanation?: string;
  uncategorized_text?: string;
}

/** A page of disputes, newest first. */
export interface Disputes {
  items: Dispute[];
  next_cursor: string | null;
}

/** A document without its bytes. */
export interface Document {
  id: string;
  driver_id: string;
  kind: string;
  status: string;
  number_last_digits: string;
  expires_on: string | null;
  reason: string | null;
  content_type: string;
  size_bytes: number;
  content_sha256: string;
  submitted_at: string;
  reviewed_at: string | null;
}

/** A document whole. */
export interface DocumentContent {
  document: Document;
  number: string;
  content_base64: string;
}

/** Decides on a document. */
export interface DocumentReview {
  status: "accepted" | "rejected";
  /** Needed to reject. */
  reason?: string;
}

/** A document for review. */
export interface DocumentSubmission {
  kind: "driving_license" | "identity_card" | "vehicle_registration" | "vehicle_insurance" | "professional_license" | "background_check";
  number: string;
  /** The last day on which it counts. */
  expires_on?: string | null;
  /** A JPEG, a PNG or a PDF of at most 3 MiB. */
  content_base64: string;
}

/** A driver's documents, the newest first; at most a hundred. */
export interface Documents {
  items: Document[];
}

/** An account's standing as a driver. */
export interface Driver {
  id: string;
  display_name: string;
  status: string;
  vehicle: Vehicle;
}

/** Asks to drive. */
export interface DriverApplication {
  display_name: string;
  vehicle: VehicleRequest;
}

/** Takes down money that a driver paid in at a desk. */
export interface DriverPaymentRequest {
  amount: MoneyRequest;
  /** What finds it again. */
  reference: string;
}

/** A ride as its driver sees it. */
export interface DriverRide {
  id: string;
  state: string;
  payment_state: string | null;
  kind: string;
  sharing: RideSharing | null;
  /** Where the rider's money comes from. */
  funding: string;
  version: number;
  product: string;
  pickup: Place;
  dropoff: Place;
  fare: Fare;
  driver: RideDriver | null;
  pickup_eta_seconds: number | null;
  /** When the driver who accepted first would have come; a swap of drivers never makes it later. */
  promised_pickup_at: string | null;
  /** How often another driver came instead, since that one is there sooner. */
  swap_count: number;
  requested_at: string;
  assigned_at: string | null;
  arrived_at: string | null;
  started_at: string | null;
  ended_at: string | null;
  reason: string | null;
  /** Since when the driver's device is not heard of; the driver may be out of coverage. */
  driver_silent_since: string | null;
  /** In the order in which they are driven to. */
  stops: RideStop[];
  passengers: number;
  /** When the rider is to be picked up; null for a ride now. */
  pickup_at: string | null;
  /** Expected, by way of the stops. */
  distance_meters: number;
  /** Expected time in the vehicle, with the wait at each stop. */
  trip_eta_seconds: number;
  /** The rider's words for the driver, whom they are told to from the acceptance to the end. */
  note: string | null;
  rider_name: string | null;
  delivery: Delivery | null;
}

/** A page of a driver's rides, newest first. */
export interface DriverRides {
  items: DriverRide[];
  next_cursor: string | null;
}

/** How a driver stands in one currency. */
export interface DriverStanding {
  driver_id: string;
  /** Owed to the driver; below zero the driver owes the platform. */
  balance: Money;
  /** The lowest balance with which cash rides may be taken. */
  cash_floor: Money;
  cash_allowed: boolean;
}

/** Decides on a driver. */
export interface DriverStatusChange {
  status: "approved" | "rejected" | "suspended";
  reason?: string;
}

/** An agreement with a driver. */
export interface DriverTerms {
  /** Null where the usual terms hold. */
  id: string | null;
  driver_id: string;
  model: string;
  effective_at: string | null;
  fee: Money | null;
  period_days: number | null;
}

/** Says how the platform is paid for a driver's rides from a time on. */
export interface DriverTermsRequest {
  model: "commission" | "subscription" | "patronage";
  /** From now on without it. */
  effective_at?: string | null;
  /** Of each period; with a subscription only. */
  fee?: MoneyRequest | null;
  /** With a subscription only. */
  period_days?: number;
}

/** A page of drivers, newest first. */
export interface Drivers {
  items: Driver[];
  next_cursor: string | null;
}

/** How many positions were dropped for one reason. */
export interface DroppedLocations {
  /** out_of_order, inaccurate, too_fast, in_the_future, too_old, outside_area or rate_limited. */
  reason: string;
  count: number;
}

/** What is owed to a driver, by currency, and the latest changes. */
export interface Earnings {
  balances: Money[];
  entries: EarningsEntry[];
}

/** One change of what is owed to a driver. */
export interface EarningsEntry {
  ride_id: string | null;
  kind: string;
  amount: Money;
  created_at: string;
}

/** A driver's period: balances at its ends, sums, and a page of lines, newest first. */
export interface EarningsStatement {
  opening_balance: Money;
  closing_balance: Money;
  sums: StatementSums;
  lines: StatementLine[];
  next_cursor: string | null;
}

/** The driver's answer to an edit that makes the trip much longer. */
export interface EditAnswer {
  agreed: boolean;
}

/** Asks what another way of a ride costs; what is left out, or null, stays. */
export interface EditRequest {
  /** Until the driver is there. */
  pickup?: PlaceRequest | null;
  dropoff?: PlaceRequest | null;
  /** When a scheduled ride is to begin. */
  pickup_at?: string | null;
  /** All stops still to be made, in their order; an empty list takes all out. */
  stops?: StopChoice[] | null;
}

/** An account on its way to being nobody's. */
export interface Erasure {
  account_id: string;
  requested_at: string;
  /** When the services are asked to erase. */
  due_at: string;
  erased_services: string[];
  completed_at: string | null;
  /** What held it up at the last attempt. */
  last_error: string | null;
}

/** Why somebody is erased, for the record. */
export interface ErasureReason {
  reason: string;
}

/** A page of them, the latest first. */
export interface FailedDeliveries {
  items: GivenUpDelivery[];
  next_cursor: string | null;
}

/** Says that the goods go back to the shop. */
export interface FailedDelivery {
  failure: "recipient_absent" | "refused" | "address_wrong" | "age_not_shown" | "pin_not_known";
  reason?: string;
}

/** An amount owed; the lines, less a promotion, sum to the total. */
export interface Fare {
  total: Money;
  lines: FareLine[];
}

/** What the mode tells of a fare. */
export interface FareAttributes {
  payment_type: string;
  fare_type: string;
  taxes: number;
  tolls: number;
  surcharge: number;
}

/** One part of a fare. */
export interface FareLine {
  kind: string;
  /** Zero or more, also of the kind `promotion`, which is taken off. */
  amount: Money;
  /** The toll, the surcharge, the tax's jurisdiction. */
  name: string | null;
}

/** One refused field. */
export interface FieldError {
  field: string;
  description: string;
}

/** What is in the box now. */
export interface Fleet {
  taken_at: string;
  vehicles: FleetVehicle[];
  /** More than are returned where `vehicle_limit` cut some off. */
  vehicle_count: number;
  /** Those that begin or end in the box, newest first. */
  rides: FleetRide[];
  offers: FleetOffer[];
}

/** An open offer of one of the rides. */
export interface FleetOffer {
  id: string;
  ride_id: string;
  driver_id: string;
  expires_at: string;
}

/** A live ride. */
export interface FleetRide {
  id: string;
  state: string;
  product: string;
  pickup: Point;
  dropoff: Point;
  driver_id: string | null;
  requested_at: string;
}

/** A vehicle on shift. */
export interface FleetVehicle {
  driver_id: string;
  /** free, offered, en_route, arrived, in_trip, on_break or silent. */
  state: string;
  latitude: number;
  longitude: number;
  measured_at: string;
  vehicle_class: string;
  driver_name: string;
  vehicle_plate: string;
  /** The ride that it is on, the furthest on of several. */
  ride_id: string | null;
}

/** Ends a live ride for the platform. */
export interface ForcedCancellation {
  reason: string;
}

/** A delivery that was given up, and whose it is. */
export interface GivenUpDelivery {
  delivery: MessageDelivery;
  notification_id: string;
  topic: string;
  account_id: string | null;
}

/** A place: the middle of a cell of about 5 km². */
export interface Gps {
  lat: number;
  lng: number;
}

/** Their account, masked; it is theirs when they sign in with the number. */
export interface Guest {
  id: string;
  display_name: string;
  masked_phone: string;
  locale: string;
  created_at: string;
  /** Null of somebody who does not drive. */
  driver_status: string | null;
  granted_roles: string[];
  /** Whether it was made now. */
  new_account: boolean;
}

/** Asks for prices for somebody who calls. */
export interface GuestQuoteRequest {
  pickup: PlaceRequest;
  dropoff: PlaceRequest;
  /** Only this product. */
  product?: string;
  /** On the way, in this order. */
  stops?: PlaceRequest[];
  /** Products with fewer seats are left out. */
  passengers?: number;
  /** When the ride is to begin; null for now. */
  pickup_at?: string | null;
  /** Keep the promotions on the account for other rides. */
  without_promotion?: boolean;
  rider_id: string;
}

/** Somebody who calls. */
export interface GuestRegistration {
  /** E.164. */
  phone_number: string;
  display_name: string;
  /** Of messages to a new account; English where null. */
  locale?: string | null;
}

/** Shows that the recipient has the goods. */
export interface HandOver {
  proof_kind: "pin" | "photo" | "signature";
  /** With the proof pin, and no other. */
  pin?: string;
  /** Names the photo or who signed; not with a PIN. */
  proof_reference?: string;
  /** Where the order asks for it. */
  age_checked?: boolean;
}

/** Where a driver wants to get to; null takes all rides again. */
export interface Heading {
  destination: PointRequest | null;
}

/** A provider's word for who somebody is. */
export interface IdTokenProof {
  /** As the provider gave it out; counts once. */
  id_token: string;
  /** What the client sent to the provider as nonce. */
  nonce?: string;
}

/** Trades an ID token for tokens. */
export interface IdTokenSignIn {
  /** As the provider gave it out; counts once. */
  id_token: string;
  /** What the client sent to the provider as nonce. */
  nonce?: string;
  role: "rider" | "driver" | "support" | "operator" | "admin";
  device_id: string;
  /** Of messages to a new account; English where null. */
  locale?: string | null;
}

/** Resolves an item. */
export interface ItemResolution {
  resolution: "explained" | "suspense" | "booked";
  /** Where to book it: with `booked` only. */
  account_kind?: string;
  /** Why, for whoever audits this. */
  note: string;
  /**
   * The item's `amount` that this was decided on: where it is another one by now, nothing is done (409
   * `item_changed`). Without it whatever the item stands at is resolved.
   */
  seen_amount?: SeenAmount | null;
}

/** A page of the entries of a ride's payments, oldest first. */
export interface Journal {
  items: JournalEntry[];
  next_cursor: string | null;
}

/** An immutable set of postings that sums to zero in each currency. */
export interface JournalEntry {
  id: string;
  kind: string;
  source_id: string;
  created_at: string;
  postings: Posting[];
}

/** Whether the shift ends with a ride. */
export interface LastRide {
  last_ride: boolean;
}

/** What was learned, newest first, and how wrong people were told. */
export interface LearnedTravelTimes {
  items: TravelTimes[];
  /** Times to the pickup, as told when the driver accepted. */
  pickups: ToldTimes;
  /** Times of trips without stops, as told in their quotes. */
  trips: ToldTimes;
}

/** The result of a part of the ledger's audit; ask with `next_cursor` for the next one. */
export interface LedgerAudit {
  differences: LedgerDifference[];
  account_count: number;
  entry_count: number;
  next_cursor: string | null;
}

/** A contradiction of the ledger with itself: a defect. */
export interface LedgerDifference {
  kind: string;
  reference: string;
  kept: Money;
  expected: Money;
  detail: string;
}

/** A suppression as it was, and who lifted it why. */
export interface LiftedSuppression {
  suppression: Suppression;
  lifted_at: string;
  operator_id: string;
  reason: string;
}

/** A page of what was lifted, the latest first. */
export interface LiftedSuppressions {
  items: LiftedSuppression[];
  next_cursor: string | null;
}

/** The oldest first. */
export interface LinkedIdentities {
  items: LinkedIdentity[];
}

/** A provider's identity that stands for the caller. */
export interface LinkedIdentity {
  id: string;
  issuer: string;
  subject: string;
  linked_at: string;
}

/** Where the export goes on. */
export interface Links {
  /** The query of the next page; null on the last. */
  next: string | null;
}

/** How many were taken, how many dropped, and why. */
export interface LocationAnswer {
  accepted_count: number;
  dropped_count: number;
  dropped: DroppedLocations[];
}

/** Positions, oldest first. */
export interface LocationBatch {
  locations: LocationPing[];
}

/** One position of a driver's device. */
export interface LocationPing {
  latitude: number;
  longitude: number;
  measured_at: string;
  /** Grows with each ping of a shift. */
  sequence: number;
  /** 0 when not known. */
  accuracy_meters?: number;
}

/** Where the caller is written to. */
export interface MailAddress {
  mail_address: string;
  verified_at: string;
}

/** The code that was sent to an address. */
export interface MailAddressProof {
  mail_address: string;
  code: string;
}

/** An address to be proved. */
export interface MailAddressRequest {
  mail_address: string;
}

/** A code was sent to the address. */
export interface MailCode {
  expires_at: string;
  /** When another code may be asked for. */
  next_request_at: string;
}

/** What brought a vehicle into its state. */
export interface MdsEvent {
  provider_id: string;
  device_id: string;
  event_id: string;
  vehicle_state: string;
  event_types: string[];
  timestamp: number;
  location: Gps;
  trip_ids: string[];
}

/** Where a vehicle was heard of last. */
export interface MdsTelemetry {
  provider_id: string;
  device_id: string;
  telemetry_id: string;
  timestamp: number;
  trip_ids: string[] | null;
  journey_id: string | null;
  location: Gps;
}

/** A trip with passengers. */
export interface MdsTrip {
  provider_id: string;
  device_id: string;
  trip_id: string;
  trip_type: string;
  trip_attributes: TripAttributes;
  fare_attributes: FareAttributes;
  start_time: number;
  end_time: number;
  start_location: Gps;
  end_location: Gps;
  /** In seconds. */
  duration: number;
  /** In meters, of the way that was quoted. */
  distance: number;
  accessibility_attributes: string[];
  actual_cost: number;
  currency: string;
}

/** Trips that ended in an hour. */
export interface MdsTrips {
  version: string;
  trips: MdsTrip[];
  links: Links;
}

/** A vehicle in service. */
export interface MdsVehicle {
  provider_id: string;
  device_id: string;
  /** The registration plate. */
  vehicle_id: string;
  vehicle_type: string;
  vehicle_attributes: VehicleAttributes;
  /** Empty: it is not known here. */
  propulsion_types: string[];
  accessibility_attributes: string[];
}

/** The states of the vehicles in service whose place is known. */
export interface MdsVehicleStatuses {
  version: string;
  last_updated: number;
  ttl: number;
  vehicles_status: VehicleStatus[];
  links: Links;
}

/** The vehicles in service. */
export interface MdsVehicles {
  version: string;
  last_updated: number;
  ttl: number;
  vehicles: MdsVehicle[];
  links: Links;
}

/** One way a message went, or was to go. */
export interface MessageDelivery {
  id: string;
  channel: string;
  state: string;
  /** An account, a device, or the end of a number. */
  target: string;
  attempts: number;
  provider: string | null;
  /** Why it was dropped or failed, or what went wrong last. */
  reason: string | null;
  unless_acknowledged: boolean;
  next_at: string | null;
  finished_at: string | null;
  events: DeliveryEvent[];
}

/** An amount in the currency's minor unit (cents for USD). */
export interface Money {
  currency_code: string;
  amount_minor: number;
}

/** An amount above zero, in the currency's minor unit (cents for USD). */
export interface MoneyRequest {
  currency_code: string;
  amount_minor: number;
}

/** About where free drivers are, nearest first. */
export interface NearbyDrivers {
  items: BlurredPoint[];
}

/** A key with its secret, which is shown this once. */
export interface NewApiKey {
  id: string;
  name: string;
  /** How the key begins. */
  prefix: string;
  scopes: string[];
  created_by: string;
  created_at: string;
  expires_at: string;
  /** To the minute. */
  last_used_at: string | null;
  revoked_at: string | null;
  secret: string;
}

/** Where an app can be pushed to. */
export interface NewDevice {
  platform: "android" | "ios" | "web";
  app: "rider" | "driver";
  /** The push provider's, of this installation. */
  token: string;
}

/** Somebody to be written to in an emergency. */
export interface NewTrustedContact {
  name: string;
  phone_number: string;
}

/** Where webhooks are to be posted. */
export interface NewWebhookEndpoint {
  /** https, and a public address. */
  url: string;
  /** What it is to be told of; none: all. */
  topics?: string[];
}

/** An endpoint with its secret, which is shown this once. */
export interface NewWebhookEndpointAnswer {
  endpoint: WebhookEndpoint;
  /** What its webhooks are signed with, by the scheme of Standard Webhooks. */
  secret: string;
}

/** A message in a person's inbox. */
export interface Notification {
  id: string;
  topic: string;
  title: string;
  body: string;
  ride_id: string | null;
  created_at: string;
  read_at: string | null;
}

/** A page of the inbox, newest first. */
export interface Notifications {
  items: Notification[];
  next_cursor: string | null;
}

/** A ride proposed to a driver for some seconds. */
export interface Offer {
  id: string;
  ride_id: string;
  state: string;
  expires_at: string;
  pickup: Place;
  dropoff: Place;
  pickup_eta_seconds: number;
  distance_meters: number;
  earnings: Money;
  /** Where the rider's money comes from; cash is to be collected. */
  funding: string;
  /** On the way, in this order. */
  stops: Place[];
  passengers: number;
  kind: string;
  /** What a delivery carries. */
  order: DeliveryOrder | null;
  /** Of a pooled ride: others share the vehicle already. */
  joins_run: boolean;
  /** When the rider is to be picked up; null for a ride now. */
  pickup_at: string | null;
}

/** A complaint as operators see it. */
export interface OperatorComplaint {
  id: string;
  ride_id: string;
  reason: string;
  words: string;
  /** open, refund_pending, refunded or rejected. */
  state: string;
  /** What the people who run the service say to it. */
  answer: string | null;
  /** Null also where all that was left goes back. */
  refund_amount: Money | null;
  /** The refund, which tells where the money is. */
  refund_id: string | null;
  created_at: string;
  closed_at: string | null;
  rider_id: string;
  borne_by: string | null;
  /** Why the refund that was tried last was refused; the complaint is open again. */
  refusal: string | null;
  operator_id: string | null;
  version: number;
}

/** A page of complaints, newest first. */
export interface OperatorComplaints {
  items: OperatorComplaint[];
  next_cursor: string | null;
}

/** An offer, and whom it was made to. */
export interface OperatorOffer {
  id: string;
  ride_id: string;
  state: string;
  expires_at: string;
  pickup: Place;
  dropoff: Place;
  pickup_eta_seconds: number;
  distance_meters: number;
  earnings: Money;
  /** Where the rider's money comes from; cash is to be collected. */
  funding: string;
  /** On the way, in this order. */
  stops: Place[];
  passengers: number;
  kind: string;
  /** What a delivery carries. */
  order: DeliveryOrder | null;
  /** Of a pooled ride: others share the vehicle already. */
  joins_run: boolean;
  /** When the rider is to be picked up; null for a ride now. */
  pickup_at: string | null;
  driver_id: string;
}

/** A payout as operators see it. */
export interface OperatorPayout {
  id: string;
  amount: Money;
  status: string;
  kind: string;
  /** Of the bank account's number. */
  last_digits: string;
  failure_reason: string | null;
  created_at: string;
  sent_at: string | null;
  paid_at: string | null;
  /** When it failed or was returned. */
  ended_at: string | null;
  version: number;
  driver_id: string;
  /** What it waits for at the PSP. */
  waiting_reason: string | null;
  /** The payout in whose place it was asked. */
  retry_of: string | null;
}

/** A page of payouts, newest first. */
export interface OperatorPayouts {
  items: OperatorPayout[];
  next_cursor: string | null;
}

/** A ride as operators see it. */
export interface OperatorRide {
  id: string;
  state: string;
  payment_state: string | null;
  kind: string;
  sharing: RideSharing | null;
  /** Where the rider's money comes from. */
  funding: string;
  version: number;
  product: string;
  pickup: Place;
  dropoff: Place;
  fare: Fare;
  driver: RideDriver | null;
  pickup_eta_seconds: number | null;
  /** When the driver who accepted first would have come; a swap of drivers never makes it later. */
  promised_pickup_at: string | null;
  /** How often another driver came instead, since that one is there sooner. */
  swap_count: number;
  requested_at: string;
  assigned_at: string | null;
  arrived_at: string | null;
  started_at: string | null;
  ended_at: string | null;
  reason: string | null;
  /** Since when the driver's device is not heard of; the driver may be out of coverage. */
  driver_silent_since: string | null;
  /** In the order in which they are driven to. */
  stops: RideStop[];
  passengers: number;
  /** When the rider is to be picked up; null for a ride now. */
  pickup_at: string | null;
  /** Expected, by way of the stops. */
  distance_meters: number;
  /** Expected time in the vehicle, with the wait at each stop. */
  trip_eta_seconds: number;
  /** The rider's words for the driver, whom they are told to from the acceptance to the end. */
  note: string | null;
  rider_id: string;
  city: string | null;
  /** Version of the city's policy that the ride keeps to. */
  policy_version: number | null;
  delivery: Delivery | null;
  /** The rider's promotion that the ride has. */
  promotion: AppliedPromotion | null;
}

/** A page of rides, newest first. */
export interface OperatorRides {
  items: OperatorRide[];
  next_cursor: string | null;
}

/** An open shift as operators see it. */
export interface OperatorShift {
  id: string;
  version: number;
  started_at: string;
  ended_at: string | null;
  end_reason: string | null;
  ends_after_ride: boolean;
  /** The next ride, or the one under way, is to be the last. */
  last_ride: boolean;
  /** Who is not back by then is taken offline. */
  break_until: string | null;
  /** Only rides on the way there are offered. */
  heading: Point | null;
  /** Since when the device is not heard of. */
  silent_since: string | null;
  /** Who is free and not heard of by then is taken offline. */
  silent_until: string | null;
  /** What the driver declared. */
  capabilities: string[];
  driver_id: string;
  driver_name: string;
  vehicle_plate: string;
  /** The ride that the driver is bound to. */
  ride_id: string | null;
}

/** A page of open shifts, newest first. */
export interface OperatorShifts {
  items: OperatorShift[];
  next_cursor: string | null;
}

/** Takes an order along from the shop. */
export interface OrderCollection {
  /** Where the order asks for one. */
  code?: string;
}

/** Says that the shop has the goods again. */
export interface OrderReturn {
  received_by: string;
}

/** The same for known and unknown numbers. */
export interface OtpAnswer {
  expires_at: string;
  next_request_at: string;
}

/** Asks for a one-time code by SMS. */
export interface OtpRequest {
  /** E.164. */
  phone_number: string;
  locale?: string | null;
  /** As at the sign-in. */
  device_id?: string;
}

/** Trades a code for tokens. */
export interface OtpVerification {
  /** E.164. */
  phone_number: string;
  code: string;
  role: "rider" | "driver" | "support" | "operator" | "admin";
  device_id: string;
}

/** One payment of a ride. */
export interface PaidPart {
  payment_id: string;
  purpose: string;
  funding: string;
  status: string;
  amount: Money;
  refunded: Money;
  brand: string | null;
  last_digits: string | null;
  paid_at: string;
}

/** An access token for a partner's program. */
export interface PartnerToken {
  /** For `Authorization: Bearer`. */
  access_token: string;
  access_expires_at: string;
  scopes: string[];
}

/** Surplus of a period, given back to member drivers. */
export interface Patronage {
  id: string;
  started_at: string;
  ended_at: string;
  amount: Money;
  commission: Money;
  member_count: number;
  /** How many shares are on the drivers' accounts already. */
  posted_count: number;
  created_at: string;
}

/** Gives a part of the commission of a period back to the member drivers. */
export interface PatronageRequest {
  start_at: string;
  /** Not part of the period; it has passed. */
  end_at: string;
  amount: MoneyRequest;
}

/** A driver's share of a surplus that was given back. */
export interface PatronageShare {
  id: string;
  started_at: string;
  ended_at: string;
  share: Money;
  created_at: string;
}

/** A page of shares, newest first. */
export interface PatronageShares {
  items: PatronageShare[];
  next_cursor: string | null;
}

/** A page of declarations, newest first. */
export interface Patronages {
  items: Patronage[];
  next_cursor: string | null;
}

/** Money asked of a rider: held, collected, released or refused. */
export interface Payment {
  id: string;
  ride_id: string | null;
  rider_id: string;
  purpose: string;
  funding: string;
  status: string;
  /** Held by the card or wallet. */
  authorized: Money;
  captured: Money;
  /** Part that granted credit paid. */
  credit_used: Money;
  /** Part that nothing covered yet: the rider owes it. */
  receivable: Money;
  /** Part that went back, or is on its way. */
  refunded: Money;
  decline_reason: string | null;
  /** True while the PSP has not said how an operation ended. */
  outcome_unknown: boolean;
  version: number;
}

/** A card. */
export interface PaymentMethod {
  id: string;
  brand: string;
  last_digits: string;
  expire_month: number;
  expire_year: number;
  /** Taken where none is named. */
  is_default: boolean;
}

/** Keeps a card that the PSP knows by a token. */
export interface PaymentMethodRequest {
  psp_token: string;
}

/** The way of a card from a token to one that may be charged in its holder's absence. */
export interface PaymentMethodSetup {
  id: string;
  status: string;
  /** The card, once it is kept. */
  payment_method: PaymentMethod | null;
  /** For the PSP's own library, while the bank asks for the holder. */
  client_secret: string | null;
  /** What the bank asks for, in the PSP's words. */
  next_action: string | null;
  /** The bank's page, where it is one. */
  redirect_url: string | null;
  decline_reason: string | null;
  created_at: string;
}

/** A page of a rider's cards, newest first. */
export interface PaymentMethods {
  items: PaymentMethod[];
  next_cursor: string | null;
}

/** All that happened around a payment and its ride, in the order of time. */
export interface PaymentStory {
  ride_id: string | null;
  payments: Payment[];
  events: StoryEvent[];
  /** True where there was more than is told. */
  is_cut: boolean;
}

/** A page of payments, newest first. */
export interface Payments {
  items: Payment[];
  next_cursor: string | null;
}

/** A payout as its driver sees it. */
export interface Payout {
  id: string;
  amount: Money;
  status: string;
  kind: string;
  /** Of the bank account's number. */
  last_digits: string;
  failure_reason: string | null;
  created_at: string;
  sent_at: string | null;
  paid_at: string | null;
  /** When it failed or was returned. */
  ended_at: string | null;
  version: number;
}

/** A driver's bank account; its number never comes here. */
export interface PayoutAccount {
  driver_id: string;
  currency_code: string;
  country_code: string;
  bank_name: string | null;
  last_digits: string;
  updated_at: string;
}

/** Keeps the bank account that payouts in its currency go to. */
export interface PayoutAccountRequest {
  /** What the PSP gave the app for the account. */
  bank_token: string;
  /** The first one stays. */
  country_code: string;
}

/** Sends earnings to the caller's bank. */
export interface PayoutRequest {
  currency_code: string;
  /** 0 for all that is available. */
  amount_minor?: number;
}

/** A page of a driver's payouts, newest first. */
export interface Payouts {
  items: Payout[];
  next_cursor: string | null;
}

/** An account, masked. */
export interface Person {
  id: string;
  display_name: string;
  masked_phone: string;
  locale: string;
  created_at: string;
  /** Null of somebody who does not drive. */
  driver_status: string | null;
  granted_roles: string[];
}

/** Looks for the person with a phone number; in a body, because addresses are written to logs. */
export interface PersonSearch {
  /** E.164. */
  phone_number: string;
}

/** A phone number, and a mail address where there is one. */
export interface PhoneInClear {
  phone_number: string;
  mail_address: string | null;
}

/** A place (WGS 84) and the words for it. */
export interface Place {
  latitude: number;
  longitude: number;
  /** Null when nobody named it. */
  address: string | null;
}

/** A place as a client names it (WGS 84). */
export interface PlaceRequest {
  latitude: number;
  longitude: number;
  address?: string;
}

/** The stops that are left, the next one first. */
export interface Plan {
  stops: PlanStop[];
}

/** A stop of a driver's plan. */
export interface PlanStop {
  ride_id: string;
  /** pick_up, drop_off, or stop: the driver waits for a while on the way. */
  action: string;
  place: Place;
  /** How many get in or out; 0 at a stop. */
  passengers: number;
}

/** A point on the map (WGS 84). */
export interface Point {
  latitude: number;
  longitude: number;
}

/** A point on the map (WGS 84) as a client names it. */
export interface PointRequest {
  latitude: number;
  longitude: number;
}

/** One leg of a journal entry: debit above zero, credit below. */
export interface Posting {
  account: string;
  amount: Money;
}

/** Whether a subject's notifications are wanted by a channel. */
export interface Preference {
  subject: string;
  channel: string;
  wanted: boolean;
  /** Whether they cannot be turned off. */
  mandatory: boolean;
}

/** One choice. */
export interface PreferenceChange {
  subject: "security" | "trips" | "money" | "marketing";
  channel: "push" | "sms" | "email";
  wanted: boolean;
}

/** All that the caller may decide. */
export interface Preferences {
  preferences: Preference[];
  quiet_hours: QuietHoursAnswer | null;
}

/** Problem details (RFC 9457). Branch on `code`; `detail` is for people. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  instance: string;
  code: string;
  /** The same request with the same Idempotency-Key may succeed later. */
  retryable: boolean;
  request_id: string;
  /** What the logs and spans of this request are found by; none where it came to no route. */
  trace_id?: string | null;
  errors: FieldError[];
  /** What helps: ids, for example of the ride in the way, or why a payment was declined. */
  facts?: Record<string, string> | null;
}

/** What a rider can ask for, with its rates. */
export interface Product {
  product: string;
  base: Money;
  per_kilometer: Money;
  per_minute: Money;
  minimum: Money;
  booking_fee: Money;
  cash_accepted: boolean;
  /** How many passengers it carries at most. */
  seats: number;
  kind: string;
  /** Of a pooled product: how many share a vehicle at most; 0 for others. */
  parties: number;
  /** Of a delivery that has to be brought back, beside the fare. */
  return_fee: Money | null;
  waiting_per_minute: Money;
  vehicle_classes: string[];
}

/** All that the city sells there. */
export interface Products {
  items: Product[];
}

/** A promotion as operators see it. */
export interface Promotion {
  id: string;
  code: string;
  currency_code: string;
  /** In hundredths of a percent. */
  percent_off_basis_points: number | null;
  amount_off: Money | null;
  /** No more is taken off a ride. */
  most_off: Money | null;
  /** At least this is left to pay. */
  least_paid: Money;
  city: string | null;
  products: string[];
  uses_per_rider: number;
  first_ride_only: boolean;
  starts_at: string;
  ends_at: string;
  /** upcoming, in_force or ended. */
  state: string;
  redemption_limit: number | null;
  /** How many riders have it on their accounts. */
  redemption_count: number;
  /** How many rides have it, under way or made. */
  use_count: number;
  /** From rides that were made, so far. */
  taken_off: Money;
  version: number;
  note: string;
  created_at: string;
  operator_id: string;
  /** When an operator ended it. */
  stopped_at: string | null;
  stopped_by: string | null;
  stop_note: string | null;
}

/** Why a promotion is ended. */
export interface PromotionEnd {
  /** For the record. */
  note?: string;
}

/** What is made: a part or an amount that is taken off, from which fares, for whom and how often. */
export interface PromotionRequest {
  /** What riders type, in capitals or not. */
  code: string;
  /** Of the fares and all amounts. */
  currency_code: string;
  /** In hundredths of a percent; 0 where an amount is. */
  percent_off_basis_points?: number;
  /** 0 where a part is. */
  amount_off_minor?: number;
  /** A ride; 0 for no cap. */
  most_off_minor?: number;
  /** At least this is left to pay; 0 for 100. */
  least_paid_minor?: number;
  /** At once, where it is not said. */
  starts_at?: string | null;
  ends_at: string;
  /** Empty for all. */
  city?: string;
  /** Empty for all. */
  products?: string[];
  /** How many riders may redeem it; 0 for all. */
  redemption_limit?: number;
  /** For how many rides each has it. */
  uses_per_rider?: number;
  /** Only for riders who have not ridden yet. */
  first_ride_only?: boolean;
  /** For the record. */
  note?: string;
}

/** A page of promotions, newest first. */
export interface Promotions {
  items: Promotion[];
  next_cursor: string | null;
}

/** How a provider stood at its last change. */
export interface ProviderHealth {
  provider: string;
  state: string;
  failures: number;
  open_until: string | null;
  error: string;
  changed_at: string;
}

/** The providers that ever failed. */
export interface Providers {
  items: ProviderHealth[];
}

/** What the PSP told by itself. */
export interface PspEvent {
  id: string;
  type: string;
  psp_object_id: string;
  psp_account_id: string | null;
  state: string;
  tries: number;
  detail: string | null;
  received_at: string;
}

/** A page of events, newest first. */
export interface PspEvents {
  items: PspEvent[];
  next_cursor: string | null;
}

/** One issuer's public key (RFC 7517). */
export interface PublicKey {
  kty: string;
  crv: string;
  x: string;
  y: string;
  kid: string;
  alg: string;
  use: string;
}

/** The public keys that access tokens can be checked with. */
export interface PublicKeys {
  keys: PublicKey[];
}

/** How it goes. */
export interface Pulse {
  taken_at: string;
  /** Drivers on shift by what they do: free, offered, en_route, arrived, in_trip, on_break or silent. */
  vehicles: StateCount[];
  /** Live rides by state. */
  rides: StateCount[];
  open_offer_count: number;
  /** Oldest first, the last one under way. */
  steps: PulseStep[];
}

/** What happened within a step to rides that were asked for since the begin. */
export interface PulseStep {
  started_at: string;
  requested_count: number;
  completed_count: number;
  /** By the rider or the platform, or since the rider did not come. */
  canceled_count: number;
  /** No driver was found, or the hold was declined. */
  unmatched_count: number;
  pickup_count: number;
  /** From the request to the driver's arrival, of rides for now. */
  mean_wait_seconds: number;
  /** Of the completed rides, one amount a currency; refunds are not taken off. */
  fares: Money[];
}

/** Hours in which nothing disturbs but security and a trip under way. */
export interface QuietHours {
  time_zone: string;
  begins_at: string;
  /** On the next day where it is earlier. */
  ends_at: string;
}

/** The caller's quiet hours. */
export interface QuietHoursAnswer {
  time_zone: string;
  begins_at: string;
  ends_at: string;
}

/** A price promised until it expires. */
export interface Quote {
  id: string;
  product: string;
  pickup: Place;
  dropoff: Place;
  fare: Fare;
  distance_meters: number;
  trip_eta_seconds: number;
  /** Null when no driver is near. */
  pickup_eta_seconds: number | null;
  expires_at: string;
  /** Of a pooled product: how much longer than alone the ride may become for others. */
  max_detour_seconds: number | null;
  /** Multiplier of demand in the price; 1000 is none. */
  surge_permille: number;
  /** Ask the rider for an explicit yes to the surge, and send it with the request for the ride. */
  surge_consent_token: string | null;
  /** On the way; distance and time are by way of them, with the wait at each. */
  stops: Place[];
  /** The way on the map, an encoded polyline of five decimals; null where no map tells it. */
  route_polyline: string | null;
  passengers: number;
  /** When the ride is to begin; null for now. */
  pickup_at: string | null;
  /** The promotion of the account that the fare contains. */
  promotion: AppliedPromotion | null;
}

/** Asks for prices from one place to another. */
export interface QuoteRequest {
  pickup: PlaceRequest;
  dropoff: PlaceRequest;
  /** Only this product. */
  product?: string;
  /** On the way, in this order. */
  stops?: PlaceRequest[];
  /** Products with fewer seats are left out. */
  passengers?: number;
  /** When the ride is to begin; null for now. */
  pickup_at?: string | null;
  /** Keep the promotions on the account for other rides. */
  without_promotion?: boolean;
}

/** One quote a product. */
export interface Quotes {
  quotes: Quote[];
}

/** What the caller thinks of the other side of a ride. */
export interface Rating {
  ride_id: string;
  stars: number;
  comment: string;
  created_at: string;
}

/** Rates the other side of a ride. */
export interface RatingRequest {
  stars: number;
  /** For the people who run the service, never shown. */
  comment?: string;
}

/** What others think of somebody: the latest 500 ratings at most. */
export interface RatingSummary {
  count: number;
  /** Null without a rating. */
  mean_stars: number | null;
}

/** Why something is done, for the record. */
export interface Reason {
  reason: string;
}

/** Why a ride is taken from its driver, for the record. */
export interface Reassignment {
  reason: string;
}

/** What a rider was charged for a ride: the total is what was captured, used of credit, and is still receivable. */
export interface Receipt {
  payment_id: string;
  ride_id: string;
  captured_at: string;
  lines: ChargeLine[];
  total: Money;
  /** Where the captured part came from. */
  funding: string;
  /** Paid by card, from the wallet or in cash. */
  captured: Money;
  /** Paid by credit that was granted. */
  credit_used: Money;
  /** Not covered: charged by itself afterwards, and owed until then. */
  receivable: Money;
  /** Of the card; null without one. */
  brand: string | null;
  /** Of the card; null without one. */
  last_digits: string | null;
}

/** Something that does not agree. */
export interface ReconciliationItem {
  id: string;
  kind: string;
  reference: string;
  /** What the PSP says less what the ledger says. */
  amount: Money;
  detail: string;
  psp_transaction_id: string | null;
  payment_id: string | null;
  status: string;
  resolution: string | null;
  note: string | null;
  resolved_by: string | null;
  opened_at: string;
  closed_at: string | null;
}

/** A page of items, oldest first. */
export interface ReconciliationItems {
  items: ReconciliationItem[];
  next_cursor: string | null;
}

/** One comparison of the ledger with the PSP's own list. */
export interface ReconciliationRun {
  id: string;
  status: string;
  phase: string;
  /** From where on the PSP's list was read; null from its beginning. */
  since: string | null;
  imported_count: number;
  matched_count: number;
  opened_count: number;
  closed_count: number;
  /** Why it rests or failed. */
  detail: string | null;
  started_at: string;
  ended_at: string | null;
}

/** A page of runs, newest first. */
export interface ReconciliationRuns {
  items: ReconciliationRun[];
  next_cursor: string | null;
}

/** Shows a code. */
export interface RedeemRequest {
  /** In capitals or not. */
  code: string;
}

/** A promotion on the caller's account. */
export interface RedeemedPromotion {
  id: string;
  code: string;
  currency_code: string;
  /** In hundredths of a percent. */
  percent_off_basis_points: number | null;
  amount_off: Money | null;
  /** No more is taken off a ride. */
  most_off: Money | null;
  /** At least this is left to pay. */
  least_paid: Money;
  city: string | null;
  products: string[];
  uses_per_rider: number;
  first_ride_only: boolean;
  starts_at: string;
  ends_at: string;
  /** upcoming, in_force or ended. */
  state: string;
  /** For how many more rides; one that came to cost no fare gives its use back. */
  uses_left: number;
  redeemed_at: string;
}

/** The promotions on the caller's account, newest first; at most a hundred. */
export interface RedeemedPromotions {
  items: RedeemedPromotion[];
}

/** Captured money that goes back to its rider. */
export interface Refund {
  id: string;
  payment_id: string;
  ride_id: string | null;
  rider_id: string;
  amount: Money;
  /** Told to operators. */
  reason: string | null;
  borne_by: string;
  destination: string;
  status: string;
  failure_reason: string | null;
  created_at: string;
  paid_at: string | null;
  failed_at: string | null;
  version: number;
}

/** Gives back a part of a payment, or all that is left of it. */
export interface RefundRequest {
  /** The ride whose own payment is meant. */
  ride_id?: string | null;
  /** Or one payment, for example a tip's. */
  payment_id?: string | null;
  /** All that is left without it. */
  amount?: MoneyRequest | null;
  /** For the books; no personal data. */
  reason: string;
  /** In the shares of the charge without it, where it has shares. */
  borne_by?: "proportional" | "platform" | null;
}

/** A page of refunds, newest first. */
export interface Refunds {
  items: Refund[];
  next_cursor: string | null;
}

/** From when on what was not taken is posted again. */
export interface ReplayRequest {
  since: string;
}

/** How many are posted again. */
export interface Replayed {
  count: number;
}

/** How many ended. Their access tokens count until they expire, ten minutes at most. */
export interface RevokedSessions {
  revoked_count: number;
}

/** All that was paid for a ride and came back, as of now. */
export interface RideAccount {
  receipt: Receipt;
  refunds: Refund[];
  parts: PaidPart[];
  tips: Money;
  collected: Money;
  /** What no charge of this ride collected yet. */
  outstanding: Money;
  refunded: Money;
  /** Collected less refunded. */
  paid: Money;
}

/** The driver of a ride. */
export interface RideDriver {
  id: string;
  display_name: string;
  vehicle: VehicleFacts;
}

/** Another way of a ride. It is the ride's once its state is `applied`. */
export interface RideEdit {
  id: string;
  ride_id: string;
  state: string;
  /** Why it came to nothing. */
  reason: string | null;
  pickup: Place;
  dropoff: Place;
  /** Those still to be made. */
  stops: RideStop[];
  /** Of the whole ride. */
  fare: Fare;
  fare_before: Money;
  /** What the ride gets dearer by; below zero when cheaper. */
  difference_minor: number;
  distance_meters: number;
  trip_eta_seconds: number;
  /** Of the whole way, what lies behind the driver and is kept at its price. */
  driven_meters: number;
  /** What the rest of the trip gets longer by. */
  added_seconds: number;
  expires_at: string;
  /** When a scheduled ride would begin, where that is changed. */
  pickup_at: string | null;
  /** While the driver is asked: until when. */
  answer_until: string | null;
}

/** One thing that happened to a ride, told by the service that knows of it. */
export interface RideEvent {
  at: string;
  /** matching, payment or notification. */
  service: string;
  /** What it befell: ride, offer, message or delivery, or what payment names. */
  subject: string;
  subject_id: string | null;
  /** What happened, in the words of its service. */
  what: string;
  /** Whom it concerns, where it is one person. */
  account_id: string | null;
  amount: Money | null;
  /**
   * Further facts by name; never a word of a message, a PIN or a place. To operators alone `words`: what the person
   * who moved the ride gave as the cause.
   */
  facts: Record<string, string>;
  /** The trace that it was part of, where that is known. */
  trace_id: string | null;
}

/** A ride's story, oldest first. */
export interface RideHistory {
  ride: OperatorRide;
  transitions: RideTransition[];
  offers: OperatorOffer[];
}

/** Where the driver of a ride is. */
export interface RideLocation {
  latitude: number;
  longitude: number;
  measured_at: string;
}

/** Asks for the ride of a quote. */
export interface RideRequest {
  quote_id: string;
  /** Words for the driver. */
  note?: string;
  /** Of a quote that has one: the rider said yes to its surge. */
  surge_consent_token?: string | null;
  /** Of a pooled quote: its `max_detour_seconds`, or more. */
  accepted_detour_seconds?: number;
  /** Where the money comes from. */
  funding?: "card" | "wallet" | "cash";
  /** The card; only, and always, with the funding card. */
  payment_method_id?: string | null;
  /** What is carried; with a product of the kind delivery, and with no other. */
  delivery?: DeliveryOrderRequest | null;
}

/** The way of a ride that is still to be driven. */
export interface RideRoute {
  /** While the driver comes, the first leads to the pickup. */
  legs: RouteLeg[];
  /**
   * When the driver was where the first leg begins; null where nobody knows: then it begins where the ride was
   * last, and the leg to the pickup is left out.
   */
  measured_at: string | null;
}

/** What the rider of a pooled ride agreed to. */
export interface RideSharing {
  /** How much longer than alone the ride may become for others. */
  max_detour_seconds: number;
  /** How much later the pickup may become after a driver accepted. */
  max_wait_seconds: number;
  /** Rides that share a vehicle have one run. */
  run_id: string | null;
}

/** How many rides stand in a state. */
export interface RideStateCount {
  state: string;
  count: number;
}

/** A stop on the way. */
export interface RideStop {
  id: string;
  place: Place;
  state: string;
  reached_at: string | null;
  left_at: string | null;
}

/** The rides asked for since a time. */
export interface RideSummary {
  states: RideStateCount[];
  /** Anything but zero is a defect. */
  double_assignment_count: number;
  request_to_offer: WaitSummary;
  request_to_pickup: WaitSummary;
  open_shift_count: number;
  offer_count: number;
  /** Offers that were open together with others of their ride. */
  broadcast_offer_count: number;
}

/** All that happened to a ride, oldest first. */
export interface RideTimeline {
  ride_id: string;
  state: string;
  /** The trace that the ride was asked for in, and that goes on with it; null where there is none. */
  trace_id: string | null;
  events: RideEvent[];
  /** True where there was more than is told. */
  is_cut: boolean;
}

/** One move of a ride. */
export interface RideTransition {
  version: number;
  from_state: string | null;
  to_state: string;
  occurred_at: string;
  driver_id: string | null;
  reason: string | null;
  /** What the person who made it gave as the cause; null where they gave none, or were erased. */
  words: string | null;
}

/** What an operator changed in a rider's accounts, and why. */
export interface RiderAdjustment {
  id: string;
  kind: string;
  rider_id: string;
  operator_id: string;
  amount: Money;
  reason: string;
  created_at: string;
}

/** Changes a rider's accounts by an amount, for a reason. */
export interface RiderAdjustmentRequest {
  amount: MoneyRequest;
  reason: string;
}

/** A page of adjustments, newest first. */
export interface RiderAdjustments {
  items: RiderAdjustment[];
  next_cursor: string | null;
}

/** A rider's own ride. */
export interface RiderRide {
  id: string;
  state: string;
  payment_state: string | null;
  kind: string;
  sharing: RideSharing | null;
  /** Where the rider's money comes from. */
  funding: string;
  version: number;
  product: string;
  pickup: Place;
  dropoff: Place;
  fare: Fare;
  driver: RideDriver | null;
  pickup_eta_seconds: number | null;
  /** When the driver who accepted first would have come; a swap of drivers never makes it later. */
  promised_pickup_at: string | null;
  /** How often another driver came instead, since that one is there sooner. */
  swap_count: number;
  requested_at: string;
  assigned_at: string | null;
  arrived_at: string | null;
  started_at: string | null;
  ended_at: string | null;
  reason: string | null;
  /** Since when the driver's device is not heard of; the driver may be out of coverage. */
  driver_silent_since: string | null;
  /** In the order in which they are driven to. */
  stops: RideStop[];
  passengers: number;
  /** When the rider is to be picked up; null for a ride now. */
  pickup_at: string | null;
  /** Expected, by way of the stops. */
  distance_meters: number;
  /** Expected time in the vehicle, with the wait at each stop. */
  trip_eta_seconds: number;
  /** The rider's words for the driver, whom they are told to from the acceptance to the end. */
  note: string | null;
  /** To be told to the driver at the start; of a delivery, the shop's pickup code. */
  start_pin: string | null;
  delivery: Delivery | null;
  /** The promotion of the account that the ride has. */
  promotion: AppliedPromotion | null;
}

/** A page of a rider's rides, newest first. */
export interface RiderRides {
  items: RiderRide[];
  next_cursor: string | null;
}

/** A role that an account may sign in with. */
export interface RoleGrant {
  account_id: string;
  role: string;
  /** An account, or the name of a command's issuer. */
  granted_by: string;
  granted_at: string;
}

/** Grants a role to the account with a phone number. */
export interface RoleGrantRequest {
  /** E.164. */
  phone_number: string;
  role: "support" | "operator" | "admin";
  reason: string;
}

/** A page of grants, the newest first. */
export interface RoleGrants {
  items: RoleGrant[];
  next_cursor: string | null;
}

/** A leg of a ride's way. */
export interface RouteLeg {
  /** To what it leads: pickup, stop or dropoff. */
  end: string;
  place: Place;
  distance_meters: number;
  /** Waits are not part of it. */
  eta_seconds: number;
  /** Its line on the map, an encoded polyline of five decimals; null where no map tells it. */
  polyline: string | null;
}

/** A place that the caller keeps. */
export interface SavedPlace {
  id: string;
  kind: string;
  label: string;
  place: Place;
}

/** A place to keep. Home and work take the place of the one that stands. */
export interface SavedPlaceRequest {
  kind: "home" | "work" | "favorite";
  label: string;
  place: PlaceRequest;
}

/** Home and work first, then favourites by name. */
export interface SavedPlaces {
  items: SavedPlace[];
}

/** A rider's rides that wait for their time, the next one first. */
export interface ScheduledRides {
  items: RiderRide[];
}

/** A difference as it was told, in the currency's minor unit (cents for USD); it may be below zero. */
export interface SeenAmount {
  currency_code: string;
  amount_minor: number;
}

/** Where a city serves. */
export interface ServiceArea {
  city: string;
  name: string;
  /** In order; the last joins the first. */
  corners: Point[];
  zones: Zone[];
}

/** All cities, in the order of their keys. */
export interface ServiceAreas {
  items: ServiceArea[];
}

/** A signed-in device. */
export interface Session {
  id: string;
  device_id: string;
  role: string;
  started_at: string;
  last_used_at: string;
  expires_at: string;
  /** True of the one that asked. */
  current: boolean;
}

/** The live ones, the newest first. */
export interface Sessions {
  items: Session[];
}

/** A link to a ride. The token is told this once; the app puts it behind an address of its own. */
export interface ShareLink {
  token: string;
  /** Where the ride is read. */
  path: string;
  expires_at: string;
}

/** Who is to be sent the link. */
export interface ShareTextsRequest {
  /** Trusted contacts of the caller's own; who is none of them is sent nothing. */
  contact_ids: string[];
}

/** Whom and what to look for. */
export interface SharedDriver {
  display_name: string;
  vehicle: VehicleFacts;
}

/** A ride as who has its link sees it: nothing of its rider, and places only about. */
export interface SharedRide {
  state: string;
  pickup: BlurredPoint;
  dropoff: BlurredPoint;
  driver: SharedDriver | null;
  /** About where the driver is. */
  location: BlurredPoint | null;
  measured_at: string | null;
  started_at: string | null;
  ended_at: string | null;
  /** When the link ends. */
  expires_at: string;
}

/** A driver's online period. */
export interface Shift {
  id: string;
  version: number;
  started_at: string;
  ended_at: string | null;
  end_reason: string | null;
  ends_after_ride: boolean;
  /** The next ride, or the one under way, is to be the last. */
  last_ride: boolean;
  /** Who is not back by then is taken offline. */
  break_until: string | null;
  /** Only rides on the way there are offered. */
  heading: Point | null;
  /** Since when the device is not heard of. */
  silent_since: string | null;
  /** Who is free and not heard of by then is taken offline. */
  silent_until: string | null;
  /** What the driver declared. */
  capabilities: string[];
}

/** Tokens, and whose they are. */
export interface SignIn {
  /** For `Authorization: Bearer`. */
  access_token: string;
  access_expires_at: string;
  /** Good once. */
  refresh_token: string;
  refresh_expires_at: string;
  role: string;
  /** True when this sign-in made the account. */
  new_account: boolean;
  account: Account;
}

/** A call for help. */
export interface Sos {
  id: string;
  account_id: string;
  ride_id: string | null;
  point: Point;
  /** How many are being written to. */
  contact_count: number;
  raised_at: string;
}

/** A page of calls for help, newest first. */
export interface SosCalls {
  items: Sos[];
  next_cursor: string | null;
}

/** Where the caller is, and on which ride. */
export interface SosRequest {
  point: PointRequest;
  ride_id?: string | null;
}

/** How many stand in a state. */
export interface StateCount {
  state: string;
  count: number;
}

/** What moved on an account in a period, oldest first. */
export interface Statement {
  opening: Money;
  closing: Money;
  items: StatementEntry[];
  next_cursor: string | null;
}

/** One change of an account. */
export interface StatementEntry {
  id: string;
  kind: string;
  ride_id: string | null;
  payment_id: string | null;
  purpose: string | null;
  /** Above zero where the account grows. */
  amount: Money;
  balance: Money;
  created_at: string;
}

/** One change of a driver's balance. */
export interface StatementLine {
  id: string;
  ride_id: string | null;
  kind: string;
  amount: Money;
  created_at: string;
}

/** What lies between the balances at the ends of a period; what takes from the balance is below zero. */
export interface StatementSums {
  gross_fares: Money;
  waiting: Money;
  cancel_fees: Money;
  tolls: Money;
  tips: Money;
  commission: Money;
  refunds: Money;
  disputes: Money;
  cash_collected: Money;
  payments: Money;
  payouts: Money;
  subscription_fees: Money;
  patronage: Money;
  other: Money;
}

/** A stop after the edit: one that the ride has, or a new place. */
export interface StopChoice {
  /** Of a stop of the ride that is not left yet. */
  id?: string | null;
  place?: PlaceRequest | null;
}

/** One thing that happened around a payment. */
export interface StoryEvent {
  created_at: string;
  subject: string;
  subject_id: string;
  payment_id: string | null;
  kind: string;
  state: string;
  amount: Money | null;
  facts: Record<string, string>;
}

/** Opens one live stream without a token in its URL. */
export interface StreamTicket {
  ticket: string;
  expires_at: string;
}

/** A person's address of a channel that is not written to any more. */
export interface Suppression {
  account_id: string;
  channel: string;
  /** What was said of the address. */
  reason: string;
  /** Who said it. */
  provider: string;
  suppressed_at: string;
}

/** Names an address that is to be written to again. */
export interface SuppressionLift {
  account_id: string;
  channel: "sms" | "voice" | "email";
  /** For the record. */
  reason: string;
}

/** A page of them, the latest first. */
export interface Suppressions {
  items: Suppression[];
  next_cursor: string | null;
}

/** A city's surge. */
export interface Surge {
  /** Null where none is known, and then prices have none. */
  computed_at: string | null;
  control: SurgeControl;
  cells: SurgeCell[];
}

/** One H3 cell of resolution 8. */
export interface SurgeCell {
  cell: string;
  latitude: number;
  longitude: number;
  /** The multiplier in prices now. */
  surge_permille: number;
  /** The moving average that it follows. */
  mean_permille: number;
}

/** What an operator laid on a city's surge. */
export interface SurgeControl {
  frozen: boolean;
  cap_permille: number | null;
}

/** Takes the place of what was laid before. */
export interface SurgeControlChange {
  /** The multipliers stand still. */
  frozen?: boolean;
  /** No multiplier is above this; 1000 ends all surge. */
  cap_permille?: number | null;
  note?: string;
}

/** What one tick of dispatch knew and did about a ride. */
export interface TickTrace {
  ticked_at: string;
  /** offered, swap_offered, rerouted, contended, driver_taken, ride_gone, fenced, left_over or nobody. */
  fate: string;
  driver_id: string | null;
  waited_seconds: number;
  drivers_seen_count: number;
  drivers_free_count: number;
  /** How many ticks before it came to the same as the one before them. */
  repeat_count: number;
  candidates: CandidateFacts[];
}

/** A page of what a person was owed, newest first. */
export interface Timeline {
  items: TimelineEntry[];
  next_cursor: string | null;
}

/** One message owed, with its deliveries. */
export interface TimelineEntry {
  notification: Notification;
  priority: string;
  expires_at: string;
  acknowledged_at: string | null;
  deliveries: MessageDelivery[];
}

/** Tips the driver of a ride. */
export interface TipRequest {
  amount: MoneyRequest;
}

/** Trades a refresh token for the next pair. */
export interface TokenRefresh {
  refresh_token: string;
}

/** What a signed-in device holds. */
export interface Tokens {
  /** For `Authorization: Bearer`. */
  access_token: string;
  access_expires_at: string;
  /** Good once. */
  refresh_token: string;
  refresh_expires_at: string;
  role: string;
}

/** What people were told beside what came true, in the completed rides of the last seven days. */
export interface ToldTimes {
  count: number;
  /** Mean of |told - measured| / measured. */
  mean_error: number;
  /** Median of told / measured: below 1 too little was told. */
  median_ratio: number;
}

/** Charges a card at once and puts the money into the wallet. */
export interface TopUpRequest {
  amount: MoneyRequest;
  /** The default card without it. */
  payment_method_id?: string | null;
}

/** What some trips taught of one provider's estimates. */
export interface TravelTimes {
  /** Whose estimates: crow_flies, street or osrm. */
  provider: string;
  /** The map that the provider estimates by. */
  map_id: string | null;
  version: number;
  learned_at: string;
  trip_count: number;
  /** Of what was in force before, on trips held out: mean of |told - measured| / measured. */
  error_before: number;
  /** The same of what was learned. */
  error_after: number;
  /** Whether it was better, and took the place of what was in force. */
  in_force: boolean;
  /** What setting out, turning around and stopping take. */
  start_seconds: number;
  /** Measured over estimated time, one an hour of the week, from Monday 0 to 1 o'clock. */
  factors: number[];
}

/** The ledger summed up. */
export interface TrialBalance {
  currencies: CurrencyBalance[];
  accounts: AccountKindBalance[];
  read_at: string;
}

/** Something that looks wrong on a trip; its rider was asked whether all is well. */
export interface TripAlert {
  id: string;
  ride_id: string;
  rider_id: string;
  driver_id: string;
  /** route_deviated or long_stop. */
  kind: string;
  /** Where the vehicle was then. */
  point: Point;
  /** Since when it was so. */
  since: string;
  raised_at: string;
}

/** A page of alerts, newest first, of thirty days. */
export interface TripAlerts {
  items: TripAlert[];
  next_cursor: string | null;
}

/** What the mode tells of a trip. */
export interface TripAttributes {
  hail_type: string;
  passenger_count: number;
  request_time: number;
}

/** Begins a trip with the PIN the rider tells. */
export interface TripStart {
  pin: string;
}

/** Somebody who is written to in an emergency; they need no account. */
export interface TrustedContact {
  id: string;
  name: string;
  phone_number: string;
}

/** All of the caller's, at most five. */
export interface TrustedContacts {
  items: TrustedContact[];
}

/** Why a number is to be told in clear; it stays in the audit log. */
export interface Unmasking {
  reason: string;
}

/** A driver's vehicle. */
export interface Vehicle {
  model: string;
  color: string;
  plate: string;
  vehicle_class: string;
}

/** What the mode tells of a vehicle. */
export interface VehicleAttributes {
  model: string;
  color: string;
}

/** What to look for at the kerb. */
export interface VehicleFacts {
  model: string;
  color: string;
  plate: string;
}

/** The vehicle an applicant drives. */
export interface VehicleRequest {
  model: string;
  color: string;
  plate: string;
  vehicle_class: "economy" | "xl" | "wheelchair";
}

/** The state of a vehicle. */
export interface VehicleStatus {
  provider_id: string;
  device_id: string;
  last_event: MdsEvent;
  last_telemetry: MdsTelemetry;
}

/** How long something took. */
export interface WaitSummary {
  count: number;
  mean_seconds: number;
  p50_seconds: number;
  p95_seconds: number;
}

/** A rider's wallet, by currency. */
export interface Wallet {
  rider_id: string;
  balances: WalletBalance[];
}

/** What a rider has here in one currency. */
export interface WalletBalance {
  /** Paid-in money, what rides hold included. */
  wallet: Money;
  wallet_held: Money;
  /** Granted credit, what rides hold included. */
  credit: Money;
  credit_held: Money;
  /** What the rider owes. */
  arrears: Money;
  arrears_in_collection: Money;
}

/** A page of a rider's statement, newest first. */
export interface WalletEntries {
  items: WalletEntry[];
  next_cursor: string | null;
}

/** One line of what came into a wallet or credit and went out of it. */
export interface WalletEntry {
  id: string;
  account: string;
  kind: string;
  /** Above zero what came in, below zero what went out. */
  amount: Money;
  /** What the account had after it. */
  balance: Money;
  ride_id: string | null;
  payment_id: string | null;
  created_at: string;
}

/** One message to one endpoint. */
export interface Webhook {
  /** Its `webhook-id`. */
  id: string;
  endpoint_id: string;
  topic: string;
  state: string;
  attempts: number;
  /** The last answer's. */
  status: number | null;
  error: string | null;
  created_at: string;
  next_at: string | null;
  finished_at: string | null;
  /** What is posted, in JSON. */
  payload: string;
}

/** Where webhooks are posted. */
export interface WebhookEndpoint {
  id: string;
  url: string;
  topics: string[];
  created_at: string;
  /** Why it is not posted to any more: `gone`, as it answered 410 itself. */
  disabled_because: string | null;
}

/** All of them, in the order of their making. */
export interface WebhookEndpoints {
  items: WebhookEndpoint[];
}

/** A page of them, newest first. */
export interface Webhooks {
  items: Webhook[];
  next_cursor: string | null;
}

/** Money on its way from a wallet to cards: its amount is the sum of paid, pending and returned. */
export interface Withdrawal {
  id: string;
  rider_id: string;
  amount: Money;
  paid: Money;
  pending: Money;
  /** What the cards' banks did not take: it is in the wallet again. */
  returned: Money;
  parts: WithdrawalPart[];
  created_at: string;
}

/** What of a withdrawal goes back by one top-up. */
export interface WithdrawalPart {
  refund_id: string;
  payment_id: string;
  amount: Money;
}

/** Sends money of the wallet back to the cards it came from. */
export interface WithdrawalRequest {
  amount: MoneyRequest;
}

/** A page of withdrawals, newest first. */
export interface Withdrawals {
  items: Withdrawal[];
  next_cursor: string | null;
}

/** A named part of a city that prices or products depend on. */
export interface Zone {
  name: string;
  /** In order; the last joins the first. */
  corners: Point[];
}

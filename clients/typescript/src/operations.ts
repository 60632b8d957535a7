/** All operations, one method each. Written by `python -m tools.clients` from the OpenAPI document. */

import { Caller, type Changing, pageItems, pathPart } from "./calls.ts";
import type {
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
  DocumentSubmission,
  Documents,
  Driver,
  DriverApplication,
  DriverPaymentRequest,
  DriverRide,
  DriverRides,
  DriverStanding,
  DriverStatusChange,
  DriverTerms,
  DriverTermsRequest,
  Drivers,
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
  MdsVehicleStatuses,
  MdsVehicles,
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
  PatronageShare,
  PatronageShares,
  Patronages,
  Payment,
  PaymentMethod,
  PaymentMethodRequest,
  PaymentMethodSetup,
  PaymentMethods,
  PaymentStory,
  Payments,
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
  RedeemRequest,
  RedeemedPromotion,
  RedeemedPromotions,
  Refund,
  RefundRequest,
  Refunds,
  ReplayRequest,
  Replayed,
  RevokedSessions,
  RideAccount,
  RideEdit,
  RideHistory,
  RideLocation,
  RideRequest,
  RideRoute,
  RideSummary,
  RideTimeline,
  RiderAdjustment,
  RiderAdjustmentRequest,
  RiderAdjustments,
  RiderRide,
  RiderRides,
  RoleGrant,
  RoleGrantRequest,
  RoleGrants,
  SavedPlace,
  SavedPlaceRequest,
  SavedPlaces,
  ScheduledRides,
  ServiceAreas,
  Sessions,
  ShareLink,
  ShareTextsRequest,
  SharedRide,
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
} from "./models.ts";

/**
 * What the interface can do. Methods that change something send an Idempotency-Key: `idempotencyKey`, or one
 * made for the call; it stays the same over all tries of the call. All throw ApiError when the request was
 * refused for good, and Unreachable when there was no answer.
 */
export class Operations extends Caller {
  /** Send a one-time code by SMS. */
  requestOtp(body: OtpRequest, options: Changing = {}): Promise<OtpAnswer> {
    return this.call<OtpAnswer>("POST", "/v1/auth/otp", { body, key: options.idempotencyKey, signal: options.signal, isOpen: true });
  }

  /** Trade a code for tokens; the first sign-in makes the account. */
  verifyOtp(body: OtpVerification, options: Changing = {}): Promise<SignIn> {
    return this.call<SignIn>("POST", "/v1/auth/otp/verify", { body, key: options.idempotencyKey, signal: options.signal, isOpen: true });
  }

  /** Trade a refresh token for the next pair; using one twice ends the sign-in. */
  refreshTokens(body: TokenRefresh, options: Changing = {}): Promise<Tokens> {
    return this.call<Tokens>("POST", "/v1/auth/token/refresh", { body, key: options.idempotencyKey, signal: options.signal, isOpen: true });
  }

  /** End the sign-in that the access token belongs to. For: admin, driver, operator, rider, support. */
  signOut(options: Changing = {}): Promise<void> {
    return this.call<void>("POST", "/v1/auth/logout", { key: options.idempotencyKey, signal: options.signal });
  }

  /** Return the public keys that access tokens can be checked with. */
  readPublicKeys(): Promise<PublicKeys> {
    return this.call<PublicKeys>("GET", "/v1/auth/jwks", { isOpen: true });
  }

  /** Return the caller's own account. For: admin, driver, operator, rider, support. */
  readAccount(): Promise<Account> {
    return this.call<Account>("GET", "/v1/me");
  }

  /**
   * Erase the caller: signed out everywhere at once, the rest within the hour. Not while a ride or money is open.
   * For: driver, rider.
   */
  eraseOwnAccount(options: Changing = {}): Promise<Erasure> {
    return this.call<Erasure>("DELETE", "/v1/me", { key: options.idempotencyKey, signal: options.signal });
  }

  /** Change the caller's own name or language. For: admin, driver, operator, rider, support. */
  changeAccount(body: AccountChange = {}, options: Changing = {}): Promise<Account> {
    return this.call<Account>("PATCH", "/v1/me", { body, key: options.idempotencyKey, signal: options.signal });
  }

  /** Page through the caller's inbox, newest first. For: driver, rider. */
  listNotifications(query: { limit?: number; cursor?: string } = {}): Promise<Notifications> {
    return this.call<Notifications>("GET", "/v1/me/notifications", { query });
  }

  /** Goes through all pages of `listNotifications`; a page is read when it is needed. */
  iterateNotifications(query: { limit?: number } = {}): AsyncGenerator<Notification> {
    return pageItems((cursor) => this.listNotifications({ ...query, cursor }));
  }

  /** Note that the caller read a notification. For: driver, rider. */
  markNotificationRead(notificationId: string, options: Changing = {}): Promise<Notification> {
    return this.call<Notification>("POST", `/v1/me/notifications/${pathPart(notificationId)}/read`, { key: options.idempotencyKey, signal: options.signal });
  }

  /** Return a ticket that opens the caller's live stream once, within 60 seconds. For: driver, rider. */
  makeStreamTicket(options: Changing = {}): Promise<StreamTicket> {
    return this.call<StreamTicket>("POST", "/v1/me/stream-tickets", { key: options.idempotencyKey, signal: options.signal });
  }

  /** Return the devices that the caller's pushes go to. For: driver, rider. */
  listDevices(): Promise<Devices> {
    return this.call<Devices>("GET", "/v1/me/devices");
  }

  /**
   * Register this installation for pushes; at each start of the app, and whenever its token changes. For: driver,
   * rider.
   */
  registerDevice(body: NewDevice, options: Changing = {}): Promise<Device> {
    return this.call<Device>("POST", "/v1/me/devices", { body, key: options.idempotencyKey, signal: options.signal });
  }

  /** Send no more pushes to a device; at sign-out. For: driver, rider. */
  removeDevice(deviceId: string, options: Changing = {}): Promise<void> {
    return this.call<void>("DELETE", `/v1/me/devices/${pathPart(deviceId)}`, { key: options.idempotencyKey, signal: options.signal });
  }

  /** Return what the caller wants to be told by which channel, and the quiet hours. For: driver, rider. */
  readPreferences(): Promise<Preferences> {
    return this.call<Preferences>("GET", "/v1/me/notification-preferences");
  }

  /**
   * Turn a subject on or off for a channel; security and trips cannot be turned off (`topic_mandatory`). For:
   * driver, rider.
   */
  changePreference(body: PreferenceChange, options: Changing = {}): Promise<Preferences> {
    return this.call<Preferences>("PATCH", "/v1/me/notification-preferences", { body, key: options.idempotencyKey, signal: options.signal });
  }

  /** Name the hours in which only security and a trip under way may disturb. For: driver, rider. */
  setQuietHours(body: QuietHours, options: Changing = {}): Promise<QuietHoursAnswer> {
    return this.call<QuietHoursAnswer>("PUT", "/v1/me/quiet-hours", { body, key: options.idempotencyKey, signal: options.signal });
  }

  /** Have no quiet hours. For: driver, rider. */
  endQuietHours(options: Changing = {}): Promise<void> {
    return this.call<void>("DELETE", "/v1/me/quiet-hours", { key: options.idempotencyKey, signal: options.signal });
  }

  /** Say that the app showed a notification, so that no SMS follows it. For: driver, rider. */
  acknowledgeNotification(notificationId: string, options: Changing = {}): Promise<Acknowledgement> {
    return this.call<Acknowledgement>("POST", `/v1/me/notifications/${pathPart(notificationId)}/ack`, { key: options.idempotencyKey, signal: options.signal });
  }

  /** Return whom the caller wants to be written to in an emergency. For: driver, rider. */
  listTrustedContacts(): Promise<TrustedContacts> {
    return this.call<TrustedContacts>("GET", "/v1/me/trusted-contacts");
  }

  /** Name somebody to be written to in an emergency; five at most (`too_many_contacts`). For: driver, rider. */
  addTrustedContact(body: NewTrustedContact, options: Changing = {}): Promise<TrustedContact> {
    return this.call<TrustedContact>("POST", "/v1/me/trusted-contacts", { body, key: options.idempotencyKey, signal: options.signal });
  }

  /** Write to a contact no more. For: driver, rider. */
  removeTrustedContact(contactId: string, options: Changing = {}): Promise<void> {
    return this.call<void>("DELETE", `/v1/me/trusted-contacts/${pathPart(contactId)}`, { key: options.idempotencyKey, signal: options.signal });
  }

  /**
   * Call for help: each trusted contact is sent an SMS with where the caller is, and operators see the call. For:
   * driver, rider.
   */
  raiseSos(body: SosRequest, options: Changing = {}): Promise<Sos> {
    return this.call<Sos>("POST", "/v1/me/sos", { body, key: options.idempotencyKey, signal: options.signal });
  }

  /** Page through the calls for help, newest first. For: admin, operator. */
  listSos(query: { limit?: number; cursor?: string } = {}): Promise<SosCalls> {
    return this.call<SosCalls>("GET", "/v1/operator/sos", { query });
  }

  /** Goes through all pages of `listSos`; a page is read when it is needed. */
  iterateSos(query: { limit?: number } = {}): AsyncGenerator<Sos> {
    return pageItems((cursor) => this.listSos({ ...query, cursor }));
  }

  /** Return the devices on which the caller is signed in. For: admin, driver, operator, rider, support. */
  listSessions(): Promise<Sessions> {
    return this.call<Sessions>("GET", "/v1/me/sessions");
  }

  /** Sign all devices out but the one that asks. For: admin, driver, operator, rider, support. */
  revokeOtherSessions(options: Changing = {}): Promise<RevokedSessions> {
    return this.call<RevokedSessions>("DELETE", "/v1/me/sessions", { key: options.idempotencyKey, signal: options.signal });
  }

  /** Sign a device out. For: admin, driver, operator, rider, support. */
  revokeSession(sessionId: string, options: Changing = {}): Promise<void> {
    return this.call<void>("DELETE", `/v1/me/sessions/${pathPart(sessionId)}`, { key: options.idempotencyKey, signal: options.signal });
  }

  /** Return the products of the city that serves a place, with their rates. For: admin, driver, operator, rider. */
  listProducts(query: { latitude?: number; longitude?: number } = {}): Promise<Products> {
    return this.call<Products>("GET", "/v1/products", { query });
  }

  /**
   * Return where the cities serve, with their zones, so that apps can draw it. For: admin, driver, operator, rider.
   */
  listServiceAreas(): Promise<ServiceAreas> {
    return this.call<ServiceAreas>("GET", "/v1/service-areas");
  }

  /** Promise a price for each product, until it expires. For: rider. */
  createQuotes(body: QuoteRequest, options: Changing = {}): Promise<Quotes> {
    return this.call<Quotes>("POST", "/v1/quotes", { body, key: options.idempotencyKey, signal: options.signal });
  }

  /** Page through the caller's rides, newest first. For: rider. */
  listRides(query: { limit?: number; cursor?: string } = {}): Promise<RiderRides> {
    return this.call<RiderRides>("GET", "/v1/rides", { query });
  }

  /** Goes through all pages of `listRides`; a page is read when it is needed. */
  iterateRides(query: { limit?: number } = {}): AsyncGenerator<RiderRide> {
    return pageItems((cursor) => this.listRides({ ...query, cursor }));
  }

  /**
   * Ask for the ride of a quote; the fare is held on the card or in the wallet, or is paid to the driver in cash.
   * For: rider.
   */
  requestRide(body: RideRequest, options: Changing = {}): Promise<RiderRide> {
    return this.call<RiderRide>("POST", "/v1/rides", { body, key: options.idempotencyKey, signal: options.signal });
  }

  /** Return the caller's rides that wait for their time, the next one first. For: rider. */
  listScheduledRides(): Promise<ScheduledRides> {
    return this.call<ScheduledRides>("GET", "/v1/rides/scheduled");
  }

  /** Return the caller's live ride. For: rider. */
  readCurrentRide(): Promise<RiderRide> {
    return this.call<RiderRide>("GET", "/v1/rides/current");
  }

  /** Return one of the caller's rides; with If-None-Match, 304 while it has not changed. For: rider. */
  readRide(rideId: string): Promise<RiderRide> {
    return this.call<RiderRide>("GET", `/v1/rides/${pathPart(rideId)}`);
  }

  /** Return where the driver of the caller's ride is. For: rider. */
  readRideLocation(rideId: string): Promise<RideLocation> {
    return this.call<RideLocation>("GET", `/v1/rides/${pathPart(rideId)}/location`);
  }

  /** Return what the caller was charged for a ride. For: rider. */
  readReceipt(rideId: string): Promise<Receipt> {
    return this.call<Receipt>("GET", `/v1/rides/${pathPart(rideId)}/receipt`);
  }

  /** Tell what a cancel costs now, and the token that consents to it. For: rider. */
  previewCancellation(rideId: string, options: Changing = {}): Promise<CancellationPreview> {
    return this.call<CancellationPreview>("POST", `/v1/rides/${pathPart(rideId)}/cancellation-preview`, { key: options.idempotencyKey, signal: options.signal });
  }

  /**
   * End the caller's ride; a fee needs the token of its preview. With If-Match, only the version that it names.
   * For: rider.
   */
  cancelRide(rideId: string, body: Cancellation = {}, options: Changing = {}): Promise<RiderRide> {
    return this.call<RiderRide>("POST", `/v1/rides/${pathPart(rideId)}/cancel`, { body, key: options.idempotencyKey, signal: options.signal });
  }

  /**
   * Tell all that happened to a ride, over all services in the order of time: moves, offers, money and messages.
   * For: admin, operator, support.
   */
  readRideTimeline(rideId: string): Promise<RideTimeline> {
    return this.call<RideTimeline>("GET", `/v1/operator/rides/${pathPart(rideId)}/timeline`);
  }

  /** Tell what another way of the caller's ride costs; it is the ride's once it is accepted. For: rider. */
  quoteEdit(rideId: string, body: EditRequest = {}, options: Changing = {}): Promise<RideEdit> {
    return this.call<RideEdit>("POST", `/v1/rides/${pathPart(rideId)}/edits`, { body, key: options.idempotencyKey, signal: options.signal });
  }

  /** Return an edit of the caller's ride. For: rider. */
  readEdit(rideId: string, editId: string): Promise<RideEdit> {
    return this.call<RideEdit>("GET", `/v1/rides/${pathPart(rideId)}/edits/${pathPart(editId)}`);
  }

  /**
   * Have the caller's ride go the way of an edit, at its price; the answer's state tells whether it does. For:
   * rider.
   */
  acceptEdit(rideId: string, editId: string, options: Changing = {}): Promise<RideEdit> {
    return this.call<RideEdit>("POST", `/v1/rides/${pathPart(rideId)}/edits/${pathPart(editId)}/accept`, { key: options.idempotencyKey, signal: options.signal });
  }

  /** Return an edit of the ride that the caller drives. For: driver. */
  readProposedEdit(rideId: string, editId: string): Promise<RideEdit> {
    return this.call<RideEdit>("GET", `/v1/driver/rides/${pathPart(rideId)}/edits/${pathPart(editId)}`);
  }

  /** Agree to an edit that makes the trip much longer, or not: then it stays as it was. For: driver. */
  answerEdit(rideId: string, editId: string, body: EditAnswer, options: Changing = {}): Promise<RideEdit> {
    return this.call<RideEdit>("POST", `/v1/driver/rides/${pathPart(rideId)}/edits/${pathPart(editId)}/answer`, { body, key: options.idempotencyKey, signal: options.signal });
  }

  /** Tell what another way of a ride costs. For: admin, operator. */
  quoteEditForRider(rideId: string, body: EditRequest = {}, options: Changing = {}): Promise<RideEdit> {
    return this.call<RideEdit>("POST", `/v1/operator/rides/${pathPart(rideId)}/edits`, { body, key: options.idempotencyKey, signal: options.signal });
  }

  /** Have a ride go the way of an edit, in the name of its rider. For: admin, operator. */
  acceptEditForRider(rideId: string, editId: string, options: Changing = {}): Promise<RideEdit> {
    return this.call<RideEdit>("POST", `/v1/operator/rides/${pathPart(rideId)}/edits/${pathPart(editId)}/accept`, { key: options.idempotencyKey, signal: options.signal });
  }

  /** Return about where free drivers are around a place: eight at most, nearest first. For: rider. */
  listNearbyDrivers(query: { latitude: number; longitude: number }): Promise<NearbyDrivers> {
    return this.call<NearbyDrivers>("GET", "/v1/nearby-drivers", { query });
  }

  /** Make a link by which anybody may follow the caller's ride; one that was made before ends. For: rider. */
  makeShareLink(rideId: string, options: Changing = {}): Promise<ShareLink> {
    return this.call<ShareLink>("POST", `/v1/rides/${pathPart(rideId)}/share-link`, { key: options.idempotencyKey, signal: options.signal });
  }

  /** End the link of the caller's ride. For: rider. */
  revokeShareLink(rideId: string, options: Changing = {}): Promise<void> {
    return this.call<void>("DELETE", `/v1/rides/${pathPart(rideId)}/share-link`, { key: options.idempotencyKey, signal: options.signal });
  }

  /**
   * Make a link in place of the former one and send it to trusted contacts by SMS; five times a ride at most. For:
   * rider.
   */
  sendShareLink(rideId: string, body: ShareTextsRequest, options: Changing = {}): Promise<ShareLink> {
    return this.call<ShareLink>("POST", `/v1/rides/${pathPart(rideId)}/share-link/texts`, { body, key: options.idempotencyKey, signal: options.signal });
  }

  /** Show a ride to who has its link: about where it is, and nothing of its rider. */
  readSharedRide(token: string): Promise<SharedRide> {
    return this.call<SharedRide>("GET", `/v1/shared-rides/${pathPart(token)}`, { isOpen: true });
  }

  /** Rate the driver of a completed ride, once, within 30 days. For: rider. */
  rateDriver(rideId: string, body: RatingRequest, options: Changing = {}): Promise<Rating> {
    return this.call<Rating>("POST", `/v1/rides/${pathPart(rideId)}/rating`, { body, key: options.idempotencyKey, signal: options.signal });
  }

  /** Rate the rider of a completed ride, once, within 30 days. For: driver. */
  rateRider(rideId: string, body: RatingRequest, options: Changing = {}): Promise<Rating> {
    return this.call<Rating>("POST", `/v1/driver/rides/${pathPart(rideId)}/rating`, { body, key: options.idempotencyKey, signal: options.signal });
  }

  /** Return what others think of the caller, as a rider or as a driver. For: driver, rider. */
  readOwnRating(): Promise<RatingSummary> {
    return this.call<RatingSummary>("GET", "/v1/me/rating");
  }

  /** Return what riders think of a driver. For: admin, operator. */
  readRatingOfDriver(driverId: string): Promise<RatingSummary> {
    return this.call<RatingSummary>("GET", `/v1/operator/drivers/${pathPart(driverId)}/rating`);
  }

  /** Return what drivers think of a rider. For: admin, operator. */
  readRatingOfRider(riderId: string): Promise<RatingSummary> {
    return this.call<RatingSummary>("GET", `/v1/operator/riders/${pathPart(riderId)}/rating`);
  }

  /** Return what the caller said was wrong with a ride, and what became of it. For: rider. */
  listComplaints(rideId: string): Promise<Complaints> {
    return this.call<Complaints>("GET", `/v1/rides/${pathPart(rideId)}/disputes`);
  }

  /** Say what was wrong with the caller's ride, within 30 days; one at a time, five times at most. For: rider. */
  raiseComplaint(rideId: string, body: ComplaintRequest, options: Changing = {}): Promise<Complaint> {
    return this.call<Complaint>("POST", `/v1/rides/${pathPart(rideId)}/disputes`, { body, key: options.idempotencyKey, signal: options.signal });
  }

  /** Page through what riders complain of, newest first. For: admin, operator. */
  searchComplaints(query: { limit?: number; cursor?: string; state?: "open" | "refund_pending" | "refunded" | "rejected" } = {}): Promise<OperatorComplaints> {
    return this.call<OperatorComplaints>("GET", "/v1/operator/complaints", { query });
  }

  /** Goes through all pages of `searchComplaints`; a page is read when it is needed. */
  iterateSearchComplaints(query: { limit?: number; state?: "open" | "refund_pending" | "refunded" | "rejected" } = {}): AsyncGenerator<OperatorComplaint> {
    return pageItems((cursor) => this.searchComplaints({ ...query, cursor }));
  }

  /** Return a complaint. For: admin, operator. */
  readComplaint(complaintId: string): Promise<OperatorComplaint> {
    return this.call<OperatorComplaint>("GET", `/v1/operator/complaints/${pathPart(complaintId)}`);
  }

  /**
   * Give money back, of the ride's own payment; a refund that is refused opens the complaint again. For: admin,
   * operator.
   */
  refundComplaint(complaintId: string, body: ComplaintRefund = {}, options: Changing = {}): Promise<OperatorComplaint> {
    return this.call<OperatorComplaint>("POST", `/v1/operator/complaints/${pathPart(complaintId)}/refund`, { body, key: options.idempotencyKey, signal: options.signal });
  }

  /** Give nothing back, and tell the rider why. For: admin, operator. */
  rejectComplaint(complaintId: string, body: ComplaintRejection, options: Changing = {}): Promise<OperatorComplaint> {
    return this.call<OperatorComplaint>("POST", `/v1/operator/complaints/${pathPart(complaintId)}/reject`, { body, key: options.idempotencyKey, signal: options.signal });
  }

  /** Page through the caller's cards, newest first. For: rider. */
  listPaymentMethods(query: { limit?: number; cursor?: string } = {}): Promise<PaymentMethods> {
    return this.call<PaymentMethods>("GET", "/v1/payment-methods", { query });
  }

  /** Goes through all pages of `listPaymentMethods`; a page is read when it is needed. */
  iteratePaymentMethods(query: { limit?: number } = {}): AsyncGenerator<PaymentMethod> {
    return pageItems((cursor) => this.listPaymentMethods({ ...query, cursor }));
  }

  /** Keep a card that the PSP knows by a token. For: rider. */
  addPaymentMethod(body: PaymentMethodRequest, options: Changing = {}): Promise<PaymentMethod> {
    return this.call<PaymentMethod>("POST", "/v1/payment-methods", { body, key: options.idempotencyKey, signal: options.signal });
  }

  /** Forget a card. For: rider. */
  removePaymentMethod(paymentMethodId: string, options: Changing = {}): Promise<void> {
    return this.call<void>("DELETE", `/v1/payment-methods/${pathPart(paymentMethodId)}`, { key: options.idempotencyKey, signal: options.signal });
  }

  /** Keep a card whose bank may ask for its holder; `action_required` says that it does. For: rider. */
  setUpPaymentMethod(body: PaymentMethodRequest, options: Changing = {}): Promise<PaymentMethodSetup> {
    return this.call<PaymentMethodSetup>("POST", "/v1/payment-method-setups", { body, key: options.idempotencyKey, signal: options.signal });
  }

  /** Look how a set-up stands after the card's holder acted; another look wants another key. For: rider. */
  finishPaymentMethodSetup(setupId: string, options: Changing = {}): Promise<PaymentMethodSetup> {
    return this.call<PaymentMethodSetup>("POST", `/v1/payment-method-setups/${pathPart(setupId)}/finish`, { key: options.idempotencyKey, signal: options.signal });
  }

  /** Choose the card that is taken where none is named. For: rider. */
  setDefaultPaymentMethod(paymentMethodId: string, options: Changing = {}): Promise<PaymentMethod> {
    return this.call<PaymentMethod>("PUT", `/v1/payment-methods/${pathPart(paymentMethodId)}/default`, { key: options.idempotencyKey, signal: options.signal });
  }

  /** Ask to drive with a vehicle. For: driver, rider. */
  submitDriverApplication(body: DriverApplication, options: Changing = {}): Promise<Driver> {
    return this.call<Driver>("POST", "/v1/driver/application", { body, key: options.idempotencyKey, signal: options.signal });
  }

  /** Return the caller's standing as a driver. For: driver. */
  readDriver(): Promise<Driver> {
    return this.call<Driver>("GET", "/v1/driver");
  }

  /** Take a batch of positions, oldest first. For: driver. */
  reportLocations(body: LocationBatch, options: Changing = {}): Promise<LocationAnswer> {
    return this.call<LocationAnswer>("POST", "/v1/driver/locations", { body, key: options.idempotencyKey, signal: options.signal });
  }

  /** Return the caller's open offer. For: driver. */
  readCurrentOffer(): Promise<Offer> {
    return this.call<Offer>("GET", "/v1/driver/offers/current");
  }

  /** Take the ride of an offer. For: driver. */
  acceptOffer(offerId: string, options: Changing = {}): Promise<DriverRide> {
    return this.call<DriverRide>("POST", `/v1/driver/offers/${pathPart(offerId)}/accept`, { key: options.idempotencyKey, signal: options.signal });
  }

  /** Refuse the ride of an offer; the caller is not asked for it again. For: driver. */
  declineOffer(offerId: string, options: Changing = {}): Promise<Offer> {
    return this.call<Offer>("POST", `/v1/driver/offers/${pathPart(offerId)}/decline`, { key: options.idempotencyKey, signal: options.signal });
  }

  /** Tell that the caller waits at the pickup. For: driver. */
  arriveAtPickup(rideId: string, options: Changing = {}): Promise<DriverRide> {
    return this.call<DriverRide>("POST", `/v1/driver/rides/${pathPart(rideId)}/arrive`, { key: options.idempotencyKey, signal: options.signal });
  }

  /** Begin the trip with the PIN that the rider tells. For: driver. */
  startTrip(rideId: string, body: TripStart, options: Changing = {}): Promise<DriverRide> {
    return this.call<DriverRide>("POST", `/v1/driver/rides/${pathPart(rideId)}/start`, { body, key: options.idempotencyKey, signal: options.signal });
  }

  /** Tell that the caller waits at the next stop of the trip. For: driver. */
  reachStop(rideId: string, stopId: string, options: Changing = {}): Promise<DriverRide> {
    return this.call<DriverRide>("POST", `/v1/driver/rides/${pathPart(rideId)}/stops/${pathPart(stopId)}/reach`, { key: options.idempotencyKey, signal: options.signal });
  }

  /** Tell that the trip goes on from a stop. For: driver. */
  leaveStop(rideId: string, stopId: string, options: Changing = {}): Promise<DriverRide> {
    return this.call<DriverRide>("POST", `/v1/driver/rides/${pathPart(rideId)}/stops/${pathPart(stopId)}/leave`, { key: options.idempotencyKey, signal: options.signal });
  }

  /** End the trip; the fare is collected after it. For: driver. */
  completeTrip(rideId: string, options: Changing = {}): Promise<DriverRide> {
    return this.call<DriverRide>("POST", `/v1/driver/rides/${pathPart(rideId)}/complete`, { key: options.idempotencyKey, signal: options.signal });
  }

  /** Give a ride back before the trip; another driver is looked for. For: driver. */
  cancelAssignment(rideId: string, body: AssignmentCancellation = {}, options: Changing = {}): Promise<DriverRide> {
    return this.call<DriverRide>("POST", `/v1/driver/rides/${pathPart(rideId)}/cancel`, { body, key: options.idempotencyKey, signal: options.signal });
  }

  /** End a ride whose rider did not come within the waiting time. For: driver. */
  reportNoShow(rideId: string, options: Changing = {}): Promise<DriverRide> {
    return this.call<DriverRide>("POST", `/v1/driver/rides/${pathPart(rideId)}/no-show`, { key: options.idempotencyKey, signal: options.signal });
  }

  /** Page through the caller's rides, newest first. For: driver. */
  listDriverRides(query: { limit?: number; cursor?: string } = {}): Promise<DriverRides> {
    return this.call<DriverRides>("GET", "/v1/driver/rides", { query });
  }

  /** Goes through all pages of `listDriverRides`; a page is read when it is needed. */
  iterateDriverRides(query: { limit?: number } = {}): AsyncGenerator<DriverRide> {
    return pageItems((cursor) => this.listDriverRides({ ...query, cursor }));
  }

  /** Return the caller's live ride. For: driver. */
  readCurrentDriverRide(): Promise<DriverRide> {
    return this.call<DriverRide>("GET", "/v1/driver/rides/current");
  }

  /**
   * Return a ride that the caller drives or drove; with If-None-Match, 304 while it has not changed. For: driver.
   */
  readDriverRide(rideId: string): Promise<DriverRide> {
    return this.call<DriverRide>("GET", `/v1/driver/rides/${pathPart(rideId)}`);
  }

  /**
   * Return the stops that are left of the caller's ride, or of the rides that share the vehicle, in their order.
   * For: driver.
   */
  readPlan(): Promise<Plan> {
    return this.call<Plan>("GET", "/v1/driver/plan");
  }

  /** Return what is owed to the caller, with the latest changes. For: driver. */
  readEarnings(): Promise<Earnings> {
    return this.call<Earnings>("GET", "/v1/driver/earnings");
  }

  /** Go online, or offline after the ride under way. To say what is so already changes nothing. For: driver. */
  changeAvailability(body: Availability, options: Changing = {}): Promise<AvailabilityAnswer> {
    return this.call<AvailabilityAnswer>("PUT", "/v1/driver/availability", { body, key: options.idempotencyKey, signal: options.signal });
  }

  /** Return the caller's open shift. For: driver. */
  readShift(): Promise<Shift> {
    return this.call<Shift>("GET", "/v1/driver/shift");
  }

  /** Pause: no offers until the end of the break. Who is not back in time is taken offline. For: driver. */
  takeBreak(body: Break = {}, options: Changing = {}): Promise<Shift> {
    return this.call<Shift>("POST", "/v1/driver/shift/break", { body, key: options.idempotencyKey, signal: options.signal });
  }

  /** Take offers again. For: driver. */
  endBreak(options: Changing = {}): Promise<Shift> {
    return this.call<Shift>("POST", "/v1/driver/shift/break/end", { key: options.idempotencyKey, signal: options.signal });
  }

  /** Make the ride under way, or else the next one, the last of the shift; or take that back. For: driver. */
  setLastRide(body: LastRide, options: Changing = {}): Promise<Shift> {
    return this.call<Shift>("PUT", "/v1/driver/shift/last-ride", { body, key: options.idempotencyKey, signal: options.signal });
  }

  /** Take only rides on the way to a place, twice in 24 hours at most; or all rides again. For: driver. */
  setHeading(body: Heading, options: Changing = {}): Promise<Shift> {
    return this.call<Shift>("PUT", "/v1/driver/shift/heading", { body, key: options.idempotencyKey, signal: options.signal });
  }

  /** Take a delivery along from the shop. For: driver. */
  collectOrder(rideId: string, body: OrderCollection = {}, options: Changing = {}): Promise<DriverRide> {
    return this.call<DriverRide>("POST", `/v1/driver/rides/${pathPart(rideId)}/collect`, { body, key: options.idempotencyKey, signal: options.signal });
  }

  /** Complete a delivery with the proof that the order asks for; the fare is collected after it. For: driver. */
  handOverOrder(rideId: string, body: HandOver, options: Changing = {}): Promise<DriverRide> {
    return this.call<DriverRide>("POST", `/v1/driver/rides/${pathPart(rideId)}/hand-over`, { body, key: options.idempotencyKey, signal: options.signal });
  }

  /** Tell that a delivery could not be handed over and goes back to the shop. For: driver. */
  failDelivery(rideId: string, body: FailedDelivery, options: Changing = {}): Promise<DriverRide> {
    return this.call<DriverRide>("POST", `/v1/driver/rides/${pathPart(rideId)}/fail-delivery`, { body, key: options.idempotencyKey, signal: options.signal });
  }

  /** Tell that the shop has the goods again; fare and return fee are collected after it. For: driver. */
  returnOrder(rideId: string, body: OrderReturn, options: Changing = {}): Promise<DriverRide> {
    return this.call<DriverRide>("POST", `/v1/driver/rides/${pathPart(rideId)}/return`, { body, key: options.idempotencyKey, signal: options.signal });
  }

  /** Page through all rides, newest first. For: admin, operator. */
  searchRides(query: { limit?: number; cursor?: string; state?: ("requested" | "payment_failed" | "matching" | "offered" | "driver_en_route" | "arrived" | "in_progress" | "completed" | "no_driver_available" | "canceled_by_rider" | "canceled_by_platform" | "no_show" | "scheduled" | "returning" | "returned")[] } = {}): Promise<OperatorRides> {
    return this.call<OperatorRides>("GET", "/v1/operator/rides", { query });
  }

  /** Goes through all pages of `searchRides`; a page is read when it is needed. */
  iterateSearchRides(query: { limit?: number; state?: ("requested" | "payment_failed" | "matching" | "offered" | "driver_en_route" | "arrived" | "in_progress" | "completed" | "no_driver_available" | "canceled_by_rider" | "canceled_by_platform" | "no_show" | "scheduled" | "returning" | "returned")[] } = {}): AsyncGenerator<OperatorRide> {
    return pageItems((cursor) => this.searchRides({ ...query, cursor }));
  }

  /** Count the rides asked for since a time, with the waits. For: admin, operator. */
  summarizeRides(query: { since: string }): Promise<RideSummary> {
    return this.call<RideSummary>("GET", "/v1/operator/rides/summary", { query });
  }

  /** Return a ride; with If-None-Match, 304 while it has not changed. For: admin, operator. */
  readAnyRide(rideId: string): Promise<OperatorRide> {
    return this.call<OperatorRide>("GET", `/v1/operator/rides/${pathPart(rideId)}`);
  }

  /** Return all moves of state and all offers of a ride. For: admin, operator. */
  readRideHistory(rideId: string): Promise<RideHistory> {
    return this.call<RideHistory>("GET", `/v1/operator/rides/${pathPart(rideId)}/history`);
  }

  /** End a live ride for the platform; nothing is charged. For: admin, operator. */
  forceCancelRide(rideId: string, body: ForcedCancellation, options: Changing = {}): Promise<OperatorRide> {
    return this.call<OperatorRide>("POST", `/v1/operator/rides/${pathPart(rideId)}/cancel`, { body, key: options.idempotencyKey, signal: options.signal });
  }

  /** Page through the ledger's entries of a ride, oldest first. For: admin, operator. */
  listJournalEntries(rideId: string, query: { limit?: number; cursor?: string } = {}): Promise<Journal> {
    return this.call<Journal>("GET", `/v1/operator/rides/${pathPart(rideId)}/journal`, { query });
  }

  /** Goes through all pages of `listJournalEntries`; a page is read when it is needed. */
  iterateJournalEntries(rideId: string, query: { limit?: number } = {}): AsyncGenerator<JournalEntry> {
    return pageItems((cursor) => this.listJournalEntries(rideId, { ...query, cursor }));
  }

  /** Page through drivers, newest first. For: admin, operator, support. */
  listDrivers(query: { limit?: number; cursor?: string; status?: "pending" | "approved" | "rejected" | "suspended" } = {}): Promise<Drivers> {
    return this.call<Drivers>("GET", "/v1/operator/drivers", { query });
  }

  /** Goes through all pages of `listDrivers`; a page is read when it is needed. */
  iterateDrivers(query: { limit?: number; status?: "pending" | "approved" | "rejected" | "suspended" } = {}): AsyncGenerator<Driver> {
    return pageItems((cursor) => this.listDrivers({ ...query, cursor }));
  }

  /** Approve, reject, suspend or restore a driver. For: admin, operator. */
  setDriverStatus(driverId: string, body: DriverStatusChange, options: Changing = {}): Promise<Driver> {
    return this.call<Driver>("PUT", `/v1/operator/drivers/${pathPart(driverId)}/status`, { body, key: options.idempotencyKey, signal: options.signal });
  }

  /**
   * Tell why a ride got its driver, or none: each tick with the drivers around it. Kept for three days. For: admin,
   * operator.
   */
  explainDispatch(rideId: string): Promise<DispatchExplanation> {
    return this.call<DispatchExplanation>("GET", `/v1/operator/rides/${pathPart(rideId)}/dispatch`);
  }

  /**
   * Page through open shifts, newest first: who is on a break, whose device is silent, and on which ride. For:
   * admin, operator.
   */
  listShifts(query: { limit?: number; cursor?: string; only?: "silent" | "on_break" } = {}): Promise<OperatorShifts> {
    return this.call<OperatorShifts>("GET", "/v1/operator/shifts", { query });
  }

  /** Goes through all pages of `listShifts`; a page is read when it is needed. */
  iterateShifts(query: { limit?: number; only?: "silent" | "on_break" } = {}): AsyncGenerator<OperatorShift> {
    return pageItems((cursor) => this.listShifts({ ...query, cursor }));
  }

  /** Sum the ledger by currency and account kind. For: admin, operator. */
  readTrialBalance(): Promise<TrialBalance> {
    return this.call<TrialBalance>("GET", "/v1/operator/ledger/trial-balance");
  }

  /** Count what was owed since a time and what became of it. For: admin, operator. */
  summarizeDeliveries(query: { since: string }): Promise<DeliverySummary> {
    return this.call<DeliverySummary>("GET", "/v1/operator/notifications/summary", { query });
  }

  /** Page through the events that a service could not take in, oldest first. For: admin, operator. */
  listDeadLetters(service: "matching" | "notification", query: { limit?: number; cursor?: string } = {}): Promise<DeadLetters> {
    return this.call<DeadLetters>("GET", `/v1/operator/dead-letters/${pathPart(service)}`, { query });
  }

  /** Goes through all pages of `listDeadLetters`; a page is read when it is needed. */
  iterateDeadLetters(service: "matching" | "notification", query: { limit?: number } = {}): AsyncGenerator<DeadLetter> {
    return pageItems((cursor) => this.listDeadLetters(service, { ...query, cursor }));
  }

  /** Hand a parked event to its consumer again; it is removed when that succeeds. For: admin, operator. */
  replayDeadLetter(service: "matching" | "notification", eventId: string, options: Changing = {}): Promise<void> {
    return this.call<void>("POST", `/v1/operator/dead-letters/${pathPart(service)}/${pathPart(eventId)}/replay`, { key: options.idempotencyKey, signal: options.signal });
  }

  /**
   * Page through all that a person was owed: how it was sent, what came back, why it was dropped. For: admin,
   * operator.
   */
  listTimeline(query: { limit?: number; cursor?: string; account_id: string }): Promise<Timeline> {
    return this.call<Timeline>("GET", "/v1/operator/notifications/timeline", { query });
  }

  /** Goes through all pages of `listTimeline`; a page is read when it is needed. */
  iterateTimeline(query: { limit?: number; account_id: string }): AsyncGenerator<TimelineEntry> {
    return pageItems((cursor) => this.listTimeline({ ...query, cursor }));
  }

  /** Page through deliveries that were given up, the latest first. For: admin, operator. */
  listFailedDeliveries(query: { limit?: number; cursor?: string } = {}): Promise<FailedDeliveries> {
    return this.call<FailedDeliveries>("GET", "/v1/operator/notifications/failed-deliveries", { query });
  }

  /** Goes through all pages of `listFailedDeliveries`; a page is read when it is needed. */
  iterateFailedDeliveries(query: { limit?: number } = {}): AsyncGenerator<GivenUpDelivery> {
    return pageItems((cursor) => this.listFailedDeliveries({ ...query, cursor }));
  }

  /** Try a failed delivery again from the beginning. For: admin, operator. */
  replayDelivery(deliveryId: string, options: Changing = {}): Promise<MessageDelivery> {
    return this.call<MessageDelivery>("POST", `/v1/operator/notifications/deliveries/${pathPart(deliveryId)}/replay`, { key: options.idempotencyKey, signal: options.signal });
  }

  /** Return how the providers of messages stood at their last change. For: admin, operator. */
  listProviders(): Promise<Providers> {
    return this.call<Providers>("GET", "/v1/operator/notifications/providers");
  }

  /**
   * Page through numbers and mailboxes that are not written to any more, the latest first. For: admin, operator.
   */
  listSuppressions(query: { limit?: number; cursor?: string; account_id?: string } = {}): Promise<Suppressions> {
    return this.call<Suppressions>("GET", "/v1/operator/notifications/suppressions", { query });
  }

  /** Goes through all pages of `listSuppressions`; a page is read when it is needed. */
  iterateSuppressions(query: { limit?: number; account_id?: string } = {}): AsyncGenerator<Suppression> {
    return pageItems((cursor) => this.listSuppressions({ ...query, cursor }));
  }

  /** Write to a person's number or mailbox again, from the next message on. For: admin, operator. */
  liftSuppression(body: SuppressionLift, options: Changing = {}): Promise<LiftedSuppression> {
    return this.call<LiftedSuppression>("POST", "/v1/operator/notifications/suppressions/lift", { body, key: options.idempotencyKey, signal: options.signal });
  }

  /** Page through what operators lifted, and why, the latest first. For: admin, operator. */
  listLiftedSuppressions(query: { limit?: number; cursor?: string; account_id?: string } = {}): Promise<LiftedSuppressions> {
    return this.call<LiftedSuppressions>("GET", "/v1/operator/notifications/lifted-suppressions", { query });
  }

  /** Goes through all pages of `listLiftedSuppressions`; a page is read when it is needed. */
  iterateLiftedSuppressions(query: { limit?: number; account_id?: string } = {}): AsyncGenerator<LiftedSuppression> {
    return pageItems((cursor) => this.listLiftedSuppressions({ ...query, cursor }));
  }

  /** Return the vehicles on shift, the live rides and the open offers in a box on the map. For: admin, operator. */
  readFleet(query: { south: number; west: number; north: number; east: number; vehicle_limit?: number; ride_limit?: number }): Promise<Fleet> {
    return this.call<Fleet>("GET", "/v1/operator/fleet", { query });
  }

  /**
   * Count drivers, rides and offers as they stand, and what rides came to since a time, step by step. For: admin,
   * operator.
   */
  readPulse(query: { since: string; step_seconds?: number }): Promise<Pulse> {
    return this.call<Pulse>("GET", "/v1/operator/pulse", { query });
  }

  /**
   * Page through trips that left their way or stood still, as their riders were asked, newest first. For: admin,
   * operator.
   */
  listTripAlerts(query: { limit?: number; cursor?: string } = {}): Promise<TripAlerts> {
    return this.call<TripAlerts>("GET", "/v1/operator/trip-alerts", { query });
  }

  /** Goes through all pages of `listTripAlerts`; a page is read when it is needed. */
  iterateTripAlerts(query: { limit?: number } = {}): AsyncGenerator<TripAlert> {
    return pageItems((cursor) => this.listTripAlerts({ ...query, cursor }));
  }

  /** Return the account of somebody who calls, made now where the number has none. For: admin, operator. */
  registerGuest(body: GuestRegistration, options: Changing = {}): Promise<Guest> {
    return this.call<Guest>("POST", "/v1/operator/guests", { body, key: options.idempotencyKey, signal: options.signal });
  }

  /** Promise somebody who calls a price for each product, until it expires. For: admin, operator. */
  createQuotesForGuest(body: GuestQuoteRequest, options: Changing = {}): Promise<Quotes> {
    return this.call<Quotes>("POST", "/v1/operator/quotes", { body, key: options.idempotencyKey, signal: options.signal });
  }

  /** Ask for the ride of a quote for somebody who calls; it is paid to the driver in cash. For: admin, operator. */
  bookRide(body: Booking, options: Changing = {}): Promise<OperatorRide> {
    return this.call<OperatorRide>("POST", "/v1/operator/bookings", { body, key: options.idempotencyKey, signal: options.signal });
  }

  /** Take a ride from its driver before the trip, and look for another at the same fare. For: admin, operator. */
  reassignRide(rideId: string, body: Reassignment, options: Changing = {}): Promise<OperatorRide> {
    return this.call<OperatorRide>("POST", `/v1/operator/rides/${pathPart(rideId)}/reassign`, { body, key: options.idempotencyKey, signal: options.signal });
  }

  /** Return where webhooks are posted. For: admin, operator. */
  listWebhookEndpoints(): Promise<WebhookEndpoints> {
    return this.call<WebhookEndpoints>("GET", "/v1/operator/webhook-endpoints");
  }

  /**
   * Name an endpoint and get its secret, this once; twenty at most (`too_many_endpoints`). For: admin, operator.
   */
  createWebhookEndpoint(body: NewWebhookEndpoint, options: Changing = {}): Promise<NewWebhookEndpointAnswer> {
    return this.call<NewWebhookEndpointAnswer>("POST", "/v1/operator/webhook-endpoints", { body, key: options.idempotencyKey, signal: options.signal });
  }

  /** Post to an endpoint no more, and forget what it was owed. For: admin, operator. */
  deleteWebhookEndpoint(endpointId: string, options: Changing = {}): Promise<void> {
    return this.call<void>("DELETE", `/v1/operator/webhook-endpoints/${pathPart(endpointId)}`, { key: options.idempotencyKey, signal: options.signal });
  }

  /** Page through what an endpoint was owed in thirty days, newest first. For: admin, operator. */
  listWebhooks(endpointId: string, query: { limit?: number; cursor?: string } = {}): Promise<Webhooks> {
    return this.call<Webhooks>("GET", `/v1/operator/webhook-endpoints/${pathPart(endpointId)}/webhooks`, { query });
  }

  /** Goes through all pages of `listWebhooks`; a page is read when it is needed. */
  iterateWebhooks(endpointId: string, query: { limit?: number } = {}): AsyncGenerator<Webhook> {
    return pageItems((cursor) => this.listWebhooks(endpointId, { ...query, cursor }));
  }

  /**
   * Post all again that an endpoint did not take since a time; one that said it was gone is taken up again. For:
   * admin, operator.
   */
  replayFailedWebhooks(endpointId: string, body: ReplayRequest, options: Changing = {}): Promise<Replayed> {
    return this.call<Replayed>("POST", `/v1/operator/webhook-endpoints/${pathPart(endpointId)}/replay`, { body, key: options.idempotencyKey, signal: options.signal });
  }

  /** Post one again from the beginning, also one that was taken. For: admin, operator. */
  replayWebhook(webhookId: string, options: Changing = {}): Promise<Webhook> {
    return this.call<Webhook>("POST", `/v1/operator/webhooks/${pathPart(webhookId)}/replay`, { key: options.idempotencyKey, signal: options.signal });
  }

  /** Page through the campaigns, newest first. For: admin, operator. */
  listCampaigns(query: { limit?: number; cursor?: string } = {}): Promise<Campaigns> {
    return this.call<Campaigns>("GET", "/v1/operator/campaigns", { query });
  }

  /** Goes through all pages of `listCampaigns`; a page is read when it is needed. */
  iterateCampaigns(query: { limit?: number } = {}): AsyncGenerator<Campaign> {
    return pageItems((cursor) => this.listCampaigns({ ...query, cursor }));
  }

  /**
   * Tell news to riders or drivers: at most one a person and day, in no quiet hours, as people wish. For: admin,
   * operator.
   */
  createCampaign(body: CampaignRequest, options: Changing = {}): Promise<Campaign> {
    return this.call<Campaign>("POST", "/v1/operator/campaigns", { body, key: options.idempotencyKey, signal: options.signal });
  }

  /** Tell nobody else. For: admin, operator. */
  stopCampaign(campaignId: string, options: Changing = {}): Promise<Campaign> {
    return this.call<Campaign>("POST", `/v1/operator/campaigns/${pathPart(campaignId)}/stop`, { key: options.idempotencyKey, signal: options.signal });
  }

  /** Return what the caller has here and owes, by currency. For: rider. */
  readWallet(): Promise<Wallet> {
    return this.call<Wallet>("GET", "/v1/wallet");
  }

  /** Page through what came into the caller's wallet and credit and went out of them, newest first. For: rider. */
  listWalletEntries(query: { limit?: number; cursor?: string } = {}): Promise<WalletEntries> {
    return this.call<WalletEntries>("GET", "/v1/wallet/entries", { query });
  }

  /** Goes through all pages of `listWalletEntries`; a page is read when it is needed. */
  iterateWalletEntries(query: { limit?: number } = {}): AsyncGenerator<WalletEntry> {
    return pageItems((cursor) => this.listWalletEntries({ ...query, cursor }));
  }

  /**
   * Charge a card at once and put the money into the wallet; a decline is an answer with the status `declined`.
   * For: rider.
   */
  topUpWallet(body: TopUpRequest, options: Changing = {}): Promise<Payment> {
    return this.call<Payment>("POST", "/v1/wallet/top-ups", { body, key: options.idempotencyKey, signal: options.signal });
  }

  /** Page through the caller's withdrawals, newest first. For: rider. */
  listWithdrawals(query: { limit?: number; cursor?: string } = {}): Promise<Withdrawals> {
    return this.call<Withdrawals>("GET", "/v1/wallet/withdrawals", { query });
  }

  /** Goes through all pages of `listWithdrawals`; a page is read when it is needed. */
  iterateWithdrawals(query: { limit?: number } = {}): AsyncGenerator<Withdrawal> {
    return pageItems((cursor) => this.listWithdrawals({ ...query, cursor }));
  }

  /** Send money of the wallet back to the cards it came from, the newest top-up first. For: rider. */
  withdrawFromWallet(body: WithdrawalRequest, options: Changing = {}): Promise<Withdrawal> {
    return this.call<Withdrawal>("POST", "/v1/wallet/withdrawals", { body, key: options.idempotencyKey, signal: options.signal });
  }

  /**
   * Return what moved on one of the caller's accounts in a period, oldest first, with the balances at its ends.
   * For: rider.
   */
  readWalletStatement(query: { limit?: number; cursor?: string; currency_code: string; start_at?: string; end_at?: string; account_kind: "rider_wallet" | "rider_credit" | "rider_receivable" }): Promise<Statement> {
    return this.call<Statement>("GET", "/v1/wallet/statement", { query });
  }

  /** Goes through all pages of `readWalletStatement`; a page is read when it is needed. */
  iterateReadWalletStatement(query: { limit?: number; currency_code: string; start_at?: string; end_at?: string; account_kind: "rider_wallet" | "rider_credit" | "rider_receivable" }): AsyncGenerator<StatementEntry> {
    return pageItems((cursor) => this.readWalletStatement({ ...query, cursor }));
  }

  /** Return what the caller owes, and whether it stops them from riding. For: rider. */
  readArrears(): Promise<Arrears> {
    return this.call<Arrears>("GET", "/v1/arrears");
  }

  /** Charge a card at once with all that the caller owes in a currency; a decline is an answer. For: rider. */
  payArrears(body: ChosenCardRequest, options: Changing = {}): Promise<Payment> {
    return this.call<Payment>("POST", "/v1/arrears/payments", { body, key: options.idempotencyKey, signal: options.signal });
  }

  /** Page through the caller's payments, newest first. For: rider. */
  listPayments(query: { limit?: number; cursor?: string } = {}): Promise<Payments> {
    return this.call<Payments>("GET", "/v1/payments", { query });
  }

  /** Goes through all pages of `listPayments`; a page is read when it is needed. */
  iteratePayments(query: { limit?: number } = {}): AsyncGenerator<Payment> {
    return pageItems((cursor) => this.listPayments({ ...query, cursor }));
  }

  /**
   * Return where the payment of the caller's ride stands; with If-None-Match, 304 while it has not changed. For:
   * rider.
   */
  readRidePayment(rideId: string): Promise<Payment> {
    return this.call<Payment>("GET", `/v1/rides/${pathPart(rideId)}/payment`);
  }

  /** Return all that the caller paid for a ride and got back, tips and refunds included. For: rider. */
  readRideAccount(rideId: string): Promise<RideAccount> {
    return this.call<RideAccount>("GET", `/v1/rides/${pathPart(rideId)}/account`);
  }

  /**
   * Tip the driver of a ride, once, from what paid it; a decline is an answer, and another try may follow. For:
   * rider.
   */
  addTip(rideId: string, body: TipRequest, options: Changing = {}): Promise<Payment> {
    return this.call<Payment>("POST", `/v1/rides/${pathPart(rideId)}/tips`, { body, key: options.idempotencyKey, signal: options.signal });
  }

  /** Page through what came back to the caller for a ride, newest first. For: rider. */
  listRideRefunds(rideId: string, query: { limit?: number; cursor?: string } = {}): Promise<Refunds> {
    return this.call<Refunds>("GET", `/v1/rides/${pathPart(rideId)}/refunds`, { query });
  }

  /** Goes through all pages of `listRideRefunds`; a page is read when it is needed. */
  iterateRideRefunds(rideId: string, query: { limit?: number } = {}): AsyncGenerator<Refund> {
    return pageItems((cursor) => this.listRideRefunds(rideId, { ...query, cursor }));
  }

  /** Return a refund of the caller's; with If-None-Match, 304 while it has not changed. For: rider. */
  readRefund(refundId: string): Promise<Refund> {
    return this.call<Refund>("GET", `/v1/refunds/${pathPart(refundId)}`);
  }

  /** Put a promotion on the caller's account by its code; quotes contain it from then on. For: rider. */
  redeemPromotion(body: RedeemRequest, options: Changing = {}): Promise<RedeemedPromotion> {
    return this.call<RedeemedPromotion>("POST", "/v1/promotions/redeem", { body, key: options.idempotencyKey, signal: options.signal });
  }

  /** Return the promotions on the caller's account, also those that are over. For: rider. */
  listOwnPromotions(): Promise<RedeemedPromotions> {
    return this.call<RedeemedPromotions>("GET", "/v1/promotions");
  }

  /** Page through the promotions, newest first. For: admin, operator. */
  listPromotions(query: { limit?: number; cursor?: string } = {}): Promise<Promotions> {
    return this.call<Promotions>("GET", "/v1/operator/promotions", { query });
  }

  /** Goes through all pages of `listPromotions`; a page is read when it is needed. */
  iteratePromotions(query: { limit?: number } = {}): AsyncGenerator<Promotion> {
    return pageItems((cursor) => this.listPromotions({ ...query, cursor }));
  }

  /** Make a promotion; its terms never change afterwards. For: admin, operator. */
  createPromotion(body: PromotionRequest, options: Changing = {}): Promise<Promotion> {
    return this.call<Promotion>("POST", "/v1/operator/promotions", { body, key: options.idempotencyKey, signal: options.signal });
  }

  /** Return a promotion, how often it was redeemed and used, and what it took off. For: admin, operator. */
  readPromotion(promotionId: string): Promise<Promotion> {
    return this.call<Promotion>("GET", `/v1/operator/promotions/${pathPart(promotionId)}`);
  }

  /**
   * End a promotion: nobody redeems it or is quoted by it any more; quotes and rides that have it keep it. For:
   * admin, operator.
   */
  endPromotion(promotionId: string, body: PromotionEnd = {}, options: Changing = {}): Promise<Promotion> {
    return this.call<Promotion>("POST", `/v1/operator/promotions/${pathPart(promotionId)}/end`, { body, key: options.idempotencyKey, signal: options.signal });
  }

  /** Return what a rider has here and owes, by currency. For: admin, operator. */
  readWalletOfRider(riderId: string): Promise<Wallet> {
    return this.call<Wallet>("GET", `/v1/operator/riders/${pathPart(riderId)}/wallet`);
  }

  /**
   * Page through what came into a rider's wallet and credit and went out of them, newest first. For: admin,
   * operator.
   */
  listWalletEntriesOfRider(riderId: string, query: { limit?: number; cursor?: string } = {}): Promise<WalletEntries> {
    return this.call<WalletEntries>("GET", `/v1/operator/riders/${pathPart(riderId)}/wallet/entries`, { query });
  }

  /** Goes through all pages of `listWalletEntriesOfRider`; a page is read when it is needed. */
  iterateWalletEntriesOfRider(riderId: string, query: { limit?: number } = {}): AsyncGenerator<WalletEntry> {
    return pageItems((cursor) => this.listWalletEntriesOfRider(riderId, { ...query, cursor }));
  }

  /** Page through a rider's withdrawals, newest first. For: admin, operator. */
  listWithdrawalsOfRider(riderId: string, query: { limit?: number; cursor?: string } = {}): Promise<Withdrawals> {
    return this.call<Withdrawals>("GET", `/v1/operator/riders/${pathPart(riderId)}/withdrawals`, { query });
  }

  /** Goes through all pages of `listWithdrawalsOfRider`; a page is read when it is needed. */
  iterateWithdrawalsOfRider(riderId: string, query: { limit?: number } = {}): AsyncGenerator<Withdrawal> {
    return pageItems((cursor) => this.listWithdrawalsOfRider(riderId, { ...query, cursor }));
  }

  /** Return what a rider owes, and whether it stops them from riding. For: admin, operator. */
  readArrearsOfRider(riderId: string): Promise<Arrears> {
    return this.call<Arrears>("GET", `/v1/operator/riders/${pathPart(riderId)}/arrears`);
  }

  /** Give a rider credit at the platform's expense; rides use it before anything else. For: admin, operator. */
  grantCredit(riderId: string, body: RiderAdjustmentRequest, options: Changing = {}): Promise<RiderAdjustment> {
    return this.call<RiderAdjustment>("POST", `/v1/operator/riders/${pathPart(riderId)}/credits`, { body, key: options.idempotencyKey, signal: options.signal });
  }

  /** Take granted credit back, as far as it is neither used nor held by a ride. For: admin, operator. */
  revokeCredit(riderId: string, body: RiderAdjustmentRequest, options: Changing = {}): Promise<RiderAdjustment> {
    return this.call<RiderAdjustment>("POST", `/v1/operator/riders/${pathPart(riderId)}/credits/revoke`, { body, key: options.idempotencyKey, signal: options.signal });
  }

  /** Give up a part of what a rider owes, as a bad debt. For: admin, operator. */
  writeOffArrears(riderId: string, body: RiderAdjustmentRequest, options: Changing = {}): Promise<RiderAdjustment> {
    return this.call<RiderAdjustment>("POST", `/v1/operator/riders/${pathPart(riderId)}/arrears/write-offs`, { body, key: options.idempotencyKey, signal: options.signal });
  }

  /** Page through granted and revoked credit, newest first. For: admin, operator. */
  listCreditGrants(query: { limit?: number; cursor?: string; rider_id?: string } = {}): Promise<RiderAdjustments> {
    return this.call<RiderAdjustments>("GET", "/v1/operator/credits", { query });
  }

  /** Goes through all pages of `listCreditGrants`; a page is read when it is needed. */
  iterateCreditGrants(query: { limit?: number; rider_id?: string } = {}): AsyncGenerator<RiderAdjustment> {
    return pageItems((cursor) => this.listCreditGrants({ ...query, cursor }));
  }

  /** Page through debts that were given up, newest first. For: admin, operator. */
  listWriteOffs(query: { limit?: number; cursor?: string; rider_id?: string } = {}): Promise<RiderAdjustments> {
    return this.call<RiderAdjustments>("GET", "/v1/operator/write-offs", { query });
  }

  /** Goes through all pages of `listWriteOffs`; a page is read when it is needed. */
  iterateWriteOffs(query: { limit?: number; rider_id?: string } = {}): AsyncGenerator<RiderAdjustment> {
    return pageItems((cursor) => this.listWriteOffs({ ...query, cursor }));
  }

  /** Page through payments, newest first. For: admin, operator. */
  searchPayments(query: { limit?: number; cursor?: string; rider_id?: string } = {}): Promise<Payments> {
    return this.call<Payments>("GET", "/v1/operator/payments", { query });
  }

  /** Goes through all pages of `searchPayments`; a page is read when it is needed. */
  iterateSearchPayments(query: { limit?: number; rider_id?: string } = {}): AsyncGenerator<Payment> {
    return pageItems((cursor) => this.searchPayments({ ...query, cursor }));
  }

  /** Tell all that happened around a payment and its ride, in the order of time. For: admin, operator. */
  readPaymentStory(paymentId: string): Promise<PaymentStory> {
    return this.call<PaymentStory>("GET", `/v1/operator/payments/${pathPart(paymentId)}/story`);
  }

  /** Tell all that happened around the payments of a ride, in the order of time. For: admin, operator. */
  readPaymentStoryOfRide(rideId: string): Promise<PaymentStory> {
    return this.call<PaymentStory>("GET", `/v1/operator/rides/${pathPart(rideId)}/payment-story`);
  }

  /** Return all that was paid for a ride and came back. For: admin, operator. */
  readAccountOfRide(rideId: string): Promise<RideAccount> {
    return this.call<RideAccount>("GET", `/v1/operator/rides/${pathPart(rideId)}/account`);
  }

  /** Page through refunds, newest first. For: admin, operator. */
  searchRefunds(query: { limit?: number; cursor?: string; ride_id?: string; payment_id?: string; status?: "pending" | "paid" | "failed" } = {}): Promise<Refunds> {
    return this.call<Refunds>("GET", "/v1/operator/refunds", { query });
  }

  /** Goes through all pages of `searchRefunds`; a page is read when it is needed. */
  iterateSearchRefunds(query: { limit?: number; ride_id?: string; payment_id?: string; status?: "pending" | "paid" | "failed" } = {}): AsyncGenerator<Refund> {
    return pageItems((cursor) => this.searchRefunds({ ...query, cursor }));
  }

  /**
   * Give back a part of a payment, or all that is left; a refusal by the PSP is an answer: status `failed`. For:
   * admin, operator.
   */
  createRefund(body: RefundRequest, options: Changing = {}): Promise<Refund> {
    return this.call<Refund>("POST", "/v1/operator/refunds", { body, key: options.idempotencyKey, signal: options.signal });
  }

  /** Return a refund; with If-None-Match, 304 while it has not changed. For: admin, operator. */
  readAnyRefund(refundId: string): Promise<Refund> {
    return this.call<Refund>("GET", `/v1/operator/refunds/${pathPart(refundId)}`);
  }

  /** Page through what cardholders dispute, newest first. For: admin, operator. */
  searchDisputes(query: { limit?: number; cursor?: string; ride_id?: string; payment_id?: string; status?: "inquiry" | "needs_response" | "under_review" | "won" | "lost" | "closed" } = {}): Promise<Disputes> {
    return this.call<Disputes>("GET", "/v1/operator/disputes", { query });
  }

  /** Goes through all pages of `searchDisputes`; a page is read when it is needed. */
  iterateSearchDisputes(query: { limit?: number; ride_id?: string; payment_id?: string; status?: "inquiry" | "needs_response" | "under_review" | "won" | "lost" | "closed" } = {}): AsyncGenerator<Dispute> {
    return pageItems((cursor) => this.searchDisputes({ ...query, cursor }));
  }

  /** Return a dispute; with If-None-Match, 304 while it has not changed. For: admin, operator. */
  readDispute(disputeId: string): Promise<Dispute> {
    return this.call<Dispute>("GET", `/v1/operator/disputes/${pathPart(disputeId)}`);
  }

  /** Hand evidence in, once: the bank decides by it. For: admin, operator. */
  submitDisputeEvidence(disputeId: string, body: DisputeEvidence = {}, options: Changing = {}): Promise<Dispute> {
    return this.call<Dispute>("POST", `/v1/operator/disputes/${pathPart(disputeId)}/evidence`, { body, key: options.idempotencyKey, signal: options.signal });
  }

  /** Give a dispute up: it is lost. For: admin, operator. */
  acceptDispute(disputeId: string, body: DisputeAcceptance = {}, options: Changing = {}): Promise<Dispute> {
    return this.call<Dispute>("POST", `/v1/operator/disputes/${pathPart(disputeId)}/accept`, { body, key: options.idempotencyKey, signal: options.signal });
  }

  /** Page through payouts, newest first. For: admin, operator. */
  searchPayouts(query: { limit?: number; cursor?: string; status?: "pending" | "sent" | "paid" | "recovering" | "failed" | "returned"; driver_id?: string } = {}): Promise<OperatorPayouts> {
    return this.call<OperatorPayouts>("GET", "/v1/operator/payouts", { query });
  }

  /** Goes through all pages of `searchPayouts`; a page is read when it is needed. */
  iterateSearchPayouts(query: { limit?: number; status?: "pending" | "sent" | "paid" | "recovering" | "failed" | "returned"; driver_id?: string } = {}): AsyncGenerator<OperatorPayout> {
    return pageItems((cursor) => this.searchPayouts({ ...query, cursor }));
  }

  /** Return a payout; with If-None-Match, 304 while it has not changed. For: admin, operator. */
  readAnyPayout(payoutId: string): Promise<OperatorPayout> {
    return this.call<OperatorPayout>("GET", `/v1/operator/payouts/${pathPart(payoutId)}`);
  }

  /**
   * Send a payout that waits at once, or ask anew for one that failed; the answer is the one under way now. For:
   * admin, operator.
   */
  retryPayout(payoutId: string, options: Changing = {}): Promise<OperatorPayout> {
    return this.call<OperatorPayout>("POST", `/v1/operator/payouts/${pathPart(payoutId)}/retry`, { key: options.idempotencyKey, signal: options.signal });
  }

  /** Return the bank account that a driver's payouts in a currency go to. For: admin, operator. */
  readPayoutAccountOfDriver(driverId: string, query: { currency_code: string }): Promise<PayoutAccount> {
    return this.call<PayoutAccount>("GET", `/v1/operator/drivers/${pathPart(driverId)}/payout-account`, { query });
  }

  /** Return what is owed to a driver in a currency, and whether they may take cash rides. For: admin, operator. */
  readStandingOfDriver(driverId: string, query: { currency_code: string }): Promise<DriverStanding> {
    return this.call<DriverStanding>("GET", `/v1/operator/drivers/${pathPart(driverId)}/standing`, { query });
  }

  /**
   * Return a driver's balance at the ends of a period, the sums of what lies between, and a page of its lines. For:
   * admin, operator.
   */
  readStatementOfDriver(driverId: string, query: { limit?: number; cursor?: string; currency_code: string; start_at: string; end_at: string }): Promise<EarningsStatement> {
    return this.call<EarningsStatement>("GET", `/v1/operator/drivers/${pathPart(driverId)}/earnings-statement`, { query });
  }

  /**
   * Take down money that a driver paid in at a desk; the answer is how the driver stands now. For: admin, operator.
   */
  recordDriverPayment(driverId: string, body: DriverPaymentRequest, options: Changing = {}): Promise<DriverStanding> {
    return this.call<DriverStanding>("POST", `/v1/operator/drivers/${pathPart(driverId)}/payments`, { body, key: options.idempotencyKey, signal: options.signal });
  }

  /** Return how the platform is paid for a driver's rides, now and later. For: admin, operator. */
  readTermsOfDriver(driverId: string): Promise<AgreedTerms> {
    return this.call<AgreedTerms>("GET", `/v1/operator/drivers/${pathPart(driverId)}/terms`);
  }

  /** Say how the platform is paid for a driver's rides from a time on. For: admin, operator. */
  setDriverTerms(driverId: string, body: DriverTermsRequest, options: Changing = {}): Promise<DriverTerms> {
    return this.call<DriverTerms>("POST", `/v1/operator/drivers/${pathPart(driverId)}/terms`, { body, key: options.idempotencyKey, signal: options.signal });
  }

  /** Page through the surplus that was declared, newest first. For: admin, operator. */
  listPatronages(query: { limit?: number; cursor?: string } = {}): Promise<Patronages> {
    return this.call<Patronages>("GET", "/v1/operator/patronages", { query });
  }

  /** Goes through all pages of `listPatronages`; a page is read when it is needed. */
  iteratePatronages(query: { limit?: number } = {}): AsyncGenerator<Patronage> {
    return pageItems((cursor) => this.listPatronages({ ...query, cursor }));
  }

  /**
   * Give a part of the commission of a period back to the member drivers, in proportion to what they brought. For:
   * admin, operator.
   */
  declarePatronage(body: PatronageRequest, options: Changing = {}): Promise<Patronage> {
    return this.call<Patronage>("POST", "/v1/operator/patronages", { body, key: options.idempotencyKey, signal: options.signal });
  }

  /**
   * Return the caller's balance at the ends of a period, the sums of what lies between, and a page of its lines.
   * For: driver.
   */
  readEarningsStatement(query: { limit?: number; cursor?: string; currency_code: string; start_at: string; end_at: string }): Promise<EarningsStatement> {
    return this.call<EarningsStatement>("GET", "/v1/driver/earnings/statement", { query });
  }

  /** Return what is owed to the caller in a currency, and whether they may take cash rides. For: driver. */
  readDriverStanding(query: { currency_code: string }): Promise<DriverStanding> {
    return this.call<DriverStanding>("GET", "/v1/driver/standing", { query });
  }

  /** Return how the platform is paid for the caller's rides, now and later. For: driver. */
  readDriverTerms(): Promise<AgreedTerms> {
    return this.call<AgreedTerms>("GET", "/v1/driver/terms");
  }

  /** Page through the surplus that was given back to the caller, newest first. For: driver. */
  listPatronageShares(query: { limit?: number; cursor?: string } = {}): Promise<PatronageShares> {
    return this.call<PatronageShares>("GET", "/v1/driver/patronages", { query });
  }

  /** Goes through all pages of `listPatronageShares`; a page is read when it is needed. */
  iteratePatronageShares(query: { limit?: number } = {}): AsyncGenerator<PatronageShare> {
    return pageItems((cursor) => this.listPatronageShares({ ...query, cursor }));
  }

  /** Return the bank account that the caller's payouts in a currency go to. For: driver. */
  readPayoutAccount(query: { currency_code: string }): Promise<PayoutAccount> {
    return this.call<PayoutAccount>("GET", "/v1/driver/payout-account", { query });
  }

  /** Keep the bank account that payouts in its currency go to. For: driver. */
  setPayoutAccount(body: PayoutAccountRequest, options: Changing = {}): Promise<PayoutAccount> {
    return this.call<PayoutAccount>("PUT", "/v1/driver/payout-account", { body, key: options.idempotencyKey, signal: options.signal });
  }

  /** Page through the caller's payouts, newest first. For: driver. */
  listPayouts(query: { limit?: number; cursor?: string; status?: "pending" | "sent" | "paid" | "recovering" | "failed" | "returned" } = {}): Promise<Payouts> {
    return this.call<Payouts>("GET", "/v1/driver/payouts", { query });
  }

  /** Goes through all pages of `listPayouts`; a page is read when it is needed. */
  iteratePayouts(query: { limit?: number; status?: "pending" | "sent" | "paid" | "recovering" | "failed" | "returned" } = {}): AsyncGenerator<Payout> {
    return pageItems((cursor) => this.listPayouts({ ...query, cursor }));
  }

  /**
   * Send an amount, or all that is available, to the caller's bank; the payout tells what becomes of it. For:
   * driver.
   */
  requestPayout(body: PayoutRequest, options: Changing = {}): Promise<Payout> {
    return this.call<Payout>("POST", "/v1/driver/payouts", { body, key: options.idempotencyKey, signal: options.signal });
  }

  /** Return one of the caller's payouts; with If-None-Match, 304 while it has not changed. For: driver. */
  readPayout(payoutId: string): Promise<Payout> {
    return this.call<Payout>("GET", `/v1/driver/payouts/${pathPart(payoutId)}`);
  }

  /**
   * Return what moved on an account in a period, oldest first, with the balances at its ends. For: admin, operator.
   */
  readAccountStatement(query: { limit?: number; cursor?: string; currency_code: string; start_at?: string; end_at?: string; account_kind: string; owner?: string }): Promise<Statement> {
    return this.call<Statement>("GET", "/v1/operator/ledger/statement", { query });
  }

  /** Goes through all pages of `readAccountStatement`; a page is read when it is needed. */
  iterateReadAccountStatement(query: { limit?: number; currency_code: string; start_at?: string; end_at?: string; account_kind: string; owner?: string }): AsyncGenerator<StatementEntry> {
    return pageItems((cursor) => this.readAccountStatement({ ...query, cursor }));
  }

  /** Audit a part of the ledger against itself; any difference is a defect. For: admin, operator. */
  auditLedger(query: { cursor?: string } = {}): Promise<LedgerAudit> {
    return this.call<LedgerAudit>("GET", "/v1/operator/ledger/audit", { query });
  }

  /** Page through the runs, newest first. For: admin, operator. */
  listReconciliationRuns(query: { limit?: number; cursor?: string } = {}): Promise<ReconciliationRuns> {
    return this.call<ReconciliationRuns>("GET", "/v1/operator/reconciliation-runs", { query });
  }

  /** Goes through all pages of `listReconciliationRuns`; a page is read when it is needed. */
  iterateReconciliationRuns(query: { limit?: number } = {}): AsyncGenerator<ReconciliationRun> {
    return pageItems((cursor) => this.listReconciliationRuns({ ...query, cursor }));
  }

  /**
   * Begin to compare the ledger with the PSP's list, or name the run that is under way; it goes on by itself. For:
   * admin, operator.
   */
  startReconciliation(options: Changing = {}): Promise<ReconciliationRun> {
    return this.call<ReconciliationRun>("POST", "/v1/operator/reconciliation-runs", { key: options.idempotencyKey, signal: options.signal });
  }

  /** Return a run. For: admin, operator. */
  readReconciliationRun(runId: string): Promise<ReconciliationRun> {
    return this.call<ReconciliationRun>("GET", `/v1/operator/reconciliation-runs/${pathPart(runId)}`);
  }

  /** Page through what does not agree, oldest first. For: admin, operator. */
  listReconciliationItems(query: { limit?: number; cursor?: string; include_closed?: "true" | "false" } = {}): Promise<ReconciliationItems> {
    return this.call<ReconciliationItems>("GET", "/v1/operator/reconciliation-items", { query });
  }

  /** Goes through all pages of `listReconciliationItems`; a page is read when it is needed. */
  iterateReconciliationItems(query: { limit?: number; include_closed?: "true" | "false" } = {}): AsyncGenerator<ReconciliationItem> {
    return pageItems((cursor) => this.listReconciliationItems({ ...query, cursor }));
  }

  /** Close an item with a note, and book its difference where money must move. For: admin, operator. */
  resolveReconciliationItem(itemId: string, body: ItemResolution, options: Changing = {}): Promise<ReconciliationItem> {
    return this.call<ReconciliationItem>("POST", `/v1/operator/reconciliation-items/${pathPart(itemId)}/resolve`, { body, key: options.idempotencyKey, signal: options.signal });
  }

  /** Page through what the PSP told by itself, newest first. For: admin, operator. */
  listPspEvents(query: { limit?: number; cursor?: string; state?: "received" | "unmatched" | "applied" | "ignored" | "parked" } = {}): Promise<PspEvents> {
    return this.call<PspEvents>("GET", "/v1/operator/psp-events", { query });
  }

  /** Goes through all pages of `listPspEvents`; a page is read when it is needed. */
  iteratePspEvents(query: { limit?: number; state?: "received" | "unmatched" | "applied" | "ignored" | "parked" } = {}): AsyncGenerator<PspEvent> {
    return pageItems((cursor) => this.listPspEvents({ ...query, cursor }));
  }

  /** Let a parked event of the PSP be taken up again. For: admin, operator. */
  replayPspEvent(pspEventId: string, options: Changing = {}): Promise<PspEvent> {
    return this.call<PspEvent>("POST", `/v1/operator/psp-events/${pathPart(pspEventId)}/replay`, { key: options.idempotencyKey, signal: options.signal });
  }

  /** Page through the roles that are granted. For: admin. */
  listRoleGrants(query: { limit?: number; cursor?: string } = {}): Promise<RoleGrants> {
    return this.call<RoleGrants>("GET", "/v1/operator/roles", { query });
  }

  /** Goes through all pages of `listRoleGrants`; a page is read when it is needed. */
  iterateRoleGrants(query: { limit?: number } = {}): AsyncGenerator<RoleGrant> {
    return pageItems((cursor) => this.listRoleGrants({ ...query, cursor }));
  }

  /** Let somebody sign in as support, operator or admin; they sign in as a rider first. For: admin. */
  grantRole(body: RoleGrantRequest, options: Changing = {}): Promise<RoleGrant> {
    return this.call<RoleGrant>("POST", "/v1/operator/roles", { body, key: options.idempotencyKey, signal: options.signal });
  }

  /** Take a role away; sign-ins made in it end. For: admin. */
  revokeRole(accountId: string, role: "support" | "operator" | "admin", body: Reason, options: Changing = {}): Promise<void> {
    return this.call<void>("POST", `/v1/operator/roles/${pathPart(accountId)}/${pathPart(role)}/revoke`, { body, key: options.idempotencyKey, signal: options.signal });
  }

  /** Page through what the people who run the service did, the newest first. For: admin, operator. */
  listAuditEntries(query: { limit?: number; cursor?: string; subject_id?: string; actor_id?: string; act?: string } = {}): Promise<AuditEntries> {
    return this.call<AuditEntries>("GET", "/v1/operator/audit-log", { query });
  }

  /** Goes through all pages of `listAuditEntries`; a page is read when it is needed. */
  iterateAuditEntries(query: { limit?: number; subject_id?: string; actor_id?: string; act?: string } = {}): AsyncGenerator<AuditEntry> {
    return pageItems((cursor) => this.listAuditEntries({ ...query, cursor }));
  }

  /** Recompute the hashes of a part of the log. For: admin, operator. */
  verifyAuditLog(query: { first_sequence?: number; entry_count?: number; anchor_sequence?: number; anchor_hash?: string } = {}): Promise<AuditCheck> {
    return this.call<AuditCheck>("GET", "/v1/operator/audit-log/verification", { query });
  }

  /** Return the person with a phone number. For: admin, operator, support. */
  findPerson(body: PersonSearch, options: Changing = {}): Promise<Person> {
    return this.call<Person>("POST", "/v1/operator/people/search", { body, key: options.idempotencyKey, signal: options.signal });
  }

  /** Return a person. For: admin, operator, support. */
  readPerson(accountId: string): Promise<Person> {
    return this.call<Person>("GET", `/v1/operator/people/${pathPart(accountId)}`);
  }

  /**
   * Tell a phone number and a mail address in clear; who asked and why stays in the audit log. For: admin,
   * operator, support.
   */
  unmaskPhone(accountId: string, body: Unmasking, options: Changing = {}): Promise<PhoneInClear> {
    return this.call<PhoneInClear>("POST", `/v1/operator/people/${pathPart(accountId)}/unmask`, { body, key: options.idempotencyKey, signal: options.signal });
  }

  /** Return where the caller is written to. For: driver, rider. */
  readMailAddress(): Promise<MailAddress> {
    return this.call<MailAddress>("GET", "/v1/me/mail-address");
  }

  /**
   * Send a code to an address; with the code it becomes the caller's, in place of a former one. For: driver, rider.
   */
  requestMailCode(body: MailAddressRequest, options: Changing = {}): Promise<MailCode> {
    return this.call<MailCode>("PUT", "/v1/me/mail-address", { body, key: options.idempotencyKey, signal: options.signal });
  }

  /** Forget the caller's address: no more mail goes there. For: driver, rider. */
  forgetMailAddress(options: Changing = {}): Promise<void> {
    return this.call<void>("DELETE", "/v1/me/mail-address", { key: options.idempotencyKey, signal: options.signal });
  }

  /** Trade the code for the address: receipts and other mail go there from now on. For: driver, rider. */
  verifyMailAddress(body: MailAddressProof, options: Changing = {}): Promise<MailAddress> {
    return this.call<MailAddress>("POST", "/v1/me/mail-address/verify", { body, key: options.idempotencyKey, signal: options.signal });
  }

  /** Return the caller's places. For: rider. */
  listPlaces(): Promise<SavedPlaces> {
    return this.call<SavedPlaces>("GET", "/v1/me/places");
  }

  /** Keep a place. For: rider. */
  keepPlace(body: SavedPlaceRequest, options: Changing = {}): Promise<SavedPlace> {
    return this.call<SavedPlace>("POST", "/v1/me/places", { body, key: options.idempotencyKey, signal: options.signal });
  }

  /** Change a place. For: rider. */
  changePlace(placeId: string, body: SavedPlaceRequest, options: Changing = {}): Promise<SavedPlace> {
    return this.call<SavedPlace>("PUT", `/v1/me/places/${pathPart(placeId)}`, { body, key: options.idempotencyKey, signal: options.signal });
  }

  /** Forget a place. For: rider. */
  forgetPlace(placeId: string, options: Changing = {}): Promise<void> {
    return this.call<void>("DELETE", `/v1/me/places/${pathPart(placeId)}`, { key: options.idempotencyKey, signal: options.signal });
  }

  /**
   * Trade a provider's ID token for tokens; who is not linked yet needs a phone number that the provider verified.
   */
  signInWithIdToken(body: IdTokenSignIn, options: Changing = {}): Promise<SignIn> {
    return this.call<SignIn>("POST", "/v1/auth/oidc", { body, key: options.idempotencyKey, signal: options.signal, isOpen: true });
  }

  /** Return the identities that stand for the caller. For: admin, driver, operator, rider, support. */
  listIdentities(): Promise<LinkedIdentities> {
    return this.call<LinkedIdentities>("GET", "/v1/me/identities");
  }

  /** Let a provider's identity stand for the caller from now on. For: admin, driver, operator, rider, support. */
  linkIdentity(body: IdTokenProof, options: Changing = {}): Promise<LinkedIdentity> {
    return this.call<LinkedIdentity>("POST", "/v1/me/identities", { body, key: options.idempotencyKey, signal: options.signal });
  }

  /** Let an identity stand for nobody. For: admin, driver, operator, rider, support. */
  unlinkIdentity(identityId: string, options: Changing = {}): Promise<void> {
    return this.call<void>("DELETE", `/v1/me/identities/${pathPart(identityId)}`, { key: options.idempotencyKey, signal: options.signal });
  }

  /** Trade an API key for an access token of ten minutes. */
  exchangeApiKey(body: ApiKeyExchange, options: Changing = {}): Promise<PartnerToken> {
    return this.call<PartnerToken>("POST", "/v1/auth/api-key", { body, key: options.idempotencyKey, signal: options.signal, isOpen: true });
  }

  /** Return the keys, the newest first. For: admin. */
  listApiKeys(): Promise<ApiKeys> {
    return this.call<ApiKeys>("GET", "/v1/operator/api-keys");
  }

  /** Make a key; the answer is the only place where it stands whole. For: admin. */
  createApiKey(body: ApiKeyRequest, options: Changing = {}): Promise<NewApiKey> {
    return this.call<NewApiKey>("POST", "/v1/operator/api-keys", { body, key: options.idempotencyKey, signal: options.signal });
  }

  /** End a key. For: admin. */
  revokeApiKey(apiKeyId: string, body: Reason, options: Changing = {}): Promise<void> {
    return this.call<void>("POST", `/v1/operator/api-keys/${pathPart(apiKeyId)}/revoke`, { body, key: options.idempotencyKey, signal: options.signal });
  }

  /** Return all that is kept of the caller. For: driver, rider. */
  exportAccount(options: Changing = {}): Promise<AccountExport> {
    return this.call<AccountExport>("POST", "/v1/me/exports", { key: options.idempotencyKey, signal: options.signal });
  }

  /** Erase a person who asked for it by another way. For: admin, operator. */
  erasePerson(accountId: string, body: ErasureReason, options: Changing = {}): Promise<Erasure> {
    return this.call<Erasure>("POST", `/v1/operator/people/${pathPart(accountId)}/erase`, { body, key: options.idempotencyKey, signal: options.signal });
  }

  /** Tell how far an erasure has come. For: admin, operator. */
  readErasure(accountId: string): Promise<Erasure> {
    return this.call<Erasure>("GET", `/v1/operator/people/${pathPart(accountId)}/erasure`);
  }

  /** Return the caller's documents, the newest first. For: driver. */
  listOwnDocuments(): Promise<Documents> {
    return this.call<Documents>("GET", "/v1/driver/documents");
  }

  /** Show a document: what it is is read from its bytes, and an operator decides on it. For: driver. */
  submitDocument(body: DocumentSubmission, options: Changing = {}): Promise<Document> {
    return this.call<Document>("POST", "/v1/driver/documents", { body, key: options.idempotencyKey, signal: options.signal });
  }

  /** Return a driver's documents, the newest first. For: admin, operator. */
  listDocumentsOfDriver(driverId: string): Promise<Documents> {
    return this.call<Documents>("GET", `/v1/operator/drivers/${pathPart(driverId)}/documents`);
  }

  /**
   * Return a document's number and bytes; who looked stands in the audit log, so this is no GET. For: admin,
   * operator.
   */
  readDocument(documentId: string, options: Changing = {}): Promise<DocumentContent> {
    return this.call<DocumentContent>("POST", `/v1/operator/documents/${pathPart(documentId)}/read`, { key: options.idempotencyKey, signal: options.signal });
  }

  /**
   * Accept or reject a document; an accepted one takes the place of an older one of its kind. For: admin, operator.
   */
  reviewDocument(documentId: string, body: DocumentReview, options: Changing = {}): Promise<Document> {
    return this.call<Document>("POST", `/v1/operator/documents/${pathPart(documentId)}/review`, { body, key: options.idempotencyKey, signal: options.signal });
  }

  /**
   * Return the trips with passengers that ended in an hour; an hour that is not over is a conflict. For: admin,
   * operator, partner.
   */
  exportMdsTrips(query: { limit?: number; cursor?: string; end_time: string }): Promise<MdsTrips> {
    return this.call<MdsTrips>("GET", "/v1/operator/mds/trips", { query });
  }

  /** Return the vehicles in service. For: admin, operator, partner. */
  exportMdsVehicles(query: { limit?: number; cursor?: string } = {}): Promise<MdsVehicles> {
    return this.call<MdsVehicles>("GET", "/v1/operator/mds/vehicles", { query });
  }

  /**
   * Return the state, the last event and the coarse place of the vehicles in service. For: admin, operator,
   * partner.
   */
  exportMdsVehicleStatuses(query: { limit?: number; cursor?: string } = {}): Promise<MdsVehicleStatuses> {
    return this.call<MdsVehicleStatuses>("GET", "/v1/operator/mds/vehicles/status", { query });
  }

  /** Return the cities with the version of the policy that is in force now. For: admin, operator. */
  listCities(): Promise<Cities> {
    return this.call<Cities>("GET", "/v1/operator/cities");
  }

  /** Page through the versions of a city's policy, newest first. For: admin, operator. */
  listCityPolicies(city: string, query: { limit?: number; cursor?: string } = {}): Promise<CityPolicies> {
    return this.call<CityPolicies>("GET", `/v1/operator/cities/${pathPart(city)}/policies`, { query });
  }

  /** Goes through all pages of `listCityPolicies`; a page is read when it is needed. */
  iterateCityPolicies(city: string, query: { limit?: number } = {}): AsyncGenerator<CityPolicy> {
    return pageItems((cursor) => this.listCityPolicies(city, { ...query, cursor }));
  }

  /** Return a version with its document. For: admin, operator. */
  readCityPolicy(city: string, version: number): Promise<CityPolicy> {
    return this.call<CityPolicy>("GET", `/v1/operator/cities/${pathPart(city)}/policies/${pathPart(version)}`);
  }

  /** Compare a version with another, key by key. For: admin, operator. */
  compareCityPolicies(city: string, version: number, query: { since: number }): Promise<CityPolicyDiff> {
    return this.call<CityPolicyDiff>("GET", `/v1/operator/cities/${pathPart(city)}/policies/${pathPart(version)}/changes`, { query });
  }

  /** Return a city's cells that have a surge, the highest first. For: admin, operator. */
  readSurge(city: string, query: { limit?: number } = {}): Promise<Surge> {
    return this.call<Surge>("GET", `/v1/operator/cities/${pathPart(city)}/surge`, { query });
  }

  /**
   * Freeze a city's surge as it is, or cap it lower than its policy does, until it is set again. For: admin,
   * operator.
   */
  setSurgeControl(city: string, body: SurgeControlChange = {}, options: Changing = {}): Promise<SurgeControl> {
    return this.call<SurgeControl>("PUT", `/v1/operator/cities/${pathPart(city)}/surge-control`, { body, key: options.idempotencyKey, signal: options.signal });
  }

  /**
   * Try a document out: whether it can be put, and what it would change. Nothing is stored. For: admin, operator.
   */
  checkCityPolicy(body: CityPolicyCheck, options: Changing = {}): Promise<CheckedCityPolicy> {
    return this.call<CheckedCityPolicy>("POST", "/v1/operator/city-policies/check", { body, key: options.idempotencyKey, signal: options.signal });
  }

  /** Put a new version of a city's policy, in force from a time on. For: admin, operator. */
  putCityPolicy(body: CityPolicyPut, options: Changing = {}): Promise<CityPolicy> {
    return this.call<CityPolicy>("POST", "/v1/operator/city-policies", { body, key: options.idempotencyKey, signal: options.signal });
  }

  /**
   * Tell the way of a live ride that is still to be driven, from where the driver is. For: admin, driver, operator,
   * rider.
   */
  readRideRoute(rideId: string): Promise<RideRoute> {
    return this.call<RideRoute>("GET", `/v1/rides/${pathPart(rideId)}/route`);
  }

  /** Tell what completed trips taught of travel times, newest first. For: admin, operator. */
  listTravelTimes(query: { limit?: number } = {}): Promise<LearnedTravelTimes> {
    return this.call<LearnedTravelTimes>("GET", "/v1/operator/travel-times", { query });
  }

  /**
   * Have travel times learned now; the list tells when it is done. With fewer than 200 trips nothing is learned.
   * For: admin, operator.
   */
  learnTravelTimes(options: Changing = {}): Promise<void> {
    return this.call<void>("POST", "/v1/operator/travel-times/lessons", { key: options.idempotencyKey, signal: options.signal });
  }
}

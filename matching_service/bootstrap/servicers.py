"""What matching_service answers: each service of its contracts with the use cases behind it."""

from __future__ import annotations

import random
import secrets
import time

from chassis.letters import LetterReader, LetterWriter
from chassis.personal_data import SERVICE_NAME as PERSONAL_DATA_SERVICE
from chassis.personal_data import PersonalDataServicer
from chassis.server import ServiceServer
from matching_service.adapters.city_new_document import read_new_document
from matching_service.adapters.coarse_places import coarse
from matching_service.adapters.personal_data import MatchingPersonalData
from matching_service.adapters.postgres_complaints import PostgresComplaints
from matching_service.adapters.postgres_trip_watch import PostgresTripAlerts
from matching_service.adapters.shard_cells import shards_within
from matching_service.bootstrap.stores import Stores
from matching_service.entrypoints import (
    grpc_after_rides,
    grpc_cities,
    grpc_complaints,
    grpc_drivers,
    grpc_fleet,
    grpc_mds,
    grpc_operators,
    grpc_products,
    grpc_promotions,
    grpc_rides,
)
from matching_service.entrypoints.location_streams import LocationStreams, count_pings
from matching_service.settings import SERVICE, MatchingSettings
from matching_service.use_cases.accept_offer import AcceptOffer
from matching_service.use_cases.arrive_at_pickup import ArriveAtPickup
from matching_service.use_cases.cancel_assignment import CancelAssignment
from matching_service.use_cases.cancel_ride import CancelRide
from matching_service.use_cases.change_shift import ChangeShift
from matching_service.use_cases.city_policies import ReadCityPolicies
from matching_service.use_cases.collect_order import CollectOrder
from matching_service.use_cases.complete_trip import CompleteTrip
from matching_service.use_cases.control_surge import ControlSurge, ReadSurge
from matching_service.use_cases.create_quotes import CreateQuotes
from matching_service.use_cases.decide_complaints import DecideComplaint
from matching_service.use_cases.decide_edits import AcceptRideEdit, AnswerRideEdit, ReadRideEdit
from matching_service.use_cases.decline_offer import DeclineOffer
from matching_service.use_cases.end_shift import EndShift
from matching_service.use_cases.explain_dispatch import ExplainDispatch
from matching_service.use_cases.export_mds import ExportMds
from matching_service.use_cases.fail_delivery import FailDelivery
from matching_service.use_cases.force_cancel_ride import ForceCancelRide
from matching_service.use_cases.get_ride_location import GetRideLocation
from matching_service.use_cases.hand_over_order import HandOverOrder
from matching_service.use_cases.list_nearby_drivers import ListNearbyDrivers
from matching_service.use_cases.list_products import ListProducts
from matching_service.use_cases.list_service_areas import ListServiceAreas
from matching_service.use_cases.list_shifts import ListShifts
from matching_service.use_cases.list_trip_alerts import ListTripAlerts
from matching_service.use_cases.manage_promotions import CreatePromotion, EndPromotion, ReadPromotions
from matching_service.use_cases.pass_stops import LeaveStop, ReachStop
from matching_service.use_cases.preview_cancellation import PreviewCancellation
from matching_service.use_cases.put_city_policy import PutCityPolicy
from matching_service.use_cases.quote_ride_edit import QuoteRideEdit
from matching_service.use_cases.raise_complaint import RaiseComplaint, ReadComplaints
from matching_service.use_cases.rate_rides import RateRide, ReadRating
from matching_service.use_cases.read_rides import ReadRides
from matching_service.use_cases.reassign_ride import ReassignRide
from matching_service.use_cases.redeem_promotion import ListRedemptions, RedeemPromotion
from matching_service.use_cases.report_locations import ReportLocations
from matching_service.use_cases.report_no_show import ReportNoShow
from matching_service.use_cases.request_ride import RequestRide
from matching_service.use_cases.return_order import ReturnOrder
from matching_service.use_cases.share_rides import ReadSharedRide, ShareRide
from matching_service.use_cases.start_shift import StartShift
from matching_service.use_cases.start_trip import StartTrip
from matching_service.use_cases.take_break import TakeBreak
from matching_service.use_cases.watch_fleet import FeelPulse, LookAtFleet
from ridesharing.common.v1.personal_data_service_pb2_grpc import add_PersonalDataServiceServicer_to_server
from ridesharing.matching.v1.city_service_pb2_grpc import add_CityServiceServicer_to_server
from ridesharing.matching.v1.complaint_service_pb2_grpc import add_ComplaintServiceServicer_to_server
from ridesharing.matching.v1.dispatch_operator_service_pb2_grpc import add_DispatchOperatorServiceServicer_to_server
from ridesharing.matching.v1.driver_service_pb2_grpc import add_DriverServiceServicer_to_server
from ridesharing.matching.v1.fleet_service_pb2_grpc import add_FleetServiceServicer_to_server
from ridesharing.matching.v1.mds_service_pb2_grpc import add_MdsServiceServicer_to_server
from ridesharing.matching.v1.product_service_pb2_grpc import add_ProductServiceServicer_to_server
from ridesharing.matching.v1.promotion_service_pb2_grpc import add_PromotionServiceServicer_to_server
from ridesharing.matching.v1.rating_service_pb2_grpc import add_RatingServiceServicer_to_server
from ridesharing.matching.v1.ride_service_pb2_grpc import add_RideServiceServicer_to_server
from ridesharing.matching.v1.share_service_pb2_grpc import add_ShareServiceServicer_to_server


def add_servicers(server: ServiceServer, settings: MatchingSettings, stores: Stores) -> None:
    """Have the server answer each service of the contracts, except the shared ones and maps."""
    _add_rides(server, stores)
    _add_drivers(server, settings, stores)
    _add_operators(server, stores)
    _add_mds(server, settings, stores)
    _add_cities(server, stores)
    _add_shares_and_ratings(server, settings, stores)
    _add_complaints(server, stores)
    _add_promotions(server, stores)
    _add_personal_data(server, stores)


def _add_rides(server: ServiceServer, stores: Stores) -> None:
    store, clock, new_id = stores.store, stores.clock, stores.new_id
    secret = random.SystemRandom()
    rides = grpc_rides.RideServicer(
        create_quotes=CreateQuotes(
            cities=stores.cities,
            eta=stores.eta,
            free_drivers=stores.free_drivers,
            quotes=stores.quotes,
            clock=clock,
            new_id=new_id,
            surge=stores.surge,
            promotions=stores.promotions,
        ),
        request_ride=RequestRide(
            store, stores.reader, stores.quotes, stores.accounts, stores.saga, stores.cities, clock, new_id, secret
        ),
        read_rides=ReadRides(stores.reader),
        get_ride_location=GetRideLocation(stores.reads, stores.locations, clock),
        list_nearby_drivers=ListNearbyDrivers(stores.free_drivers),
        preview_cancellation=PreviewCancellation(store, clock, secret),
        cancel_ride=CancelRide(store, clock),
        edits=grpc_rides.Edits(
            QuoteRideEdit(store, stores.reader, stores.edit_policies, stores.eta, stores.locations, clock, new_id),
            AcceptRideEdit(store, stores.reader, stores.edit_policies, stores.edits, clock),
            ReadRideEdit(stores.reader),
        ),
    )
    server.add(add_RideServiceServicer_to_server, rides, grpc_rides.SERVICE_NAME)


def _add_drivers(server: ServiceServer, settings: MatchingSettings, stores: Stores) -> None:
    store, clock, new_id = stores.store, stores.clock, stores.new_id
    report_locations = ReportLocations(
        cities=stores.cities,
        on_shift=stores.reads,
        locations=stores.locations,
        clock=clock,
        monotonic=time.monotonic,
        max_pings_per_second=settings.matching_pings_per_second,
        observe=count_pings,
        max_speed_kmh=settings.matching_max_speed_kmh,
    )
    locations = LocationStreams(report_locations, clock)
    server.when_leaving(locations.leave)
    drivers = grpc_drivers.DriverServicer(
        start_shift=StartShift(store, stores.accounts, clock, new_id),
        end_shift=EndShift(store, clock),
        take_break=TakeBreak(store, clock),
        change_shift=ChangeShift(store, clock),
        read_rides=ReadRides(stores.reader),
        locations=locations,
        accept_offer=AcceptOffer(store, clock, new_id),
        decline_offer=DeclineOffer(store, clock),
        arrive_at_pickup=ArriveAtPickup(store, clock),
        start_trip=StartTrip(store, clock),
        reach_stop=ReachStop(store, clock),
        leave_stop=LeaveStop(store, clock),
        collect_order=CollectOrder(store, clock),
        hand_over_order=HandOverOrder(store, clock),
        fail_delivery=FailDelivery(store, clock),
        return_order=ReturnOrder(store, clock),
        answer_ride_edit=AnswerRideEdit(store, stores.reader, stores.edit_policies, stores.edits, clock),
        complete_trip=CompleteTrip(store, clock),
        cancel_assignment=CancelAssignment(store, clock),
        report_no_show=ReportNoShow(store, clock),
    )
    server.add(add_DriverServiceServicer_to_server, drivers, grpc_drivers.SERVICE_NAME)


def _add_operators(server: ServiceServer, stores: Stores) -> None:
    store, clock = stores.store, stores.clock
    operators = grpc_operators.DispatchOperatorServicer(
        read_rides=ReadRides(stores.reader),
        force_cancel_ride=ForceCancelRide(store, clock),
        reassign_ride=ReassignRide(store, clock),
        list_shifts=ListShifts(stores.shifts),
        explain=ExplainDispatch(stores.reader, stores.traces),
    )
    server.add(add_DispatchOperatorServiceServicer_to_server, operators, grpc_operators.SERVICE_NAME)
    fleet = grpc_fleet.FleetServicer(
        LookAtFleet(stores.fleet, stores.locations, shards_within, clock),
        FeelPulse(stores.fleet, clock),
        ListTripAlerts(PostgresTripAlerts(stores.database)),
    )
    server.add(add_FleetServiceServicer_to_server, fleet, grpc_fleet.SERVICE_NAME)


def _add_mds(server: ServiceServer, settings: MatchingSettings, stores: Stores) -> None:
    clock = stores.clock
    provider_id = settings.matching_mds_provider_id
    mds = ExportMds(stores.mds, stores.shifts, stores.locations, stores.cities, coarse, provider_id, clock)
    server.add(add_MdsServiceServicer_to_server, grpc_mds.MdsServicer(mds), grpc_mds.SERVICE_NAME)


def _add_cities(server: ServiceServer, stores: Stores) -> None:
    store, clock = stores.store, stores.clock
    cities = grpc_cities.CityServicer(
        read=ReadCityPolicies(stores.cities, stores.archive, read_new_document),
        put=PutCityPolicy(store, stores.archive, read_new_document, clock),
        read_surge=ReadSurge(stores.cities, stores.surge_reads, stores.surge, stores.cells),
        control_surge=ControlSurge(stores.cities, store, stores.surge_reads, stores.surge, clock),
    )
    server.add(add_CityServiceServicer_to_server, cities, grpc_cities.SERVICE_NAME)
    products = grpc_products.ProductServicer(ListProducts(stores.cities, clock), ListServiceAreas(stores.cities))
    server.add(add_ProductServiceServicer_to_server, products, grpc_products.SERVICE_NAME)


def _add_shares_and_ratings(server: ServiceServer, settings: MatchingSettings, stores: Stores) -> None:
    store, clock = stores.store, stores.clock
    # Events lie in the outbox and in Redis for a day, as kept answers lie in the database, and a link opens to whoever
    # has it.
    to_notification = LetterWriter.from_file(settings.jwks_file, "notification")
    to_itself = LetterWriter.from_file(settings.jwks_file, SERVICE)
    from_itself = LetterReader.from_dir(settings.signing_keys_dir, SERVICE)
    shares = grpc_after_rides.ShareServicer(
        ShareRide(
            store,
            stores.reader,
            stores.shares,
            clock,
            lambda: secrets.token_urlsafe(24),
            lambda token, ride_id: to_notification.seal(token, ride_id.bytes),
            lambda answer, ride_id: to_itself.seal(answer, ride_id.bytes),
            lambda answer, ride_id: from_itself.open(answer, ride_id.bytes),
        ),
        ReadSharedRide(stores.reader, stores.shares, stores.locations, clock),
    )
    ratings = grpc_after_rides.RatingServicer(
        RateRide(stores.reader, stores.ratings, clock), ReadRating(stores.ratings)
    )
    server.add(add_ShareServiceServicer_to_server, shares, grpc_after_rides.SHARE_SERVICE)
    server.add(add_RatingServiceServicer_to_server, ratings, grpc_after_rides.RATING_SERVICE)


def _add_complaints(server: ServiceServer, stores: Stores) -> None:
    store, clock, new_id = stores.store, stores.clock, stores.new_id
    complaint_reads = PostgresComplaints(stores.database)
    complaints = grpc_complaints.ComplaintServicer(
        RaiseComplaint(store, complaint_reads, clock, new_id),
        ReadComplaints(complaint_reads, stores.reader),
        DecideComplaint(store, complaint_reads, stores.refunds, clock),
    )
    server.add(add_ComplaintServiceServicer_to_server, complaints, grpc_complaints.SERVICE_NAME)


def _add_promotions(server: ServiceServer, stores: Stores) -> None:
    store, clock, new_id = stores.store, stores.clock, stores.new_id
    promotions = grpc_promotions.PromotionServicer(
        create=CreatePromotion(store, stores.promotions, stores.cities, clock, new_id),
        end=EndPromotion(store, stores.promotions, clock),
        read=ReadPromotions(stores.promotions),
        redeem=RedeemPromotion(store, clock),
        redemptions=ListRedemptions(stores.promotions),
        clock=clock,
    )
    server.add(add_PromotionServiceServicer_to_server, promotions, grpc_promotions.SERVICE_NAME)


def _add_personal_data(server: ServiceServer, stores: Stores) -> None:
    server.add(
        add_PersonalDataServiceServicer_to_server,
        PersonalDataServicer(MatchingPersonalData(stores.database)),
        PERSONAL_DATA_SERVICE,
    )

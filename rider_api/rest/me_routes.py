"""The caller's own account, inbox and live stream."""

from __future__ import annotations

from datetime import timedelta

from chassis.auth import Role
from chassis.urgency import Urgency
from rider_api.rest.calls import ask, call, edge, next_cursor, page_token
from rider_api.rest.routing import Routes
from rider_api.schemas.accounts import Account, AccountChange, StreamTicket, account
from rider_api.schemas.common import PageQuery, rfc3339
from rider_api.schemas.notifications import Notification, NotificationPath, Notifications, notification
from rider_api.schemas.privacy import Erasure, erasure
from rider_api.tickets import TICKET_LIFETIME_SECONDS
from ridesharing.identity.v1 import identity_service_pb2, privacy_service_pb2
from ridesharing.notification.v1 import notification_service_pb2

routes = Routes("me", "Me", area="account")
_PEOPLE = (Role.RIDER, Role.DRIVER, Role.SUPPORT, Role.OPERATOR)
_TRAVELERS = (Role.RIDER, Role.DRIVER)


@routes.route("GET", "/me", roles=_PEOPLE, answer=Account, urgency=Urgency.USUAL)
def read_account() -> Account:
    """Return the caller's own account."""
    return account(ask(edge().backends.identity.GetAccount, identity_service_pb2.GetAccountRequest()).account)


@routes.route("PATCH", "/me", roles=_PEOPLE, answer=Account)
def change_account(body: AccountChange) -> Account:
    """Change the caller's own name or language."""
    request = identity_service_pb2.UpdateAccountRequest(
        request_id=call().key, display_name=body.display_name, locale=body.locale
    )
    return account(ask(edge().backends.identity.UpdateAccount, request).account)


@routes.route("DELETE", "/me", roles=_TRAVELERS, answer=Erasure, status=202, problems=(404,), seconds=20.0)
def erase_own_account() -> Erasure:
    """Erase the caller: signed out everywhere at once, the rest within the hour. Not while a ride or money is open."""
    request = privacy_service_pb2.RequestErasureRequest(request_id=call().key)
    return erasure(ask(edge().backends.privacy.RequestErasure, request).erasure)


@routes.route("GET", "/me/notifications", roles=_TRAVELERS, area="notifications", answer=Notifications)
def list_notifications(query: PageQuery) -> Notifications:
    """Page through the caller's inbox, newest first."""
    request = notification_service_pb2.ListNotificationsRequest(
        page_size=query.limit, page_token=page_token(query.cursor)
    )
    page = ask(edge().backends.notifications.ListNotifications, request)
    return Notifications(
        items=[notification(item) for item in page.notifications], next_cursor=next_cursor(page.next_page_token)
    )


@routes.route(
    "POST",
    "/me/notifications/<notification_id>/read",
    roles=_TRAVELERS,
    area="notifications",
    answer=Notification,
    problems=(404,),
)
def mark_notification_read(path: NotificationPath) -> Notification:
    """Note that the caller read a notification."""
    request = notification_service_pb2.MarkNotificationReadRequest(notification_id=str(path.notification_id))
    return notification(ask(edge().backends.notifications.MarkNotificationRead, request).notification)


@routes.route("POST", "/me/stream-tickets", roles=_TRAVELERS, area="notifications", answer=StreamTicket, status=201)
def make_stream_ticket() -> StreamTicket:
    """Return a ticket that opens the caller's live stream once, within 60 seconds."""
    ticket = edge().tickets.sell(call().actor)
    expires_at = edge().clock.now() + timedelta(seconds=TICKET_LIFETIME_SECONDS)
    return StreamTicket(ticket=ticket, expires_at=rfc3339(expires_at))

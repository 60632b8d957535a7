"""A good request for every RPC of payment_service, in the name of somebody who may make it."""

from tests.integration.payment.good_input.books import BOOKS
from tests.integration.payment.good_input.cards import CARDS
from tests.integration.payment.good_input.drivers import DRIVERS
from tests.integration.payment.good_input.process import service
from tests.integration.payment.good_input.returns import RETURNS
from tests.integration.payment.good_input.rides import RIDES
from tests.integration.payment.good_input.stage import Ask, Row, Stage
from tests.integration.payment.good_input.wallets import WALLETS

ROWS: dict[str, Row] = {**CARDS, **RIDES, **WALLETS, **RETURNS, **DRIVERS, **BOOKS}
"""By `Service.Method`."""

__all__ = ["ROWS", "Ask", "Row", "Stage", "service"]

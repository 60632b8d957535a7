"""`jitney refund`: give money back."""

from decimal import Decimal, DecimalException
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from jitney.operate.client import change
from jitney.operate.text import money, say_json
from jitney.stack.problems import StackError

if TYPE_CHECKING:
    from jitney_client.models import MoneyRequest, RefundRequest

_MOST_DIGITS = 18


def refund(what: str, amount: str, reason: str, *, platform_pays: bool, key: str, as_json: bool, data: Path) -> str:
    """Asks for a refund of a ride or payment; returns what to tell, nothing where JSON was printed.

    Args:
        what: `ride_…` or `pay_…`.
        amount: such as `12.50 USD`; all that was captured and not given back yet if empty.
        reason: why, for the record and the receipt.
        platform_pays: the driver keeps the share.
        key: names this refund: the same one again is the same refund. Made here if empty.
        as_json: print the interface's answer.
        data: the data folder.
    """
    names: dict[str, Literal["ride_id", "payment_id"]] = {"ride": "ride_id", "pay": "payment_id"}
    name = names.get(what.partition("_")[0])
    if name is None:
        raise StackError(f"{what} is no ride and no payment: ride_… or pay_… is expected.")
    body: RefundRequest = {"reason": reason}
    body[name] = what
    if amount:
        body["amount"] = read_amount(amount)
    if platform_pays:
        body["borne_by"] = "platform"
    made = change(data, key, lambda client, key: client.create_refund(body, idempotency_key=key))
    if as_json:
        say_json(made)
        return ""
    return f"{made['id']} of {money(made['amount'])} is {made['status']}, to the {made['destination']}."


def read_amount(text: str) -> "MoneyRequest":
    """Reads an amount such as `12.50 USD`.

    Raises:
        StackError: it is none.
    """
    from shared_kernel.errors import InvalidInput
    from shared_kernel.money import Money, exponent

    try:
        number, code = text.split()
        minor = Decimal(number).scaleb(exponent(code))
        if not minor.is_finite() or minor.adjusted() > _MOST_DIGITS or minor != minor.to_integral_value():
            raise ValueError
        amount = Money(code, int(minor))
    except (ValueError, DecimalException, InvalidInput):
        raise StackError(f"{text} is no amount such as 12.50 USD.") from None
    return {"currency_code": amount.currency_code, "amount_minor": amount.amount_minor}

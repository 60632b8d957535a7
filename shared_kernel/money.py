"""Money in integers: an ISO 4217 currency and an amount in its minor unit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from shared_kernel.errors import FieldViolation, InvalidInput

# ISO 4217 table A.1 (list one) as far as it departs from two digits, in the state that has XCG for ANG, has XAD, and
# no longer BGN. Babel's digits are CLDR's and differ for some.
_EXPONENT_BY_CURRENCY: dict[str, int] = {
    **dict.fromkeys("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split(), 0),
    **dict.fromkeys("BHD IQD JOD KWD LYD OMR TND".split(), 3),
    **dict.fromkeys("CLF UYW".split(), 4),
}
_CURRENCIES_OF_TWO_DIGITS = frozenset(
    "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF "
    "CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF "
    "IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN "
    "MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS "
    "SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG YER ZAR ZMW "
    "ZWG".split()
)
_CHARGE_STEPS: dict[str, int] = {**dict.fromkeys("BHD JOD KWD OMR TND".split(), 10), "MGA": 100}
"""Where the smallest unit is more than cards are charged to: of three decimals the last is always 0, and of an ariary
there is no part. Source: Stripe's page on supported currencies; other acquirers ask for the same."""
MAX_AMOUNT_MINOR = 10**15
"""Bound of one amount: far above any fare, far below what 64 bits hold, so that sums cannot overflow."""


def exponent(currency_code: str) -> int:
    """Return the number of decimal digits of a currency by ISO 4217; refuse what the standard does not list."""
    if currency_code in _CURRENCIES_OF_TWO_DIGITS:
        return 2
    try:
        return _EXPONENT_BY_CURRENCY[currency_code]
    except KeyError:
        raise InvalidInput(
            "unknown_currency",
            f"{currency_code[:8]!r} is not an ISO 4217 currency code",
            violations=[FieldViolation("currency_code", "must be an ISO 4217 code, for example USD")],
        ) from None


def charge_step(currency_code: str) -> int:
    """Return how many minor units make the smallest amount that is charged: what riders pay is a multiple of it."""
    return _CHARGE_STEPS.get(currency_code, 1)


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """An amount in the minor unit of its currency (cents for USD). May be negative; a field that may not be says so."""

    currency_code: str
    amount_minor: int

    def __post_init__(self) -> None:
        exponent(self.currency_code)
        if abs(self.amount_minor) > MAX_AMOUNT_MINOR:
            raise InvalidInput("amount_out_of_range", f"an amount may not exceed {MAX_AMOUNT_MINOR} minor units")

    @classmethod
    def zero(cls, currency_code: str) -> Money:
        return cls(currency_code, 0)

    def __add__(self, other: Money) -> Money:
        return Money(self.currency_code, self.amount_minor + self._same_currency(other))

    def __sub__(self, other: Money) -> Money:
        return Money(self.currency_code, self.amount_minor - self._same_currency(other))

    def __neg__(self) -> Money:
        return Money(self.currency_code, -self.amount_minor)

    def __lt__(self, other: Money) -> bool:
        return self.amount_minor < self._same_currency(other)

    def __le__(self, other: Money) -> bool:
        return self.amount_minor <= self._same_currency(other)

    def times(self, factor: Decimal) -> Money:
        """Scale by a factor, rounded half up to the minor unit (a fare's usual rounding)."""
        scaled = (Decimal(self.amount_minor) * factor).quantize(Decimal(1), rounding=ROUND_HALF_UP)
        return Money(self.currency_code, int(scaled))

    def charged(self) -> Money:
        """Round half up to what can be charged (`charge_step`): in most currencies the amount as it is."""
        step = charge_step(self.currency_code)
        return Money(self.currency_code, (2 * self.amount_minor + step) // (2 * step) * step)

    def split(self, weights: Sequence[int]) -> list[Money]:
        """Divide in proportion to whole-number weights so that the parts sum to the whole (largest remainder).

        Ties in the remainder go to the earlier part, so a split is the same each time. Weights are zero or more and
        not all zero; for a negative amount the parts are the negated parts of its opposite.
        """
        if not weights or min(weights) < 0 or sum(weights) == 0:
            raise ValueError("weights must be zero or more and not all zero")
        sign = -1 if self.amount_minor < 0 else 1
        whole, total = abs(self.amount_minor), sum(weights)
        quotas = [divmod(whole * weight, total) for weight in weights]
        left_over = whole - sum(quota for quota, _ in quotas)
        by_remainder = sorted(range(len(weights)), key=lambda index: (-quotas[index][1], index))
        extra = set(by_remainder[:left_over])
        return [Money(self.currency_code, sign * (quota + (index in extra))) for index, (quota, _) in enumerate(quotas)]

    def __str__(self) -> str:
        digits = exponent(self.currency_code)
        return f"{Decimal(self.amount_minor).scaleb(-digits):.{digits}f} {self.currency_code}"

    def _same_currency(self, other: Money) -> int:
        if other.currency_code != self.currency_code:
            raise ValueError(f"{other.currency_code} and {self.currency_code} do not mix")
        return other.amount_minor

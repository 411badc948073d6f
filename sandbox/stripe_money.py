"""The amounts and currencies Stripe takes."""

from sandbox.stripe_errors import invalid
from sandbox.stripe_forms import integer, required
from sandbox.world import Json

LARGEST = 99_999_999
SMALLEST = {"aed": 200, "aud": 50, "cad": 50, "eur": 50, "gbp": 30, "sar": 200, "usd": 50}
THREE_DECIMALS = frozenset(["bhd", "jod", "kwd", "omr", "tnd"])
_WITHOUT_DECIMALS = "bif clp djf gnf jpy kmf krw mga pyg rwf ugx vnd vuv xaf xof xpf"
_WITH_TWO = """
aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bmd bnd bob brl bsd bwp byn bzd cad cdf
chf cny cop crc cve czk dkk dop dzd egp etb eur fjd fkp gbp gel gip gmd gtq gyd hkd hnl hrk htg
huf idr ils inr isk jmd kes kgs khr kyd kzt lak lbp lkr lrd lsl mad mdl mkd mmk mnt mop mur mvr
mwk mxn myr mzn nad ngn nio nok npr nzd pab pen pgk php pkr pln qar ron rsd rub sar sbd scr sek
sgd shp sle sos srd std szl thb tjs top try ttd twd tzs uah usd uyu uzs wst xcd yer zar zmw
"""
ZERO_DECIMALS = frozenset(_WITHOUT_DECIMALS.split())
CURRENCIES = ZERO_DECIMALS | THREE_DECIMALS | frozenset(_WITH_TWO.split())


def checked_amount(params: Json, currency: str, name: str = "amount") -> int:
    """Read an amount Stripe would charge."""
    amount = integer(params, name)
    if amount < 1:
        message = "This value must be greater than or equal to 1."
        raise invalid(message, name, "parameter_invalid_integer")
    check_limits(amount, currency, name)
    return amount


def check_limits(amount: int, currency: str, name: str) -> None:
    """Refuse a charge that is larger or smaller than Stripe makes."""
    if amount > LARGEST:
        message = f"Amount must be no more than {LARGEST} {currency} in the smallest unit"
        raise invalid(message, name, "amount_too_large")
    if currency in THREE_DECIMALS and amount % 10:
        # Stripe's documents give the rule; how it words the refusal is the sandbox's guess.
        message = f"Invalid amount: {currency} is charged in multiples of 10."
        raise invalid(message, name, "parameter_invalid_integer")
    least = SMALLEST.get(currency, 1)
    if amount < least:
        message = f"Amount must be at least {least} {currency} in the smallest unit"
        raise invalid(message, name, "amount_too_small")


def checked_currency(params: Json) -> str:
    """Read a currency Stripe knows."""
    currency = required(params, "currency").lower()
    if currency not in CURRENCIES:
        known = ", ".join(sorted(CURRENCIES))
        message = f"Invalid currency: {currency}. Stripe currently supports these: {known}"
        raise invalid(message, "currency")
    return currency

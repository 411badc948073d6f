"""The test cards: what each one does when it is saved and when it is charged."""

from dataclasses import dataclass
from typing import Literal

from sandbox.world import Json


@dataclass(frozen=True)
class Decline:
    """A reason a bank gives, in the five fields Stripe passes on; `kind` is the error's type."""

    code: str
    decline_code: str | None
    advice_code: str | None
    network_code: str | None
    message: str
    kind: str = "card_error"

    @property
    def network_advice_code(self) -> str | None:
        """The card network's advice, as its two digits."""
        advices = {"try_again_later": "02", "do_not_try_again": "03", "confirm_card_data": "01"}
        return advices.get(self.advice_code or "")

    def fields(self) -> Json:
        """Return the decline as the fields of a card error; what the bank left out is absent."""
        told = {
            "code": self.code,
            "decline_code": self.decline_code,
            "advice_code": self.advice_code,
            "network_decline_code": self.network_code,
            "network_advice_code": self.network_advice_code,
        }
        return {name: value for name, value in told.items() if value is not None}


def _declined(reason: str, advice: str | None, network: str | None) -> Decline:
    messages = {"insufficient_funds": "Your card has insufficient funds."}
    message = messages.get(reason, "Your card was declined.")
    return Decline("card_declined", reason, advice, network, message)


GENERIC = _declined("generic_decline", "try_again_later", None)
FUNDS = _declined("insufficient_funds", "try_again_later", "51")
LOST = _declined("lost_card", "do_not_try_again", "41")
STOLEN = _declined("stolen_card", "do_not_try_again", "43")
VELOCITY = _declined("card_velocity_exceeded", "try_again_later", "61")
DO_NOT_HONOR = _declined("do_not_honor", "try_again_later", "05")
EXPIRED = Decline(
    "expired_card", "expired_card", "confirm_card_data", "54", "Your card has expired."
)
CVC = Decline(
    "incorrect_cvc",
    "incorrect_cvc",
    "confirm_card_data",
    "N7",
    "Your card's security code is incorrect.",
)
PROCESSING = Decline(
    "processing_error",
    "processing_error",
    "try_again_later",
    None,
    "An error occurred while processing your card. Try again in a little bit.",
)
AUTHENTICATE = Decline(
    "authentication_required",
    "authentication_required",
    None,
    None,
    "Your card was declined. This transaction requires authentication.",
)


@dataclass(frozen=True)
class Card:
    """One test card.

    `declines_first` is how many charges fail before the rest succeed; `saves` says whether
    the card can be kept although it will be declined; `afterwards` is what a charge, or its
    refund, comes to some time later.
    """

    number: str
    token: str
    label: str
    brand: str = "visa"
    decline: Decline | None = None
    declines_first: int | None = None
    saves: bool = True
    authentication: Literal["never", "at_first", "always"] = "never"
    afterwards: Literal["nothing", "dispute", "refund_fails", "refund_waits"] = "nothing"


def _bad(number: str, token: str, label: str, decline: Decline) -> Card:
    return Card(number, token, label, decline=decline, saves=False)


CARDS = (
    Card("4242424242424242", "pm_card_visa", "Works"),
    Card("4000056655665556", "pm_card_visa_debit", "Works (debit)"),
    Card("5555555555554444", "pm_card_mastercard", "Works (Mastercard)", brand="mastercard"),
    Card("378282246310005", "pm_card_amex", "Works (American Express)", brand="amex"),
    Card(
        "4000000000000341",
        "pm_card_chargeCustomerFail",
        "Is saved, then declined when charged",
        decline=GENERIC,
    ),
    _bad("4000000000000002", "pm_card_visa_chargeDeclined", "Declined", GENERIC),
    _bad(
        "4000000000009995",
        "pm_card_visa_chargeDeclinedInsufficientFunds",
        "Insufficient funds",
        FUNDS,
    ),
    _bad("4000000000009987", "pm_card_visa_chargeDeclinedLostCard", "Lost card", LOST),
    _bad("4000000000009979", "pm_card_visa_chargeDeclinedStolenCard", "Stolen card", STOLEN),
    _bad("4000000000000069", "pm_card_chargeDeclinedExpiredCard", "Expired card", EXPIRED),
    _bad("4000000000000127", "pm_card_chargeDeclinedIncorrectCvc", "Wrong CVC", CVC),
    _bad(
        "4000000000000119", "pm_card_chargeDeclinedProcessingError", "Processing error", PROCESSING
    ),
    _bad(
        "4000000000006975",
        "pm_card_visa_chargeDeclinedVelocityLimitExceeded",
        "Too many charges",
        VELOCITY,
    ),
    Card(
        "4000002500003155",
        "pm_card_authenticationRequiredOnSetup",
        "Asks for 3-D Secure once",
        authentication="at_first",
    ),
    Card(
        "4000002760003184",
        "pm_card_authenticationRequired",
        "Asks for 3-D Secure every time",
        authentication="always",
    ),
    Card(
        "4000000000000259",
        "pm_card_createDispute",
        "Works, then the charge is disputed",
        afterwards="dispute",
    ),
    Card(
        "4000000000005126",
        "pm_card_refundFail",
        "Works, and a refund fails later",
        afterwards="refund_fails",
    ),
    Card(
        "4000000000007726",
        "pm_card_pendingRefund",
        "Works, and a refund is pending at first",
        afterwards="refund_waits",
    ),
    # Stripe has no test cards for these four; they are the sandbox's own.
    _bad("4000000000990051", "pm_sandbox_doNotHonor", "Do not honour", DO_NOT_HONOR),
    Card(
        "4000000000990069",
        "pm_sandbox_insufficientFundsLater",
        "Is saved, then has insufficient funds",
        decline=FUNDS,
    ),
    Card(
        "4000000000990077",
        "pm_sandbox_insufficientFundsTwice",
        "Is saved, has insufficient funds twice, then works",
        decline=FUNDS,
        declines_first=2,
    ),
    Card(
        "5500000000990085",
        "pm_sandbox_mastercardFails",
        "Is saved, then declined when charged (Mastercard)",
        brand="mastercard",
        decline=GENERIC,
    ),
)

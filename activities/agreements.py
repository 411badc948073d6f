"""What agreements ask of those who take the money."""

from domain.payable import AmountError, smallest_step


def step_of(currency: str) -> int:
    """In which steps of minor units amounts of a currency can be paid: 1 for USD, 10 for KWD.

    Where no card is charged at all, people pay at their bank, to the minor unit.
    """
    try:
        return smallest_step(currency)
    except AmountError:
        return 1

"""How many parts an SMS is sent in, which is what it costs."""

from math import ceil

BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENDED = "^{}\\[~]|€\f"
GSM_ALONE, GSM_JOINED = 160, 153
UCS_ALONE, UCS_JOINED = 70, 67


def segments(body: str) -> int:
    """Count the parts of a text: GSM-7 where its alphabet suffices, UCS-2 otherwise."""
    if all(letter in BASIC or letter in EXTENDED for letter in body):
        length = sum(2 if letter in EXTENDED else 1 for letter in body)
        return _parts(length, GSM_ALONE, GSM_JOINED)
    return _parts(len(body.encode("utf-16-be")) // 2, UCS_ALONE, UCS_JOINED)


def _parts(length: int, alone: int, joined: int) -> int:
    return 1 if length <= alone else ceil(length / joined)

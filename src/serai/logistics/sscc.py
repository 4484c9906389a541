"""Parcel numbers: the GS1 Serial Shipping Container Code, 18 digits that name one parcel.

An extension digit, the company prefix and a serial reference make 17 digits; the
last is their check digit (GS1 General Specifications, 3.3.1 and 7.9).
"""

PREFIX = "9521000"
"""The company prefix of the built-in courier. 952 is the GS1 prefix for demonstrations
and examples: a carrier that prints labels for the world gets one of its own from GS1."""

_DIGITS = 17


def number(serial: int, prefix: str = PREFIX) -> str:
    """Write the number of the parcel with that serial; raises beyond the last there is."""
    width = _DIGITS - len(prefix)
    if not 0 <= serial < 10**width:
        raise ValueError(f"the prefix {prefix} has no serial {serial}")
    # The extension digit is the serial's first: it has no meaning of its own.
    digits = f"{serial:0{width}d}"
    body = digits[0] + prefix + digits[1:]
    return body + check_digit(body)


def check_digit(body: str) -> str:
    """Compute the digit that follows: weights 3 and 1 from the right, up to the next ten."""
    total = sum(
        int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(body))
    )
    return str(-total % 10)


def valid(text: str) -> bool:
    """Tell whether a text is an SSCC: 18 digits, the last of them right."""
    well_formed = len(text) == _DIGITS + 1 and text.isascii() and text.isdigit()
    return well_formed and check_digit(text[:-1]) == text[-1]


def urn(text: str, prefix_length: int = len(PREFIX)) -> str:
    """Write a number as an EPC (GS1 EPC Tag Data Standard, 6.3.2): prefix, then the rest."""
    prefix, rest = text[1 : 1 + prefix_length], text[0] + text[1 + prefix_length : -1]
    return f"urn:epc:id:sscc:{prefix}.{rest}"

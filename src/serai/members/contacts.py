"""How a member is reached: e-mail addresses and telephone numbers in one normal form."""

import re
import unicodedata

import phonenumbers

from serai.kernel.errors import Refused
from serai.members.model import Code

# What browsers accept in a form (HTML Living Standard, "valid e-mail address"), with at
# least one dot in the domain, since mail from outside reaches no bare host name.
_EMAIL = re.compile(
    r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}"
    r"@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
)
_EMAIL_MAX = 254  # RFC 5321, 4.5.3.1.3, less the angle brackets
_PHONE_MAX = 64


def email(text: str) -> str | Refused:
    """Normalise an e-mail address: no blanks around it, lower case, plain width.

    Lower case in the local part too: the standard tells them apart, no provider
    of note does, and two accounts of one mailbox are worse.
    """
    address = unicodedata.normalize("NFKC", text).strip().lower()
    if len(address) > _EMAIL_MAX or not _EMAIL.fullmatch(address):
        return Refused(Code.EMAIL_INVALID, {"field": "email"})
    return address


def phone(text: str, country: str) -> str | Refused:
    """Normalise a telephone number to E.164, such as `+8613800138000`.

    A number without a country code belongs to `country` (ISO 3166-1 alpha-2).
    """
    refused = Refused(Code.PHONE_INVALID, {"field": "phone", "country": country})
    if len(text) > _PHONE_MAX:
        return refused
    try:
        number = phonenumbers.parse(unicodedata.normalize("NFKC", text), country)
    except phonenumbers.NumberParseException:
        return refused
    if not phonenumbers.is_valid_number(number):
        return refused
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def login(text: str, country: str) -> str | None:
    """Normalise what somebody typed to sign in; None when it is neither of the two."""
    contact = email(text) if "@" in unicodedata.normalize("NFKC", text) else phone(text, country)
    return None if isinstance(contact, Refused) else contact

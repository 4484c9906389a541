import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serai.kernel.errors import Refused
from serai.members import contacts

COUNTRIES = sorted(phonenumbers.SUPPORTED_REGIONS)


@given(st.one_of(st.emails(), st.text(max_size=80)))
def test_an_address_that_was_normalised_stays_as_it_is(text: str) -> None:
    once = contacts.email(text)
    if isinstance(once, str):
        assert contacts.email(once) == once
        assert once == once.strip().lower()
        assert once.isascii()


@given(st.emails(), st.sampled_from(["", " ", "\t", "\u3000"]))
def test_case_and_blanks_around_it_do_not_make_another_mailbox(email: str, blank: str) -> None:
    assert contacts.email(f"{blank}{email.upper()}{blank}") == contacts.email(email.lower())


@given(
    st.sampled_from(COUNTRIES),
    st.sampled_from(COUNTRIES),
    st.sampled_from(list(vars(phonenumbers.PhoneNumberFormat).values())),
)
def test_a_number_has_one_normal_form_however_it_is_written(
    country: str, elsewhere: str, style: object
) -> None:
    example = phonenumbers.example_number(country)
    assert example is not None
    normal = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)
    if isinstance(style, int):
        assert contacts.phone(phonenumbers.format_number(example, style), country) == normal
    assert contacts.phone(normal, elsewhere) == normal


@given(st.text(max_size=80), st.sampled_from(COUNTRIES))
def test_any_text_is_a_number_in_normal_form_or_refused(text: str, country: str) -> None:
    answer = contacts.phone(text, country)
    if isinstance(answer, str):
        assert contacts.phone(answer, country) == answer
    else:
        assert answer.code == "phone_invalid"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "@",
        "anna",
        "anna@",
        "@example.com",
        "anna@localhost",
        "anna@example..com",
        "anna@-example.com",
        "anna@example.com\nBcc: all@example.com",
        "anna @example.com",
        "anna@exa mple.com",
        f"{'a' * 65}@example.com",
        f"a@{'b' * 63}.{'c' * 63}.{'d' * 63}.{'e' * 63}.com",
    ],
)
def test_what_is_not_an_address_is_refused(text: str) -> None:
    answer = contacts.email(text)
    assert isinstance(answer, Refused)
    assert answer.facts == {"field": "email"}


def test_an_address_typed_in_wide_letters_is_the_same_mailbox() -> None:
    assert contacts.email("Ａｎｎａ＠example.com") == "anna@example.com"
    assert contacts.login("Ａｎｎａ＠example.com", "CN") == "anna@example.com"


def test_a_number_without_country_code_belongs_to_the_country() -> None:
    assert contacts.phone("138 0013 8000", "CN") == "+8613800138000"
    assert contacts.phone("030 901820", "DE") == "+4930901820"
    refused = contacts.phone("138 0013 8000", "MC")
    assert isinstance(refused, Refused)
    assert refused.facts == {"field": "phone", "country": "MC"}

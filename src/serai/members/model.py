"""Who takes part in a market, and under which terms: structs, enums, refusals."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, ClassVar
from uuid import UUID

from msgspec import Meta, Struct

from serai.kernel.tx import Row


class Code(StrEnum):
    """Why something was refused. The facts that come with each are in its comment."""

    FIELD_INVALID = "field_invalid"  # field, and what it must be: min, max or expected
    EMAIL_INVALID = "email_invalid"  # field
    PHONE_INVALID = "phone_invalid"  # field, country
    CONTACT_MISSING = "contact_missing"  # fields: one of these is needed
    EMAIL_TAKEN = "email_taken"  # field
    PHONE_TAKEN = "phone_taken"  # field
    SLUG_TAKEN = "slug_taken"  # field, slug
    LOCALE_UNKNOWN = "locale_unknown"  # field, locale, offered
    CURRENCY_UNKNOWN = "currency_unknown"  # field, currency
    COUNTRY_UNKNOWN = "country_unknown"  # field, country
    PLACE_UNKNOWN = "place_unknown"  # field, place_id
    TERMS_INVALID = "terms_invalid"  # field, message
    PASSWORD_LENGTH = "password_length"  # noqa: S105  min, max
    PASSWORD_GUESSABLE = "password_guessable"  # noqa: S105  because: common | personal
    SIGN_IN_FAILED = "sign_in_failed"  # none: an unknown account looks like a wrong password
    TOO_MANY_ATTEMPTS = "too_many_attempts"  # retry_at, wait_seconds
    DEACTIVATED = "deactivated"  # since
    MARKET_UNKNOWN = "market_unknown"  # market_id
    MEMBER_UNKNOWN = "member_unknown"  # member_id
    SESSION_UNKNOWN = "session_unknown"  # session_id
    TOKEN_UNKNOWN = "token_unknown"  # noqa: S105  token_id
    SHOP_UNKNOWN = "shop_unknown"  # shop_id
    ADDRESS_UNKNOWN = "address_unknown"  # address_id
    OPERATOR_ONLY = "operator_only"  # needs
    NOT_YOURS = "not_yours"  # shop_id
    ROLE_NOT_GRANTED = "role_not_granted"  # role: nobody grants it, it comes by itself
    LAST_OPERATOR = "last_operator"  # member_id
    BRAND_NOT_GRANTED = "brand_not_granted"  # brand: ask an operator to verify it
    SHOP_CLOSED = "shop_closed"  # shop_id
    PAUSED_BY_OPERATOR = "paused_by_operator"  # shop_id, reason
    LIMIT_REACHED = "limit_reached"  # of, max
    EXPIRY_INVALID = "expiry_invalid"  # after, until
    SCOPE_NOT_YOURS = "scope_not_yours"  # scope, needs


class Role(StrEnum):
    """What a member may be; one member may be all of them."""

    BUYER = "buyer"
    SELLER = "seller"
    COURIER = "courier"
    OPERATOR = "operator"


class Scope(StrEnum):
    """What a program with an API token may do in its member's name."""

    READ = "read"
    ORDERS_WRITE = "orders:write"
    CATALOG_WRITE = "catalog:write"
    MONEY_WRITE = "money:write"
    SHIPPING_WRITE = "shipping:write"
    MARKET_OPERATE = "market:operate"


# ── Markets ──────────────────────────────────────────────────────────────────


class Terms(Struct, frozen=True, kw_only=True):
    """What a market has settled: its timers and its commission.

    An order freezes what it needs of them when it is placed, so a change never
    reaches back.
    """

    unpaid_minutes: Annotated[int, Meta(ge=1, le=7 * 24 * 60)] = 30
    ship_hours: Annotated[int, Meta(ge=1, le=90 * 24)] = 72
    confirm_days: Annotated[int, Meta(ge=1, le=90)] = 10
    """From the delivery scan to the confirmation that the market gives for a silent buyer."""
    confirm_unscanned_days: Annotated[int, Meta(ge=1, le=180)] = 30
    """From shipping, where no scan ever came."""
    confirm_digital_days: Annotated[int, Meta(ge=1, le=90)] = 3
    extension_days: Annotated[int, Meta(ge=1, le=90)] = 5
    commission_bp: Annotated[int, Meta(ge=0, le=5_000)] = 0
    """Hundredths of a percent of the goods' price."""


class Market(Row, frozen=True):
    """One marketplace with its own operator, terms and members."""

    table: ClassVar[str] = "members_market"

    id: UUID
    slug: str
    name: str
    currency: str
    country: str
    """ISO 3166-1 alpha-2; where a telephone number without a country code belongs."""
    locales: list[str]
    """BCP 47 tags that the market speaks; the first is its own."""
    terms: Terms
    founded_at: datetime


class TermsChange(Row, frozen=True):
    """Who changed a market's terms, when, why, and from what to what."""

    table: ClassVar[str] = "members_terms_change"

    id: UUID
    market_id: UUID
    before: Terms
    after: Terms
    by_id: UUID | None
    reason: str
    at: datetime


class Action(Row, frozen=True):
    """Something an operator did. Without an actor it was done on the command line."""

    table: ClassVar[str] = "members_audit"

    id: UUID
    market_id: UUID
    actor_id: UUID | None
    action: str
    subject: UUID
    reason: str
    at: datetime


# ── Members ──────────────────────────────────────────────────────────────────


class Newcomer(Struct, frozen=True, kw_only=True):
    """What a person says to sign up; an e-mail address, a telephone number, or both."""

    name: str
    password: str
    email: str | None = None
    phone: str | None = None
    locale: str | None = None
    """One of the market's locales; the market's own where nothing is said."""

    def __repr__(self) -> str:
        """Leave the password out: what is printed is logged."""
        return f"Newcomer(name={self.name!r}, email={self.email!r}, phone={self.phone!r})"


class Member(Row, frozen=True):
    """A person or a business. `email` and `phone` are normalised; at least one is there."""

    table: ClassVar[str] = "members_member"

    id: UUID
    market_id: UUID
    name: str
    email: str | None
    phone: str | None
    locale: str
    joined_at: datetime


class MemberEntry(Struct, frozen=True):
    """A member as the operator's list shows one."""

    id: UUID
    name: str
    email: str | None
    phone: str | None
    locale: str
    joined_at: datetime
    roles: list[Role]
    deactivated_at: datetime | None


class Deactivation(Row, frozen=True):
    """That an operator keeps a member out, and why."""

    table: ClassVar[str] = "members_deactivation"
    key: ClassVar[tuple[str, ...]] = ("member_id",)

    member_id: UUID
    market_id: UUID
    by_id: UUID | None
    reason: str
    at: datetime


class RoleGrant(Row, frozen=True):
    """That a member has a role. Nobody granted the roles that come by themselves."""

    table: ClassVar[str] = "members_role"
    key: ClassVar[tuple[str, ...]] = ("member_id", "role")

    member_id: UUID
    role: Role
    market_id: UUID
    granted_by: UUID | None
    granted_at: datetime


class Caller(Struct, frozen=True):
    """Whoever stands at the door: a member, through a session or an API token."""

    member_id: UUID
    market_id: UUID
    roles: frozenset[Role]
    scopes: frozenset[Scope] | None
    """None for a session, which may do all that its member may."""
    session_id: UUID | None = None
    token_id: UUID | None = None

    def may(self, scope: Scope) -> bool:
        """Tell whether this way in allows it; what the member's roles allow is another question."""
        return self.scopes is None or scope in self.scopes


class Session(Struct, frozen=True):
    """One signed-in device. The token itself is known to that device alone."""

    id: UUID
    member_id: UUID
    address: str | None
    agent: str | None
    started_at: datetime
    seen_at: datetime
    """At most a minute behind."""
    expires_at: datetime


class SignedIn(Struct, frozen=True):
    """A member who has just come in, and the token that proves it from now on."""

    member: Member
    session: Session
    token: str

    def __repr__(self) -> str:
        """Leave the token out: what is printed is logged."""
        return f"SignedIn(member={self.member.id}, session={self.session.id})"


class ApiToken(Struct, frozen=True):
    """A key for a program that acts in a member's name."""

    id: UUID
    member_id: UUID
    name: str
    scopes: list[Scope]
    issued_at: datetime
    expires_at: datetime
    used_at: datetime | None
    """At most a minute behind."""
    revoked_at: datetime | None


class IssuedToken(Struct, frozen=True):
    """A new API token with its secret, which is shown once and never again."""

    token: ApiToken
    secret: str

    def __repr__(self) -> str:
        """Leave the secret out: what is printed is logged."""
        return f"IssuedToken(token={self.token.id})"


# ── Places and addresses ─────────────────────────────────────────────────────


class Place(Struct, frozen=True):
    """A city or town of GeoNames. The id is its geonameid; degrees are WGS 84."""

    id: int
    name: str
    country: str
    latitude: float
    longitude: float
    timezone: str
    population: int


class Country(Struct, frozen=True):
    """A country: ISO 3166-1 alpha-2 code, English name, currency (ISO 4217), calling code."""

    code: str
    name: str
    currency: str
    calling_code: str


class NewAddress(Struct, frozen=True, kw_only=True):
    """Where something can be sent: one to four lines, from the street to the door."""

    recipient: str
    phone: str
    lines: list[str]
    place_id: int
    postcode: str | None = None


class Address(Struct, frozen=True):
    """One of a member's addresses."""

    id: UUID
    member_id: UUID
    recipient: str
    phone: str
    lines: list[str]
    postcode: str | None
    place: Place
    is_default: bool

    def frozen(self) -> dict[str, Any]:
        """Copy what an order keeps: later changes of the address do not reach it."""
        place: Mapping[str, Any] = {
            "place_id": self.place.id,
            "city": self.place.name,
            "country": self.place.country,
            "latitude": self.place.latitude,
            "longitude": self.place.longitude,
            "timezone": self.place.timezone,
        }
        return {
            "address_id": str(self.id),
            "recipient": self.recipient,
            "phone": self.phone,
            "lines": list(self.lines),
            "postcode": self.postcode,
            **place,
        }

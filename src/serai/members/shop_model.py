"""What a shop is, says of itself, and may change: structs and enums."""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from msgspec import UNSET, Struct, UnsetType

from serai.kernel.tx import Row


class ShopKind(StrEnum):
    """What stands behind a shop."""

    INDIVIDUAL = "individual"
    BUSINESS = "business"
    BRAND = "brand"
    SUPPLIER = "supplier"


class ShopState(StrEnum):
    """Whether a shop sells. Closed is for good."""

    OPEN = "open"
    PAUSED = "paused"
    CLOSED = "closed"


class ShopWords(Struct, frozen=True):
    """A shop's name and description in one language."""

    name: str
    description: str = ""


class NewShop(Struct, frozen=True, kw_only=True):
    """What a member says to open a shop. Amounts are minor units of its currency."""

    slug: str
    name: str
    kind: ShopKind
    currency: str
    place_id: int
    description: str = ""
    ship_fee: int = 0
    ship_free_from: int | None = None
    translations: dict[str, ShopWords] = {}


class ShopEdit(Struct, frozen=True, kw_only=True):
    """What an owner may change about a shop; what is not set stays."""

    name: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    place_id: int | UnsetType = UNSET
    ship_fee: int | UnsetType = UNSET
    ship_free_from: int | UnsetType | None = UNSET
    translations: dict[str, ShopWords] | UnsetType = UNSET


class Shop(Row, frozen=True):
    """A member's storefront. Amounts are minor units of its currency."""

    table: ClassVar[str] = "members_shop"

    id: UUID
    market_id: UUID
    owner_id: UUID
    slug: str
    name: str
    kind: ShopKind
    currency: str
    place_id: int
    """Where its parcels leave from: a geonameid."""
    ship_fee: int
    """Asked once an order."""
    ship_free_from: int | None
    """From this sum of goods on, shipping is free; None: it never is."""
    state: ShopState
    opened_at: datetime
    description: str
    translations: dict[str, ShopWords]

    def words(self, locale: str) -> ShopWords:
        """Speak a locale: itself, else its language, else the shop's own words."""
        return (
            self.translations.get(locale)
            or self.translations.get(locale.partition("-")[0])
            or ShopWords(self.name, self.description)
        )


class ShopChange(Row, frozen=True):
    """Who opened, paused or closed a shop, when and why."""

    table: ClassVar[str] = "members_shop_change"

    id: UUID
    market_id: UUID
    shop_id: UUID
    before: ShopState
    after: ShopState
    by_id: UUID | None
    by_operator: bool
    reason: str
    at: datetime


class BrandGrant(Row, frozen=True):
    """That an operator has verified that a member may speak for a brand."""

    table: ClassVar[str] = "members_brand"

    id: UUID
    market_id: UUID
    member_id: UUID
    brand: str
    granted_by: UUID | None
    reason: str
    granted_at: datetime

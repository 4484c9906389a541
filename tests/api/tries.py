"""Every operation that changes something, with who may do it: the table of `test_every_caller`.

Each is tried as each kind of caller on things that were made for the trial. A
caller who is not named in `may` must be refused, and nothing may move.
"""

import base64
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from uuid import UUID

from msgspec import Struct

from serai import catalog, logistics, members, payments, trade
from serai.kernel import ids, webhooks
from serai.kernel.settings import Settings
from serai.kernel.tx import Tx
from serai.members import Scope, SignedIn
from tests import world as worlds
from tests.api.bazaar import PASSWORD, PEOPLE, Bazaar, Who, placed
from tests.world import good

Things = Mapping[str, Any]
Make = Callable[[Tx, Bazaar], Awaitable[dict[str, Any]]]
Body = Callable[[Things], Any]

B, OB, S, OS, C, O = PEOPLE  # noqa: E741  the six people, in the order of the table

GIF = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
_CSV = b"Handle,Title,Variant Price\nred-tea,Red Tea,12.50\n"


class Try(Struct, frozen=True):
    """An operation, what it is tried on, who may do it and what the others are told."""

    method: str
    path: str
    may: Mapping[Who, int]
    others: int | Mapping[Who, int]
    make: Make
    body: Body | None = None
    scope: Scope | None = None
    kind: str = "application/json"
    public: bool = False

    def status(self, who: Who) -> int:
        """Tell what somebody who may not is answered."""
        return self.others if isinstance(self.others, int) else self.others[who]


def all_may(status: int) -> dict[Who, int]:
    """Say that it is every member's to do."""
    return dict.fromkeys(PEOPLE, status)


def only(who: Who, status: int, told: int, **special: int) -> dict[str, Any]:
    """Say that it is one person's to do, and what everybody else is told."""
    named = {Who[name]: code for name, code in special.items()}
    others = {one: named.get(one, told) for one in PEOPLE}
    return {"may": {who: status}, "others": others}


def says(**body: Any) -> Body:  # noqa: ANN401  any JSON
    """Send always the same."""
    return lambda _: body


# ── Things ───────────────────────────────────────────────────────────────────────────────


async def nothing(tx: Tx, bazaar: Bazaar) -> dict[str, Any]:
    """Make what most paths name: people, shops and goods of the world."""
    w = bazaar.world
    return {
        "tag": ids.new(tx.clock.now()).hex[-12:],
        "ana": w.ana, "ben": w.ben, "tea_shop": w.tea_shop, "tea": w.tea,
        "door": w.anas_door,
    }  # fmt: skip


def with_order(make: Callable[[Tx, Bazaar], Awaitable[UUID]]) -> Make:
    async def made(tx: Tx, bazaar: Bazaar) -> dict[str, Any]:
        return await nothing(tx, bazaar) | {"order": await make(tx, bazaar)}

    return made


async def _paid(tx: Tx, bazaar: Bazaar) -> UUID:
    return await worlds.bought(tx, bazaar.world)


async def _shipped(tx: Tx, bazaar: Bazaar) -> UUID:
    return await worlds.shipped(tx, bazaar.world)


unpaid, paid, shipped = with_order(placed), with_order(_paid), with_order(_shipped)


async def frozen(tx: Tx, bazaar: Bazaar) -> dict[str, Any]:
    made = await paid(tx, bazaar)
    stop = worlds.ask(
        tx, bazaar.world, trade.Stop, bazaar.world.ines, made["order"], reason="a question"
    )
    [stopped] = await trade.stop_orders(tx, [stop])
    return made | {"freeze": good(stopped).freeze_id}


async def parcel(tx: Tx, bazaar: Bazaar) -> dict[str, Any]:
    made = await shipped(tx, bazaar)
    [one] = (await logistics.parcels_of(tx, [made["order"]]))[made["order"]]
    return made | {"number": one.number, "parcel": one.id, "now": tx.clock.now().isoformat()}


async def scanned(tx: Tx, bazaar: Bazaar) -> dict[str, Any]:
    made = await parcel(tx, bazaar)
    seen = worlds.scan(tx, bazaar.world, made["parcel"], logistics.Step.ACCEPT)
    [outcome] = await logistics.scan(tx, [seen])
    return made | {"scan": good(outcome).scan_id}


async def funded(tx: Tx, bazaar: Bazaar) -> dict[str, Any]:
    """Give Ana, and nobody else, money in a currency of the trial's own."""
    await worlds.fund(tx, bazaar.world, bazaar.world.ana, 10_000, "EUR")
    return await nothing(tx, bazaar)


async def suspended(tx: Tx, bazaar: Bazaar) -> dict[str, Any]:
    line = payments.BankLine(
        ids.new(tx.clock.now()), bazaar.world.market_id, "sandbox", "a gift", "CNY", 500, tx.now
    )
    [outcome] = await payments.reconcile(tx, [line])
    assert isinstance(outcome, payments.Suspended), outcome
    return await nothing(tx, bazaar) | {"line": line.id}


async def draft(tx: Tx, bazaar: Bazaar) -> dict[str, Any]:
    made = await nothing(tx, bazaar)
    shop = (await members.shops(tx, [made["tea_shop"]]))[made["tea_shop"]]
    new = catalog.Draft(
        handle=f"tea-{made['tag']}", title="Tea", variants=(catalog.VariantDraft(price=100),)
    )
    listing = good(await catalog.draft_listing(tx, shop, new, bazaar.world.lin))
    return made | {"listing": listing.id, "variant": listing.variants[0].id}


async def published(tx: Tx, bazaar: Bazaar) -> dict[str, Any]:
    made = await draft(tx, bazaar)
    good(await catalog.publish(tx, made["listing"], bazaar.world.lin))
    return made


async def archived(tx: Tx, bazaar: Bazaar) -> dict[str, Any]:
    made = await draft(tx, bazaar)
    good(await catalog.archive(tx, made["listing"], bazaar.world.lin))
    return made


async def category(tx: Tx, bazaar: Bazaar) -> dict[str, Any]:
    made = await nothing(tx, bazaar)
    names = {"en": "Tea"}
    one = await catalog.ensure_category(tx, bazaar.world.market_id, f"tea-{made['tag']}", names)
    return made | {"category": good(one).id}


async def new_shop(tx: Tx, bazaar: Bazaar) -> dict[str, Any]:
    """Open a shop of Lin's that a trial may close; she has closed the one before."""
    made = await nothing(tx, bazaar)
    new = members.NewShop(
        slug=f"s-{made['tag']}", name="Cups", kind=members.ShopKind.INDIVIDUAL,
        currency="CNY", place_id=1808926,
    )  # fmt: skip
    return made | {"shop": good(await members.open_shop(tx, bazaar.world.lin, new)).id}


async def sellers(tx: Tx, bazaar: Bazaar) -> dict[str, Any]:
    """Let only Lin and Omar be sellers, whoever opened a shop in another trial."""
    await tx.execute(
        "delete from members_role where role = 'seller' and member_id <> all($1)",
        [bazaar.world.lin, bazaar.world.omar],
    )
    return await nothing(tx, bazaar)


async def session(tx: Tx, bazaar: Bazaar) -> dict[str, Any]:
    opened = await members.start_session(tx, bazaar.world.ana)
    assert isinstance(opened, SignedIn)
    return await nothing(tx, bazaar) | {"session": opened.session.id}


async def token(tx: Tx, bazaar: Bazaar) -> dict[str, Any]:
    issued = good(await members.issue_token(tx, bazaar.world.ana, name="old", scopes=[Scope.READ]))
    return await nothing(tx, bazaar) | {"token": issued.token.id}


async def address(tx: Tx, bazaar: Bazaar) -> dict[str, Any]:
    new = members.NewAddress(
        recipient="Ana", phone="+8613800138000", lines=["2 Lake Road"], place_id=1796236
    )
    return await nothing(tx, bazaar) | {
        "address": good(await members.add_address(tx, bazaar.world.ana, new)).id
    }


async def webhook(tx: Tx, bazaar: Bazaar) -> dict[str, Any]:
    # An owner may have so many; those of earlier trials are gone with theirs.
    for old in await webhooks.webhooks_of(tx, bazaar.world.ana):
        await webhooks.remove(tx, bazaar.world.ana, old.id)
    made = good(
        await webhooks.register(
            tx, Settings(), market_id=bazaar.world.market_id, owner_id=bazaar.world.ana,
            url="https://example.org/hooks", kinds=["order.*"],
        )
    )  # fmt: skip
    message = good(await webhooks.ping(tx, bazaar.world.ana, made.webhook.id))
    return await nothing(tx, bazaar) | {"hook": made.webhook.id, "message": message.id}


async def newcomer(tx: Tx, bazaar: Bazaar) -> dict[str, Any]:
    """Let somebody join whom the trial may keep out or give a role."""
    made = await nothing(tx, bazaar)
    id = ids.new(tx.clock.now())
    email = f"{made['tag']}@example.com"
    await tx.insert([members.Member(id, bazaar.world.market_id, "Noor", email, None, "en", tx.now)])
    return made | {"member": id}


async def courier(tx: Tx, bazaar: Bazaar) -> dict[str, Any]:
    made = await newcomer(tx, bazaar)
    role = members.Role.COURIER
    good(await members.grant_role(tx, made["member"], role, by=bazaar.world.ines, reason="hired"))
    return made


async def kept_out(tx: Tx, bazaar: Bazaar) -> dict[str, Any]:
    made = await newcomer(tx, bazaar)
    good(await members.deactivate(tx, made["member"], by=bazaar.world.ines, reason="spam"))
    return made


# ── The table ────────────────────────────────────────────────────────────────────────────

_WHY = says(reason="so it is")
_NO_BODY = says()
_OPERATOR: dict[str, Any] = {
    **only(O, 200, 403),
    "scope": Scope.MARKET_OPERATE,
}
_OPERATES = _OPERATOR | {"may": {O: 201}}
_OPERATES_AWAY = _OPERATOR | {"may": {O: 204}}


def _checkout(things: Things) -> dict[str, Any]:
    lines = [{"variant_id": str(things["tea"]), "quantity": 1}]
    return {"lines": lines, "address_id": str(things["door"]), "pay": False}


def _scan(things: Things) -> dict[str, Any]:
    return {"step": "accept", "event_time": things["now"], "zone_offset_minutes": 0}


_ADDRESS = {
    "recipient": "Me", "phone": "+8613800138000", "lines": ["1 Lake Road"], "place_id": 1796236,
}  # fmt: skip

_ORDERS: dict[str, Any] = {"scope": Scope.ORDERS_WRITE}
_MONEY: dict[str, Any] = {"scope": Scope.MONEY_WRITE}
_CATALOG: dict[str, Any] = {"scope": Scope.CATALOG_WRITE}
_SHIPS: dict[str, Any] = {"scope": Scope.SHIPPING_WRITE}

TRADE: dict[str, Try] = {
    "place_orders": Try("POST", "/orders", **only(B, 201, 404, SELLER=409), make=nothing,
                        body=_checkout, **_ORDERS),
    "pay_order": Try("POST", "/orders/{order}/payment", **only(B, 201, 404), make=unpaid,
                     **_ORDERS),
    "cancel_order": Try("POST", "/orders/{order}/cancellation", {B: 201, S: 201}, 404, unpaid,
                        _NO_BODY, **_ORDERS),
    "ship_order": Try("POST", "/orders/{order}/shipment", **only(S, 201, 404, BUYER=403),
                      make=paid, body=_NO_BODY, **_SHIPS),
    "confirm_order": Try("POST", "/orders/{order}/confirmation", **only(B, 201, 404, SELLER=403),
                         make=shipped, **_ORDERS),
    "extend_order": Try("POST", "/orders/{order}/extension", **only(B, 201, 404, SELLER=403),
                        make=shipped, **_ORDERS),
    "refund_order": Try("POST", "/orders/{order}/refunds", **only(S, 201, 404, BUYER=403),
                        make=paid, body=says(amount=1), **_MONEY),
    "freeze_order": Try("POST", "/orders/{order}/freezes", **_OPERATES, make=paid, body=_WHY),
    "lift_freeze": Try("POST", "/orders/{order}/freezes/{freeze}/lifting", **_OPERATES,
                       make=frozen, body=_WHY),
    "set_cart_line": Try("PUT", "/cart/lines/{tea}", all_may(204), 0, nothing, says(quantity=2),
                         **_ORDERS),
    "remove_cart_line": Try("DELETE", "/cart/lines/{tea}", all_may(204), 0, nothing, **_ORDERS),
    "give": Try("POST", "/transfers", **only(B, 201, 409, OTHER_BUYER=422), make=funded,
                body=lambda t: {"to_id": str(t["ben"]), "amount": 1, "currency": "EUR"}, **_MONEY),
    "top_up": Try("POST", "/top-ups", all_may(202), 0, nothing,
                  says(amount=100, currency="CNY", account="SANDBOX-OK"), **_MONEY),
    "withdraw": Try("POST", "/payouts", **only(B, 202, 409), make=funded,
                    body=says(amount=7, currency="EUR", account="A-1", holder="Ana"), **_MONEY),
    "resolve_suspense": Try("POST", "/suspense/{line}/resolution", **_OPERATES, make=suspended,
                            body=says(assignment={"to": "guarantee"}, reason="a gift")),
    "scan_parcel": Try("POST", "/parcels/{number}/scans", **only(C, 201, 403), make=parcel,
                       body=_scan, **_SHIPS),
    "correct_scan": Try("POST", "/parcels/{number}/scans/{scan}/correction", **only(C, 201, 403),
                        make=scanned, body=_NO_BODY, **_SHIPS),
    "restock": Try("POST", "/variants/{tea}/restocks", **only(S, 201, 404), make=nothing,
                   body=says(quantity=3), **_CATALOG),
    "recount": Try("POST", "/variants/{variant}/counts", **only(S, 201, 404), make=draft,
                   body=says(counted=9), **_CATALOG),
}  # fmt: skip

GOODS: dict[str, Try] = {
    "draft_listing": Try("POST", "/shops/{tea_shop}/listings", **only(S, 201, 403), make=nothing,
                         body=lambda t: {"handle": f"n-{t['tag']}", "title": "New"}, **_CATALOG),
    "revise_listing": Try("PATCH", "/listings/{listing}", **only(S, 200, 404), make=draft,
                          body=says(title="Other"), **_CATALOG),
    "set_price": Try("PUT", "/variants/{variant}/price", **only(S, 200, 404), make=draft,
                     body=says(price=5), **_CATALOG),
    "publish_listing": Try("POST", "/listings/{listing}/publication", **only(S, 201, 404),
                           make=draft, body=_NO_BODY, **_CATALOG),
    "pause_listing": Try("DELETE", "/listings/{listing}/publication", **only(S, 200, 404),
                         make=published, **_CATALOG),
    "archive_listing": Try("POST", "/listings/{listing}/archival", **only(S, 201, 404),
                           make=draft, body=_NO_BODY, **_CATALOG),
    "reopen_listing": Try("DELETE", "/listings/{listing}/archival", **only(S, 200, 404),
                          make=archived, **_CATALOG),
    "keep_picture": Try("POST", "/pictures", {S: 201, OS: 201}, 403, sellers, lambda _: GIF,
                        Scope.CATALOG_WRITE, "image/gif"),
    "import_products": Try("POST", "/shops/{tea_shop}/product-imports", **only(S, 201, 403),
                           make=nothing, body=lambda _: _CSV, kind="text/csv", **_CATALOG),
    "make_category": Try("POST", "/categories", **_OPERATES, make=nothing,
                         body=lambda t: {"slug": f"c-{t['tag']}", "names": {"en": "Cups"}}),
    "edit_category": Try("PATCH", "/categories/{category}", **_OPERATOR, make=category,
                         body=says(names={"en": "Teas"}, position=4)),
    "open_shop": Try("POST", "/shops", all_may(201), 0, nothing,
                     lambda t: {"slug": f"s-{t['tag']}", "name": "Shop", "kind": "individual",
                                     "currency": "CNY", "place_id": 1808926}, **_CATALOG),
    "edit_shop": Try("PATCH", "/shops/{tea_shop}", **only(S, 200, 403), make=nothing,
                     body=says(description="Tea, mostly."), **_CATALOG),
    "change_shop_state": Try("POST", "/shops/{shop}/state-changes", {S: 201, O: 201}, 403,
                             new_shop, says(state="closed", reason="moving"), **_CATALOG),
}  # fmt: skip

PEOPLES: dict[str, Try] = {
    "sign_up": Try("POST", "/members", all_may(201), 0, nothing,
                   lambda t: {"name": "Pat", "password": PASSWORD,
                              "email": f"p{t['tag']}@example.com"}, public=True),
    "sign_in": Try("POST", "/sessions", all_may(201), 0, nothing,
                   says(login="zoe@example.com", password=PASSWORD), public=True),
    "sign_out": Try("DELETE", "/sessions/current", all_may(204), 0, nothing),
    "end_session": Try("DELETE", "/sessions/{session}", **only(B, 204, 404), make=session),
    "end_other_sessions": Try("DELETE", "/sessions", all_may(204), 0, nothing),
    "edit_me": Try("PATCH", "/me", all_may(200), 0, nothing, lambda t: {"name": t["tag"]}),
    "change_password": Try("PUT", "/me/password", **only(B, 204, 401), make=nothing,
                           body=says(old=PASSWORD, new=PASSWORD + " again")),
    "issue_token": Try("POST", "/tokens", all_may(201), 0, nothing,
                       says(name="mine", scopes=["read"])),
    "revoke_token": Try("DELETE", "/tokens/{token}", **only(B, 204, 404), make=token),
    "add_address": Try("POST", "/addresses", all_may(201), 0, nothing, lambda _: _ADDRESS),
    "edit_address": Try("PUT", "/addresses/{address}", **only(B, 200, 404), make=address,
                        body=lambda _: _ADDRESS),
    "remove_address": Try("DELETE", "/addresses/{address}", **only(B, 204, 404), make=address),
    "set_default_address": Try("PUT", "/me/default-address", **only(B, 200, 404), make=address,
                               body=lambda t: {"address_id": str(t["address"])}),
    "register_webhook": Try("POST", "/webhooks", all_may(201), 0, webhook,
                            says(url="https://example.org/h", kinds=["*"])),
    "remove_webhook": Try("DELETE", "/webhooks/{hook}", **only(B, 204, 404), make=webhook),
    "rotate_webhook_secret": Try("POST", "/webhooks/{hook}/secrets", **only(B, 201, 404),
                                 make=webhook),
    "enable_webhook": Try("DELETE", "/webhooks/{hook}/disablement", **only(B, 204, 404),
                          make=webhook),
    "redeliver_webhook_message": Try("POST", "/webhooks/{hook}/messages/{message}/redelivery",
                                     **only(B, 202, 404), make=webhook),
    "send_test_message": Try("POST", "/webhooks/{hook}/test-messages", **only(B, 202, 404),
                             make=webhook),
    "edit_terms": Try("PATCH", "/market/terms", **_OPERATOR, make=nothing,
                      body=says(ship_hours=71, reason="faster")),
    "grant_role": Try("PUT", "/members/{member}/roles/courier", **_OPERATOR, make=newcomer,
                      body=_WHY),
    "revoke_role": Try("DELETE", "/members/{member}/roles/courier?reason=left", **_OPERATES_AWAY,
                       make=courier),
    "deactivate": Try("PUT", "/members/{member}/deactivation", **_OPERATOR, make=newcomer,
                      body=_WHY),
    "reactivate": Try("DELETE", "/members/{member}/deactivation?reason=sorry", **_OPERATES_AWAY,
                      make=kept_out),
    "grant_brand": Try("POST", "/members/{member}/brands", **_OPERATES, make=newcomer,
                       body=says(brand="Serai", reason="seen the papers")),
}  # fmt: skip

TRIES = TRADE | GOODS | PEOPLES

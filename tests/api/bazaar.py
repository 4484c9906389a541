"""The named world behind the API: its people call, and its whole state can be compared.

Ana and Ben buy, Lin sells tea, Omar sells rugs, Kai carries parcels, Ines runs
the market. Sessions are opened without passwords, which would cost more than
the tests.
"""

import hashlib
from enum import StrEnum
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
from msgspec import Struct

from serai import members
from serai.kernel import ids
from serai.kernel.tx import Database, Tx
from serai.members import IssuedToken, Role, Scope, SignedIn
from tests import world as worlds
from tests.world import World, good

PLENTY = 100_000


class Who(StrEnum):
    """The kinds of callers."""

    NOBODY = "nobody"
    BUYER = "buyer"
    OTHER_BUYER = "other buyer"
    SELLER = "seller"
    OTHER_SELLER = "other seller"
    COURIER = "courier"
    OPERATOR = "operator"
    EXPIRED = "expired session"
    FORGED = "forged token"
    SCOPELESS = "token without the scope"


PEOPLE = (
    Who.BUYER,
    Who.OTHER_BUYER,
    Who.SELLER,
    Who.OTHER_SELLER,
    Who.COURIER,
    Who.OPERATOR,
)


class Bazaar(Struct, frozen=True):
    """A committed database with the world in it."""

    database: Database
    world: World
    pictures: Path

    def member(self, who: Who) -> UUID:
        """Name the member behind a kind of caller."""
        w = self.world
        people = dict(zip(PEOPLE, (w.ana, w.ben, w.lin, w.omar, w.kai, w.ines), strict=True))
        return people[who]

    async def session(self, who: Who) -> dict[str, str]:
        """Let somebody come in; gives the headers of their requests."""
        async with self.database.tx() as tx:
            opened = await members.start_session(tx, self.member(who))
        assert isinstance(opened, SignedIn)
        return {"Authorization": f"Bearer {opened.token}"}

    async def expired(self, who: Who) -> dict[str, str]:
        """Give the headers of somebody whose session's time is over."""
        async with self.database.tx() as tx:
            opened = await members.start_session(tx, self.member(who))
            assert isinstance(opened, SignedIn)
            await tx.execute(
                "update members_session set expires_at = $2::timestamptz - interval '1 second',"
                " started_at = $2::timestamptz - interval '30 days' where id = $1",
                opened.session.id,
                tx.now,
            )
        return {"Authorization": f"Bearer {opened.token}"}

    async def token(self, who: Who, scopes: list[Scope]) -> dict[str, str]:
        """Make an API token; gives the headers of its requests."""
        async with self.database.tx() as tx:
            # A member has so many tokens at most: those of trials before go.
            await tx.execute("delete from members_token where name = 't'")
            issued = await members.issue_token(tx, self.member(who), name="t", scopes=scopes)
            assert isinstance(issued, IssuedToken), issued
        return {"Authorization": f"Bearer {issued.secret}"}

    async def state(self) -> dict[str, str]:
        """Take the fingerprint of everything that a request could move, by table.

        Left out is what every request may leave behind: that a token was seen,
        that a sign-in failed, and the answers to commands, refusals among them.
        """
        async with self.database.tx() as tx:
            tables = await tx.values(_TABLES)
            return {
                table: await tx.value(_PRINT.format(table=table, where=_WHERE.get(table, "true")))
                for table in tables
            }


_TABLES = """
select tablename::text from pg_tables
where schemaname = 'public' and tablename not in (
    'kernel_command', 'members_session', 'members_token', 'members_attempt', '_pogo_migration')
order by 1
"""
_PRINT = """
select md5(coalesce(string_agg(t::text, '|' order by t::text), '')) from {table} as t where {where}
"""
# An account that was looked for is opened, with nothing in it.
_WHERE = {
    "ledger_account": "debits_pending + debits_posted + credits_pending + credits_posted <> 0"
}


async def open_bazaar(database: Database, pictures: Path) -> Bazaar:
    """Build the world, with plenty on its shelves, and commit it."""
    async with database.tx() as tx:
        world = await worlds.build(tx)
        grants = [
            members.RoleGrant(world.kai, Role.COURIER, world.market_id, None, tx.now),
            members.RoleGrant(world.ines, Role.OPERATOR, world.market_id, None, tx.now),
        ]
        await tx.insert(grants)
        for variant in (world.tea, world.song):
            await worlds.stock(tx, world.market_id, world.tea_shop, world.lin, variant, PLENTY)
        new = members.Newcomer(name="Zoe", password=PASSWORD, email="zoe@example.com")
        zoe = good(await members.sign_up(tx, world.market_id, new))
        # Ana gets Zoe's password: to hash another would take its time.
        await tx.execute(
            "insert into members_password select $1, hash, set_at from members_password"
            " where member_id = $2",
            world.ana,
            zoe.id,
        )
    return Bazaar(database, world, pictures)


PASSWORD = "correct horse battery staple"


def key() -> dict[str, str]:
    """Choose a fresh Idempotency-Key."""
    return {"Idempotency-Key": hashlib.sha256(str(_count()).encode()).hexdigest()[:32]}


def _count(counter: list[int] = []) -> int:  # noqa: B006  it is there to be remembered
    counter.append(len(counter))
    return len(counter)


async def send(
    door: httpx.AsyncClient,
    method: str,
    path: str,
    headers: dict[str, str] | None = None,
    body: Any = None,  # noqa: ANN401  any JSON, or bytes
) -> httpx.Response:
    """Send a request under a fresh key."""
    given = key() | (headers or {})
    url = f"/api/v1{path}"
    if isinstance(body, bytes):
        return await door.request(method, url, headers=given, content=body)
    return await door.request(method, url, headers=given, json=body)


async def placed(tx: Tx, bazaar: Bazaar) -> UUID:
    """Have Ana order a tin of tea that is not paid yet."""
    return await worlds.bought(tx, bazaar.world, pay=False)


def new_id(tx: Tx) -> UUID:
    """Make an id that nothing has."""
    return ids.new(tx.clock.now())

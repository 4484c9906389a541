"""Members at the machine's door: joining, coming in, and the keys of programs."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, delete, get, patch, post, put
from litestar.params import FromPath, JSONBody
from msgspec import UNSET, Meta, Struct, UnsetType

from serai import members
from serai.api.asked import TheCaller, TheHouse, TheMarket
from serai.api.bodies import Body
from serai.api.callers import address_of, public, requires
from serai.api.says import Says, accepted
from serai.kernel.tx import Tx
from serai.members import ApiToken, Caller, Code, Member, Newcomer, Role, Scope, Session, SignedIn

Text = Annotated[str, Meta(max_length=1_000)]

# Hashing a password is as much work as many ordinary requests.
_HASHING = 6


class SignUp(Body):
    """Whoever joins; with an e-mail address, a telephone number, or both."""

    name: Text
    password: Annotated[str, Meta(max_length=1_000, description="Eight characters or more.")]
    email: Text | None = None
    phone: Text | None = None
    locale: Text | None = None


class SignIn(Body):
    """The e-mail address or telephone number of a member, and the password."""

    login: Text
    password: Text


class Entry(Struct, frozen=True):
    """A session that was opened. `token` goes into `Authorization: Bearer`; it is shown once."""

    token: str
    session: Session
    member: Member


class Me(Struct, frozen=True):
    """The caller: who it is, what they are, and what this way in may do."""

    member: Member
    roles: list[Role]
    scopes: list[Scope] | None
    """Null for a session, which may do all that its member may."""


class EditMe(Body):
    """What to change; what is not sent stays."""

    name: Text | UnsetType = UNSET
    locale: Text | UnsetType = UNSET


class NewPassword(Body):
    """The password that was, and the one that is to be."""

    old: Text
    new: Text


class NewToken(Body):
    """What a program is called, what it may do, and until when: ninety days unless told."""

    name: Text
    scopes: Annotated[list[Scope], Meta(min_length=1, max_length=20)]
    expires_at: Annotated[datetime, Meta(tz=True)] | None = None


class Issued(Struct, frozen=True):
    """A token that was made; `secret` is shown once."""

    secret: str
    token: ApiToken


@post("/members", tags=["members"], opt=public(cost=_HASHING))
async def sign_up(house: TheHouse, market: TheMarket, data: JSONBody[SignUp]) -> Member:
    """Join the market.

    Everybody who joins may buy. Sign in to act.
    """
    newcomer = Newcomer(**msgspec.structs.asdict(data))
    return accepted(await house.ask(members.sign_up, market.id, newcomer))


@post("/sessions", tags=["sessions"], opt=public(cost=_HASHING))
async def sign_in(
    request: Request[Any, Any, Any], house: TheHouse, market: TheMarket, data: JSONBody[SignIn]
) -> Entry:
    """Sign in.

    Too many wrong passwords make the account, and your network address, wait.
    """
    agent = request.headers.get("user-agent")
    entered: SignedIn = accepted(
        await house.ask(
            members.sign_in,
            market.id,
            data.login,
            data.password,
            address=address_of(request),
            agent=agent,
        )
    )
    return Entry(entered.token, entered.session, entered.member)


@get("/sessions", tags=["sessions"], opt=requires())
async def list_sessions(house: TheHouse, caller: TheCaller) -> list[Session]:
    """List where you are signed in."""
    return await house.ask(members.sessions_of, caller.member_id)


@delete("/sessions/current", tags=["sessions"], opt=requires())
async def sign_out(house: TheHouse, caller: TheCaller) -> None:
    """Sign out."""
    assert caller.session_id is not None, "only sessions get here"
    accepted(await house.ask(members.end_session, caller.member_id, caller.session_id))


@delete("/sessions/{session_id:uuid}", tags=["sessions"], opt=requires())
async def end_session(house: TheHouse, caller: TheCaller, session_id: FromPath[UUID]) -> None:
    """End one of your sessions, such as that of a lost telephone."""
    accepted(await house.ask(members.end_session, caller.member_id, session_id))


@delete("/sessions", tags=["sessions"], opt=requires())
async def end_other_sessions(house: TheHouse, caller: TheCaller) -> None:
    """End all your sessions but this one."""
    await house.ask(members.end_other_sessions, caller.member_id, keep=caller.session_id)


async def _me(tx: Tx, caller: Caller) -> Me:
    found = await members.member(tx, caller.member_id)
    assert found is not None, "a caller is a member"
    scopes = None if caller.scopes is None else sorted(caller.scopes)
    return Me(found, sorted(caller.roles), scopes)


@get("/me", tags=["me"], opt=requires(Scope.READ))
async def show_me(house: TheHouse, caller: TheCaller) -> Me:
    """Show who you are and what you may do."""
    return await house.ask(_me, caller)


@patch("/me", tags=["me"], opt=requires())
async def edit_me(house: TheHouse, caller: TheCaller, data: JSONBody[EditMe]) -> Me:
    """Change your name or your language."""

    async def edit(tx: Tx) -> Me:
        if data.name is not UNSET:
            accepted(await members.rename(tx, caller.member_id, data.name))
        if data.locale is not UNSET:
            accepted(await members.set_locale(tx, caller.member_id, data.locale))
        return await _me(tx, caller)

    return await house.ask(edit)


@put("/me/password", tags=["me"], opt=requires(cost=_HASHING), status_code=204)
async def change_password(house: TheHouse, caller: TheCaller, data: JSONBody[NewPassword]) -> None:
    """Change your password; every other session of yours ends."""
    accepted(
        await house.ask(
            members.change_password,
            caller.member_id,
            old=data.old,
            new=data.new,
            keep=caller.session_id,
        )
    )


@post("/tokens", tags=["tokens"], opt=requires())
async def issue_token(house: TheHouse, caller: TheCaller, data: JSONBody[NewToken]) -> Issued:
    """Make a token for a program.

    It acts in your name, within its scopes. The secret is in this answer and nowhere else.
    """
    issued = accepted(
        await house.ask(
            members.issue_token,
            caller.member_id,
            name=data.name,
            scopes=data.scopes,
            expires_at=data.expires_at,
        )
    )
    return Issued(issued.secret, issued.token)


@get("/tokens", tags=["tokens"], opt=requires())
async def list_tokens(house: TheHouse, caller: TheCaller) -> list[ApiToken]:
    """List your tokens, those that are over too."""
    return await house.ask(members.tokens_of, caller.member_id)


@delete("/tokens/{token_id:uuid}", tags=["tokens"], opt=requires())
async def revoke_token(house: TheHouse, caller: TheCaller, token_id: FromPath[UUID]) -> None:
    """Revoke a token, at once and for good."""
    accepted(await house.ask(members.revoke_token, caller.member_id, token_id))


ROUTES = [
    sign_up,
    sign_in,
    list_sessions,
    sign_out,
    end_session,
    end_other_sessions,
    show_me,
    edit_me,
    change_password,
    issue_token,
    list_tokens,
    revoke_token,
]

_WRONG = "This is not right"

REFUSALS: dict[str, Says] = {
    Code.FIELD_INVALID: Says(
        422, _WRONG, "{field} is too short, too long, or not of the right form."
    ),
    Code.EMAIL_INVALID: Says(422, _WRONG, "This is not an e-mail address."),
    Code.PHONE_INVALID: Says(
        422, _WRONG, "This is not a telephone number; begin with + and the country's code."
    ),
    Code.CONTACT_MISSING: Says(
        422, "How can you be reached?", "Give an e-mail address or a telephone number."
    ),
    Code.EMAIL_TAKEN: Says(
        409, "This e-mail address has an account", "Sign in with it, or give another one."
    ),
    Code.PHONE_TAKEN: Says(
        409, "This telephone number has an account", "Sign in with it, or give another one."
    ),
    Code.SLUG_TAKEN: Says(409, "This name is taken", "{slug} is in use; choose another one."),
    Code.LOCALE_UNKNOWN: Says(
        422, "This language is not spoken here", "{locale} is not among the market's languages."
    ),
    Code.CURRENCY_UNKNOWN: Says(422, _WRONG, "{currency} is not a currency of ISO 4217."),
    Code.COUNTRY_UNKNOWN: Says(422, _WRONG, "{country} is not a country of ISO 3166."),
    Code.PLACE_UNKNOWN: Says(
        422, "No such place", "Find the place at /api/v1/places and send its id."
    ),
    Code.TERMS_INVALID: Says(422, "These terms cannot be", "{field}: {message}"),
    Code.PASSWORD_LENGTH: Says(
        422, "This password will not do", "It must have from {min} to {max} characters."
    ),
    Code.PASSWORD_GUESSABLE: Says(
        422,
        "This password will not do",
        "It is easily guessed: it is a common one, or holds your name or address.",
    ),
    Code.SIGN_IN_FAILED: Says(
        401, "You are not signed in", "The name or the password is not right."
    ),
    Code.TOO_MANY_ATTEMPTS: Says(
        429, "Too many wrong passwords", "Wait {wait_seconds:number} seconds, then try again."
    ),
    Code.DEACTIVATED: Says(
        403, "This account is closed", "An operator of the market closed it; ask them why."
    ),
    Code.MEMBER_UNKNOWN: Says(404, "No such member", "Nobody of that id is a member here."),
    Code.SESSION_UNKNOWN: Says(404, "No such session", "You have no session of that id."),
    Code.TOKEN_UNKNOWN: Says(404, "No such token", "You have no token of that id."),
    Code.SHOP_UNKNOWN: Says(404, "No such shop", "There is no shop of that id."),
    Code.ADDRESS_UNKNOWN: Says(404, "No such address", "You have no address of that id."),
    Code.OPERATOR_ONLY: Says(403, "This is for operators", "Only who runs the market may do this."),
    Code.NOT_YOURS: Says(403, "This shop is not yours", "Only its owner may do this."),
    Code.ROLE_NOT_GRANTED: Says(
        422,
        "Nobody grants this role",
        "Every member is a buyer, and who opens a shop is a seller.",
    ),
    Code.LAST_OPERATOR: Says(
        409, "A market needs an operator", "This is the last one; make another one first."
    ),
    Code.BRAND_NOT_GRANTED: Says(
        409,
        "This brand is not verified",
        "An operator must verify that you may speak for {brand}; ask them first.",
    ),
    Code.SHOP_CLOSED: Says(409, "This shop is closed", "It was closed for good."),
    Code.PAUSED_BY_OPERATOR: Says(
        409, "An operator paused this shop", "Only an operator reopens it. The reason: {reason}"
    ),
    Code.LIMIT_REACHED: Says(
        409, "There are enough of these", "You may have {max:number}; remove one first."
    ),
    Code.EXPIRY_INVALID: Says(
        422, _WRONG, "It must expire between {after:moment} and {until:moment}."
    ),
    Code.SCOPE_NOT_YOURS: Says(
        403, "This scope is not yours to give", "{scope} takes the role {needs}."
    ),
}
"""What is said to the refusals of `serai.members`."""

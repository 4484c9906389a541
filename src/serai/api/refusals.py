"""What is said to the refusals of the halls of a trade, by hall.

One code may be used by several halls, which then mean the same by it: such a
code stands once, with the first hall that has it. Codes that members share are
told with `serai.api.members`.
"""

from serai import catalog, inventory, ledger, logistics, payments, trade
from serai.api.says import Says

_T, _P, _L = trade.Code, payments.Code, ledger.Code
_F, _I, _C = payments.FundingCode, inventory.Code, catalog.Code
_G = logistics.Code

TRADE: dict[str, Says] = {
    _T.NOTHING_CHOSEN: Says(422, "Nothing was chosen", "Send at least one line."),
    _T.TOO_MANY_LINES: Says(
        422, "Too many lines", "There may be {most:number}; buy the rest with another order."
    ),
    _T.QUANTITY_OUT_OF_RANGE: Says(
        422, "This quantity cannot be", "It is too small or too large; `facts` give the bounds."
    ),
    _T.NOT_ON_SALE: Says(
        409,
        "This is not on sale",
        "The variant {variant_id} cannot be bought here now; take it out and try again.",
    ),
    _T.OWN_SHOP: Says(409, "This is your own shop", "Nobody buys of themselves; leave it out."),
    _T.ADDRESS_MISSING: Says(
        422,
        "Where shall it go?",
        "Something of this travels: send the id of one of your addresses.",
    ),
    _T.LIMIT_EXCEEDED: Says(
        409,
        "This is more than one buyer may have",
        "Each buyer may have {limit:number} of it, and you have ordered {already:number}.",
    ),
    _T.PRICE_CHANGED: Says(
        409,
        "The total is another one now",
        "Nothing was bought. It comes to {totals} in minor units; agree to it by sending that as"
        " `expected`, with a new key.",
    ),
    _T.TOTAL_OUT_OF_RANGE: Says(
        422, "This is too much at once", "An order may come to {most:number} minor units."
    ),
    _T.ORDER_UNKNOWN: Says(404, "No such order", "There is no order of that id among yours."),
    _T.ORDER_STATE: Says(
        409,
        "The order's state does not allow it",
        "It is {state}. Look at the order to see what can be done with it now.",
    ),
    _T.ORDER_STOPPED: Says(
        409,
        "This order stands still",
        "An operator froze it at {since:moment}; it goes on when they lift that.",
    ),
    _T.NOT_DUE: Says(409, "It is not time yet", "The order's deadline has not passed."),
    _T.TOO_EARLY: Says(
        409,
        "The seller still has time",
        "It is paid and the seller may ship it until {from:moment}; from then on you may call it"
        " off at once. Ask the seller to call it off sooner.",
    ),
    _T.ALREADY_EXTENDED: Says(
        409, "You took more time already", "That is possible once; you did it at {at:moment}."
    ),
    _T.NOT_THE_BUYER: Says(403, "This is for the buyer", "Only who bought it may do this."),
    _T.NOT_THE_SELLER: Says(403, "This is for the seller", "Only who sells it may do this."),
}

PAYMENTS: dict[str, Says] = {
    _P.HOLD_UNKNOWN: Says(409, "Nothing is held", "This order was never paid."),
    _P.HOLD_ENDED: Says(409, "Nothing is held any more", "The money has gone where it belongs."),
    _P.HOLD_FROZEN: Says(
        409, "The money is frozen", "An operator looks into this order; wait until that is over."
    ),
    _P.FREEZE_UNKNOWN: Says(404, "No such freeze", "The order has no open freeze of that id."),
    _P.REFUND_EXCEEDS: Says(
        409, "There is not so much to give back", "{left:number} minor units of it are left."
    ),
    _F.AMOUNT_OUT_OF_RANGE: Says(
        422, "This amount cannot be", "It must be from 1 to {most:number} minor units."
    ),
    _F.PROVIDER_UNKNOWN: Says(
        422, "No such bank is connected", "Send one of these as provider: {offered}."
    ),
    _F.INSUFFICIENT_FUNDS: Says(
        409,
        "There is not enough money",
        "{missing:money} are missing. Top up at /api/v1/top-ups, then send it again under a new"
        " key.",
    ),
    _F.SAME_MEMBER: Says(422, "This is you", "Nobody gives money to themselves."),
    _F.ASK_UNKNOWN: Says(404, "Nothing of that kind was asked", "The bank was never asked this."),
    _F.ANSWER_UNFIT: Says(
        409, "This answer does not fit", "It is {state}, and {word} means nothing to it."
    ),
    _F.ALREADY_PAID: Says(409, "This is paid", "It is {state} already; {word} came too late."),
    _F.ALREADY_FAILED: Says(409, "This failed", "It has {state} already; {word} came too late."),
    _F.ALREADY_RETURNED: Says(
        409, "This came back", "It was {state} already; {word} came too late."
    ),
    _F.LINE_UNKNOWN: Says(404, "No such line", "No bank statement has a line of that id."),
    _F.NOT_IN_SUSPENSE: Says(
        409, "This line is not in suspense", "All of it is matched; there is nothing to assign."
    ),
    _F.ALREADY_RESOLVED: Says(
        409, "This line was assigned before", "It went to {as} at {at:moment}."
    ),
    _F.NOT_OPPOSITE: Says(
        409,
        "These lines do not cancel each other",
        "One is {amount:number}, the other {other:number} minor units, or of another bank or"
        " currency; only equal and opposite lines cancel.",
    ),
}

_BOOKS = "The books would not be right"

LEDGER: dict[str, Says] = {
    _L.CURRENCY_MISMATCH: Says(
        422, "These are different currencies", "Money moves between accounts of one currency."
    ),
    _L.SAME_ACCOUNT: Says(422, _BOOKS, "An account cannot pay itself."),
    _L.OTHER_MARKET: Says(422, _BOOKS, "No money leaves a market for another."),
    _L.TRANSFER_UNKNOWN: Says(404, "No such transfer", "The ledger has none of that id."),
    _L.NOT_PENDING: Says(409, _BOOKS, "Only what is pending can be ended."),
    _L.ALREADY_SETTLED: Says(409, _BOOKS, "It was settled before."),
    _L.ALREADY_VOIDED: Says(409, _BOOKS, "It was voided before."),
    _L.ALREADY_EXPIRED: Says(409, _BOOKS, "It expired before."),
    _L.EXCEEDS_PENDING: Says(409, _BOOKS, "This is more than is pending."),
    _L.NOT_POSTED: Says(409, _BOOKS, "Only what is posted can be reversed."),
    _L.ALREADY_REVERSED: Says(409, _BOOKS, "It was reversed before."),
}

INVENTORY: dict[str, Says] = {
    _I.OUT_OF_STOCK: Says(
        409,
        "There are not so many left",
        "Of the variant {variant_id} there are {available:number} left; `lines` names every line"
        " that falls short. Take fewer, with a new key.",
    ),
    _I.VARIANT_TWICE: Says(422, "A variant is there twice", "Name it once, with the whole sum."),
    _I.BELOW_RESERVED: Says(
        409,
        "Orders need more than that",
        "You counted {counted:number}, and live orders hold {reserved:number}. Call some off"
        " first, then count again.",
    ),
    _I.TOO_MUCH_STOCK: Says(
        422,
        "No shelf holds so much",
        "{on_hand:number} lie there, and {max:number} are the most that can.",
    ),
    _I.LOCATION_UNKNOWN: Says(
        404,
        "No such location",
        "Your shop has no location {location_id}; leave it out for its first.",
    ),
    _I.NOT_RESERVED: Says(409, "Nothing is set aside", "The order holds no stock."),
    _I.ALREADY_ENDED: Says(
        409, "This is over already", "It came to its end before, and nothing changes it any more."
    ),
    _I.NOT_SOLD: Says(409, "So much was not sold", "More would come back than left for the order."),
}

CATALOG: dict[str, Says] = {
    _C.LISTING_UNKNOWN: Says(
        404, "No such listing", "There is none of that id, or it is not yours."
    ),
    _C.LISTING_INVALID: Says(
        422, "Some of the listing is wrong", "`fields` names what is wrong, and why: {fields}."
    ),
    _C.LISTING_INCOMPLETE: Says(
        409, "It cannot be sold like this", "Add what it lacks first: {missing}."
    ),
    _C.TRANSITION_UNKNOWN: Says(
        409, "The listing's state does not allow it", "It is {from} and cannot become {to}."
    ),
    _C.HANDLE_TAKEN: Says(
        409, "Your shop has this handle", "Another listing is called {handle}; choose another."
    ),
    _C.VARIANT_UNKNOWN: Says(
        404, "No such variant", "There is no variant {variant_id}, or it is not yours."
    ),
    _C.CATEGORY_UNKNOWN: Says(
        404, "No such category", "This market has no category {category_id}."
    ),
    _C.CATEGORY_INVALID: Says(
        422, "Some of the category is wrong", "`fields` names what is wrong, and why: {fields}."
    ),
    _C.CATEGORY_CIRCLE: Says(
        409, "A category cannot be a part of itself", "Hang it elsewhere than below itself."
    ),
    _C.CURSOR_UNKNOWN: Says(
        422,
        "No page begins there",
        "This list, sorted like this, never gave out that cursor; begin without one.",
    ),
    _C.PICTURE_TOO_LARGE: Says(
        413, "This picture is too large", "It has {bytes:number} bytes; {max:number} are the most."
    ),
    _C.PICTURE_UNREADABLE: Says(
        422, "This is no picture", "Send PNG, JPEG, WebP, GIF or SVG: {reason}."
    ),
    _C.PICTURE_UNSAFE: Says(
        422, "This picture could do harm", "It has {found}; pictures neither run nor reach outside."
    ),
    _C.FILE_UNREADABLE: Says(422, "This product file cannot be read", "{reason}"),
}

LOGISTICS: dict[str, Says] = {
    _G.PARCEL_UNKNOWN: Says(404, "No such parcel", "No parcel of this market has that number."),
    _G.SCAN_UNKNOWN: Says(
        404, "No such scan", "The parcel has no such scan, or it was declared wrong before."
    ),
    _G.TIME_IN_FUTURE: Says(
        422, "This has not happened yet", "It is {now:moment} here; set the scanner's clock."
    ),
    _G.TIME_BEFORE_BOOKING: Says(
        422, "The parcel was not there yet", "It was booked at {booked_at:moment}."
    ),
    _G.ZONE_OUT_OF_RANGE: Says(
        422,
        "No clock is so far off",
        "An offset is within 840 minutes of UTC, not {minutes:number}.",
    ),
    _G.ALREADY_MOVING: Says(
        409, "It is on its way", "It is {status}; only what nobody has accepted can be cancelled."
    ),
}

"""Trade: carts, orders, and what becomes of them until both sides are content.

Every function that moves an order takes a list of commands and gives a list of
outcomes in the same order. The states and steps are those of `model.TRANSITIONS`.
"""

from serai.trade.aftersales import cancel_orders, refund_orders, resume_orders, stop_orders
from serai.trade.cart import Cart, CartLine, ShownLine, cart, put_in_cart
from serai.trade.checkout import place_orders
from serai.trade.completion import complete_silent, confirm_orders, extend_orders
from serai.trade.fulfilment import deliver_orders, ship_orders
from serai.trade.model import (
    LINES_MAX,
    QUANTITY_MAX,
    TRANSITIONS,
    Cancel,
    Checkout,
    Close,
    Code,
    Confirm,
    Deadline,
    Deliver,
    Expire,
    Extend,
    Line,
    Moved,
    Order,
    OrderCommand,
    Pay,
    Placed,
    PlacedOrder,
    Refund,
    RefundMade,
    Resume,
    Ship,
    State,
    Stop,
    Stopped,
    Transition,
    Wanted,
)
from serai.trade.orders import history, lines_of, order, orders, orders_of_buyer, orders_of_shop
from serai.trade.payment import close_unpaid, pay_orders
from serai.trade.pricing import Priced, price, totals
from serai.trade.promises import Promise, audit
from serai.trade.reactions import handlers, reactions

__all__ = [
    "LINES_MAX",
    "QUANTITY_MAX",
    "TRANSITIONS",
    "Cancel",
    "Cart",
    "CartLine",
    "Checkout",
    "Close",
    "Code",
    "Confirm",
    "Deadline",
    "Deliver",
    "Expire",
    "Extend",
    "Line",
    "Moved",
    "Order",
    "OrderCommand",
    "Pay",
    "Placed",
    "PlacedOrder",
    "Priced",
    "Promise",
    "Refund",
    "RefundMade",
    "Resume",
    "Ship",
    "ShownLine",
    "State",
    "Stop",
    "Stopped",
    "Transition",
    "Wanted",
    "audit",
    "cancel_orders",
    "cart",
    "close_unpaid",
    "complete_silent",
    "confirm_orders",
    "deliver_orders",
    "extend_orders",
    "handlers",
    "history",
    "lines_of",
    "order",
    "orders",
    "orders_of_buyer",
    "orders_of_shop",
    "pay_orders",
    "place_orders",
    "price",
    "put_in_cart",
    "reactions",
    "refund_orders",
    "resume_orders",
    "ship_orders",
    "stop_orders",
    "totals",
]

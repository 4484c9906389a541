"""Webhooks: telling programs elsewhere what happened, by the Standard Webhooks scheme.

A member registers an address and the kinds of events it wants to hear of. The
reaction writes a message for each event and address, and a timer; the timer's
handler posts it, outside any transaction, and notes what came of it. A message
that cannot be delivered is tried again over a day, then kept as dead, to be
sent again when its owner asks.
"""

from serai.kernel.webhooks.delivery import sender
from serai.kernel.webhooks.messages import TEST_KIND, messages_of, ping, reaction, redeliver
from serai.kernel.webhooks.model import TIMER, Code, Message, Registered, State, Webhook
from serai.kernel.webhooks.register import (
    enable,
    narrow,
    register,
    remove,
    rotate,
    webhook,
    webhooks_of,
)
from serai.kernel.webhooks.targets import TargetError

__all__ = [
    "TEST_KIND",
    "TIMER",
    "Code",
    "Message",
    "Registered",
    "State",
    "TargetError",
    "Webhook",
    "enable",
    "messages_of",
    "narrow",
    "ping",
    "reaction",
    "redeliver",
    "register",
    "remove",
    "rotate",
    "sender",
    "webhook",
    "webhooks_of",
]

"""The worker: what happens without anybody's request.

Events reach their reactions, timers fire, banks are listened to, the ledger is
sealed. Any number of workers may run on one database; they share the work.
"""

from serai.worker.duties import KINDS, banks, handlers, reactions
from serai.worker.rounds import run, settle, step

__all__ = ["KINDS", "banks", "handlers", "reactions", "run", "settle", "step"]

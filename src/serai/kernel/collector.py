"""The garbage collector, told what a server process is like.

Nearly all that a request makes is gone when its last reference is; cycles are
few and small. Looking for them every 700 objects costs an order an eighth of
its time, because a batch holds tens of thousands of objects that are all alive.
"""

import gc

_YOUNG_MAX = 50_000
_MIDDLE_MAX = 20
_OLD_MAX = 50


def calm() -> None:
    """Have it look seldom, and never again at what is there already; once, after start-up."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG_MAX, _MIDDLE_MAX, _OLD_MAX)

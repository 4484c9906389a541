"""A rehearsal: the demo market's past, played through the real halls at a clock of its own.

What happens is planned from a seed (`plan`), then played moment by moment
(`play`), and audited (`seeding`). Everything that the market keeps of it is
what its halls decided; the plan only says who wants what, when.
"""

from serai.cli.rehearsal.census import Counts
from serai.cli.rehearsal.model import Login
from serai.cli.rehearsal.seeding import BUSY, OCCUPIED, UNFINISHED, Seeded, seed_demo
from serai.cli.rehearsal.stage import Progress, RehearsalError

__all__ = [
    "BUSY",
    "OCCUPIED",
    "UNFINISHED",
    "Counts",
    "Login",
    "Progress",
    "RehearsalError",
    "Seeded",
    "seed_demo",
]

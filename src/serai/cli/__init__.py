"""The `serai` command: how a market is started, watched, filled, checked and kept.

A file holds one command, or one group of them. What a command needs of the
house it imports when it runs, so that `serai --help` is there at once.
"""

import os
import sys

import rich_click as click

from serai.cli.audit import audit
from serai.cli.backup import backup
from serai.cli.config import config
from serai.cli.goods import exports, imports
from serai.cli.market import market
from serai.cli.member import member
from serai.cli.migrate import migrate
from serai.cli.restore import restore
from serai.cli.seed import seed
from serai.cli.stops import Exit
from serai.cli.trade import trade
from serai.cli.up import up

_EPILOG = """
Settings come from the environment; `serai config` shows them all.

Exit codes: 0 done; 1 what was asked about does not hold; 2 wrong usage;
3 refused, or refused in part; 4 the database or the market cannot be reached;
130 interrupted.
"""


@click.group(epilog=_EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="serai", message="%(version)s")
def serai() -> None:
    """A market that anyone can run, where strangers trade safely.

    Start with `serai up`, or watch one trade from sign-up to payout with `serai trade`.
    """


_COMMANDS = (
    up, trade, seed, audit, imports, exports, member, market, migrate, backup, restore, config,
)  # fmt: skip

for command in _COMMANDS:
    serai.add_command(command)


def main() -> None:
    """Run the command line; the entry point of the package."""
    try:
        sys.exit(serai.main(standalone_mode=False) or Exit.DONE)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("\nserai: interrupted", err=True)
        sys.exit(Exit.INTERRUPTED)
    except BrokenPipeError:
        # Whoever read us has enough. Python would complain once more at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(Exit.DONE)

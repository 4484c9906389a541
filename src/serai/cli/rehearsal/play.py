"""The play: half a year of a market, moment by moment, through the halls that it really has.

Each moment, what is due is done kind by kind, each kind as one batch, so that a
year of trade costs as many transactions as a quiet week.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path

from serai.cli.rehearsal import coming, sending, settling, shops, trading
from serai.cli.rehearsal.agenda import OPENING, REST, ROUND, Entry, Moment, What
from serai.cli.rehearsal.stage import Progress, Stage
from serai.kernel.clock import ManualClock
from serai.kernel.tx import Database

Act = Callable[[Stage, Sequence[Entry]], Awaitable[None]]

_ACTS: Mapping[What, Act] = {
    What.FUND: coming.fund_guarantee,
    What.RESTOCK: shops.restock,
    What.ADD_MONEY: trading.add_money,
    What.PAY: trading.pay,
    What.BUY: trading.buy,
    What.CALL_OFF: trading.call_off,
    What.SHIP: sending.ship,
    What.SCAN: sending.scan,
    What.STOP: settling.stop,
    What.RESUME: settling.resume,
    What.EXTEND: settling.extend,
    What.EASE: settling.ease,
    What.CONFIRM: settling.confirm,
    What.LOSE: settling.lose,
    What.PAY_OUT: settling.pay_out,
    What.REGRET: settling.regret,
}
"""How each kind is done; joining and opening need more than the stage."""

_FUNDED_AFTER = timedelta(hours=6)
_SEALED_EVERY = timedelta(days=7)
_HEARD_EVERY = timedelta(days=1.5)


async def play(stage: Stage, lane: Database, lane_clock: ManualClock, pictures: Path,
               progress: Progress) -> None:  # fmt: skip
    """Play the plan from the founding to its end; `lane` is where people join."""
    drawing = asyncio.create_task(asyncio.to_thread(shops.draw_pictures, stage.content, pictures))
    await coming.found(stage)
    stage.pictures = await drawing
    _put_plan(stage)
    sealed_at = stage.plan.founded_at
    while (moment := stage.agenda.next()) is not None and moment.at <= stage.plan.until:
        stage.clock.move_to(moment.at)
        due = stage.agenda.due(moment)
        joining = coming.join(stage, lane, lane_clock, due.get(What.JOIN, []))
        beside = asyncio.create_task(joining)
        try:
            await _do(stage, moment, due, progress)
        finally:
            await beside
        if moment.at - stage.heard_at >= _HEARD_EVERY:
            await stage.hear_banks()
        if moment.at - sealed_at >= _SEALED_EVERY:
            sealed_at = moment.at
            await stage.seal()
    stage.clock.move_to(stage.plan.until)
    await stage.come_to_rest()


async def _do(
    stage: Stage, moment: Moment, due: Mapping[What, Sequence[Entry]], progress: Progress
) -> None:
    for what in sorted(moment.doing):
        if what is What.CLOSE:
            await stage.fire_timers()
        elif what is What.WORK:
            await stage.work()
        elif what is What.OPEN_SHOP and what in due:
            await shops.open_shops(stage, progress, due[what])
        elif what in _ACTS and what in due:
            stage.acted = True
            await _ACTS[what](stage, due[what])
    if What.BUY in due:
        orders = sum(len(purchase.fates) for purchase in stage.plan.purchases)
        progress("orders", stage.placed, orders)


def _put_plan(stage: Stage) -> None:
    plan, agenda = stage.plan, stage.agenda
    agenda.put(plan.founded_at + _FUNDED_AFTER, What.FUND, None)
    for at in (plan.founded_at + _FUNDED_AFTER, plan.trades_from, *(o.at for o in plan.openings)):
        agenda.look(at, OPENING)
    for at in plan.moments:
        agenda.look(at, ROUND if at in plan.rounds else REST)
    planned = (
        (What.JOIN, plan.joinings),
        (What.OPEN_SHOP, plan.openings),
        (What.RESTOCK, plan.restockings),
        (What.ADD_MONEY, plan.addings),
        (What.BUY, plan.purchases),
        (What.PAY_OUT, plan.payouts),
    )
    for what, all_of_it in planned:
        for one in all_of_it:
            agenda.put(one.at, what, one)

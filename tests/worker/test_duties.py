"""Duties: whoever wants to be told of all that happens is told of all."""

import ast
import re
from pathlib import Path

from serai import members, payments, trade, worker
from serai.kernel import webhooks

SOURCE = Path(members.__file__).parents[1]

_KIND = re.compile(r"[a-z]+\.[a-z_]+")


def _events_said() -> set[str]:
    """Collect the kinds that are written out where the halls make events."""
    found: set[str] = set()
    for path in SOURCE.glob("*/*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(func=ast.Attribute(attr="event") | ast.Name(id="event")):
                    values = [word.value for word in node.keywords if word.arg == "kind"]
                case ast.Call(func=ast.Attribute(attr="tell"), args=[_, kind, *_]):
                    values = [kind]
                case _:
                    continue
            found |= {
                str(value.value)
                for value in values
                if isinstance(value, ast.Constant) and _KIND.fullmatch(str(value.value))
            }
    return found


def test_every_event_that_a_hall_makes_is_known() -> None:
    said = _events_said()
    assert len(said) >= 8
    assert said <= worker.KINDS


def test_every_state_that_is_told_is_known() -> None:
    assert {f"order.{state}" for state in trade.State} <= worker.KINDS
    told = {
        f"topup.{state}" for state in payments.TopUpState if state not in {"requested", "asked"}
    }
    told |= {f"payout.{state}" for state in payments.PayoutState if state != "pending"}
    assert told <= worker.KINDS


def test_webhooks_hear_of_all_but_the_test_of_themselves() -> None:
    [reaction] = [one for one in worker.reactions() if one.name == "webhooks"]
    assert reaction.kinds == worker.KINDS - {webhooks.TEST_KIND}

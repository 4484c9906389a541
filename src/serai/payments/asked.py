"""What the banks were asked, and the one way it moves on.

Our call, an answer and a line of the statement are all words about a top-up or
payout. Each word leads through states; a state is a step that is kept, may move
money in the ledger, and may be told. A word already known changes nothing, one
that contradicts what is settled is refused.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from serai import ledger
from serai.kernel import ids, outbox, timers
from serai.kernel.errors import Refused
from serai.kernel.lock import lock
from serai.kernel.tx import Tx
from serai.payments.funding_model import (
    LOOK_UP,
    Deposit,
    FundingCode,
    Heard,
    Payout,
    PayoutState,
    Said,
    Step,
    Subject,
    TopUpState,
    readable,
)
from serai.payments.payouts import WAITING as PAYOUT_WAITING
from serai.payments.payouts import WAYS as PAYOUT_WAYS
from serai.payments.payouts import legs as payout_legs
from serai.payments.topups import WAITING as TOP_UP_WAITING
from serai.payments.topups import WAYS as TOP_UP_WAYS
from serai.payments.topups import legs as top_up_legs

LOOK_UP_AFTER = timedelta(hours=24)
"""How long a bank may be silent before it is asked, and between one question and the next."""

REASON_MAX = 500


class Telling(Struct, frozen=True):
    """A word about a top-up or payout: by which command, and why."""

    subject_id: UUID
    said: Said
    command_id: UUID
    reason: str | None = None


class Asked:
    """The top-ups and payouts of one batch, locked, while it is decided what becomes of them."""

    def __init__(self, tx: Tx, subjects: Iterable[Subject]) -> None:
        self._tx = tx
        self._subjects = {subject.id: subject for subject in subjects}
        self._steps: list[Step] = []
        self._journals: list[ledger.Journal] = []
        self._events: list[outbox.Event] = []
        self._changed: set[UUID] = set()

    @classmethod
    async def lock(cls, tx: Tx, wanted: Sequence[UUID]) -> "Asked":
        """Lock the top-ups, then the payouts, that bear one of these ids."""
        return cls(tx, [*await lock(tx, Deposit, wanted), *await lock(tx, Payout, wanted)])

    def find(self, id: UUID, market_id: UUID, provider: str) -> Subject | None:
        """Find what this market asked this provider under an id; nobody else may speak of it."""
        found = self._subjects.get(id)
        if found is None or (found.market_id, found.provider) != (market_id, provider):
            return None
        return found

    def tell(self, telling: Telling) -> Heard | Refused:
        """Let a word take effect on a subject that was found."""
        subject = self._subjects[telling.subject_id]
        way = _way(subject, telling.said)
        if way is None:
            facts = {"state": str(subject.state), "word": str(telling.said)}
            return Refused(_refusal(subject, telling.said), facts)
        for state in way:
            self._enter(state, telling)
        return Heard(subject.id, str(self._subjects[subject.id].state), changed=bool(way))

    def _enter(self, state: TopUpState | PayoutState, telling: Telling) -> None:
        id, now = telling.subject_id, self._tx.now
        reason = readable(telling.reason, REASON_MAX) if telling.reason else None
        subject = _moved(self._subjects[id], state, reason)
        self._subjects[id] = subject
        self._changed.add(id)
        self._steps.append(Step(id, state, subject.market_id, telling.command_id, now, reason))
        if legs := _legs(subject):
            self._journals.append(journal(subject, _actor(subject), legs))
        if state is not TopUpState.ASKED:
            self._events.append(_event(self._tx, subject))

    async def write(self, more: Sequence[ledger.Journal] = ()) -> None:
        """Write what became of them, with other journals of the same batch.

        One call of the ledger for all, so that it locks all accounts in order.
        """
        tx = self._tx
        await ledger.insist(tx, [*self._journals, *more])
        changed = [self._subjects[id] for id in sorted(self._changed)]
        await _write_states(tx, "payments_topup", [s for s in changed if isinstance(s, Deposit)])
        await _write_states(tx, "payments_payout", [s for s in changed if isinstance(s, Payout)])
        await tx.insert(self._steps)
        await outbox.emit(tx, self._events)
        await timers.stop(tx, [LOOK_UP], [s.id for s in changed if not waits(s)])
        due_at = tx.now + LOOK_UP_AFTER
        await timers.start(tx, [look_up_timer(tx, s, due_at) for s in changed if waits(s)])


def waits(subject: Subject) -> bool:
    """Tell whether the bank's word is still wanting."""
    return subject.state in (TOP_UP_WAITING if isinstance(subject, Deposit) else PAYOUT_WAITING)


def look_up_timer(tx: Tx, subject: Subject, due_at: datetime) -> timers.Timer:
    """Make the timer that asks a silent bank."""
    return timers.timer(
        tx, subject=subject.id, kind=LOOK_UP, market_id=subject.market_id, due_at=due_at
    )


def journal(subject: Subject, actor_id: UUID, legs: tuple[ledger.Leg, ...]) -> ledger.Journal:
    """Make the journal of the state that a subject is in; a state has only one."""
    return ledger.Journal(
        id=ids.derive(subject.id, subject.state),
        market_id=subject.market_id,
        actor_id=actor_id,
        code=f"{_noun(subject)}.{subject.state}",
        subject_id=subject.id,
        legs=legs,
    )


def _noun(subject: Subject) -> str:
    return "topup" if isinstance(subject, Deposit) else "payout"


def _actor(subject: Subject) -> UUID:
    """Name the provider as the one who acts: no member does."""
    return ids.derive(subject.market_id, "provider", subject.provider)


def _way(subject: Subject, said: Said) -> Sequence[TopUpState | PayoutState] | None:
    if isinstance(subject, Deposit):
        return TOP_UP_WAYS.get((subject.state, said))
    return PAYOUT_WAYS.get((subject.state, said))


def _refusal(subject: Subject, said: Said) -> FundingCode:
    if isinstance(subject, Deposit) and said is Said.RETURNED:
        return FundingCode.ANSWER_UNFIT
    return FundingCode(f"already_{subject.state}")


def _moved(subject: Subject, state: TopUpState | PayoutState, reason: str | None) -> Subject:
    return replace(subject, state=state, reason=reason)


def _legs(subject: Subject) -> tuple[ledger.Leg, ...]:
    if isinstance(subject, Deposit):
        return top_up_legs(subject, subject.state)
    return payout_legs(subject, subject.state)


def _event(tx: Tx, subject: Subject) -> outbox.Event:
    return outbox.event(
        tx,
        market_id=subject.market_id,
        subject=subject.id,
        kind=f"{_noun(subject)}.{subject.state}",
        body={
            "id": str(subject.id),
            "provider": subject.provider,
            "currency": subject.currency,
            "amount": subject.amount,
            "reason": subject.reason,
        },
        audience=[subject.member_id],
    )


async def _write_states(tx: Tx, table: str, changed: Sequence[Subject]) -> None:
    if not changed:
        return
    # The table's name is one of two of this file's own.
    await tx.execute(
        f"update {table} as s set state = new.state, reason = new.reason"  # noqa: S608
        " from unnest($1::uuid[], $2::text[], $3::text[]) as new(id, state, reason)"
        " where s.id = new.id",
        [subject.id for subject in changed],
        [str(subject.state) for subject in changed],
        [subject.reason for subject in changed],
    )

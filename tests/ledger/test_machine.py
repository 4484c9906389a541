"""The ledger against a small model: whatever is posted in whatever order, the books agree."""

from uuid import UUID, uuid4

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    initialize,
    invariant,
    rule,
)
from msgspec import Struct
from msgspec.structs import replace

from serai import ledger
from serai.kernel.clock import ManualClock
from serai.kernel.errors import Refused
from serai.kernel.money import AMOUNT_MAX
from serai.kernel.tx import Tx
from serai.ledger import Journal, Kind, Leg, Move, Posted, Reverse, Settle, Void
from serai.ledger.model import reversal_id
from tests.conftest import START
from tests.walks import Walker, walk

pytestmark = pytest.mark.money

HERE, ELSEWHERE = uuid4(), uuid4()
PEOPLE = [uuid4() for _ in range(3)]
NAMES = [
    *(ledger.wallet(HERE, member, "CNY") for member in PEOPLE),
    ledger.wallet(HERE, PEOPLE[0], "USD"),
    ledger.cash(HERE, "sandbox", "CNY"),
    ledger.house(HERE, Kind.FEES, "CNY"),
    ledger.wallet(ELSEWHERE, PEOPLE[0], "CNY"),
]
BANK = NAMES[4]


class Made(Struct, frozen=True):
    """A transfer as the model keeps it."""

    debit: ledger.Name
    credit: ledger.Name
    amount: int
    phase: str
    held: int = 0
    """How much less is pending by it."""


class Books:
    """What the ledger should hold: every transfer, and which of them ended or was reversed."""

    def __init__(self) -> None:
        self.made: dict[UUID, Made] = {}
        self.end_of: dict[UUID, str] = {}
        self.reversed: set[UUID] = set()

    def counters(self, name: ledger.Name) -> tuple[int, int, int, int]:
        """Add up an account from nothing, as slowly and plainly as can be."""
        counted = [0, 0, 0, 0]
        for one in self.made.values():
            for side, place in ((one.debit, 0), (one.credit, 2)):
                if side == name:
                    counted[place] += one.amount if one.phase == "pending" else -one.held
                    counted[place + 1] += one.amount if one.phase in {"posted", "settled"} else 0
        return counted[0], counted[1], counted[2], counted[3]

    def short(self, *names: ledger.Name) -> bool:
        """Tell whether a wallet among these has spent and set aside more than it got."""
        for name in names:
            held, out, _, came = self.counters(name)
            if name.kind is Kind.WALLET and came < held + out:
                return True
        return False

    def post(self, journal: Journal) -> str | None:
        """Post a journal whole, or say why not and stay as before."""
        before = dict(self.made), dict(self.end_of), set(self.reversed)
        for number, leg in enumerate(journal.legs):
            if said := self.leg(journal, number, leg):
                self.made, self.end_of, self.reversed = before
                return said
        return None

    def leg(self, journal: Journal, number: int, leg: Leg) -> str | None:
        """Post one leg, or say what speaks against it."""
        if isinstance(leg, Move):
            if said := _against_moving(leg):
                return said
            phase = "pending" if leg.pending else "posted"
            made = Made(leg.debit, leg.credit, leg.amount, phase)
            return self._keep(ledger.pending_id(journal.id, number), made)
        if isinstance(leg, Reverse):
            return self._reverse(leg.transfer_id)
        return self._end(leg)

    def _reverse(self, id: UUID) -> str | None:
        if id not in self.made:
            return "transfer_unknown"
        if self.made[id].phase not in {"posted", "settled"}:
            return "not_posted"
        if id in self.reversed:
            return "already_reversed"
        self.reversed.add(id)
        undone = self.made[id]
        back = Made(undone.credit, undone.debit, undone.amount, "posted")
        return self._keep(reversal_id(id), back)

    def _end(self, leg: Settle | Void) -> str | None:
        pending = self.made.get(leg.pending_id)
        if pending is None:
            return "transfer_unknown"
        if pending.phase != "pending":
            return "not_pending"
        if leg.pending_id in self.end_of:
            return f"already_{self.end_of[leg.pending_id]}"
        amount, phase = pending.amount, "voided"
        if isinstance(leg, Settle):
            phase, amount = "settled", pending.amount if leg.amount is None else leg.amount
            if amount > pending.amount:
                return "exceeds_pending"
            if amount < 1:
                return "amount_out_of_range"
        elif leg.expired:
            phase = "expired"
        self.end_of[leg.pending_id] = phase
        end = Made(pending.debit, pending.credit, amount, phase, pending.amount)
        return self._keep(ledger.end_id(leg.pending_id), end)

    def _keep(self, id: UUID, made: Made) -> str | None:
        assert id not in self.made
        self.made[id] = made
        return "insufficient_funds" if self.short(made.debit, made.credit) else None


def _against_moving(leg: Move) -> str | None:
    if leg.debit.currency != leg.credit.currency:
        return "currency_mismatch"
    if {leg.debit.market_id, leg.credit.market_id} != {HERE}:
        return "other_market"
    if not 0 < leg.amount <= AMOUNT_MAX:
        return "amount_out_of_range"
    return "same_account" if leg.debit == leg.credit else None


class Wish(Struct, frozen=True):
    """A leg before it is known which transfers there are for it to end or undo."""

    what: str
    debit: ledger.Name
    credit: ledger.Name
    amount: int
    which: int


names = st.sampled_from(NAMES)
wishes = st.builds(
    Wish,
    what=st.sampled_from(["fund", "move", "hold", "hold", "settle", "part", "void", "reverse"]),
    debit=names,
    credit=names,
    amount=st.one_of(
        st.integers(1, 60), st.integers(1, 60), st.sampled_from([0, -1, AMOUNT_MAX + 1])
    ),
    which=st.integers(0, 1_000),
)
batches = st.lists(st.lists(wishes, min_size=1, max_size=3), min_size=1, max_size=4)


class Ledger(Walker):
    """A market's books; each run is a transaction that is rolled back."""

    def __init__(self) -> None:
        super().__init__()
        self.books = Books()
        self.answered: list[tuple[Journal, Posted | Refused]] = []
        self.tx = Tx(self.connection, ManualClock(START))

    @initialize()
    def somebody_has_money(self) -> None:
        self.batch([[Wish("fund", BANK, name, 100, 0)] for name in NAMES[:3]])

    def leg(self, wish: Wish, made: list[UUID]) -> Leg:
        """Make a leg of a wish; what it ends or undoes is mostly there, and sometimes is not."""
        id = made[wish.which % len(made)] if made and wish.which % 17 else uuid4()
        if wish.what == "fund":
            return Move(BANK, wish.credit, wish.amount)
        if wish.what in {"move", "hold"}:
            return Move(wish.debit, wish.credit, wish.amount, pending=wish.what == "hold")
        if wish.what in {"settle", "part"}:
            return Settle(id, wish.amount if wish.what == "part" else None)
        if wish.what == "void":
            return Void(id, expired=bool(wish.which % 2))
        return Reverse(id)

    def journals(self, batch: list[list[Wish]]) -> list[Journal]:
        """Make journals; later ones may end what earlier ones of the batch have begun."""
        made = list(self.books.made)
        journals = []
        for wanted in batch:
            id = uuid4()
            legs = []
            for number, wish in enumerate(wanted):
                legs.append(self.leg(wish, made[-12:]))
                made.append(ledger.pending_id(id, number))
            journals.append(
                Journal(
                    id=id, market_id=HERE, actor_id=PEOPLE[0], code="any", subject_id=id,
                    legs=tuple(legs),
                )
            )  # fmt: skip
        return journals

    @rule(batch=batches)
    def batch(self, batch: list[list[Wish]]) -> None:
        journals = self.journals(batch)
        outcomes = self.run(ledger.transfer(self.tx, journals))
        self.compare(journals, outcomes)

    def compare(self, journals: list[Journal], outcomes: list[Posted | Refused]) -> None:
        for journal, outcome in zip(journals, outcomes, strict=True):
            expected = self.books.post(journal)
            code = outcome.code if isinstance(outcome, Refused) else None
            assert code == expected, journal
            if isinstance(outcome, Posted):
                assert len(outcome.transfer_ids) == len(journal.legs)
                assert set(outcome.transfer_ids) <= set(self.books.made)
            self.answered.append((journal, outcome))

    @rule(which=st.integers(0, 1_000), batch=batches)
    def a_lost_answer_is_asked_for_again(self, which: int, batch: list[list[Wish]]) -> None:
        before, answer = self.answered[which % len(self.answered)]
        journals = self.journals(batch)
        mixed = [before, *journals, before]
        first, *others, last = self.run(ledger.transfer(self.tx, mixed))
        assert first == last == answer
        self.compare(journals, others)

    @rule(which=st.integers(0, 1_000))
    def an_id_is_used_for_something_else(self, which: int) -> None:
        before, _ = self.answered[which % len(self.answered)]
        for other in (
            replace(before, legs=(*before.legs, Move(BANK, NAMES[0], 1))),
            replace(before, actor_id=PEOPLE[1]),
            replace(before, code="other"),
        ):
            assert self.run(ledger.transfer(self.tx, [other])) == [Refused("id_reused")]

    @rule(wanted=st.lists(wishes, min_size=1, max_size=3))
    def the_same_comes_twice_in_a_batch(self, wanted: list[Wish]) -> None:
        [journal] = self.journals([wanted])
        other = replace(journal, code="other")
        first, second, third = self.run(ledger.transfer(self.tx, [journal, journal, other]))
        assert first == second
        assert third == Refused("id_reused")
        self.compare([journal], [first])

    @invariant()
    def the_counters_are_the_models(self) -> None:
        found = self.run(ledger.accounts(self.tx, [name.id for name in NAMES]))
        for name in NAMES:
            one = found.get(name.id)
            counted = (
                (one.debits_pending, one.debits_posted, one.credits_pending, one.credits_posted)
                if one
                else (0, 0, 0, 0)
            )
            assert counted == self.books.counters(name), name

    @invariant()
    def every_transfer_is_the_models(self) -> None:
        assert self.run(self.tx.value("select count(*) from ledger_transfer")) == len(
            self.books.made
        )
        for id, row in self.run(ledger.transfers(self.tx, list(self.books.made))).items():
            one = self.books.made[id]
            assert (row.debit_id, row.credit_id) == (one.debit.id, one.credit.id)
            assert (row.amount, row.phase) == (one.amount, one.phase)

    @invariant()
    def the_proofs_hold(self) -> None:
        for check in (ledger.balanced, ledger.replayed, ledger.covered, ledger.ended_once):
            proof = self.run(check(self.tx))
            assert proof.holds, proof


async def test_a_member_of_two_markets_has_two_wallets(tx: Tx) -> None:
    """Money of one market is never spent in another, whoever owns the wallet."""
    here, elsewhere = NAMES[0], NAMES[-1]
    assert here.owner_id == elsewhere.owner_id
    assert here.id != elsewhere.id
    id = uuid4()
    legs = (Move(ledger.cash(ELSEWHERE, "sandbox", "CNY"), elsewhere, 70),)
    journal = Journal(
        id=id, market_id=ELSEWHERE, actor_id=PEOPLE[0], code="any", subject_id=id, legs=legs
    )
    [outcome] = await ledger.transfer(tx, [journal])
    assert isinstance(outcome, Posted)
    found = await ledger.accounts(tx, [here.id, elsewhere.id])
    assert {id: one.market_id for id, one in found.items()} == {elsewhere.id: ELSEWHERE}


def test_the_ledger_agrees_with_a_model(scratch: str) -> None:
    walk(Ledger, scratch, examples=15, steps=20)

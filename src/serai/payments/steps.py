"""Steps: the states that a top-up or payout was in, each once, with time and command."""

from uuid import UUID

from serai.kernel.tx import Tx, columns
from serai.payments.funding_model import PayoutState, Step, TopUpState

_STEPS = f"""
select {columns(Step)} from payments_step where subject_id = $1
order by at, array_position($2::text[], state)
"""  # noqa: S608


async def steps(
    tx: Tx, subject_id: UUID, states: type[TopUpState] | type[PayoutState]
) -> list[Step]:
    """List the states that something was in, in the order in which they follow each other."""
    return await tx.fetch(Step, _STEPS, subject_id, [str(state) for state in states])

-- Payments: holds, refunds, claims, top-ups, payouts, bank lines, and the sandbox bank.
-- depends: 0005_inventory

-- migrate: apply

create table payments_hold (
    order_id uuid primary key,
    market_id uuid not null,
    buyer_id uuid not null,
    seller_id uuid not null,
    currency text not null,
    amount bigint not null check (amount > 0),
    released bigint not null check (released >= 0),
    refunded bigint not null check (refunded >= 0),
    fees bigint not null check (fees >= 0),
    pending_id uuid not null,
    opened_at timestamptz not null,
    ended_at timestamptz,
    check (released + refunded + fees <= amount),
    check ((ended_at is not null) = (released + refunded + fees = amount))
) with (fillfactor = 80);

create table payments_freeze (
    id uuid primary key,
    order_id uuid not null,
    market_id uuid not null,
    reason text not null,
    frozen_by uuid not null,
    frozen_at timestamptz not null,
    lifted_by uuid,
    lifted_at timestamptz,
    lift_reason text,
    check ((lifted_at is null) = (lifted_by is null))
);

create index payments_freeze_of_order on payments_freeze (order_id);

create table payments_refund (
    id uuid primary key,
    order_id uuid not null,
    market_id uuid not null,
    currency text not null,
    from_hold bigint not null check (from_hold >= 0),
    from_seller bigint not null check (from_seller >= 0),
    from_fees bigint not null check (from_fees >= 0),
    from_guarantee bigint not null check (from_guarantee >= 0),
    actor_id uuid not null,
    reason text not null,
    at timestamptz not null,
    check (from_hold + from_seller + from_fees + from_guarantee > 0)
);

create index payments_refund_of_order on payments_refund (order_id);

create table payments_claim (
    id uuid primary key,
    market_id uuid not null,
    seller_id uuid not null,
    order_id uuid not null,
    currency text not null,
    amount bigint not null check (amount > 0),
    recovered bigint not null check (recovered between 0 and amount),
    at timestamptz not null
);

create index payments_claim_open on payments_claim (seller_id) where recovered < amount;

create table payments_topup (
    id uuid primary key,
    market_id uuid not null,
    member_id uuid not null,
    provider text not null,
    account text not null,
    currency text not null,
    amount bigint not null check (amount > 0),
    state text not null check (state in ('requested', 'asked', 'paid', 'failed')),
    reason text,
    requested_at timestamptz not null
);

create index payments_topup_of_member on payments_topup (member_id, id);
create index payments_topup_waiting on payments_topup (market_id, requested_at)
    where state in ('requested', 'asked');

create table payments_payout (
    id uuid primary key,
    market_id uuid not null,
    member_id uuid not null,
    provider text not null,
    account text not null,
    holder text not null,
    currency text not null,
    amount bigint not null check (amount > 0),
    state text not null check (state in ('pending', 'in_transit', 'paid', 'failed', 'returned')),
    reason text,
    requested_at timestamptz not null
);

create index payments_payout_of_member on payments_payout (member_id, id);
create index payments_payout_waiting on payments_payout (market_id, requested_at)
    where state in ('pending', 'in_transit');

create table payments_step (
    subject_id uuid not null,
    state text not null,
    market_id uuid not null,
    command_id uuid not null,
    at timestamptz not null,
    reason text,
    primary key (subject_id, state)
);

create table payments_bank_line (
    id uuid primary key,
    market_id uuid not null,
    provider text not null,
    reference text not null,
    currency text not null,
    amount bigint not null check (amount <> 0),
    booked_at timestamptz not null,
    read_at timestamptz not null,
    matched_id uuid,
    suspense_transfer_id uuid,
    suspense_amount bigint check (suspense_amount <> 0),
    resolved_as text check (resolved_as in ('wallet', 'fees', 'guarantee', 'sender')),
    resolved_transfer_id uuid,
    resolved_with uuid,
    resolved_by uuid,
    resolved_at timestamptz,
    resolve_reason text,
    check (matched_id is not null or suspense_transfer_id is not null),
    check ((suspense_transfer_id is null) = (suspense_amount is null)),
    check (resolved_as is null or suspense_transfer_id is not null),
    check (num_nulls(resolved_as, resolved_by, resolved_at, resolve_reason) in (0, 4)),
    check ((resolved_with is not null) = (resolved_as is not null and resolved_as = 'sender')),
    check ((resolved_transfer_id is not null) = (resolved_as is not null and resolved_as <> 'sender'))
);

create index payments_bank_line_of_subject on payments_bank_line (matched_id)
    where matched_id is not null;
create index payments_bank_line_in_suspense on payments_bank_line (market_id, booked_at, id)
    where suspense_transfer_id is not null and resolved_at is null;

create table payments_sandbox_ask (
    id uuid primary key,
    market_id uuid not null,
    kind text not null check (kind in ('deposit', 'payout')),
    account text not null,
    currency text not null,
    amount bigint not null check (amount > 0),
    asked_at timestamptz not null
);

create table payments_sandbox_answer (
    id uuid primary key,
    ask_id uuid not null references payments_sandbox_ask,
    market_id uuid not null,
    word text not null check (word in ('paid', 'failed', 'returned')),
    reason text,
    due_at timestamptz not null,
    tellings smallint not null check (tellings >= 0)
);

create index payments_sandbox_answer_due on payments_sandbox_answer (due_at, id)
    where tellings > 0;
create index payments_sandbox_answer_of_ask on payments_sandbox_answer (ask_id);

create table payments_sandbox_line (
    id uuid primary key,
    market_id uuid not null,
    reference text not null,
    currency text not null,
    amount bigint not null check (amount <> 0),
    booked_at timestamptz not null,
    told_at timestamptz
);

create index payments_sandbox_line_untold on payments_sandbox_line (booked_at, id)
    where told_at is null;

-- migrate: rollback

drop table payments_sandbox_line, payments_sandbox_answer, payments_sandbox_ask,
    payments_bank_line, payments_step, payments_payout, payments_topup, payments_claim,
    payments_refund, payments_freeze, payments_hold;

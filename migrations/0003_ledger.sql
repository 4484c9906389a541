-- Ledger: accounts, transfers that are never changed, seals over them.
-- depends: 0002_members

-- migrate: apply

create table ledger_account (
    id uuid primary key,
    market_id uuid not null,
    kind text not null check (kind in (
        'cash', 'wallet', 'fees', 'promotions', 'guarantee', 'in_transit', 'suspense')),
    owner_id uuid,
    label text not null,
    currency text not null check (currency ~ '^[A-Z]{3}$'),
    debits_pending bigint not null check (debits_pending >= 0),
    debits_posted bigint not null check (debits_posted >= 0),
    credits_pending bigint not null check (credits_pending >= 0),
    credits_posted bigint not null check (credits_posted >= 0),
    opened_at timestamptz not null,
    check ((kind = 'wallet') = (owner_id is not null)),
    constraint ledger_account_wallet_covered check (
        kind <> 'wallet' or credits_posted - debits_posted - debits_pending >= 0)
) with (
    fillfactor = 50,
    autovacuum_vacuum_scale_factor = 0.02,
    autovacuum_vacuum_cost_delay = 0
);

create index ledger_account_of_owner on ledger_account (owner_id) where owner_id is not null;

create table ledger_transfer (
    id uuid primary key,
    market_id uuid not null,
    journal_id uuid not null,
    debit_id uuid not null,
    credit_id uuid not null,
    amount bigint not null check (amount > 0),
    phase text not null check (phase in ('posted', 'pending', 'settled', 'voided', 'expired')),
    parent_id uuid check (phase in ('posted', 'pending') or parent_id is not null),
    code text not null,
    subject_id uuid not null,
    at timestamptz not null,
    check (debit_id <> credit_id)
);

create index ledger_transfer_debits on ledger_transfer (debit_id, at);
create index ledger_transfer_credits on ledger_transfer (credit_id, at);
create index ledger_transfer_in_time on ledger_transfer using brin (at);

create table ledger_seal (
    market_id uuid not null,
    number integer not null check (number > 0),
    transfers integer not null check (transfers > 0),
    first_at timestamptz not null,
    first_id uuid not null,
    last_at timestamptz not null,
    last_id uuid not null,
    previous bytea not null,
    digest bytea not null,
    sealed_at timestamptz not null,
    primary key (market_id, number)
);

-- migrate: rollback

drop table ledger_seal, ledger_transfer, ledger_account;

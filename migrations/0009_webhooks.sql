-- Webhooks: addresses that want to be told, and what each of them is told.
-- depends: 0008_trade

-- migrate: apply

create table kernel_webhook (
    id uuid primary key,
    market_id uuid not null,
    owner_id uuid not null,
    url text not null check (length(url) <= 2000),
    kinds text[] not null check (cardinality(kinds) between 1 and 50),
    whole_market boolean not null,
    description text not null,
    secret text not null,
    previous_secret text,
    previous_until timestamptz,
    registered_at timestamptz not null,
    failing_since timestamptz,
    disabled_at timestamptz,
    disabled_reason text,
    check ((previous_secret is null) = (previous_until is null)),
    check ((disabled_at is null) = (disabled_reason is null))
);

create index kernel_webhook_of_owner on kernel_webhook (owner_id, id);
create index kernel_webhook_of_market on kernel_webhook (market_id) where whole_market;

create table kernel_webhook_message (
    id uuid primary key,
    webhook_id uuid not null references kernel_webhook on delete cascade,
    event_id uuid not null,
    kind text not null,
    state text not null check (state in ('waiting', 'sent', 'dead')),
    attempts integer not null check (attempts >= 0),
    made_at timestamptz not null,
    tried_at timestamptz,
    next_at timestamptz,
    status integer,
    error text,
    check ((state = 'waiting') = (next_at is not null)),
    check (state <> 'sent' or tried_at is not null)
);

create index kernel_webhook_message_of_webhook on kernel_webhook_message (webhook_id, id);

-- migrate: rollback

drop table kernel_webhook_message, kernel_webhook;

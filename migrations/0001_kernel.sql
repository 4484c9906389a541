-- Kernel: commands that are remembered, events and their deliveries, timers.
-- depends:

-- migrate: apply

create table kernel_command (
    id uuid primary key,
    market_id uuid not null,
    kind text not null,
    digest bytea not null,
    outcome json not null,
    at timestamptz not null
);

create table kernel_event (
    id uuid primary key,
    market_id uuid not null,
    subject uuid not null,
    kind text not null,
    body jsonb not null,
    audience uuid[] not null,
    at timestamptz not null,
    delivered_at timestamptz
) with (fillfactor = 85);

create index kernel_event_waiting on kernel_event (id) where delivered_at is null;
create index kernel_event_of_subject on kernel_event (subject, id);

create table kernel_delivery (
    event_id uuid not null,
    reaction text not null,
    at timestamptz not null,
    primary key (event_id, reaction)
);

create table kernel_failure (
    event_id uuid not null,
    reaction text not null,
    subject uuid not null,
    attempts integer not null,
    retry_at timestamptz not null,
    error text not null,
    primary key (event_id, reaction)
);

create index kernel_failure_of_subject on kernel_failure (subject, reaction);

create table kernel_timer (
    subject uuid not null,
    kind text not null,
    market_id uuid not null,
    due_at timestamptz not null,
    set_id uuid not null,
    attempts integer not null,
    primary key (subject, kind)
);

create index kernel_timer_due on kernel_timer (due_at);

-- migrate: rollback

drop table kernel_timer, kernel_failure, kernel_delivery, kernel_event, kernel_command;

-- Logistics: parcels, and every scan of them.
-- depends: 0006_payments

-- migrate: apply

-- How many parcel numbers were drawn under a company prefix of GS1.
create table logistics_series (
    prefix text primary key check (prefix ~ '^[0-9]{7,10}$'),
    drawn bigint not null check (drawn >= 0)
);

-- `status` and `status_at` are the fold of the parcel's scans, kept so that a list of parcels
-- need not read them; the audit folds them again.
create table logistics_parcel (
    id uuid primary key,
    market_id uuid not null,
    order_id uuid not null,
    number text not null unique check (number ~ '^[0-9]{18}$'),
    carrier text not null,
    service text not null,
    sender_id uuid not null,
    receiver_id uuid not null,
    origin jsonb not null,
    destination jsonb not null,
    weight_g bigint not null check (weight_g >= 0),
    promised_at timestamptz not null,
    booked_at timestamptz not null,
    status text not null check (
        status in (
            'booked', 'accepted', 'in_transit', 'out_for_delivery',
            'attempt_failed', 'delivered', 'returned', 'cancelled'
        )
    ),
    status_at timestamptz not null,
    check (promised_at >= booked_at)
) with (fillfactor = 85);

create index logistics_parcel_of_order on logistics_parcel (order_id);
create index logistics_parcel_open on logistics_parcel (market_id, id)
where status not in ('delivered', 'returned', 'cancelled');

-- A row is one EPCIS event and is never changed. That one was wrong is declared by another row,
-- which repeats it and names it in `declares` (EPCIS 2.0, error declaration).
create table logistics_scan (
    id uuid primary key,
    parcel_id uuid not null,
    market_id uuid not null,
    number text not null check (number ~ '^[0-9]{18}$'),
    action text not null check (action in ('ADD', 'OBSERVE', 'DELETE')),
    step text not null check (
        step in (
            'accept', 'depart', 'arrive', 'out_for_delivery', 'attempt_fail',
            'deliver', 'return', 'cancel'
        )
    ),
    disposition text not null,
    event_time timestamptz not null,
    zone_offset integer not null check (zone_offset between -840 and 840),
    record_time timestamptz not null,
    read_point bigint,
    actor_id uuid not null,
    note text not null,
    declares uuid check (declares <> id)
);

create index logistics_scan_of_parcel on logistics_scan (parcel_id, event_time, id);

-- migrate: rollback

drop table logistics_scan, logistics_parcel, logistics_series;

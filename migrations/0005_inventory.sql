-- Inventory: where goods lie, how much of each, and every movement of them.
-- depends: 0004_catalog

-- migrate: apply

create table inventory_location (
    id uuid primary key,
    market_id uuid not null,
    shop_id uuid not null,
    name text not null check (length(name) between 1 and 200),
    place_id bigint
);

create index inventory_location_of_shop on inventory_location (shop_id, id);

-- Half of each page stays free and no counter is indexed, so that a sale rewrites the row
-- within its page and touches no index.
create table inventory_stock (
    variant_id uuid not null,
    location_id uuid not null,
    market_id uuid not null,
    on_hand bigint not null,
    reserved bigint not null,
    updated_at timestamptz not null,
    primary key (variant_id, location_id),
    check (0 <= reserved and reserved <= on_hand and on_hand <= 1000000000)
) with (fillfactor = 50);

create index inventory_stock_of_location on inventory_stock (location_id);

-- A reservation is its `reserve` movement. Its end is the one movement whose id follows
-- from the reservation's, so the primary key lets it end once.
create table inventory_movement (
    id uuid primary key,
    market_id uuid not null,
    variant_id uuid not null,
    location_id uuid not null,
    kind text not null,
    quantity bigint not null check (0 <= quantity and quantity <= 1000000000),
    on_hand_delta bigint not null,
    reserved_delta bigint not null,
    reference_id uuid not null,
    actor_id uuid not null,
    at timestamptz not null,
    reason text not null,
    check (quantity > 0 or kind = 'adjust'),
    check (
        case kind
            when 'restock' then on_hand_delta = quantity and reserved_delta = 0
            when 'return' then on_hand_delta = quantity and reserved_delta = 0
            when 'adjust' then abs(on_hand_delta) = quantity and reserved_delta = 0
            when 'reserve' then on_hand_delta = 0 and reserved_delta = quantity
            when 'claim' then on_hand_delta = -quantity and reserved_delta = -quantity
            when 'release' then on_hand_delta = 0 and reserved_delta = -quantity
            when 'expire' then on_hand_delta = 0 and reserved_delta = -quantity
            else false
        end
    )
);

create index inventory_movement_of_reference on inventory_movement (reference_id);
create index inventory_movement_of_variant on inventory_movement (variant_id, at, id);

-- migrate: rollback

drop table inventory_movement, inventory_stock, inventory_location;

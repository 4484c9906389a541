-- Trade: carts, orders with their lines and transitions, purchase limits.
-- depends: 0007_logistics

-- migrate: apply

create table trade_order (
    id uuid primary key,
    market_id uuid not null,
    checkout_id uuid not null,
    buyer_id uuid not null,
    shop_id uuid not null,
    seller_id uuid not null,
    state text not null check (state in (
        'placed', 'paid', 'shipped', 'delivered', 'completed', 'refunded', 'closed')),
    currency text not null,
    items_total bigint not null check (items_total >= 0),
    shipping_total bigint not null check (shipping_total >= 0),
    total bigint not null check (total > 0 and total = items_total + shipping_total),
    commission_bp integer not null check (commission_bp between 0 and 10000),
    digital boolean not null,
    address jsonb,
    placed_at timestamptz not null,
    deadline text check (deadline in ('pay', 'ship', 'confirm')),
    deadline_at timestamptz,
    extended_at timestamptz,
    stopped_at timestamptz,
    check ((deadline is null) = (deadline_at is null)),
    check ((state in ('completed', 'refunded', 'closed')) = (deadline is null))
) with (fillfactor = 80);

create index trade_order_of_buyer on trade_order (buyer_id, id);
create index trade_order_of_shop on trade_order (shop_id, id);

create table trade_line (
    order_id uuid not null,
    position smallint not null,
    market_id uuid not null,
    variant_id uuid not null,
    listing_id uuid not null,
    title text not null,
    sku text not null,
    options text[] not null,
    quantity integer not null check (quantity > 0),
    unit_price bigint not null check (unit_price > 0),
    weight_g integer not null check (weight_g >= 0),
    primary key (order_id, position)
);

create table trade_transition (
    order_id uuid not null,
    state text not null,
    market_id uuid not null,
    from_state text,
    actor_id uuid not null,
    command_id uuid not null,
    reason text,
    at timestamptz not null,
    primary key (order_id, state)
);

create table trade_limit (
    buyer_id uuid not null,
    variant_id uuid not null,
    market_id uuid not null,
    quantity integer not null check (quantity >= 0),
    primary key (buyer_id, variant_id)
);

create table trade_cart_line (
    member_id uuid not null,
    variant_id uuid not null,
    market_id uuid not null,
    quantity integer not null check (quantity > 0),
    added_at timestamptz not null,
    primary key (member_id, variant_id)
);

-- migrate: rollback

drop table trade_cart_line, trade_limit, trade_transition, trade_line, trade_order;

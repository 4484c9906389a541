-- Members: markets and their terms, people and how they sign in, roles, shops, addresses.
-- depends: 0001_kernel

-- migrate: apply

create table members_market (
    id uuid primary key,
    slug text not null unique check (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$' and length(slug) <= 80),
    name text not null check (length(name) between 1 and 120),
    currency text not null check (currency ~ '^[A-Z]{3}$'),
    country text not null check (country ~ '^[A-Z]{2}$'),
    locales text[] not null check (cardinality(locales) between 1 and 50),
    terms jsonb not null check (
        (terms ->> 'unpaid_minutes')::integer between 1 and 10080
        and (terms ->> 'ship_hours')::integer between 1 and 2160
        and (terms ->> 'confirm_days')::integer between 1 and 90
        and (terms ->> 'confirm_unscanned_days')::integer between 1 and 180
        and (terms ->> 'confirm_digital_days')::integer between 1 and 90
        and (terms ->> 'extension_days')::integer between 1 and 90
        and (terms ->> 'commission_bp')::integer between 0 and 5000
    ),
    founded_at timestamptz not null
);

create table members_member (
    id uuid primary key,
    market_id uuid not null references members_market,
    name text not null check (length(name) between 1 and 80),
    email text check (email = lower(email) and length(email) <= 254),
    phone text check (phone ~ '^\+[1-9][0-9]{4,14}$'),
    locale text not null,
    joined_at timestamptz not null,
    check (email is not null or phone is not null),
    unique (market_id, email),
    unique (market_id, phone)
);

create index members_member_of_market on members_member (market_id, id);

create table members_terms_change (
    id uuid primary key,
    market_id uuid not null references members_market,
    before jsonb not null,
    after jsonb not null,
    by_id uuid references members_member,
    reason text not null check (length(reason) between 1 and 500),
    at timestamptz not null
);

create index members_terms_change_of_market on members_terms_change (market_id, id);

-- An operator's actions. No actor: whoever sat at the machine, on the command line.
create table members_audit (
    id uuid primary key,
    market_id uuid not null references members_market,
    actor_id uuid references members_member,
    action text not null check (length(action) between 1 and 80),
    subject uuid not null,
    reason text not null check (length(reason) between 1 and 500),
    at timestamptz not null
);

create index members_audit_of_market on members_audit (market_id, id);
create index members_audit_of_subject on members_audit (subject, id);

create table members_password (
    member_id uuid primary key references members_member,
    hash text not null check (hash like '$argon2id$%'),
    set_at timestamptz not null
);

create table members_role (
    member_id uuid not null references members_member,
    role text not null check (role in ('buyer', 'seller', 'courier', 'operator')),
    market_id uuid not null references members_market,
    granted_by uuid references members_member,
    granted_at timestamptz not null,
    primary key (member_id, role)
);

create index members_role_of_market on members_role (market_id, role);

-- A member whom an operator keeps out. Reactivation takes the row away; the audit keeps both.
create table members_deactivation (
    member_id uuid primary key references members_member,
    market_id uuid not null references members_market,
    by_id uuid references members_member,
    reason text not null check (length(reason) between 1 and 500),
    at timestamptz not null
);

create table members_session (
    id uuid primary key,
    market_id uuid not null references members_market,
    member_id uuid not null references members_member,
    digest bytea not null unique check (length(digest) = 32),
    address text,
    agent text check (length(agent) <= 300),
    started_at timestamptz not null,
    seen_at timestamptz not null check (seen_at >= started_at),
    expires_at timestamptz not null check (expires_at > started_at),
    ended_at timestamptz check (ended_at >= started_at)
) with (fillfactor = 85);

create index members_session_of_member on members_session (member_id, id);

create table members_token (
    id uuid primary key,
    market_id uuid not null references members_market,
    member_id uuid not null references members_member,
    digest bytea not null unique check (length(digest) = 32),
    name text not null check (length(name) between 1 and 80),
    scopes text[] not null check (
        cardinality(scopes) > 0
        and scopes <@ array['read', 'orders:write', 'catalog:write', 'money:write',
            'shipping:write', 'market:operate']
    ),
    issued_at timestamptz not null,
    expires_at timestamptz not null check (expires_at > issued_at),
    used_at timestamptz check (used_at >= issued_at),
    revoked_at timestamptz check (revoked_at >= issued_at)
) with (fillfactor = 85);

create index members_token_of_member on members_token (member_id, id);

-- Failed sign-ins of one account or one network address. The id is derived from what was
-- typed, so that a password typed into the wrong field is not kept here in the clear.
create table members_attempt (
    id uuid primary key,
    market_id uuid not null,
    kind text not null check (kind in ('account', 'address')),
    failures integer not null check (failures >= 0),
    failed_at timestamptz not null,
    retry_at timestamptz not null check (retry_at >= failed_at)
);

create index members_attempt_by_age on members_attempt (failed_at);

-- An operator has verified that this member may speak for that brand.
create table members_brand (
    id uuid primary key,
    market_id uuid not null references members_market,
    member_id uuid not null references members_member,
    brand text not null check (length(brand) between 1 and 80),
    granted_by uuid references members_member,
    reason text not null check (length(reason) between 1 and 500),
    granted_at timestamptz not null
);

create unique index members_brand_once on members_brand (member_id, lower(brand));

create table members_shop (
    id uuid primary key,
    market_id uuid not null references members_market,
    owner_id uuid not null references members_member,
    slug text not null check (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$' and length(slug) <= 80),
    name text not null check (length(name) between 1 and 80),
    kind text not null check (kind in ('individual', 'business', 'brand', 'supplier')),
    currency text not null check (currency ~ '^[A-Z]{3}$'),
    place_id integer not null,
    ship_fee bigint not null check (ship_fee between 0 and 1000000000000000),
    ship_free_from bigint check (ship_free_from between 1 and 1000000000000000),
    state text not null check (state in ('open', 'paused', 'closed')),
    opened_at timestamptz not null,
    description text not null check (length(description) <= 5000),
    translations jsonb not null check (jsonb_typeof(translations) = 'object'),
    unique (market_id, slug)
);

create index members_shop_of_owner on members_shop (owner_id, id);
create index members_shop_of_market on members_shop (market_id, id);

create table members_shop_change (
    id uuid primary key,
    market_id uuid not null references members_market,
    shop_id uuid not null references members_shop,
    before text not null check (before in ('open', 'paused')),
    after text not null check (after in ('open', 'paused', 'closed')),
    by_id uuid references members_member,
    by_operator boolean not null,
    reason text not null check (length(reason) between 1 and 500),
    at timestamptz not null
);

create index members_shop_change_of_shop on members_shop_change (shop_id, id);

create table members_address (
    id uuid primary key,
    market_id uuid not null references members_market,
    member_id uuid not null references members_member,
    recipient text not null check (length(recipient) between 1 and 80),
    phone text not null check (phone ~ '^\+[1-9][0-9]{4,14}$'),
    lines text[] not null check (cardinality(lines) between 1 and 4),
    postcode text check (length(postcode) between 1 and 16),
    -- The place as it was chosen: the next edition of GeoNames may have dropped it.
    place jsonb not null check (jsonb_typeof(place) = 'object'),
    added_at timestamptz not null,
    removed_at timestamptz check (removed_at >= added_at)
);

create index members_address_of_member on members_address (member_id, id)
    where removed_at is null;

create table members_default_address (
    member_id uuid primary key references members_member,
    address_id uuid not null references members_address,
    chosen_at timestamptz not null
);

-- migrate: rollback

drop table members_default_address, members_address, members_shop_change, members_shop,
    members_brand, members_attempt, members_token, members_session, members_deactivation,
    members_role, members_password, members_audit, members_terms_change, members_member,
    members_market;

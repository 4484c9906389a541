-- Catalog: the category tree, listings and their changes, variants, translations, pictures.
-- depends: 0003_ledger

-- migrate: apply

create table catalog_category (
    id uuid primary key,
    market_id uuid not null,
    parent_id uuid references catalog_category (id),
    slug text not null check (slug <> '' and length(slug) <= 100),
    names jsonb not null check (jsonb_typeof(names) = 'object' and names <> '{}'),
    position integer not null check (position >= 0),
    unique (market_id, slug),
    check (parent_id <> id)
);

create table catalog_listing (
    id uuid primary key,
    market_id uuid not null,
    shop_id uuid not null,
    category_id uuid references catalog_category (id),
    handle text not null
        check (handle <> '' and length(handle) <= 255 and handle !~ '[[:space:]/?#%]'),
    title text not null check (length(title) <= 255),
    body_html text not null check (length(body_html) <= 100000),
    vendor text not null check (length(vendor) <= 255),
    product_type text not null check (length(product_type) <= 255),
    tags text[] not null check (cardinality(tags) <= 250),
    attributes jsonb not null check (jsonb_typeof(attributes) = 'object'),
    kind text not null check (kind in ('physical', 'digital')),
    state text not null check (state in ('draft', 'published', 'paused', 'archived')),
    currency text not null check (currency ~ '^[A-Z]{3}$'),
    option_names text[] not null check (cardinality(option_names) <= 3),
    seo_title text not null check (length(seo_title) <= 255),
    seo_description text not null check (length(seo_description) <= 1000),
    -- The least price of the variants on offer; null while there is none.
    price_from bigint check (price_from >= 0),
    -- What a search looks in: title, translations of it, vendor, type, tags.
    words text not null,
    created_at timestamptz not null,
    revised_at timestamptz not null,
    published_at timestamptz,
    unique (shop_id, handle),
    check (state in ('draft', 'archived') or (title <> '' and price_from > 0)),
    check (state not in ('published', 'paused') or published_at is not null)
);

create index catalog_listing_newest on catalog_listing (market_id, state, id);
create index catalog_listing_by_price on catalog_listing
    (market_id, state, coalesce(price_from, 0), id);
create index catalog_listing_of_shop on catalog_listing (shop_id, id);
create index catalog_listing_of_category on catalog_listing (category_id, id);
create index catalog_listing_words on catalog_listing using gin (to_tsvector('simple', words));

create table catalog_listing_change (
    id uuid primary key,
    market_id uuid not null,
    listing_id uuid not null references catalog_listing (id),
    actor_id uuid not null,
    at timestamptz not null,
    from_state text check (from_state in ('draft', 'published', 'paused', 'archived')),
    to_state text not null check (to_state in ('draft', 'published', 'paused', 'archived')),
    reason text not null check (length(reason) <= 500),
    check (
        (from_state is null and to_state = 'draft')
        or (from_state, to_state) in (
            ('draft', 'published'), ('draft', 'archived'),
            ('published', 'paused'), ('published', 'archived'),
            ('paused', 'published'), ('paused', 'archived'),
            ('archived', 'draft')
        )
    )
);

create index catalog_listing_change_of_listing on catalog_listing_change (listing_id, id);

create table catalog_variant (
    id uuid primary key,
    market_id uuid not null,
    listing_id uuid not null references catalog_listing (id),
    position integer not null check (position >= 1),
    sku text not null check (length(sku) <= 255),
    barcode text not null check (length(barcode) <= 255),
    options text[] not null check (cardinality(options) <= 3),
    price bigint not null check (price between 0 and 1000000000000000),
    compare_at bigint check (compare_at between 0 and 1000000000000000),
    weight_g integer not null check (weight_g >= 0),
    limit_per_buyer integer check (limit_per_buyer >= 1),
    -- A variant that was ever sold is never deleted: it is retired, and may come back.
    retired_at timestamptz
);

create index catalog_variant_of_listing on catalog_variant (listing_id, position);
create unique index catalog_variant_options
    on catalog_variant (listing_id, options) where retired_at is null;

create table catalog_translation (
    listing_id uuid not null references catalog_listing (id),
    locale text not null check (locale ~ '^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$'),
    market_id uuid not null,
    title text not null check (length(title) <= 255),
    body_html text not null check (length(body_html) <= 100000),
    primary key (listing_id, locale)
);

create table catalog_picture (
    listing_id uuid not null references catalog_listing (id),
    position integer not null check (position between 1 and 20),
    market_id uuid not null,
    -- Its name in our own store, or the address it was named by; nothing is fetched from there.
    file text check (file ~ '^[0-9a-f]{2}/[0-9a-f]{62}\.(png|jpg|webp|gif|svg)$'),
    source_url text check (length(source_url) <= 2048),
    alt text not null check (length(alt) <= 512),
    width integer check (width > 0),
    height integer check (height > 0),
    primary key (listing_id, position),
    check (file is not null or source_url is not null)
);

-- migrate: rollback

drop table catalog_picture, catalog_translation, catalog_variant, catalog_listing_change,
    catalog_listing, catalog_category;

-- The rows of a file between its check and its apply: typed, normalised, with the contact that each one is or will be.
-- A row lies in its contact's shard and is deleted in the transaction that applies it, so what is left is what is to do.
create table import_stage (
    shard        smallint    not null,
    import_id    integer     not null,
    row          integer     not null,
    workspace    integer     not null,
    outcome      text        not null,  -- new, updated, unchanged; suppressed for an opt-out list
    contact_id   bigint,
    name         text        not null,
    surname      text        not null,
    phone        text        not null,  -- E.164
    phone_key    text        not null,
    line_type    text        not null,
    phone_country text       not null,
    sms          boolean     not null,
    email        text        not null,
    email_key    text        not null,
    email_shard  smallint    not null,  -- where the directory keeps its key
    external_id  text        not null,
    external_shard smallint  not null,
    country      text        not null,
    locale       text        not null,
    zone         text        not null,
    attributes   jsonb       not null,
    search       text        not null,
    consents     boolean     not null,  -- the row has no column that says no
    primary key (shard, import_id, row)
);

-- The items of a catalog, each where the hash of (catalog, id) puts it: texts look them up by their ids.
create table catalog_item (
    shard      smallint    not null,
    catalog_id integer     not null,
    id         text        not null,
    workspace  integer     not null,
    fields     jsonb       not null,
    changed_at timestamptz not null,
    primary key (shard, catalog_id, id)
);
create index catalog_item_by_id on catalog_item (catalog_id, id text_pattern_ops);
create index catalog_item_of_workspace on catalog_item (workspace);

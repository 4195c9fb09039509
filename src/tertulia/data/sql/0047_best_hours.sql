-- When contacts opened, clicked and wrote.

-- Quarters of an hour from 1970 on, at most the 60 newest, in order. What happened before this table was there is folded
-- in once.
create table contact_moments (
    shard      smallint  not null,
    contact_id bigint    not null,
    workspace  integer   not null,
    moments    integer[] not null,
    primary key (shard, contact_id)
) with (fillfactor = 70);

insert into contact_moments (shard, contact_id, workspace, moments)
select k.shard, k.contact_id, min(k.workspace), array_agg(k.moment order by k.moment)
from (
    select d.*, row_number() over (partition by d.shard, d.contact_id order by d.moment desc) as place
    from (
        select distinct t.shard, t.contact_id, t.workspace, floor(extract(epoch from t.at) / 900)::integer as moment
        from (
            select shard, contact_id, workspace, read_at as at from delivery where read_at is not null
            union all
            select shard, contact_id, workspace, at from click where class = 'human'
            union all
            select shard, contact_id, workspace, provider_at from message where direction = 'in'
        ) t
        join contact c on c.shard = t.shard and c.id = t.contact_id and c.erased_at is null
    ) d
) k
where k.place <= 60
group by k.shard, k.contact_id;

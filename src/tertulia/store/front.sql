-- name: fingerprint
-- Changes when any configuration that the public side reads changes. Not the columns that are touched all the time.
select (select coalesce(sum(epoch), 0) from workspace)::text
    || ':' || (select coalesce(sum(hashtextextended(
           concat_ws('|', id, public_id, kind, name, settings, md5(secrets), md5(cache), state, first_message,
                     archived_at), 0)::numeric), 0) from channel)::text
    || ':' || (select coalesce(sum(hashtextextended(concat_ws('|', id, state), 0)::numeric), 0) from match)::text
    || ':' || (select coalesce(sum(hashtextextended(concat_ws('|', id, name, language, link_domain, md5(link_key)), 0)::numeric), 0)
               from workspace)::text
    || ':' || (select coalesce(sum(hashtextextended(concat_ws('|', match_id, channel_id, "order"), 0)::numeric), 0)
               from match_channel)::text
    || ':' || (select coalesce(sum(hashtextextended(
           concat_ws('|', id, workspace_id, write_key, client_side, state, kind, md5(secret), signing, md5(mapping)), 0)::numeric),
           0) from source)::text

-- name: workspaces
select id, name, language, link_domain, link_key from workspace

-- name: channels
select id, workspace_id, public_id, kind, name, first_message, settings, secrets, cache from channel where archived_at is null

-- name: matches
select m.id, m.workspace_id, m.state,
       coalesce(array_agg(mc.channel_id order by mc."order") filter (where c.archived_at is null), '{}')
from match m
left join match_channel mc on mc.match_id = m.id
left join channel c on c.id = mc.channel_id
where m.state <> 'draft'
group by m.id

-- name: sources
select id, workspace_id, write_key, client_side, state, kind, secret, signing, mapping from source

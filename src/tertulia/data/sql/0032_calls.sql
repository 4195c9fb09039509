-- Calls of journeys to a company's own API (S6).

-- What their steps saved of the answers, by step and name; templates and conditions of the run look at it.
alter table run_open add column results jsonb not null default '{}';
alter table run add column results jsonb not null default '{}';

-- Calls without a verdict. Small: a call leaves it with its outcome, which stands in the ledger.
create table call_open (
    shard       smallint    not null,
    id          uuid        not null,  -- derived from run, step and visit; its Idempotency-Key
    workspace   integer     not null,
    contact_id  bigint      not null,
    journey_id  integer     not null,
    run_id      uuid        not null,
    step        text        not null,
    visit       integer     not null,
    endpoint_id integer     not null,
    method      text        not null,
    path        text        not null,  -- behind the endpoint's address
    body        text        not null,  -- JSON; empty without one
    status_path text        not null,  -- where its outcome can be asked for; empty: nowhere
    expect      text        not null,
    save        jsonb       not null,  -- name -> path into the answer
    saved       jsonb       not null,  -- what was kept of the answer that the log tells of
    state       text        not null,  -- queued | calling | unknown
    attempt     smallint    not null,  -- hand-overs
    tries       smallint    not null,  -- those since a person last asked for another
    asked       smallint    not null,  -- the question to the status call that is due or was the last
    reason      text        not null,  -- why it waits for a person; empty: it does not
    not_before  timestamptz not null,  -- by the decision clock
    ask_at      timestamptz,           -- by the decision clock; null: not asked (again)
    lease_until timestamptz,           -- real time
    made_at     timestamptz not null,
    called_at   timestamptz,           -- the last hand-over
    primary key (shard, id)
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);
create index call_open_due on call_open (endpoint_id, not_before) where state = 'queued';
create index call_open_call on call_open (endpoint_id, called_at) where state = 'calling';
create index call_open_ask on call_open (ask_at) where ask_at is not null;
create index call_open_waits on call_open (workspace, made_at) where reason <> '';
create index call_open_by_contact on call_open (shard, contact_id);
create index call_open_by_journey on call_open (journey_id);

-- What was said to endpoints and what they answered, secrets masked: the last exchanges of each, shown on its page. A row
-- lies in its contact's shard, and an erasure removes it.
create sequence call_log_serial;
create table call_log (
    shard       smallint    not null,
    id          bigint      not null,
    workspace   integer     not null,
    endpoint_id integer     not null,
    contact_id  bigint      not null,
    call_id     uuid        not null,
    purpose     text        not null,  -- call, status
    at          timestamptz not null,  -- real time
    took_ms     integer     not null,
    method      text        not null,
    url         text        not null,
    headers     text        not null,
    body        text        not null,
    status      smallint    not null,  -- 0: no answer
    answer      text        not null,
    error       text        not null,  -- timeout, connect, tls, reset; empty with an answer
    primary key (shard, id)
);
create index call_log_by_endpoint on call_log (endpoint_id, id desc);
create index call_log_by_contact on call_log (shard, contact_id);

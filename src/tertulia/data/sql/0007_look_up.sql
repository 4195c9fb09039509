-- S3: a provider is asked about a message whose outcome was lost. Empty columns for every other delivery.
alter table delivery_open
    add column asked smallint,           -- the number of the question that is due, or was the last
    add column ask_at timestamptz,       -- when it is due, by the decision clock; null: nobody is to be asked
    add column handed_at timestamptz;    -- real time: the provider cannot have taken it earlier
create index delivery_open_ask on delivery_open (ask_at) where state = 'unknown' and ask_at is not null;

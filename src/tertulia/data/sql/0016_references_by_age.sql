-- Where a provider's id leads is forgotten from the old end too, and that end is looked for every minute.
create index provider_ref_by_age on provider_ref using brin (at) with (pages_per_range = 32, autosummarize = on);

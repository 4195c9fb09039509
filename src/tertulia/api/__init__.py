"""The management API: everything that the console can do, as JSON over HTTP.

Each module holds the operations of one noun with the shapes of its requests and answers; `shell` holds what they share
(the key's workspace, the decision clock, the transaction), `problems` how errors are told. Operations call the same
actions as the console's pages. Described at /api/openapi.json, readable at /api/docs.
"""

"""The conformance suite: the rules as scenarios, replayed over HTTP against a server with a test clock.

A scenario is a YAML document in `conformance/`: what is given, what happens step by step, and what must then be true.
The runner is black-box. It speaks to the server by the public API alone, and plays the providers itself: it is the
address that the channels call (`sink`), and it posts webhooks in each provider's wire format, signed as the provider
signs (`wire`). It shares no code with the server but the errors, so another implementation could be held against the
same scenarios.

    runner   loads scenarios, starts a server where none is given, prints rule by rule
    stage    one scenario's world: its workspace, channels, people, and what they received
    steps    what can happen
    checks   what can be expected
    journeys both, of journeys
    tracking what apps, sites and shops tell
"""

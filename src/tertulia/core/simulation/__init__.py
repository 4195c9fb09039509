"""What if: contacts and events played through journeys on a virtual clock, by the core that runs them."""

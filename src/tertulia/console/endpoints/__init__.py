"""Endpoints of the company's own API, which journeys call."""

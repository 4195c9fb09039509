"""Kinds of steps of a journey, one room each: found by the registry."""

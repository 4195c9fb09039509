"""The product's stories, played end to end: real processes, real HTTP, the providers simulated.

A story is told from a seed. From the seed alone it computes who must end up where; then it plays everybody through the
public API and the simulator's control API, and compares. It reads nothing of the platform but the public API, and
nothing of the world but the simulator's record, so that it cannot agree with a mistake of ours.
"""

"""Pools of coupon codes."""

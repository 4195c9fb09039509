"""What coupons bring about: a closed union, part of `effects.Effect` (S5)."""

from datetime import datetime
from uuid import UUID

import msgspec


class ClaimCoupon(msgspec.Struct, frozen=True):
    """The customer's code of a pool from a journey, claimed by the hand-over of `delivery_id`. `shared`: everybody has
    this code, so none is taken from the pool."""

    workspace: int
    contact_id: int
    journey_id: int
    pool_id: int
    run_id: UUID
    delivery_id: UUID
    code: str
    shared: bool
    at: datetime
    expires_at: datetime | None


class KeepCoupon(msgspec.Struct, frozen=True):
    """A provider has what this attempt carries, or may have: its codes are the customer's for good."""

    workspace: int
    contact_id: int
    delivery_id: UUID


class MoveCoupon(msgspec.Struct, frozen=True):
    """What comes after an attempt that failed carries its codes on, where it had some."""

    workspace: int
    contact_id: int
    delivery_id: UUID
    to_id: UUID


class ReturnCoupon(msgspec.Struct, frozen=True):
    """No provider took the attempt: its codes go back to their pools, unless they are the customer's already, or a
    MoveCoupon of the same cycle takes them over."""

    workspace: int
    contact_id: int
    delivery_id: UUID


class RunDry(msgspec.Struct, frozen=True):
    """A message waits because the pool has no code left: people are told, once."""

    workspace: int
    pool_id: int
    at: datetime


CouponEffect = ClaimCoupon | KeepCoupon | MoveCoupon | ReturnCoupon | RunDry

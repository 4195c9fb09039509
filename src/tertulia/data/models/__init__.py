"""Configuration, written by Django's ORM. Contact-scale data has no models: it is read and written by `store/`."""

from tertulia.data.models.cap import Cap
from tertulia.data.models.catalog import Catalog
from tertulia.data.models.channel import Channel
from tertulia.data.models.coupon import CouponPool
from tertulia.data.models.endpoint import Endpoint
from tertulia.data.models.file import StoredFile
from tertulia.data.models.imports import Import
from tertulia.data.models.journey import Journey, JourneyRevision, JourneyRound, SplitWeights
from tertulia.data.models.match import Match, MatchChannel
from tertulia.data.models.notice import Audit, Notice
from tertulia.data.models.people import ApiKey, Membership, SignInLink, User, Workspace
from tertulia.data.models.segment import Segment, SegmentKey, SegmentRevision
from tertulia.data.models.source import Source
from tertulia.data.models.template import Template, TemplateRevision

__all__ = [
    "ApiKey",
    "Audit",
    "Cap",
    "Catalog",
    "Channel",
    "CouponPool",
    "Endpoint",
    "Import",
    "Journey",
    "JourneyRevision",
    "JourneyRound",
    "Match",
    "MatchChannel",
    "Membership",
    "Notice",
    "Segment",
    "SegmentKey",
    "SegmentRevision",
    "SignInLink",
    "Source",
    "SplitWeights",
    "StoredFile",
    "Template",
    "TemplateRevision",
    "User",
    "Workspace",
]

"""Tertulia: a self-hosted platform with which a business talks with its customers."""

__version__ = "0.1.0"

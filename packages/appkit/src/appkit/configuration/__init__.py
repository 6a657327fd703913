"""Configuration files: YAML text in, frozen typed models out, or every problem with its place."""

from appkit.configuration.fingerprint import config_hash
from appkit.configuration.load import find, load, parse, resolve_beside
from appkit.configuration.model import StrictModel
from appkit.configuration.problems import ConfigurationRefused, Problem

__all__ = [
    "ConfigurationRefused",
    "Problem",
    "StrictModel",
    "config_hash",
    "find",
    "load",
    "parse",
    "resolve_beside",
]

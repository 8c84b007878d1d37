"""From a YAML file to typed, validated settings, with every error at once."""

from caffewatch.config.example import example
from caffewatch.config.loader import load
from caffewatch.config.problem import ConfigError, Problem
from caffewatch.config.schema import json_schema
from caffewatch.config.settings import Settings

__all__ = ["ConfigError", "Problem", "Settings", "example", "json_schema", "load"]

"""A daily news digest service: articles in, one edition a morning, every reader accounted for."""

__version__ = "0.1.0"

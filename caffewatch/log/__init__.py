"""The language of Caffe logs: bytes in, events out, without any I/O."""

from caffewatch.log.parser import Parser

__all__ = ["Parser"]

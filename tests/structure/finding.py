"""A breach of a rule. The key is what known.txt lists while it is not yet mended; it has no line number."""

from collections import namedtuple

Finding = namedtuple("Finding", "key message")

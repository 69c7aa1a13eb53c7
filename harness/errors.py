"""Every error that harness raises, to catch by class.

    from harness.errors import RunNotFound

Errors of capabilities are in their packages and derive from `HarnessError` too.
"""

from harness.contracts import errors
from harness.contracts.errors import *  # noqa: F403 - the public face of that package

__all__ = [  # pyright: ignore[reportUnsupportedDunderAll]
    name for name in errors.__all__ if isinstance(getattr(errors, name), type)
]

"""A daemon, and clients of several users."""

from tests.integration.api.conftest import api as api

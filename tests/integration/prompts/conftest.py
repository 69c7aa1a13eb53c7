"""The daemon of the tests of the API."""

from tests.integration.api.conftest import api as api

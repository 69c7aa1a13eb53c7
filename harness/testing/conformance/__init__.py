"""A conformance suite for adapters of model providers: named cases over the real wire protocol.

Write a small server that speaks the provider's protocol and plays steps, and run each case:

    @pytest.mark.parametrize("case", PROVIDER_CASES, ids=str)
    def test_my_adapter(case):
        check_adapter(case, open_provider)
"""

from harness.testing.conformance.cases import KEY, PROVIDER_CASES
from harness.testing.conformance.provider import Case, OpenProvider, Provider, check_adapter
from harness.testing.conformance.steps import Fail, Hang, Say, Step, Used

__all__ = [
    "KEY",
    "PROVIDER_CASES",
    "Case",
    "Fail",
    "Hang",
    "OpenProvider",
    "Provider",
    "Say",
    "Step",
    "Used",
    "check_adapter",
]

"""Run with: python -m unittest discover tests"""

import sys
import tomllib
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(HERE))
from bucket import Bucket  # noqa: E402


class TestBucket(unittest.TestCase):
    def test_it_gives_no_more_than_its_capacity(self) -> None:
        bucket = Bucket(3, 1)
        at = bucket.at
        self.assertEqual([bucket.take(at) for _ in range(4)], [True, True, True, False])

    def test_it_refills(self) -> None:
        bucket = Bucket(1, 2)
        at = bucket.at
        self.assertTrue(bucket.take(at))
        self.assertFalse(bucket.take(at))
        self.assertTrue(bucket.take(at + 0.5))

    def test_the_configuration_is_sensible(self) -> None:
        config = tomllib.loads((HERE / "config.toml").read_text())
        self.assertGreaterEqual(float(config["capacity"]), 1)
        self.assertGreater(float(config["refill_per_second"]), 0)


if __name__ == "__main__":
    unittest.main()

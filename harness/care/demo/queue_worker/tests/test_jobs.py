"""Run with: python -m unittest discover tests"""

import sys
import tempfile
import time
import tomllib
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(HERE))
from check_health import find_problem  # noqa: E402
from jobs import LEASE_S, Queue  # noqa: E402


class TestQueue(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.queue = Queue(self.folder / "queue.db")

    def test_a_job_is_taken_once(self) -> None:
        self.queue.put("count a b")
        [(id, text, attempts)] = self.queue.take(10)
        self.assertEqual((text, attempts), ("count a b", 1))
        self.assertEqual(self.queue.take(10), [])
        self.queue.finish(id)
        self.assertEqual(self.queue.measure(), (0, 0.0))

    def test_a_job_of_a_process_that_died_is_given_to_another(self) -> None:
        self.queue.put("count a")
        self.queue.take(1)
        later = time.time() + LEASE_S + 1
        self.assertEqual([attempts for _, _, attempts in self.queue.take(1, later)], [2])

    def test_what_is_put_aside_does_not_wait(self) -> None:
        self.queue.put("nonsense")
        [(id, _, _)] = self.queue.take(1)
        self.queue.put_aside(id)
        self.assertEqual(self.queue.measure(time.time() + 60), (0, 0.0))

    def test_health(self) -> None:
        (self.folder / "ports").write_text("1 2")
        self.assertIn("has not begun", find_problem(self.folder, 100.0) or "")
        for port in (1, 2):
            (self.folder / f"beat-{port}").write_text("99.5")
        self.assertIsNone(find_problem(self.folder, 100.0))
        self.assertIn("5.5 s ago", find_problem(self.folder, 105.0) or "")

    def test_the_configuration_is_sensible(self) -> None:
        config = tomllib.loads((HERE / "config.toml").read_text())
        self.assertGreaterEqual(int(config["batch"]), 1)
        self.assertGreaterEqual(int(config["attempts"]), 1)
        self.assertGreater(float(config["pause_seconds"]), 0)


if __name__ == "__main__":
    unittest.main()

import unittest

from average import average


class AverageTest(unittest.TestCase):
    def test_of_some(self) -> None:
        self.assertEqual(average([1, 2, 6]), 3)

    def test_of_none(self) -> None:
        self.assertEqual(average([]), 0)


if __name__ == "__main__":
    unittest.main()

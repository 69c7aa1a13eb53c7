import unittest

from intervals import merge


class MergeTest(unittest.TestCase):
    def test_overlap(self) -> None:
        self.assertEqual(merge([(1, 3), (2, 6)]), [(1, 6)])

    def test_touch(self) -> None:
        self.assertEqual(merge([(1, 2), (2, 3)]), [(1, 3)])

    def test_inside(self) -> None:
        self.assertEqual(merge([(1, 9), (2, 3)]), [(1, 9)])


if __name__ == "__main__":
    unittest.main()

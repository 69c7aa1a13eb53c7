import unittest

from slug import slug


class SlugTest(unittest.TestCase):
    def test_words(self) -> None:
        self.assertEqual(slug("Hello World"), "hello-world")

    def test_punctuation(self) -> None:
        self.assertEqual(slug("  What? Now! "), "what-now")


if __name__ == "__main__":
    unittest.main()

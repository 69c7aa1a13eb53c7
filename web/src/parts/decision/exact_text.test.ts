import { expect, it } from "vitest";
import { hasHidden, splitHidden } from "./exact_text";

const INVISIBLE = [
  0x00, 0x1b, 0x7f, 0x85, 0xa0, 0xad, 0x034f, 0x061c, 0x115f, 0x1160, 0x1680, 0x17b4, 0x17b5, 0x180b,
  0x180c, 0x180d, 0x180e, 0x180f, 0x2000, 0x2003, 0x200a, 0x200b, 0x200d, 0x200f, 0x2028, 0x2029,
  0x202e, 0x202f, 0x205f, 0x2060, 0x2065, 0x2066, 0x206f, 0x2800, 0x3000, 0x3164, 0xfe00, 0xfe0f,
  0xfeff, 0xffa0, 0xfff0, 0xfff9, 0x1bca0, 0x1d173, 0xe0001, 0xe0041, 0xe0100, 0xe01ef, 0xe0fff,
]; // biome-ignore format: a table

it.each(INVISIBLE)("marks %i", (code) => {
  const character = String.fromCodePoint(code);
  expect(hasHidden(`a${character}b`)).toBe(true);
  expect(splitHidden(`a${character}b`)).toEqual([
    { text: "a", hidden: false },
    { text: `U+${code.toString(16).toUpperCase().padStart(4, "0")}`, hidden: true },
    { text: "b", hidden: false },
  ]);
});

it("leaves what can be seen", () => {
  const text = "Grüße, 你好 שלום مرحبا กิน e\u0301 🎉\n\ttabs and lines\n";
  expect(hasHidden(text)).toBe(false);
  expect(splitHidden(text)).toEqual([{ text, hidden: false }]);
});

it("keeps many hidden characters in a row readable", () => {
  const parts = splitHidden(`pay 1${"\u{e0041}".repeat(1_000)}00`);
  expect(parts.map((part) => part.text)).toEqual([
    "pay 1", "U+E0041", "U+E0041", "U+E0041", "997 more hidden characters", "00",
  ]); // biome-ignore format: short
});

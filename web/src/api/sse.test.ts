import { describe, expect, it } from "vitest";
import { SseReader } from "./sse";

describe("SseReader", () => {
  it("joins pieces, whatever they cut", () => {
    const text =
      'event: progress\ndata: {"done":1}\n\n: still here\n\nid: 4\nevent: end\ndata: {}\n\n';
    for (const size of [1, 2, 7, text.length]) {
      const reader = new SseReader();
      const found = [];
      for (let at = 0; at < text.length; at += size)
        found.push(...reader.read(text.slice(at, at + size)));
      expect(found).toEqual([
        { kind: "progress", data: '{"done":1}' },
        { kind: "end", data: "{}" },
      ]);
    }
  });

  it("reads a long event without searching it again for each piece", () => {
    const reader = new SseReader();
    const piece = "x".repeat(1000);
    reader.read("data: ");
    for (let count = 0; count < 2000; count += 1) reader.read(piece);
    expect(reader.read("\n\n")[0]?.data.length).toBe(2_000_000);
  });
});

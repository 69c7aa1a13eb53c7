import { describe, expect, it } from "vitest";
import { type Blocks, shownBlocks, splitBlocks } from "./markdown_blocks";

function rawsOf(blocks: Blocks): string[] {
  return blocks.blocks.map((each) => each.raw);
}

const TEXT = `# Title

A paragraph with **bold** text,
in two lines.

- one
- two

  with a paragraph

- three

| a | b |
|---|---|
| 1 | 2 |

Setext heading
---

\`\`\`python
def f():

    return 1
\`\`\`

> a quote
> goes on

1. first
2. second

    code in the list

The end, with [a link](https://example.com).
`;

describe("splitBlocks", () => {
  it("finds the same blocks however the text arrives", () => {
    for (const size of [1, 2, 3, 7, 40]) {
      let blocks: Blocks | undefined;
      for (let end = size; end < TEXT.length + size; end += size) {
        blocks = splitBlocks(TEXT.slice(0, end), blocks);
        expect(blocks.blocks).toEqual(splitBlocks(TEXT.slice(0, end)).blocks);
      }
    }
  });

  it("reads a text anew that is not a longer one", () => {
    const before = splitBlocks(TEXT);
    expect(rawsOf(splitBlocks("other", before))).toEqual(["other"]);
  });

  it("keeps settled blocks", () => {
    const before = splitBlocks(TEXT);
    const after = splitBlocks(`${TEXT}\nMore.\n`, before);
    expect(after.blocks[0]).toBe(before.blocks[0]);
  });
});

describe("shownBlocks", () => {
  it("closes what is open at the end of a streamed text alone", () => {
    const blocks = splitBlocks("One.\n\nThis is **bo");
    expect(shownBlocks(blocks, true).at(-1)?.text).toBe("This is **bo**");
    expect(shownBlocks(blocks, false).at(-1)?.text).toBe("This is **bo");
  });
});

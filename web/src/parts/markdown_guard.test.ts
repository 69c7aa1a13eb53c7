import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, it } from "vitest";
import MarkdownBlock from "./markdown_block";
import { type Blocks, shownBlocks, splitBlocks } from "./markdown_blocks";
import { splitHeavy } from "./markdown_guard";

/** What parsers of Markdown take seconds for, or overflow the stack with, when it is repeated. */
const ATTACKS = [
  "*a_", "]", "[", "[a](", "_a", "[a]: x\n", ">", "> ", "- ", "1. ", "* ", "![a", "a**b", "*_a", "|a",
  "|a|\n|-|\n", "a|b\n-|-\n", "```\n", "- a\n", "- *a_\n\n", "*a_*a_ *a_\n\n", "~a", "`a``b", "<a",
  "a\n\n", "a@b.", "http://a.b(", "&a;", "<a b>", "2. *a_\n", "    - *a_\n", "- a\r\n", "> ```\n*a_",
]; // biome-ignore format: many short texts

const HIDES = [
  "<div>\n```\n%\n", // not a block of code: HTML ends with an empty line
  "```\n```\t\n%",
  "- a\n  ```\n%",
  "|a|b|\n|-|\n%",
  "x\n2. %",
];

function show(text: string, streaming = false, before?: Blocks): string {
  return shownBlocks(splitBlocks(text, before), streaming)
    .map(({ text: each, plain }) =>
      plain
        ? `<pre>${each}</pre>`
        : renderToStaticMarkup(createElement(MarkdownBlock, { text: each })),
    )
    .join("");
}

/** CPU milliseconds; the machine may be busy with something else. */
function timeOf(work: () => void): number {
  const start = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000;
}

function fastest(work: () => void): number {
  return Math.min(timeOf(work), timeOf(work));
}

describe("hostile Markdown", () => {
  it.each([10_000, 100_000, 1_000_000])("of %i characters is read in no time", (length) => {
    for (const attack of ATTACKS) {
      const text = attack.repeat(Math.ceil(length / attack.length));
      const took = fastest(() => shownBlocks(splitBlocks(text), true));
      expect(took, JSON.stringify(attack)).toBeLessThan(100);
    }
  });

  it("reaches the renderer in small pieces alone", () => {
    for (const attack of ATTACKS) {
      const shown = shownBlocks(splitBlocks(attack.repeat(3_000)), true);
      const parsed = new Set(shown.filter((each) => !each.plain).map((each) => each.text));
      for (const text of parsed) {
        const took = fastest(() => renderToStaticMarkup(createElement(MarkdownBlock, { text })));
        expect(took, JSON.stringify(attack)).toBeLessThan(100);
      }
    }
  });

  it("does not hide in what looks like code, a table or a list", () => {
    for (const hide of HIDES) {
      const text = hide.replace("%", "*a_".repeat(2_000));
      expect(
        shownBlocks(splitBlocks(text), false).some((each) => each.plain),
        hide,
      ).toBe(true);
    }
  });

  it("is shown whole", () => {
    for (const attack of ATTACKS) {
      const text = attack.repeat(4_000).replaceAll("\r\n", "\n");
      expect(
        splitBlocks(text)
          .blocks.map((each) => each.raw)
          .join(""),
      ).toBe(text);
      expect(
        splitHeavy(text)
          .map((each) => each.text)
          .join(""),
      ).toBe(text);
    }
  });

  it("does not take what stands around it along", () => {
    const shown = show(`# Title\n\nSome **text**.\n\n${">".repeat(6_000)}\n\nThe *end*.`);
    expect(shown).toContain("<strong>text</strong>");
    expect(shown).toContain("<em>end</em>");
  });

  it("costs little with each piece that arrives", () => {
    for (const attack of ["*a_", "]", ">"]) {
      const text = attack.repeat(Math.ceil(20_000 / attack.length));
      let blocks: Blocks | undefined;
      const took = timeOf(() => {
        for (let end = 100; end <= text.length; end += 100) {
          blocks = splitBlocks(text.slice(0, end), blocks);
          shownBlocks(blocks, true);
        }
      });
      expect(took / 200, attack).toBeLessThan(10);
    }
  });
});

const CODE = `\`\`\`python\n${"def f(a: list[int], *b, **c):\n    return (a[0] * b[0]) < c['x']\n\n".repeat(60)}\`\`\``;
const TABLE = `| Name | Link | Code |\n|---|:--|--:|\n${"| **a** | [link](https://example.com) | `x[0]` |\n".repeat(60)}`;
const LIST = "- [**Name**](https://example.com): `code` *and* (more)\n".repeat(40);
const ORDINARY = Array.from(
  { length: 4 },
  (_, at) =>
    `## Part ${at}\n\nA paragraph with **bold**, \`code\` and [a link](https://example.com).\n\n${CODE}\n\n${TABLE}\n\n${LIST}\n\n1. one\n2. two\n`,
).join("\n");

describe("ordinary Markdown", () => {
  it("of 30 kB with code, tables and lists is rendered", () => {
    expect(ORDINARY.length).toBeGreaterThan(30_000);
    expect(shownBlocks(splitBlocks(ORDINARY), false).filter((each) => each.plain)).toEqual([]);
    const shown = show(ORDINARY);
    for (const tag of ["<table", "<pre", "<ul", "<ol", "<strong>bold"])
      expect(shown).toContain(tag);
  });

  it("streams: each piece costs little", () => {
    let blocks: Blocks | undefined;
    const took = timeOf(() => {
      for (let end = 50; end < ORDINARY.length + 50; end += 50) {
        blocks = splitBlocks(ORDINARY.slice(0, end), blocks);
        shownBlocks(blocks, true);
      }
    });
    expect(took / (ORDINARY.length / 50)).toBeLessThan(10);
    expect(blocks?.blocks).toEqual(splitBlocks(ORDINARY).blocks);
  });
});

import { Lexer } from "marked";
import remend from "remend";
import { splitHeavy, weighBlock } from "./markdown_guard";

/** A part of the text that can be rendered apart. */
export interface Block {
  raw: string;
  /** Shown as it is, because a parser would hold the page. */
  plain: boolean;
  cost: number;
}

export interface Blocks {
  text: string;
  blocks: readonly Block[];
}

/** What is shown of a block. */
export interface Shown {
  text: string;
  plain: boolean;
}

/** How many blocks at the end are read again when text is added: what comes later can still change
 * them, as a line of dashes turns the paragraph before it into a heading. */
const UNSETTLED = 3;
/** Longer text is shown as it is. */
const MOST = 200_000;
/** How many blocks are rendered, and what they may cost together (see `weighBlock`); what comes
 * after them is shown as it is. */
const MOST_BLOCKS = 600;
const MOST_COST = 2_500_000;

/**
 * Splits Markdown into blocks. Text that only grew since `before` costs what was added to it, and
 * not what is there already: an answer that is streamed would otherwise be read again with each word.
 * It takes linear time and does not throw, whatever the text is.
 */
export function splitBlocks(given: string, before?: Blocks): Blocks {
  if (given.length > MOST) return { text: given, blocks: [asPlain(given)] };
  const text = given.includes("\r") ? given.replace(/\r\n?/g, "\n") : given;
  if (before && before.blocks.length > UNSETTLED && text.startsWith(before.text)) {
    const kept = before.blocks.slice(0, -UNSETTLED);
    const start = kept.reduce((length, block) => length + block.raw.length, 0);
    return { text, blocks: [...kept, ...readBlocks(text.slice(start))] };
  }
  return { text, blocks: readBlocks(text) };
}

function asPlain(raw: string): Block {
  return { raw, plain: true, cost: 0 };
}

function readBlocks(text: string): Block[] {
  return splitHeavy(text).flatMap((piece) =>
    piece.plain ? [asPlain(piece.text)] : parseBlocks(piece.text),
  );
}

function parseBlocks(text: string): Block[] {
  try {
    // Without what is within the blocks, which takes long and is parsed again to be rendered.
    return new Lexer().blockTokens(text).map(({ raw }) => {
      const { cost, heavy } = weighBlock(raw);
      return { raw, plain: heavy, cost };
    });
  } catch {
    return [asPlain(text)]; // a bug of the parser must not take the page with it
  }
}

/** The blocks to show: the end of a text that is still streamed is closed, so that half of a link or
 * of bold text does not flicker. */
export function shownBlocks({ blocks }: Blocks, streaming: boolean): readonly Shown[] {
  const shown: Shown[] = [];
  let cost = 0;
  blocks.forEach((block, at) => {
    cost += block.cost;
    const plain = block.plain || at >= MOST_BLOCKS || cost > MOST_COST;
    const last = shown.at(-1);
    if (plain && last?.plain) last.text += block.raw;
    else if (!plain && streaming && at === blocks.length - 1)
      shown.push({ text: remend(block.raw), plain });
    else shown.push({ text: block.raw, plain });
  });
  return shown;
}

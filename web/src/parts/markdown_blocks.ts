import { marked } from "marked";
import remend from "remend";

export interface Blocks {
  text: string;
  /** The text in blocks that can be rendered apart. */
  raws: readonly string[];
}

/** How many blocks at the end are read again when text is added: what comes later can still change
 * them, as a line of dashes turns the paragraph before it into a heading. */
const UNSETTLED = 3;

/**
 * Splits Markdown into blocks. Text that only grew since `before` costs what was added to it, and
 * not what is there already: an answer that is streamed would otherwise be read again with each word.
 */
export function splitBlocks(text: string, before?: Blocks): Blocks {
  if (before && before.raws.length > UNSETTLED && text.startsWith(before.text)) {
    const kept = before.raws.slice(0, -UNSETTLED);
    const start = kept.reduce((length, raw) => length + raw.length, 0);
    return { text, raws: [...kept, ...readBlocks(text.slice(start))] };
  }
  return { text, raws: readBlocks(text) };
}

function readBlocks(text: string): string[] {
  return marked.lexer(text).map((token) => token.raw);
}

/** The blocks to show: the end of a text that is still streamed is closed, so that half of a link or
 * of bold text does not flicker. */
export function shownBlocks(blocks: Blocks, streaming: boolean): readonly string[] {
  const last = blocks.raws.at(-1);
  if (!streaming || last === undefined) return blocks.raws;
  return [...blocks.raws.slice(0, -1), remend(last)];
}

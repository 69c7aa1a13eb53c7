/**
 * Keeps text from the Markdown parsers that would hold the page or overflow the stack. They take
 * time that grows with the square of the delimiters in one run of text, and recurse for each level of
 * quotes and lists. What is found here is shown as plain text. All of it takes linear time.
 */

/** Characters outside of fences in what stands between two blank lines. */
const MOST_CHARACTERS = 10_000;
/** Delimiters in one run of inline text. */
const MOST_DELIMITERS = 400;
/** Quotes and lists within each other. */
const MOST_LEVELS = 16;
const MOST_INDENT = 64;
/** Characters of a block, such as a list with blank lines between its items. */
const MOST_IN_BLOCK = 40_000;
const MOST_LINES_IN_BLOCK = 500;
const MOST_DELIMITERS_IN_BLOCK = 3_000;
/** What the renderer takes for a delimiter that is alone, in units of `Weight.cost`. */
const COST = 250;
/** More blocks than are ever rendered: what comes after them need not be parsed. */
const MOST_CHUNKS = 2_000;

const LEVELS = /^(?:[ \t]*(?:>|[-*+](?=[ \t]|$)|\d{1,9}[.)](?=[ \t]|$)))+/;
const BULLET = /^( *)[-*+] +\S/;
const NUMBER = /^( *)\d{1,9}[.)] +\S/;
const FENCE = /^ {0,3}(`{3,}(?!.*`)|~{3,})/;
const TABLE_LINE = /^\|[ :|-]+\|[ \t]*$/;

const IS_DELIMITER = new Uint8Array(128);
for (const each of "[]*_~<>`()!&@\\|:") IS_DELIMITER[each.charCodeAt(0)] = 1;

interface Weight {
  /** About a ten-thousandth of a millisecond of rendering. */
  cost: number;
  delimiters: number;
  heavy: boolean;
}

const HEAVY: Weight = { cost: 0, delimiters: 0, heavy: true };

export interface Piece {
  text: string;
  plain: boolean;
}

/** Cuts out what must not reach a parser: the texts of the pieces together are the text. */
export function splitHeavy(text: string): Piece[] {
  const pieces: Piece[] = [];
  const add = (piece: string, plain: boolean) => {
    const last = pieces.at(-1);
    if (last?.plain === plain) last.text += piece;
    else if (piece) pieces.push({ text: piece, plain });
  };
  let count = 0;
  let end = 0;
  for (const chunk of chunksOf(text)) {
    add(chunk.text, !chunk.fenced && weigh(chunk.text).heavy);
    end += chunk.text.length;
    if (++count === MOST_CHUNKS) break;
  }
  add(text.slice(end), true);
  return pieces;
}

/** Whether a block, as a parser has found it, is too heavy to be rendered, and what it costs. */
export function weighBlock(raw: string): Weight {
  if (isFence(raw)) return { cost: COST, delimiters: 0, heavy: false };
  if (raw.length > MOST_IN_BLOCK || raw.split("\n").length > MOST_LINES_IN_BLOCK) return HEAVY;
  const all: Weight = { cost: COST, delimiters: 0, heavy: false };
  for (const part of raw.split(/\n[ \t]*\n/)) {
    const weight = weigh(part);
    if (weight.heavy) return HEAVY;
    all.cost += weight.cost;
    all.delimiters += weight.delimiters;
  }
  return all.delimiters > MOST_DELIMITERS_IN_BLOCK ? HEAVY : all;
}

/** One block of code from its first line to its last: nothing in it is parsed. */
function isFence(raw: string): boolean {
  const open = FENCE.exec(raw.slice(0, 1_000).split("\n", 1)[0] ?? "")?.[1];
  if (open === undefined) return false;
  const lines = raw.split("\n");
  const end = lines.findIndex((line, at) => at > 0 && closes(line, open));
  return end < 0 || lines.slice(end + 1).every((line) => line.trim() === "");
}

function closes(line: string, open: string): boolean {
  const bare = line.trim();
  return (
    bare.length >= open.length &&
    /^ {0,3}[`~]/.test(line) &&
    bare === (open[0] ?? "").repeat(bare.length)
  );
}

/** What stands between blank lines; a block of code is one chunk with all of its blank lines. */
function* chunksOf(text: string): Generator<{ text: string; fenced: boolean }> {
  let start = 0;
  let open: string | undefined;
  for (let at = 0; at < text.length; ) {
    const found = text.indexOf("\n", at);
    const end = found < 0 ? text.length : found + 1;
    const line = text.slice(at, found < 0 ? end : found);
    if (open !== undefined) {
      if (closes(line, open)) {
        yield { text: text.slice(start, end), fenced: true };
        start = end;
        open = undefined;
      }
    } else if (line.length < MOST_CHARACTERS && FENCE.test(line)) {
      if (at > start) yield { text: text.slice(start, at), fenced: false };
      start = at;
      open = FENCE.exec(line)?.[1];
    } else if (line.trim() === "") {
      yield { text: text.slice(start, end), fenced: false };
      start = end;
    }
    at = end;
  }
  if (start < text.length) yield { text: text.slice(start), fenced: open !== undefined };
}

/** Weighs a chunk without blank lines. */
function weigh(chunk: string): Weight {
  if (chunk.length > MOST_CHARACTERS && !isTable(chunk)) return HEAVY;
  const runs = new Runs(isTable(chunk));
  for (const line of chunk.split("\n")) {
    if (isDeep(line)) return HEAVY;
    if (runs.add(line) > MOST_DELIMITERS) return HEAVY;
  }
  return runs.end();
}

function isDeep(line: string): boolean {
  const lead = LEVELS.exec(line)?.[0];
  if (lead === undefined) return line.length > MOST_INDENT && line.search(/[^ \t]/) > MOST_INDENT;
  // A line across the page may be of as many dashes as one likes.
  if (/^[ \t]*([-*])[ \t]*(?:\1[ \t]*){2,}$/.test(line)) return line.length > 200;
  return lead.length > MOST_INDENT || (lead.match(/[^ \t\d]/g)?.length ?? 0) > MOST_LEVELS;
}

/** Only where every parser sees a table too. */
function isTable(chunk: string): boolean {
  const [head, line] = chunk.split("\n", 2);
  if (head === undefined || line === undefined || head.length > 2_000) return false;
  return (
    TABLE_LINE.test(line) &&
    /^\|[^\\`]*\|[ \t]*$/.test(head) &&
    head.split("|").length === line.split("|").length &&
    line
      .split("|")
      .slice(1, -1)
      .every((cell) => /^ *:?-+:? *$/.test(cell))
  );
}

/** Counts the delimiters of each run of inline text: a paragraph, an item of a list, a row. */
class Runs {
  private cost = 0;
  private delimiters = 0;
  private count = 0;
  private first = true;
  /** Where the item begins on the line before. */
  private bullet = -2;
  private number = -1;

  constructor(private readonly table: boolean) {}

  /** Returns the delimiters of the run so far. */
  add(line: string): number {
    if (this.begins(line)) this.end();
    this.count += countDelimiters(line);
    return this.count;
  }

  end(): Weight {
    this.cost += this.count * (this.count + COST);
    this.delimiters += this.count;
    this.count = 0;
    return { cost: this.cost, delimiters: this.delimiters, heavy: false };
  }

  private begins(line: string): boolean {
    const { first, bullet, number } = this;
    this.first = false;
    this.bullet = -2;
    this.number = -1;
    if (this.table) return true;
    const dash = BULLET.exec(line)?.[1]?.length;
    if (dash !== undefined && dash <= bullet + 5) {
      this.bullet = dash;
      return true;
    }
    const digit = NUMBER.exec(line)?.[1]?.length;
    if (digit !== undefined && (first || digit === number) && digit < 4) {
      this.number = digit;
      return true;
    }
    return false;
  }
}

function countDelimiters(line: string): number {
  let count = 0;
  for (let at = 0; at < line.length; at++) count += IS_DELIMITER[line.charCodeAt(at)] ?? 0;
  return count;
}

/** Reads server-sent events out of the pieces in which they arrive. */

interface SseEvent {
  kind: string;
  data: string;
}

export class SseReader {
  /** What has arrived of an event. A long one has many pieces: joining or searching all of them for
   * each new one would take quadratic time. */
  private pieces: string[] = [];
  private endsLine = false;

  /** The events that this piece completes. */
  read(piece: string): SseEvent[] {
    if (piece === "") return [];
    const ends = piece.includes("\n\n") || (this.endsLine && piece.startsWith("\n"));
    this.pieces.push(piece);
    this.endsLine = piece.endsWith("\n");
    if (!ends) return [];
    const blocks = this.pieces.join("").split("\n\n");
    const rest = blocks.pop() ?? "";
    this.pieces = rest ? [rest] : [];
    this.endsLine = rest.endsWith("\n");
    return blocks.map(parse).filter((event) => event !== null);
  }
}

function parse(block: string): SseEvent | null {
  let kind = "message";
  const data: string[] = [];
  for (const line of block.split("\n")) {
    if (line.startsWith("event:")) kind = line.slice(6).trim();
    else if (line.startsWith("data:")) data.push(line.slice(5).replace(/^ /, ""));
  }
  return data.length > 0 ? { kind, data: data.join("\n") } : null;
}

/** Which lines two texts share: the least edits, by Myers. */

export interface DiffLine {
  kind: "same" | "added" | "removed";
  text: string;
}

/** Beyond so many edits the exact answer takes too long: then all differing lines are replaced. */
const MOST_EDITS = 1_000;

export function diffLines(before: string, after: string): DiffLine[] {
  const a = linesOf(before);
  const b = linesOf(after);
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start += 1;
  let end = 0;
  while (
    end < a.length - start &&
    end < b.length - start &&
    a[a.length - 1 - end] === b[b.length - 1 - end]
  )
    end += 1;
  return [
    ...mark("same", a.slice(0, start)),
    ...diffMiddle(a.slice(start, a.length - end), b.slice(start, b.length - end)),
    ...mark("same", a.slice(a.length - end)),
  ];
}

function linesOf(text: string): string[] {
  return text === "" ? [] : text.replace(/\n$/, "").split("\n");
}

function mark(kind: DiffLine["kind"], lines: readonly string[]): DiffLine[] {
  return lines.map((text) => ({ kind, text }));
}

function diffMiddle(a: readonly string[], b: readonly string[]): DiffLine[] {
  const steps = a.length && b.length ? findSteps(a, b) : null;
  if (!steps) return [...mark("removed", a), ...mark("added", b)];
  return walkBack(a, b, steps);
}

/** How far each diagonal reaches, for each number of edits; null if there are too many. */
function findSteps(a: readonly string[], b: readonly string[]): Int32Array[] | null {
  const most = Math.min(a.length + b.length, MOST_EDITS);
  const reach = new Int32Array(2 * most + 2);
  const steps: Int32Array[] = [];
  for (let edits = 0; edits <= most; edits += 1) {
    steps.push(reach.slice(most - edits, most + edits + 2));
    for (let k = -edits; k <= edits; k += 2) {
      const down = reach[most + k + 1] ?? 0;
      const right = reach[most + k - 1] ?? 0;
      let x = k === -edits || (k !== edits && right < down) ? down : right + 1;
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) x += 1;
      reach[most + k] = x;
      if (x >= a.length && x - k >= b.length) return steps;
    }
  }
  return null;
}

function walkBack(
  a: readonly string[],
  b: readonly string[],
  steps: readonly Int32Array[],
): DiffLine[] {
  const lines: DiffLine[] = [];
  let x = a.length;
  let y = b.length;
  for (let edits = steps.length - 1; edits >= 0; edits -= 1) {
    const reach = steps[edits];
    const k = x - y;
    const at = (diagonal: number) => reach?.[diagonal + edits] ?? 0;
    const isDown = k === -edits || (k !== edits && at(k - 1) < at(k + 1));
    const before = edits === 0 ? 0 : isDown ? at(k + 1) : at(k - 1);
    const from = edits === 0 ? 0 : before - (isDown ? k + 1 : k - 1);
    while (x > before && y > from) {
      x -= 1;
      y -= 1;
      lines.push({ kind: "same", text: a[x] ?? "" });
    }
    if (edits === 0) break;
    if (isDown) lines.push({ kind: "added", text: b[--y] ?? "" });
    else lines.push({ kind: "removed", text: a[--x] ?? "" });
  }
  return lines.reverse();
}

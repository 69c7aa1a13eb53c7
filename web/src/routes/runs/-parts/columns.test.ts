import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { RowProps } from "./row_parts";

let columns: typeof import("./columns");

afterAll(() => {
  vi.unstubAllGlobals();
});

beforeAll(async () => {
  vi.stubGlobal("addEventListener", () => {});
  vi.stubGlobal("localStorage", { getItem: () => null });
  columns = await import("./columns");
});

const PROPS = {
  row: { tokens: 1_200, cost_micros: 1_250_000, owner: "ana", session: "s-1" },
  showOwner: true,
} as RowProps;

/** What stands below a heading. */
function show(heading: string, props: RowProps): unknown {
  const look = { showOwner: props.showOwner, isCards: false };
  const column = columns.COLUMNS.find(
    ({ title }) => (typeof title === "string" ? title : title(look)) === heading,
  );
  return column?.Content(props);
}

describe("columns", () => {
  it("have the figures that their headings name", () => {
    expect(show("Tokens", PROPS)).toBe("1.2K");
    expect(show("Cost", PROPS)).toBe("$1.25");
    expect(show("Owner", PROPS)).toBe("ana");
    expect(show("Session", { ...PROPS, showOwner: false })).toBe("s-1");
  });

  it("have a track each at every width", () => {
    const counts = ["xl", "3xl", "5xl"].map(
      (width) => columns.TRACKS[`--tracks-${width}`]?.split(" ").length,
    );
    expect(counts).toEqual([6, 8, 9]);
  });
});

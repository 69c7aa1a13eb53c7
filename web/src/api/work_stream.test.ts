import { afterEach, describe, expect, it, vi } from "vitest";
import { streamWork } from "./work_stream";

/** The daemon answers the next request with this. */
function answer(body: string, status = 200): void {
  vi.stubGlobal("fetch", async () => new Response(body, { status }));
}

function event(kind: string, data: unknown): string {
  return `event: ${kind}\ndata: ${JSON.stringify(data)}\n\n`;
}

afterEach(() => vi.unstubAllGlobals());

describe("streamWork", () => {
  it("returns the result after the events", async () => {
    const heard: unknown[] = [];
    answer(event("sealed", { run: "a" }) + event("result", { runs: 1 }) + event("late", {}));
    const result = await streamWork("/work", {}, { onEvent: (...each) => heard.push(each) });
    expect(result).toEqual({ runs: 1 });
    expect(heard).toEqual([["sealed", { run: "a" }]]);
  });

  it("fails as offline if it is cut off before the result", async () => {
    answer(`${event("sealed", { run: "a" })}event: result\ndata: {`);
    const work = streamWork("/work", {}, { onEvent: () => {} });
    await expect(work).rejects.toMatchObject({ name: "Problem", kind: "offline" });
  });

  it("fails with the problem of an error event", async () => {
    answer(event("error", { detail: "Full.", code: "archive.full", status: 503 }));
    const work = streamWork("/work", {}, { onEvent: () => {} });
    await expect(work).rejects.toMatchObject({
      message: "Full.",
      code: "archive.full",
      kind: "server",
    });
  });

  it("fails with the problem of a refusal", async () => {
    answer(JSON.stringify({ detail: "Too many.", code: "api.limit" }), 429);
    const work = streamWork("/work", {}, { onEvent: () => {} });
    await expect(work).rejects.toMatchObject({ message: "Too many.", kind: "busy" });
  });
});

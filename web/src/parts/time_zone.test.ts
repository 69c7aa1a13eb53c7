import { afterEach, beforeEach, expect, it, vi } from "vitest";

const kept = new Map<string, string>();

/** The module as a page that has just been loaded sees it. */
async function load() {
  vi.resetModules();
  return await import("./time_zone");
}

afterEach(() => {
  vi.unstubAllGlobals();
});

beforeEach(() => {
  kept.clear();
  vi.stubGlobal("addEventListener", () => {});
  vi.stubGlobal("localStorage", {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => kept.set(key, value),
    removeItem: (key: string) => kept.delete(key),
  });
});

it("shows times in the chosen zone, and says so to those that show one", async () => {
  const { chooseZone, readChosenClock, watchZone } = await load();
  const heard = vi.fn();
  const leave = watchZone(heard);
  chooseZone("Asia/Tokyo");
  expect(heard).toHaveBeenCalledOnce();
  expect(readChosenClock().formatTime(0)).toBe("1 Jan 1970, 09:00:00 Asia/Tokyo");
  leave();
  chooseZone(null);
  expect(heard).toHaveBeenCalledOnce();
  expect(readChosenClock().zone).toBeUndefined();
});

it("shows times in the browser's zone if it does not know the one that is stored", async () => {
  kept.set("harness.time-zone", "Mars/Olympus");
  const { readChosenClock } = await load();
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  expect(readChosenClock().zone).toBeUndefined();
  expect(readChosenClock().formatTime(0)).toContain(own);
});

import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { browserName } from "./browser_name";
import { TabSession } from "./tab_session";

/** Web storage: its entries are properties. */
function makeStorage(entries: Record<string, string>): Record<string, string> {
  const store = { ...entries };
  const removeItem = (key: string) => delete store[key];
  return Object.defineProperty(store, "removeItem", { value: removeItem });
}

const OTHERS = { "another.app": "kept" };
const SETTINGS = { [browserName("theme")]: "dark" };
const local = makeStorage({
  [browserName("chat.draft.ana")]: "Dear Bob,",
  [browserName("what-if.w-1")]: "{}",
  ...SETTINGS,
  ...OTHERS,
});
const ofTab = makeStorage({ [browserName("reloaded")]: "1", ...OTHERS });
const reload = vi.fn();
const other = new TabSession(browserName("session"), () => {});

beforeAll(() => {
  vi.stubGlobal("localStorage", local);
  vi.stubGlobal("sessionStorage", ofTab);
  vi.stubGlobal("location", { reload });
});

afterAll(() => {
  other.close();
  vi.unstubAllGlobals();
});

it("forgets what was typed when another tab signs out", async () => {
  const { session } = await import("./session");
  session.note("ana");
  other.leave();
  await vi.waitFor(() => expect(session.state()).toEqual({ kind: "signed_out" }));
  expect(reload).toHaveBeenCalled();
  expect(local).toEqual({ ...SETTINGS, ...OTHERS });
  expect(ofTab).toEqual(OTHERS);
  session.close();
});

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { noteOf, offerCommands } from "./commands";
import { listenToKeys } from "./keys";

class Element {
  isContentEditable = false;
  constructor(readonly tagName: string) {}
}

class Input extends Element {
  constructor(readonly type: string) {
    super("INPUT");
  }
}

const ran: string[] = [];
/** The role of what is open above the view. */
let open: string | undefined;
let page: EventTarget;
let leaves: (() => void)[];

function offer(id: string, keys: string): void {
  leaves.push(offerCommands([{ id, title: id, group: "Test", keys, run: () => ran.push(id) }]));
}

function press(
  key: string,
  more: { at?: number; target?: Element; ctrlKey?: boolean } = {},
): Event {
  const { at = 0, target = new Element("BODY"), ctrlKey = false } = more;
  const event = new Event("keydown", { cancelable: true });
  const values = { key, target, ctrlKey, timeStamp: at };
  for (const [name, value] of Object.entries(values)) Object.defineProperty(event, name, { value });
  page.dispatchEvent(event);
  return event;
}

beforeEach(() => {
  ran.length = 0;
  open = undefined;
  page = new EventTarget();
  vi.stubGlobal("HTMLElement", Element);
  vi.stubGlobal("HTMLInputElement", Input);
  vi.stubGlobal("addEventListener", page.addEventListener.bind(page));
  vi.stubGlobal("removeEventListener", page.removeEventListener.bind(page));
  vi.stubGlobal("document", {
    querySelector: (selector: string) =>
      open && selector.includes(`[role="${open}"][data-state="open"]`) ? {} : null,
  });
  leaves = [listenToKeys()];
  offer("runs", "g r");
  offer("peek", "r");
  offer("find", "mod+k");
});

afterEach(() => {
  for (const leave of leaves) leave();
  vi.unstubAllGlobals();
});

describe("keys", () => {
  it("run the command of a sequence, and not that of its last key", () => {
    expect(press("g").defaultPrevented).toBe(false);
    expect(press("r", { at: 500 }).defaultPrevented).toBe(true);
    expect(ran).toEqual(["runs"]);
    press("r", { at: 600 });
    expect(ran).toEqual(["runs", "peek"]);
  });

  it("are no sequence if time passes between them", () => {
    press("g");
    press("r", { at: 1_200 });
    expect(ran).toEqual(["peek"]);
  });

  it.each(["dialog", "alertdialog", "menu", "listbox"])("belong to an open %s", (role) => {
    open = role;
    press("r");
    expect(ran).toEqual([]);
    open = undefined;
    press("r");
    expect(ran).toEqual(["peek"]);
  });

  it("are text while somebody types, unless they are pressed with Ctrl", () => {
    press("r", { target: new Input("text") });
    press("r", { target: new Element("TEXTAREA") });
    expect(ran).toEqual([]);
    press("r", { target: new Input("checkbox") });
    press("k", { target: new Input("text"), ctrlKey: true });
    expect(ran).toEqual(["peek", "find"]);
  });

  it("run what was offered last, and nothing that is only listed", () => {
    offer("peek at a step", "r");
    leaves.push(offerCommands([noteOf({ id: "note", title: "Note", group: "Test", keys: "r" })]));
    press("r");
    expect(ran).toEqual(["peek at a step"]);
  });
});

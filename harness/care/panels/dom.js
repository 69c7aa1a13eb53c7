// What the views of care are built from. Texts come from logs, commits, models and people: they are
// written as text, and characters that nobody sees are named.

// Control, format, private and unassigned characters, and letters that look like spaces.
const HIDDEN = /(?![\n\t])[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Cs}\p{Zl}\p{Zp}\u2800\u3164\u115F\u1160\uFFA0]/gu;
const MOST_TEXT = 20_000;

const nameCharacter = (character) =>
  `[U+${character.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}]`;

/** A text with names in place of the characters that change or hide what is read. */
export const exactText = (text) => {
  const whole = String(text);
  const shown = whole.length > MOST_TEXT ? `${whole.slice(0, MOST_TEXT)} … (cut)` : whole;
  return shown.replace(HIDDEN, nameCharacter);
};

/** An element: text and nodes as children, everything else as attributes. */
export const make = (name, attributes = {}, ...children) => {
  const made = document.createElement(name);
  setAttributes(made, attributes);
  made.append(...children.filter((each) => each != null).map(asNode));
  return made;
};

export const makeSvg = (name, attributes = {}, ...children) => {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  setAttributes(made, attributes);
  made.append(...children.map(asNode));
  return made;
};

const asNode = (child) => (child instanceof Node ? child : document.createTextNode(exactText(child)));

const setAttributes = (made, attributes) => {
  for (const [key, value] of Object.entries(attributes)) {
    if (value != null && value !== false) made.setAttribute(key, value === true ? "" : String(value));
  }
};

/** A text of somebody else, with its line breaks, apart from what surrounds it. */
export const quote = (text, className = "") =>
  make("p", { class: `care-quote ${className}`.trim(), dir: "auto" }, text);

/** Output of tools, such as figures and lines of logs, whose columns stay in line: it scrolls where it
 * is too wide. One line is a text like others. */
export const quoteOutput = (text, label) =>
  String(text).trim().includes("\n")
    ? make("pre", { class: "care-output", dir: "ltr", tabindex: 0, role: "region", "aria-label": label }, text)
    : quote(text);

export const badge = (text, kind) => make("span", { class: `care-badge care-${kind}` }, text);

/** A problem, said where it happened. */
export const fault = (error) =>
  make("p", { class: "care-fault", role: "alert" }, `${error.message} ${error.fix ?? ""}`.trim());

export const button = (text, attributes = {}) =>
  make("button", { type: "button", class: "harness-button", ...attributes }, text);

/** The path that the page is served at, if that is not the root of its host. */
export const PAGE = new URL(import.meta.url).pathname.split("/api/v1/panels/")[0];

const link = (path, text, attributes) =>
  make("a", { class: "care-link", href: PAGE + path, ...attributes }, text);

export const overviewLink = (text) => link("/panels/care/care", text);

export const subjectLink = (name) => link(`/panels/care/care?subject=${encodeURIComponent(name)}`, name);

/** With letters before the id: one of digits alone would be read as a number. */
export const ticketLink = (id, text, attributes) =>
  link(`/panels/care/care?ticket=care.${encodeURIComponent(id)}`, text, attributes);

export const runLink = (run, text = run, attributes = {}) =>
  link(`/runs/${encodeURIComponent(run)}`, text, attributes);

/** Shows nodes in an element, and keeps what is there already where it is the same: then focus,
 * selection and scrolling stay. Nodes with a `data-key` are found by it. */
export const fill = (element, ...nodes) => {
  const fresh = document.createDocumentFragment();
  fresh.append(...nodes.filter((each) => each != null));
  fitChildren(element, fresh);
};

const fitChildren = (old, fresh) => {
  const known = new Map();
  for (const each of old.children) if (each.dataset.key !== undefined) known.set(each.dataset.key, each);
  let place = old.firstChild;
  for (const child of [...fresh.childNodes]) {
    const key = child.dataset?.key;
    const match = key === undefined ? place : known.get(key);
    known.delete(key);
    if (!match || !isAlike(match, child)) {
      old.insertBefore(child, place);
    } else {
      if (match === place) place = place.nextSibling;
      else old.insertBefore(match, place);
      fitNode(match, child);
    }
  }
  while (place) {
    const next = place.nextSibling;
    place.remove();
    place = next;
  }
};

const isAlike = (one, other) =>
  one.nodeName === other.nodeName && one.dataset?.key === other.dataset?.key;

const fitNode = (old, fresh) => {
  if (old.nodeType === Node.TEXT_NODE) {
    if (old.data !== fresh.data) old.data = fresh.data;
    return;
  }
  for (const { name } of [...old.attributes]) {
    const isOpened = name === "open" && old.nodeName === "DETAILS"; // by a person
    if (!isOpened && !fresh.hasAttribute(name)) old.removeAttribute(name);
  }
  for (const { name, value } of fresh.attributes) {
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
  fitChildren(old, fresh);
};

// Forms that people open when they need them.
import { fault, fill, make } from "./dom.js";

export const makeChoice = (id, options, chosen) => {
  const made = make("select", { class: "harness-input", id });
  made.append(...options.map(([value, title]) => make("option", { value, selected: value === chosen }, title)));
  return made;
};

export const makeInput = (id, attributes = {}) =>
  make("input", { class: "harness-input care-text", id, autocomplete: "off", ...attributes });

/** A control below its label. */
export const labelled = (text, control) =>
  make("div", { class: "care-field" }, make("label", { for: control.id }, text), control);

/** A form behind its title. `send` gets nothing, and may throw what is then shown in the form; once
 * it is done, the form is empty and closed. */
export const makeForm = (title, fields, action, send) => {
  const press = make("button", { type: "submit", class: "harness-button" }, action);
  const problem = make("div");
  const form = make("form", { class: "care-form" }, ...fields, make("div", { class: "care-row" }, press), problem);
  const element = make("details", { class: "care-more" }, make("summary", {}, title), form);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    press.disabled = true;
    try {
      await send();
      form.reset();
      element.open = false;
      fill(problem);
    } catch (error) {
      fill(problem, fault(error));
    }
    press.disabled = false;
  });
  return element;
};

/** Does what a button says, and shows beside it why that failed. */
export const pressing = (place, problem, act) => {
  place.addEventListener("click", async (event) => {
    const pressed = event.target.closest("button");
    if (!pressed || pressed.disabled) return;
    pressed.disabled = true;
    try {
      await act(pressed.dataset);
      fill(problem);
    } catch (error) {
      fill(problem, fault(error));
    }
    pressed.disabled = false;
  });
};

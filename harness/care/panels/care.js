// The panel of care: all subjects, one subject, or one ticket, as the address says.
import { PAGE, make } from "./dom.js";
import { showOverview } from "./overview.js";
import { showSubject } from "./subject.js";
import { showTicket } from "./ticket.js";

export function mount(root, host) {
  const content = make("div", { class: "care" });
  root.append(loadStyles(), content);
  // Links lead to other views without loading the page again.
  content.addEventListener("click", (event) => {
    const link = event.target.closest("a");
    if (!link || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    host.navigate(link.getAttribute("href").slice(PAGE.length));
  });
  const asked = new URLSearchParams(host.query);
  const ticket = asked.get("ticket")?.replace(/^care\./, "");
  const subject = asked.get("subject");
  const stop = ticket
    ? showTicket(content, host, ticket)
    : subject
      ? showSubject(content, host, subject)
      : showOverview(content, host, asked);
  return () => {
    stop();
    root.replaceChildren();
  };
}

const loadStyles = () => {
  const sheet = document.createElement("link");
  sheet.rel = "stylesheet";
  sheet.href = new URL("./care.css", import.meta.url).href;
  return sheet;
};

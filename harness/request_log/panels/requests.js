// The tab of a run: its requests to model providers, and one request with what it adds. Everything
// that comes from models, tools and users is written as text.

const element = (name, text, className) => {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
};

const button = (text, act) => {
  const made = element("button", text, "harness-button");
  made.type = "button";
  made.addEventListener("click", act);
  return made;
};

const table = (heads, rows) => {
  const made = element("table", undefined, "requests-table");
  const head = made.createTHead().insertRow();
  for (const each of heads) head.append(element("th", each));
  const body = made.createTBody();
  for (const row of rows) {
    const line = body.insertRow();
    for (const cell of row) {
      const place = line.insertCell();
      if (cell instanceof Node) place.append(cell);
      else place.textContent = String(cell);
    }
  }
  return made;
};

const showPiece = (piece) => {
  if (piece?.type === "text") return piece.text;
  if (piece?.type === "tool_call") return `calls ${piece.name} ${JSON.stringify(piece.arguments)}`;
  if (piece?.type === "tool_result") return `result of ${piece.name}: ${piece.content}`;
  return JSON.stringify(piece);
};

const showMessage = (message) => `${message.role}: ${(message.parts ?? []).map(showPiece).join("\n")}`;

const showPart = ({ kind, value }) => {
  if (value == null) return `${kind}: not recorded`;
  if (kind === "message") return showMessage(value);
  return `${kind}: ${typeof value === "string" ? value : JSON.stringify(value, null, 2)}`;
};

export function mount(root, host) {
  const sheet = document.createElement("link");
  sheet.rel = "stylesheet";
  sheet.href = new URL("./requests.css", import.meta.url).href;
  const content = element("div", undefined, "requests");
  root.append(sheet, content);
  let left = false;

  const show = (load) => {
    load().catch((error) => {
      if (!left) content.replaceChildren(element("p", `${error.message} ${error.fix ?? ""}`, "requests-bad"));
    });
  };

  const list = async (shown = [], cursor) => {
    const more = cursor ? `&cursor=${encodeURIComponent(cursor)}` : "";
    const page = await host.get(`/requests?run=${encodeURIComponent(host.run)}${more}`);
    if (left) return;
    const requests = [...shown, ...page.requests];
    if (requests.length === 0) {
      content.replaceChildren(
        element("p", "No request of this run is recorded. The setting request_log.sample turns recording on."),
      );
      return;
    }
    const number = (value) => (value == null ? "-" : value.toLocaleString(host.locale));
    const rows = requests.map((each) => [
      button(`Turn ${each.turn}`, () => show(() => one(each.id))),
      new Date(each.at).toLocaleString(host.locale),
      each.model,
      element("span", each.status.replaceAll("_", " "), each.status === "ok" ? "" : "requests-bad"),
      `${number(Math.round(each.ms))} ms`,
      `${number(each.input)} + ${number(each.output)}`,
      each.cost_micros == null ? "-" : `$${(each.cost_micros / 1e6).toFixed(4)}`,
    ]);
    content.replaceChildren(table(["Request", "Time", "Model", "Status", "Took", "Tokens", "Cost"], rows));
    if (page.next) content.append(button("Show more", () => show(() => list(requests, page.next))));
  };

  const one = async (id) => {
    const found = await host.get(`/requests/${encodeURIComponent(id)}`);
    if (left) return;
    const heading = element("h3", `Turn ${found.turn}, ${found.model}: ${found.status.replaceAll("_", " ")}`);
    const diff = `${found.added} parts added, ${found.removed} removed`;
    const request = element("ol", undefined, "requests-parts");
    for (const part of found.parts) {
      const item = element("li", undefined, part.added ? "requests-added" : "");
      item.append(element("pre", showPart(part)));
      request.append(item);
    }
    const answer = element("pre", found.response ? showMessage(found.response) : (found.text ?? ""));
    content.replaceChildren(
      button("All requests", () => show(() => list())),
      heading,
      element("p", found.previous ? `Compared with the request before: ${diff}` : diff),
      request,
      element("h3", "Answer"),
    );
    if (found.error) content.append(element("p", `${found.error.code}: ${found.error.message}`, "requests-bad"));
    content.append(answer);
  };

  show(() => list());
  return () => {
    left = true;
    root.replaceChildren();
  };
}

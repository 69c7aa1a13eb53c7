// The panel of evaluations: the list, and one evaluation with what failed. Everything that comes
// from models, data sets and users is written as text.

const element = (name, text, className) => {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
};

const percent = (share) => `${(100 * share).toFixed(1)} %`;
const money = (micros) => (micros == null ? "-" : `$${(micros / 1e6).toFixed(4)}`);

const table = (heads, rows) => {
  const made = element("table", undefined, "evals-table");
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

const button = (text, act) => {
  const made = element("button", text, "harness-button");
  made.type = "button";
  made.addEventListener("click", act);
  return made;
};

/** The interval of a rate as a small picture. */
const bar = (cell) => {
  const space = "http://www.w3.org/2000/svg";
  const make = (name, values) => {
    const made = document.createElementNS(space, name);
    for (const [key, value] of Object.entries(values)) made.setAttribute(key, String(value));
    return made;
  };
  const label = `${percent(cell.rate)}, 95 %: ${percent(cell.low)} to ${percent(cell.high)}`;
  const picture = make("svg", { viewBox: "0 0 200 16", class: "evals-bar", role: "img", "aria-label": label });
  picture.append(
    make("rect", { x: 0, y: 3, width: 200 * cell.rate, height: 10, class: "evals-rate" }),
    make("line", { x1: 200 * cell.low, x2: 200 * cell.high, y1: 8, y2: 8, class: "evals-range" }),
  );
  return picture;
};

export function mount(root, host) {
  const sheet = document.createElement("link");
  sheet.rel = "stylesheet";
  sheet.href = new URL("./evals.css", import.meta.url).href;
  const content = element("div", undefined, "evals");
  root.append(sheet, content);
  let left = false;
  let timer;

  const show = (load) => {
    clearTimeout(timer);
    load().catch((error) => {
      if (!left) content.replaceChildren(element("p", `${error.message} ${error.fix ?? ""}`, "evals-bad"));
    });
  };

  const list = async () => {
    const { evals } = await host.get("/evals");
    if (left) return;
    const rows = evals.map((each) => [
      button(each.name, () => show(() => one(each.id))),
      each.state.replace("_", " "),
      `${each.done} of ${each.items}`,
      each.done ? percent(each.passed / each.done) : "-",
      each.tokens.toLocaleString(host.locale),
      money(each.cost_micros),
      new Date(each.created * 1000).toLocaleString(host.locale),
    ]);
    const heads = ["Evaluation", "State", "Runs", "Passed", "Tokens", "Cost", "Started"];
    content.replaceChildren(
      rows.length ? table(heads, rows) : element("p", "No evaluations yet. To run one: harness eval FILE", "evals-quiet"),
    );
    if (evals.some((each) => each.state === "running")) timer = setTimeout(() => show(list), 3000);
  };

  const one = async (id) => {
    const path = `/evals/${encodeURIComponent(id)}`;
    const report = await host.get(path);
    if (left) return;
    const head = element("div", undefined, "evals-head");
    head.append(button("All evaluations", () => show(list)), element("h2", report.name));
    head.append(element("span", `${report.state.replace("_", " ")}, ${report.done} of ${report.items} runs`, "evals-quiet"));
    if (report.state === "running" && host.role !== "viewer") {
      head.append(button("Stop", () => show(async () => { await host.post(`${path}/stop`, {}); await one(id); })));
    }
    content.replaceChildren(head, cells(report), ...comparisons(report), ...failing(report));
    if (report.state === "running") timer = setTimeout(() => show(() => one(id)), 3000);
  };

  const cells = (report) =>
    table(
      ["Agent", "Model", "Passed", "Rate", "95 %", "Tokens", "Cost", "p50", "p95"],
      report.cells.map((cell) => [
        cell.agent, cell.model, `${cell.passed} of ${cell.runs}`, percent(cell.rate), bar(cell),
        cell.tokens.toLocaleString(host.locale), money(cell.cost_micros),
        `${cell.seconds_p50.toFixed(1)} s`, `${cell.seconds_p95.toFixed(1)} s`,
      ]),
    );

  const comparisons = (report) =>
    report.comparisons.length
      ? [
          element("h3", "Comparison"),
          table(
            ["Agent and model", "Against", "Before", "After", "p", "Verdict"],
            report.comparisons.map((each) => [
              each.cell, each.baseline, percent(each.before), percent(each.after), each.p.toPrecision(3),
              element("span", each.verdict, each.verdict === "regression" ? "evals-bad" : ""),
            ]),
          ),
        ]
      : [];

  const failing = (report) =>
    report.failing.length
      ? [
          element("h3", "Failing"),
          table(
            ["Case", "Model", "Why", "Answer", "Run"],
            report.failing.map((each) => [
              each.case, report.cells[each.cell].model, why(each), each.output.slice(0, 300),
              each.run ? button("Open", () => host.navigate(`/runs/${encodeURIComponent(each.run)}`)) : "-",
            ]),
          ),
        ]
      : [];

  const why = (result) =>
    result.error
      ? result.error.message
      : result.checks.filter((each) => !each.passed).map((each) => `${each.name}: ${each.detail}`).join("; ");

  show(list);
  return () => {
    left = true;
    clearTimeout(timer);
    root.replaceChildren();
  };
}

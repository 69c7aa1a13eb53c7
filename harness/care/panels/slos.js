// SLOs of a subject, with what is left of their error budgets.
import { badge, fill, make } from "./dom.js";
import { keepRead } from "./refresh.js";
import { showValue, stateBadge } from "./words.js";

/** Each budget is a query over weeks of samples. */
const EVERY_S = 60;
const SIZES = [["d", 86_400], ["h", 3_600], ["min", 60], ["s", 1]];

/** Shows them in `place` and keeps them current; returns what stops that. A subject without SLOs has
 * no such section. */
export const showSlos = (place, host, subject) => {
  const { locale } = host;
  const notice = make("div", { class: "care-notice" });
  const list = make("ul", { class: "care-list", "aria-label": "SLOs" });
  place.append(make("h2", {}, "Error budgets"), notice, list);
  const load = async () => {
    const { slos } = await host.get(`/care/slos?subject=${encodeURIComponent(subject)}`);
    place.hidden = slos.length === 0;
    fill(list, ...slos.map((each) => sloItem(each, locale)));
  };
  return keepRead({ load, place: notice, seconds: EVERY_S, locale }).stop;
};

const sloItem = (each, locale) => {
  const left = each.left == null ? undefined : describeLeft(each.left, locale);
  return make("li", { class: "care-item", "data-key": each.name },
    make("div", { class: "care-row" },
      badge(left ?? "unknown", kindOf(each)), make("strong", {}, each.name),
      make("span", { class: "care-quiet" }, `${each.objective} % of the last ${each.days} days`)),
    each.left == null ? undefined : make("meter", { class: "care-meter", min: 0, max: 1, value: Math.max(0, each.left), "aria-label": `Error budget of ${each.name}: ${left}` }),
    each.left == null ? undefined : make("p", { class: "care-quiet" },
      `Of the last ${each.days} days, those count for which there is data: with little of it, a few bad minutes weigh much.`),
    each.summary ? make("p", { class: "care-quote" }, each.summary) : undefined,
    each.message ? make("p", { class: "care-quiet care-quote" }, each.message) : undefined,
    ...each.burns.map((burn) => make("p", { class: "care-quiet care-row" }, stateBadge(burn.state), describeBurn(burn, locale))));
};

const describeLeft = (left, locale) =>
  left < 0 ? `overspent by ${showValue(-100 * left, locale)} %` : `${showValue(100 * left, locale)} % left`;

const kindOf = (each) => {
  if (each.left == null) return "quiet";
  return each.left < 0 ? "bad" : each.left < 0.25 ? "warn" : "good";
};

const describeBurn = (burn, locale) => {
  const windows = [burn.long_seconds, burn.short_seconds].map(showSpan).join(" and ");
  const rate = burn.value == null ? "unknown" : showValue(burn.value, locale);
  return `burn rate over ${windows}: ${rate}, at most ${burn.limit}`;
};

const showSpan = (seconds) => {
  const [unit, size] = SIZES.find(([, each]) => seconds % each === 0);
  return `${seconds / size} ${unit}`;
};

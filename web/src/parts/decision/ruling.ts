/** What a policy said about a call, in words. */
import type { Schemas } from "@/api/client";
import { describeLapse, nameDecider } from "../policy/rules";

export type Ruling = Schemas["Ruling"];

/** Which rule asks, and whom. */
export function describeAsking(ruling: Ruling): string {
  const whom = ruling.whom?.map(nameDecider).join(" or ");
  return `The rule “${ruling.rule}” asks${whom ? `: ${whom} may decide` : ""}.`;
}

/** What happens once the time is up. */
export function describeEnd(ruling: Ruling): string {
  return `then ${describeLapse(ruling.then)}`;
}

/** Which rule decided, and why nobody was asked. */
export function describeRuling(ruling: Ruling): string {
  const did = { allow: "allowed it", deny: "denied it", ask: "asked" }[ruling.decision];
  const why = ruling.lapsed
    ? ", because nobody decided in time"
    : ruling.remembered
      ? ", as a remembered approval says"
      : "";
  return `The rule “${ruling.rule}” ${did}${why}.`;
}

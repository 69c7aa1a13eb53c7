import { describe, expect, it } from "vitest";
import {
  absoluteSince,
  chipsOf,
  effectiveFilters,
  queryOf,
  readFilters,
  topicOf,
} from "./-filters";

describe("readFilters", () => {
  it("takes what the API knows and drops the rest", () => {
    const search = { state: "failed", agent: 7, query: "", owner: ["x"], nonsense: "1", peek: "a" };
    expect(readFilters(search)).toEqual({ state: "failed", agent: "7", peek: "a" });
  });

  it("drops a state that does not exist", () => {
    expect(readFilters({ state: "<img>" })).toEqual({});
  });

  it("keeps the dialog open without an agent", () => {
    expect(readFilters({ start: "" })).toEqual({ start: "" });
  });
});

describe("since", () => {
  const now = 1_700_000_030;
  it("is an age in whole minutes, or a time as it was written", () => {
    expect(absoluteSince("1h", now)).toBe("2023-11-14T21:13:00.000Z");
    expect(absoluteSince("2023-01-01T00:00:00Z", now)).toBe("2023-01-01T00:00:00Z");
    expect(absoluteSince("999999999d", now)).toBe("999999999d");
  });
});

describe("queries", () => {
  it("never send what is only the page's", () => {
    expect(queryOf({ agent: "a", archived: true }, 0)).toEqual({ agent: "a" });
  });

  it("write a topic in the order of the API, escaped", () => {
    const topic = topicOf({ owner: "a&b", agent: "x#y", state: "failed" }, { cursor: "c+1" });
    expect(topic).toBe("runs?state=failed&agent=x%23y&owner=a%26b&cursor=c%2B1");
  });

  it("leave to the archive only what it can filter by", () => {
    const filters = effectiveFilters({ archived: true, owner: "ana", state: "failed" });
    expect(filters).toEqual({ archived: true, state: "failed" });
  });
});

describe("chipsOf", () => {
  it("names each filter once", () => {
    expect(chipsOf({ state: "failed", since: "24h", archived: true })).toEqual([
      { name: "state", text: "State: failed" },
      { name: "since", text: "Started: last 24 hours" },
    ]);
  });
});

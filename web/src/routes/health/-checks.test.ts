import { expect, test } from "vitest";
import { checkArchive, checkServices, worst } from "./-checks";

const archive = {
  ended: 3,
  unsealed: 0,
  close: false,
  figures: { seals: 3, runs: 3, deleted: 0, forgotten: 0, bytes: 10, head: 3 },
  retention_s: 1,
  enabled: true,
};

test("each trouble says what to do", () => {
  const down = checkServices(
    { ready: false, temporal: "unreachable", postgres: "ok" },
    false,
    "reconnecting",
  );
  expect(down.map((each) => each.level)).toEqual(["fine", "bad", "fine", "bad"]);
  for (const check of down) if (check.level === "bad") expect(check.advice).toBeTruthy();
  const silent = checkServices(undefined, true, "online");
  expect(silent.map((each) => each.level)).toEqual(["bad", "unknown", "unknown", "fine"]);
  expect(silent[0]?.command).toBe("harness serve");
});

test("an archive that falls behind", () => {
  expect(checkArchive(archive, 0).word).toBe("up to date");
  expect(checkArchive({ ...archive, unsealed: 1 }, 0).word).toBe("1 run to seal");
  const late = checkArchive({ ...archive, unsealed: 2, close: true, lost_at: 7200 }, 0);
  expect(late.level).toBe("bad");
  expect(late.advice).toContain("2 hours");
  expect(checkArchive({ ...archive, enabled: false }, 0).level).toBe("warn");
});

test("the worst of several", () => {
  expect(worst(["fine", "warn", "unknown"])).toBe("warn");
  expect(worst([])).toBe("fine");
});

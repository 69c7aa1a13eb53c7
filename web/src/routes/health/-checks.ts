import type { Schemas } from "@/api/client";
import type { Status } from "@/api/live";

/** How something is: fine, being looked at, worth a look, or broken. */
export type Level = "fine" | "unknown" | "warn" | "bad";

export interface Check {
  name: string;
  level: Level;
  /** The state in a word or two. */
  word: string;
  /** What it means, and what to do about it. */
  advice?: string;
  /** A command that helps. */
  command?: string;
}

/** The parts that everything else needs. */
export function checkServices(
  ready: Schemas["Ready"] | undefined,
  error: boolean,
  live: Status,
): readonly Check[] {
  return [checkDaemon(ready, error), ...checkStores(ready, error), checkSocket(live)];
}

function checkDaemon(ready: Schemas["Ready"] | undefined, error: boolean): Check {
  if (error) {
    return {
      name: "Daemon",
      level: "bad",
      word: "does not answer",
      advice: "Runs go on without it; the page does not. Start it again.",
      command: "harness serve",
    };
  }
  return ready
    ? { name: "Daemon", level: "fine", word: "answers" }
    : { name: "Daemon", level: "unknown", word: "asking" };
}

function checkStores(ready: Schemas["Ready"] | undefined, error: boolean): readonly Check[] {
  return (["temporal", "postgres"] as const).map((part) => {
    const name = part === "temporal" ? "Temporal" : "Postgres";
    if (!ready || error) return { name, level: "unknown", word: "unknown" };
    if (ready[part] === "ok") return { name, level: "fine", word: "answers" };
    return {
      name,
      level: "bad",
      word: "unreachable",
      advice:
        part === "temporal"
          ? "Runs do not progress until it answers; nothing is lost. See what is wrong, or start it."
          : "Nothing can be started or stored until it answers. See what is wrong, or start it.",
      command: "harness doctor",
    };
  });
}

const SOCKET: Record<Status, Omit<Check, "name">> = {
  online: { level: "fine", word: "open" },
  connecting: { level: "unknown", word: "connecting" },
  reconnecting: {
    level: "bad",
    word: "reconnecting",
    advice: "The page shows what it had, and continues there when the daemon answers.",
  },
  signed_out: {
    level: "bad",
    word: "signed out",
    advice: "The session has ended. Sign in again.",
    command: "harness user link",
  },
};

function checkSocket(live: Status): Check {
  return { name: "Live updates", ...SOCKET[live] };
}

/** What the page says of an archive. */
export function checkArchive(archive: Schemas["ArchiveView"], now: number): Check {
  const name = "Sealing";
  if (!archive.enabled) {
    return {
      name,
      level: "warn",
      word: "off",
      advice: "Ended runs are not kept when Temporal deletes them. Set archive.enabled.",
    };
  }
  if (archive.close) {
    const hours = archive.lost_at ? Math.max(0, Math.round((archive.lost_at - now) / 3600)) : 0;
    return {
      name,
      level: "bad",
      word: "behind",
      advice: `Temporal deletes the oldest unsealed run in ${hours} hours. Seal all now; if that fails, the daemon's log says why.`,
    };
  }
  if (archive.unsealed > 0) {
    return {
      name,
      level: "fine",
      word: archive.unsealed === 1 ? "1 run to seal" : `${archive.unsealed} runs to seal`,
    };
  }
  return { name, level: "fine", word: "up to date" };
}

/** The worst of several. */
export function worst(levels: readonly Level[]): Level {
  return (["bad", "warn", "unknown"] as const).find((each) => levels.includes(each)) ?? "fine";
}

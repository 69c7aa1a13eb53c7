import { browserName } from "@/api/browser_name";

/** The time zone that the person has chosen; null: the browser's. */
const KEY = browserName("time-zone");

export function chosenZone(): string | undefined {
  return localStorage.getItem(KEY) ?? undefined;
}

export function chooseZone(zone: string | null): void {
  if (zone === null) localStorage.removeItem(KEY);
  else localStorage.setItem(KEY, zone);
  format = makeFormat();
  zoneName = format.resolvedOptions().timeZone;
}

function makeFormat(): Intl.DateTimeFormat {
  const zone = chosenZone();
  return new Intl.DateTimeFormat("en-GB", {
    dateStyle: "medium",
    timeStyle: "medium",
    ...(zone ? { timeZone: zone } : {}),
  });
}

let format = makeFormat();
let zoneName = format.resolvedOptions().timeZone;

/** A moment in the chosen zone, with the zone's name. */
export function formatTime(at: number): string {
  return `${format.format(at * 1000)} ${zoneName}`;
}

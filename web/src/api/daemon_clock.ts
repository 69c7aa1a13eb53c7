/** The daemon's time: that of a browser may be wrong by hours. */

let ahead = 0;

/** Notes what an answer's header `Date` says. */
export function noteDate(date: string | null): void {
  const time = Date.parse(date ?? "");
  if (Number.isFinite(time)) ahead = time - Date.now();
}

/** Seconds since the epoch, as the daemon counts them; right to about a second. */
export function daemonNow(): number {
  return (Date.now() + ahead) / 1000;
}

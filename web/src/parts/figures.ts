/** How figures are written, everywhere the same. */

/** Millionths of a dollar as dollars; null if unknown. */
export function formatMoney(micros: number | null | undefined): string {
  if (micros == null) return "–";
  if (micros === 0) return "$0";
  if (micros < 100) return "<$0.0001";
  const small = (micros / 1e6).toFixed(4);
  return Number(small) < 0.01 ? `$${small}` : `$${(micros / 1e6).toFixed(2)}`;
}

/** Rounds before it chooses the unit: no 60 seconds beside minutes. */
export function formatSeconds(seconds: number): string {
  const ms = Math.round(seconds * 1000);
  if (ms < 1000) return `${Math.max(0, ms)} ms`;
  const tenths = Math.round(seconds * 10);
  if (tenths < 600) return `${(tenths / 10).toFixed(1)} s`;
  const whole = Math.round(seconds);
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${whole % 60} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

const COUNT = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });

export function formatCount(count: number | null | undefined): string {
  return count == null ? "–" : COUNT.format(count);
}

const SIZES = ["kB", "MB", "GB"] as const;

export function formatBytes(bytes: number | null | undefined): string {
  if (bytes == null) return "–";
  if (bytes < 1000) return `${bytes} B`;
  let tenths = Math.round(bytes / 100);
  let size = 0;
  for (; tenths >= 10_000 && size < SIZES.length - 1; size += 1)
    tenths = Math.round(bytes / 100 / 1000 ** (size + 1));
  return `${(tenths / 10).toFixed(1)} ${SIZES[size]}`;
}

/** How long ago, in one unit. */
export function formatAgo(at: number, now: number): string {
  const seconds = Math.max(0, now - at);
  if (seconds < 5) return "now";
  if (seconds < 60) return `${Math.floor(seconds)} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ago`;
  return `${Math.floor(seconds / 86_400)} d ago`;
}

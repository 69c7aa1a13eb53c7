import { formatCount, formatMoney } from "@/parts/figures";
import type { Bar, Measure } from "../-cost";

const HEIGHT = 120;

/** A bar for each day. "By day" lists the same in figures, for who sees no chart. */
export function DayChart(props: { bars: readonly Bar[]; measure: Measure }) {
  const { bars, measure } = props;
  const most = Math.max(...bars.map((bar) => bar.value), 0);
  const write = measure === "cost" ? formatMoney : formatCount;
  const top = bars.find((bar) => bar.value === most && most > 0);
  const label = top
    ? `${measure === "cost" ? "Cost" : "Tokens"} by day, at most ${write(most)} on ${top.day}.`
    : "No call in these days.";
  return (
    <figure className="px-4 pt-4 pb-3">
      <p aria-hidden className="mb-1 text-muted text-xs">
        {most > 0 ? write(most) : ""}
      </p>
      <svg
        role="img"
        aria-label={label}
        viewBox={`0 0 ${bars.length * 10} ${HEIGHT}`}
        preserveAspectRatio="none"
        className="block h-[120px] w-full border-b border-line"
      >
        <line
          x1={0}
          x2={bars.length * 10}
          y1={0.5}
          y2={0.5}
          vectorEffect="non-scaling-stroke"
          strokeDasharray="3 4"
          className="stroke-line"
        />
        {bars.map((bar, place) => (
          <g key={bar.day} className="group">
            <title>{`${bar.day}: ${write(bar.value)}, ${bar.calls} calls`}</title>
            <rect x={place * 10} y={0} width={10} height={HEIGHT} fill="transparent" />
            <rect
              x={place * 10 + 1}
              y={HEIGHT - heightOf(bar.value, most)}
              width={8}
              height={heightOf(bar.value, most)}
              className="fill-secondary group-hover:fill-ink"
            />
          </g>
        ))}
      </svg>
      <figcaption className="mt-1.5 flex justify-between text-muted text-xs">
        <span>{bars[0]?.day}</span>
        <span>days of UTC</span>
        <span>{bars.at(-1)?.day}</span>
      </figcaption>
    </figure>
  );
}

/** What is there is seen, however little it is beside the rest. */
function heightOf(value: number, most: number): number {
  return value === 0 ? 0 : Math.max(2, (value / most) * (HEIGHT - 2));
}

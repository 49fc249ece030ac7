import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import type { Histogram, Severity } from "./api";
import { count, time } from "./format";

const HEIGHT = 130;
const BANDS: { name: string; severities: Severity[]; variable: string }[] = [
  { name: "fatal, error", severities: ["fatal", "error"], variable: "--error" },
  { name: "warn", severities: ["warn"], variable: "--warn" },
  { name: "info and less", severities: ["info", "debug", "trace", "unspecified"], variable: "--info" },
];

/** Records over time, stacked by severity; the worst lie at the bottom, where they are seen. */
export function Chart({ histogram, onRange }: { histogram: Histogram; onRange: (from: Date, to: Date) => void }) {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = place.current;
    if (!element) return;
    const plot = new uPlot(options(element.clientWidth, histogram, onRange), data(histogram), element);
    const observer = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height: HEIGHT }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      plot.destroy();
    };
  }, [histogram]);
  return (
    <figure>
      <div ref={place} class="chart" aria-hidden="true" />
      <figcaption class="hidden">{summary(histogram)}</figcaption>
    </figure>
  );
}

/** The chart in words, for those who do not see it; the time range can be chosen in the filter, too. */
function summary(histogram: Histogram): string {
  const bands = BANDS.map((band) => {
    let sum = 0;
    for (const bucket of histogram.buckets) {
      for (const severity of band.severities) sum += bucket.counts[severity] ?? 0;
    }
    return `${count(sum)} ${band.name}`;
  });
  const peak = histogram.buckets.reduce<Histogram["buckets"][number] | undefined>(
    (most, bucket) => (most && most.total >= bucket.total ? most : bucket),
    undefined,
  );
  const most = peak ? `; most of them, ${count(peak.total)}, at ${time(peak.start)}` : "";
  return `${count(histogram.total)} records from ${time(histogram.from)} to ${time(histogram.to)}: ${bands.join(", ")}${most}.`;
}

/** Every bucket of the range, empty ones too, as cumulated bands, the largest first. */
function data(histogram: Histogram): uPlot.AlignedData {
  const step = histogram.bucket_seconds;
  const start = Math.floor(new Date(histogram.from).getTime() / 1000 / step) * step;
  const end = new Date(histogram.to).getTime() / 1000;
  const counts = new Map(histogram.buckets.map((bucket) => [new Date(bucket.start).getTime() / 1000, bucket.counts]));
  const times: number[] = [];
  const bands: number[][] = BANDS.map(() => []);
  for (let at = start; at < end && times.length < 3000; at += step) {
    times.push(at);
    let sum = 0;
    BANDS.forEach((band, index) => {
      for (const severity of band.severities) sum += counts.get(at)?.[severity] ?? 0;
      bands[index]?.push(sum);
    });
  }
  return [times, ...bands.reverse()] as uPlot.AlignedData;
}

function options(width: number, histogram: Histogram, onRange: (from: Date, to: Date) => void): uPlot.Options {
  const style = getComputedStyle(document.documentElement);
  const color = (name: string) => style.getPropertyValue(name).trim();
  const bars = uPlot.paths.bars?.({ size: [0.95, 60], align: 1 });
  return {
    width,
    height: HEIGHT,
    legend: { show: false },
    cursor: { drag: { x: true, y: false }, points: { show: false } },
    scales: { y: { range: (_plot, _low, high) => [0, Math.max(1, high * 1.05)] } },
    axes: [
      { stroke: color("--quiet"), grid: { show: false } },
      { stroke: color("--quiet"), grid: { stroke: color("--line"), width: 1 }, size: 56 },
    ],
    series: [
      {},
      ...[...BANDS].reverse().map((band) => ({
        label: band.name,
        fill: color(band.variable),
        stroke: color(band.variable),
        width: 0,
        paths: bars,
        points: { show: false },
      })),
    ],
    hooks: {
      setSelect: [
        (plot) => {
          if (plot.select.width < 4) return;
          const from = plot.posToVal(plot.select.left, "x");
          const to = plot.posToVal(plot.select.left + plot.select.width, "x");
          const step = histogram.bucket_seconds;
          onRange(new Date(Math.floor(from / step) * step * 1000), new Date(Math.ceil(to / step) * step * 1000));
        },
      ],
    },
  };
}

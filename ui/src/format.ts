// How instants, counts and durations are shown.

const clock = new Intl.DateTimeFormat(undefined, {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hour12: false,
});
const day = new Intl.DateTimeFormat(undefined, { year: "numeric", month: "2-digit", day: "2-digit" });
const number = new Intl.NumberFormat();

/** The time of day, with the date when it is not today. */
export function time(text: string): string {
  const at = new Date(text);
  if (Number.isNaN(at.getTime())) return text;
  const isToday = day.format(at) === day.format(new Date());
  return isToday ? clock.format(at) : `${day.format(at)} ${clock.format(at)}`;
}

/** A range: dates where it does not lie within today, each once. */
export function range(from: string, to: string): string {
  const [first, last] = [new Date(from), new Date(to)];
  if (Number.isNaN(first.getTime()) || Number.isNaN(last.getTime())) return `${from} – ${to}`;
  if (day.format(first) === day.format(last)) return `${time(from)} – ${clock.format(last)}`;
  return `${day.format(first)} ${clock.format(first)} – ${day.format(last)} ${clock.format(last)}`;
}

export function count(value: number): string {
  return number.format(value);
}

/** What was usual, in few digits. */
export function usual(value: number): string {
  return value < 10 ? value.toFixed(1).replace(/\.0$/, "") : number.format(Math.round(value));
}

export function duration(from: string, to: string | null): string {
  const end = to ? new Date(to).getTime() : Date.now();
  const seconds = Math.max(0, Math.round((end - new Date(from).getTime()) / 1000));
  if (seconds < 90) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 120) return `${minutes} min`;
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.round(hours / 24)} d`;
}

/** A duration of milliseconds in three digits: `0.25 ms`, `12.3 ms`, `4.56 s`, `3 min 10 s`. */
export function took(milliseconds: number): string {
  const digits = (value: number) => Number(value.toPrecision(3)).toString();
  if (milliseconds < 1_000) return `${digits(milliseconds)} ms`;
  const seconds = milliseconds / 1_000;
  if (seconds < 60) return `${digits(seconds)} s`;
  return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}

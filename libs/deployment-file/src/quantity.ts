import { nearest } from "./nearest.ts";
import { TextFault } from "./problem.ts";

const timeUnits: ReadonlyMap<string, number> = new Map([
  ...unit(["ms", "millisecond", "milliseconds"], 1),
  ...unit(["s", "sec", "second", "seconds"], 1_000),
  ...unit(["m", "min", "minute", "minutes"], 60_000),
  ...unit(["h", "hour", "hours"], 3_600_000),
  ...unit(["d", "day", "days"], 86_400_000),
]);
const shownTimeUnits = ["ms", "s", "m", "h", "d"];

/** Memory is counted in powers of 1024, whichever way it is written. */
const byteUnits: ReadonlyMap<string, number> = new Map([
  ...unit(["b"], 1),
  ...unit(["kb", "kib"], 1_024),
  ...unit(["mb", "mib"], 1_048_576),
  ...unit(["gb", "gib"], 1_073_741_824),
]);

function unit(names: readonly string[], factor: number): readonly (readonly [string, number])[] {
  return names.map((name) => [name, factor]);
}

export interface TimeBounds {
  readonly maxMs: number;
  /** Zero is none unless it is said to mean something. */
  readonly zero?: boolean;
}

/** `30s`, `5m`, `10 minutes` in ms. @throws TextFault */
export function durationMs(text: string, { maxMs, zero = false }: TimeBounds, offset = 0): number {
  const { value, factor } = quantity(text, timeUnits, "a time such as 30s, 5m or 1h", shownTimeUnits, offset);
  const ms = Math.round(value * factor * 1_000) / 1_000;
  if (ms === 0 && !zero) throw new TextFault(offset, `'${text}' is no time to wait: it has to be above zero`);
  if (ms > maxMs) throw new TextFault(offset, `'${text}' is longer than ${durationText(maxMs)}, the longest there is`);
  return ms;
}

/** `100MB` in bytes. @throws TextFault */
export function byteCount(text: string, offset = 0): number {
  const { value, factor } = quantity(text, byteUnits, "a size such as 200MB", ["KB", "MB", "GB"], offset);
  return Math.round(value * factor);
}

/** `5%` as 0.05. @throws TextFault */
export function percent(text: string, offset = 0): number {
  const match = /^(\d+(?:\.\d+)?)\s*(%?)$/.exec(text);
  if (match === null) throw new TextFault(offset, `'${text}' is no share; it is written in percent, such as 5%`);
  const value = Number(match[1]);
  if (match[2] === "") {
    const meant = value < 1 ? value * 100 : value;
    throw new TextFault(offset, `'${text}' lacks its unit: shares are in percent`, [], `${plainNumber(meant)}%`);
  }
  return Number((value / 100).toPrecision(12));
}

function quantity(
  text: string,
  units: ReadonlyMap<string, number>,
  wanted: string,
  shown: readonly string[],
  offset: number,
): { readonly value: number; readonly factor: number } {
  const match = /^(\d+(?:\.\d+)?)\s*([A-Za-zµ]*)$/.exec(text);
  if (match === null) throw new TextFault(offset, `'${text}' is not ${wanted}`);
  const [, digits = "", word = ""] = match;
  const factor = units.get(word.toLowerCase());
  if (factor !== undefined) return { value: Number(digits), factor };
  const at = offset + text.length - word.length;
  if (word === "") throw new TextFault(at, `'${text}' lacks its unit`, shown);
  throw new TextFault(at, `'${word}' is no unit of it`, shown, nearest(word, [...units.keys()]));
}

const whole: readonly (readonly [number, string])[] = [
  [86_400_000, "d"],
  [3_600_000, "h"],
  [60_000, "m"],
  [1_000, "s"],
];

/** The shortest way to write a time: `5m`, `90s`, `1.5s`. */
export function durationText(ms: number): string {
  const [factor, name] = whole.find(([each]) => ms !== 0 && ms % each === 0) ?? (ms < 1_000 ? [1, "ms"] : [1_000, "s"]);
  return `${plainNumber(ms / factor)}${name}`;
}

export function plainNumber(value: number): string {
  return String(Number(value.toPrecision(12)));
}

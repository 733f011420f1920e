import { CaxtonError } from "@caxton/contracts/errors";

const byteUnits: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1_000,
  KB: 1_000,
  MB: 1_000_000,
  GB: 1_000_000_000,
  KiB: 1_024,
  MiB: 1_048_576,
  GiB: 1_073_741_824,
};
const timeUnits: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** `64MiB`, `512 KB`, `1024` → bytes. @throws CaxtonError `invalid-argument` */
export function parseBytes(text: string): number {
  return Math.round(parseQuantity(text, byteUnits, "B", "a size such as 64MiB, 512KiB or 1048576"));
}

/** `1s`, `250ms`, `1.5s` → ms; a bare number is ms. @throws CaxtonError `invalid-argument` */
export function parseDurationMs(text: string): number {
  return parseQuantity(text, timeUnits, "ms", "a time such as 250ms, 1.5s, 1m or 2h");
}

function parseQuantity(text: string, units: Readonly<Record<string, number>>, bare: string, wanted: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*([A-Za-z]*)$/.exec(text.trim());
  const unit = match?.[2] === "" ? bare : match?.[2];
  const factor = unit !== undefined && Object.hasOwn(units, unit) ? units[unit] : undefined;
  if (match === null || factor === undefined) {
    throw new CaxtonError("invalid-argument", `'${text}' is not ${wanted} (units: ${Object.keys(units).join(", ")})`);
  }
  return Number(match[1]) * factor;
}

/** As the ADR writes times: `0.8s`. */
export function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)}s`;
}

const wholeUnits: readonly (readonly [number, string])[] = [
  [86_400_000, "day"],
  [3_600_000, "hour"],
  [60_000, "minute"],
  [1_000, "second"],
];

/** As the ADR writes what is yet to come: `5 minutes`, `90 seconds`, `1.5 seconds`. */
export function inWords(ms: number): string {
  const [factor, name] = wholeUnits.find(([each]) => ms !== 0 && ms % each === 0) ?? [1_000, "second"];
  const count = Number((ms / factor).toPrecision(3));
  return `${count} ${name}${count === 1 ? "" : "s"}`;
}

/** As a clock shows it: `42s`, `4:07`, `1:04:07`. */
export function shortly(ms: number): string {
  const total = Math.ceil(ms / 1_000);
  if (total < 60) return `${total}s`;
  const [hours, minutes, secs] = [Math.floor(total / 3_600), Math.floor((total % 3_600) / 60), total % 60];
  const two = (value: number): string => String(value).padStart(2, "0");
  return hours === 0 ? `${minutes}:${two(secs)}` : `${hours}:${two(minutes)}:${two(secs)}`;
}

/** Times that may be very short: `0.42 ms`, `17 ms`, `2.3 s`. */
export function duration(ms: number): string {
  if (ms < 10 && !Number.isInteger(ms)) return `${ms.toFixed(2)} ms`;
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${Number((ms / 1_000).toFixed(1))} s`;
}

export function bytes(count: number): string {
  if (count < 1_024) return `${count} B`;
  if (count < 1_048_576) return `${(count / 1_024).toFixed(1)} KiB`;
  if (count < 1_073_741_824) return `${(count / 1_048_576).toFixed(1)} MiB`;
  return `${(count / 1_073_741_824).toFixed(1)} GiB`;
}

/** `12,345` */
export function thousands(count: number): string {
  return count.toLocaleString("en-US");
}

/** The text with a full stop, unless it has an end of its own. */
export function sentence(text: string): string {
  return /[.!?…]$/.test(text) ? text : `${text}.`;
}

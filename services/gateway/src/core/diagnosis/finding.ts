import type { Finding } from "@caxton/contracts/system-status";

export const ok = (check: string, seen: string): Finding => ({ check, result: "ok", seen, advice: "" });
export const warning = (check: string, seen: string, advice: string): Finding => ({
  check,
  result: "warning",
  seen,
  advice,
});
export const problem = (check: string, seen: string, advice: string): Finding => ({
  check,
  result: "problem",
  seen,
  advice,
});

/** What was found, or that nothing was. */
export function foundOr(found: readonly Finding[], fine: Finding): readonly Finding[] {
  return found.length === 0 ? [fine] : found;
}

/** `7 s`, `3 min`, `2 h` */
export function age(ms: number): string {
  if (ms < 120_000) return `${Math.max(0, Math.round(ms / 1_000))} s`;
  return ms < 7_200_000 ? `${Math.round(ms / 60_000)} min` : `${Math.round(ms / 3_600_000)} h`;
}

export function some(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

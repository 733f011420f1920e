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

export function some(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

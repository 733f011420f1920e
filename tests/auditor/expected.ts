/**
 * What versions should say, written from their descriptions and not from their sources: `v1`, `v2`, `v3` and `v1-and-forwards` of
 * `quake-watch`, `felt-v1` and `felt-v2` of `quake-felt`, `desk` of the agent it forwards to, `circle` of two that send a ball to
 * each other for ever.
 */
export type Rule = "v1" | "v2" | "v3" | "v1-and-forwards" | "felt-v1" | "felt-v2" | "desk" | "circle";

/** The agent to which `v1-and-forwards` says all that `v1` says, a second time. */
export const forwardsTo = "quake-desk";

export interface ExpectedOutput {
  readonly to?: string;
  readonly kind: string;
  readonly body: Readonly<Record<string, unknown>>;
}

interface Quake {
  readonly id: string;
  readonly mag: number;
  readonly place: string;
  readonly time: number;
  readonly type: string;
  readonly felt?: number | null;
  readonly tsunami?: number;
  readonly sig?: number;
  readonly nst?: number | null;
  readonly gap?: number | null;
  readonly depthKm?: number;
  readonly item?: number;
}

/** The outputs of a message with this body, or `invalid` where no version may handle it. */
export function expectedOutputs(rule: Rule, body: string): readonly ExpectedOutput[] | "invalid" {
  if (rule === "desk") return noteOf(parseFields(body));
  if (rule === "circle") return ballBack(parseFields(body));
  const quake = parseQuake(body);
  if (quake === undefined) return "invalid";
  if (rule === "felt-v1" || rule === "felt-v2") return guessOf(rule, quake);
  if (quake.type !== "earthquake") return [];
  if (rule === "v2") return byEffect(quake).map((said) => ({ kind: "alert", body: { rule, ...said } }));
  if (rule === "v3") {
    const located = `by ${quake.nst} stations, the widest gap between them ${Math.round(quake.gap ?? 0)}°`;
    return byEffect(quake).map((said) => ({ kind: "alert", body: { rule, ...said, located } }));
  }
  const alerts = byMagnitude(quake);
  return rule === "v1" ? alerts : alerts.flatMap((output) => [output, { to: forwardsTo, ...output }]);
}

/** How many felt it, in powers of ten, and how near that is; the second version knows that deep and small ones are felt less. */
function guessOf(rule: "felt-v1" | "felt-v2", { id, mag, felt, depthKm, item }: Quake): readonly ExpectedOutput[] {
  const guess = Math.max(0, rule === "felt-v1" ? (mag - 2) / 2 : (mag - 3) / 2 - (depthKm ?? 0) / 200);
  const score = Math.max(0, 1 - Math.abs(guess - Math.log10(1 + (felt ?? 0))));
  const inThousandths = (value: number): number => Math.round(value * 1_000) / 1_000;
  const body = { rule, event: id, item: item ?? null, guess: inThousandths(guess), score: inThousandths(score) };
  return [{ kind: "guess", body }];
}

const magnitudeLevels = [
  { from: 6, level: "severe" },
  { from: 4.5, level: "warning" },
  { from: 2.5, level: "notice" },
] as const;

function byMagnitude({ id, mag, place, item }: Quake): readonly ExpectedOutput[] {
  const found = magnitudeLevels.find(({ from }) => mag >= from);
  if (found === undefined) return [];
  const text = `M ${mag.toFixed(1)} - ${place}`;
  const body = { rule: "v1", event: id, item: item ?? null, level: found.level, magnitude: mag, place, text };
  return [{ kind: "alert", body }];
}

function byEffect({ id, time, felt, tsunami, sig, nst, gap, item }: Quake): readonly ExpectedOutput["body"][] {
  const significance = sig ?? 0;
  const checks: readonly (readonly [string, boolean])[] = [
    ["significance", significance >= 100],
    ["felt", (felt ?? 0) >= 3],
    ["tsunami", tsunami === 1],
  ];
  const reasons = checks.filter(([, applies]) => applies).map(([reason]) => reason);
  if (reasons.length === 0) return [];
  let level = "yellow";
  if (significance >= 300) level = "orange";
  if (significance >= 600 || tsunami === 1) level = "red";
  const isWellLocated = (nst ?? 0) >= 10 && (gap ?? 360) <= 180;
  const confidence = isWellLocated ? "high" : "low";
  const at = new Date(time).toISOString();
  return [{ event: id, item: item ?? null, level, reasons, confidence, at }];
}

function noteOf(alert: Fields): readonly ExpectedOutput[] | "invalid" {
  const { event, item, level } = alert;
  if (event === undefined || item === undefined || level === undefined) return "invalid";
  return [{ kind: "note", body: { event, item, call: level === "severe" } }];
}

function ballBack({ to, from }: Fields): readonly ExpectedOutput[] | "invalid" {
  if (typeof to !== "string" || typeof from !== "string") return "invalid";
  return [{ to, kind: "ball", body: { to: from, from: to } }];
}

function parseQuake(body: string): Quake | undefined {
  const value = parse(body);
  return isQuake(value) ? value : undefined;
}

interface Fields {
  readonly event?: unknown;
  readonly item?: unknown;
  readonly level?: unknown;
  readonly to?: unknown;
  readonly from?: unknown;
}

function parseFields(body: string): Fields {
  const value = parse(body);
  return typeof value === "object" && value !== null ? value : {};
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

function isQuake(value: unknown): value is Quake {
  if (typeof value !== "object" || value === null) return false;
  const has = (name: string, isRight: (field: unknown) => boolean): boolean =>
    isRight(Object.hasOwn(value, name) ? Reflect.get(value, name) : undefined);
  const isText = (field: unknown): boolean => typeof field === "string";
  return (
    has("id", (id) => typeof id === "string" && id !== "") &&
    has("mag", (mag) => typeof mag === "number" && mag >= -5 && mag <= 10) &&
    has("place", isText) &&
    has("time", Number.isInteger) &&
    has("type", isText)
  );
}

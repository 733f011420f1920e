import type { Output } from "@caxton/contracts/outcome";
import { placeText } from "@caxton/deployment/shadow/path";
import { type Likeness, type Unlike, unlikenesses } from "./structure.ts";

/** One way in which a message's outputs are not the live version's. */
export interface Difference {
  /** Groups what is alike over many messages: `alert $.magnitude: value`, `outputs: order`. */
  readonly group: string;
  /** In a few words or as JSON text, cut short. */
  readonly live: string;
  readonly shadow: string;
}

const excerptMaxCharacters = 120;
/** Another place is looked for among so many: beyond that an order is anybody's guess, and work grows with its square. */
const searchedMax = 64;

/**
 * How a shadow's outputs to one message differ from the live version's. Outputs are paired first with those that are the
 * same, then with the next of the same kind and target; so another order, more of them, fewer, and other bodies are told apart.
 */
export function outputDifferences(
  live: readonly Output[],
  shadow: readonly Output[],
  likeness: Likeness,
): readonly Difference[] {
  const pairs = pairUp(live, shadow, likeness);
  const differences = pairs.flatMap(({ from, to }) => bodyDifferences(live[from], shadow[to], likeness));
  const [fewer, more] = [leftOver(live, pairs, "from"), leftOver(shadow, pairs, "to")];
  for (const output of fewer) {
    differences.push({ group: `${nameOf(output)}: fewer outputs`, live: excerpt(output.body), shadow: "" });
  }
  for (const output of more) {
    differences.push({ group: `${nameOf(output)}: more outputs`, live: "", shadow: excerpt(output.body) });
  }
  const order = pairs.toSorted((a, b) => a.from - b.from).map(({ to }) => to);
  if (order.some((to, index) => to < (order[index - 1] ?? -1))) {
    differences.push({ group: "outputs: another order", live: kindsOf(live), shadow: kindsOf(shadow) });
  }
  return differences;
}

interface Pair {
  readonly from: number;
  readonly to: number;
}

function pairUp(live: readonly Output[], shadow: readonly Output[], likeness: Likeness): readonly Pair[] {
  const pairs: Pair[] = [];
  const free = new Set(shadow.keys());
  const take = (from: number, isRight: (to: number) => boolean): boolean => {
    const to = free.values().take(searchedMax).find(isRight);
    if (to === undefined) return false;
    free.delete(to);
    pairs.push({ from, to });
    return true;
  };
  // Where it stands, else anywhere.
  const unlike = [...live.keys()].filter((index) => {
    if (!isSame(live[index], shadow[index], likeness)) return true;
    pairs.push({ from: index, to: index });
    return !free.delete(index);
  });
  const others = unlike.filter((from) => !take(from, (to) => isSame(live[from], shadow[to], likeness)));
  for (const from of others) {
    const name = nameOf(live[from]);
    take(from, (to) => nameOf(shadow[to]) === name);
  }
  return pairs;
}

function isSame(live: Output | undefined, shadow: Output | undefined, likeness: Likeness): boolean {
  if (live === undefined || shadow === undefined || nameOf(live) !== nameOf(shadow)) return false;
  return live.body === shadow.body || bodyDifferences(live, shadow, likeness).length === 0;
}

function bodyDifferences(live: Output | undefined, shadow: Output | undefined, likeness: Likeness): Difference[] {
  if (live === undefined || shadow === undefined || live.body === shadow.body) return [];
  const [liveBody, shadowBody] = [readJson(live.body), readJson(shadow.body)];
  if (liveBody === undefined || shadowBody === undefined) {
    return [{ group: `${nameOf(live)}: not JSON`, live: excerpt(live.body), shadow: excerpt(shadow.body) }];
  }
  return unlikenesses(liveBody.value, shadowBody.value, likeness).map((unlike) => differenceOf(nameOf(live), unlike));
}

function differenceOf(name: string, { place, kind, live, shadow }: Unlike): Difference {
  const text = (value: unknown): string => (value === undefined ? "" : excerpt(JSON.stringify(value)));
  return { group: `${name} ${placeText(place)}: ${kind}`, live: text(live), shadow: text(shadow) };
}

function leftOver(outputs: readonly Output[], pairs: readonly Pair[], side: "from" | "to"): readonly Output[] {
  const paired = new Set(pairs.map((pair) => pair[side]));
  return outputs.filter((_, index) => !paired.has(index));
}

/** `alert`, or `alert → desk` where it goes to another agent. */
function nameOf(output: Output | undefined): string {
  if (output === undefined) return "";
  return output.to === undefined ? output.kind : `${output.kind} → ${output.to}`;
}

function kindsOf(outputs: readonly Output[]): string {
  return excerpt(outputs.map(nameOf).join(", "));
}

function excerpt(text: string): string {
  return text.length > excerptMaxCharacters ? `${text.slice(0, excerptMaxCharacters)}…` : text;
}

function readJson(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

/** `pnpm bench`: the routed path beside a hand-written loop, then what else has a bound. `--help` says more. */
import { writeFile } from "node:fs/promises";
import process from "node:process";
import { parseArgs } from "node:util";
import { benchParts } from "./parts.ts";

const help = `pnpm bench [--only PART] [--json FILE] [--svg FILE] [--rounds N] [--messages N] [--quick]

Measures on this machine, in one run: the routed path beside a hand-written consume → request → publish → ack loop, with an
output for every message and for every fifth; latency over load; a route change to the last of two routers; deploying, cold
and cached; replay and fold; memory per version; canaries taken back by hand and by themselves; the stable version beside a
canary that hangs, and beside a shadow on all of its messages; the first messages of a version, cold and warmed up, and how soon
the version before is back when a new one dies. Takes more than a quarter of an hour on 2 cores.

  --only PART    throughput, latency, route-change, deploy, replay, memory, rollback, hanging, shadow or blue-green, and what it needs; may be given again
  --json FILE    all numbers, with every sample
  --svg FILE     the picture of latency over load (bench.svg unless given)
  --rounds N     of routed path and loop in turn (5 unless given)
  --messages N   in a round (20000 unless given)
  --quick        3 rounds of 5000, shorter loads: to see that it works`;

function refuse(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(2);
}

function options() {
  try {
    return parseArgs({
      options: {
        only: { type: "string", multiple: true },
        json: { type: "string" },
        svg: { type: "string", default: "bench.svg" },
        rounds: { type: "string" },
        messages: { type: "string" },
        quick: { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
      },
    }).values;
  } catch (error) {
    return refuse(`${error instanceof Error ? error.message : String(error)}\n\n${help}`);
  }
}

function wholeNumber(name: string, text: string | undefined, unlessGiven: number): number {
  const value = Number(text ?? unlessGiven);
  if (Number.isInteger(value) && value > 0 && value <= 1_000_000) return value;
  return refuse(`--${name} is '${text}'; it takes a whole number from 1 to 1000000`);
}

async function bench({ only, json, svg, quick, ...given }: ReturnType<typeof options>): Promise<void> {
  const parts = benchParts({
    rounds: wholeNumber("rounds", given.rounds, quick ? 3 : 5),
    messages: wholeNumber("messages", given.messages, quick ? 5_000 : 20_000),
    loadMs: quick ? 1_500 : 5_000,
    routeChanges: quick ? 50 : 300,
    clusters: quick ? 1 : 3,
    replayedEvents: quick ? 20_000 : 100_000,
    rollbacks: quick ? 10 : 100,
    byThemselves: quick ? 3 : 20,
    svg,
    say: (line) => void process.stdout.write(`${line}\n`),
  });
  const names = Object.keys(parts);
  const unknown = only?.find((name) => !names.includes(name));
  if (unknown !== undefined) refuse(`--only is '${unknown}'; it takes ${names.join(", ")}`);

  const numbers: Record<string, number> = {};
  const raw: Record<string, unknown> = {};
  for (const [name, measure] of Object.entries(parts)) {
    if (only !== undefined && !only.includes(name)) continue;
    const found = await measure();
    Object.assign(numbers, found.numbers);
    Object.assign(raw, found.raw);
  }
  if (json !== undefined) await writeFile(json, `${JSON.stringify({ ...numbers, raw }, undefined, 2)}\n`);
}

const values = options();
if (values.help) process.stdout.write(`${help}\n`);
else await bench(values);

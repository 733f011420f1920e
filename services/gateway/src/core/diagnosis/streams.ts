import type { Finding } from "@caxton/contracts/system-status";
import { foundOr, ok, problem, some, warning } from "./finding.ts";

/** A stream as it is, or as it should be. Bytes and ages of -1 and 0: no limit. */
export interface StreamFacts {
  readonly name: string;
  readonly retention: string;
  readonly discard: "new" | "old";
  readonly maxBytes: number;
  readonly maxMessageBytes: number;
  readonly maxAgeMs: number;
}

export interface ConsumerFacts {
  readonly stream: string;
  readonly name: string;
}

/** The settings that decide whether something is lost. */
export function checkStreams(
  found: readonly StreamFacts[],
  wanted: readonly StreamFacts[],
  consumers: readonly ConsumerFacts[] = [],
): readonly Finding[] {
  const known = new Map(found.map((stream) => [stream.name, stream]));
  const drift = wanted.flatMap((expected) => {
    const there = known.get(expected.name);
    return there === undefined ? [absent(expected.name)] : differences(there, expected);
  });
  const leftOver = consumers.map(({ stream, name }) =>
    warning(
      "consumers",
      `${stream} has a consumer ${name} of an earlier life of the inbox`,
      `nobody uses it: \`nats consumer rm ${stream} ${name}\``,
    ),
  );
  return [...foundOr(drift, ok("streams", `${some(wanted.length, "stream")} as they should be`)), ...leftOver];
}

function absent(name: string): Finding {
  return problem(
    "streams",
    `there is no stream ${name}`,
    "an orchestrator makes it when it starts, or at the agent's next deployment; restart it. What was in it is gone",
  );
}

function differences(there: StreamFacts, expected: StreamFacts): readonly Finding[] {
  const { name } = expected;
  const found: Finding[] = [];
  if (there.retention !== expected.retention)
    found.push(
      problem(
        "streams",
        `${name} has retention '${there.retention}', not '${expected.retention}': messages go when they are acknowledged`,
        "retention cannot be changed: drain the agent, delete the stream and let the next deployment make it again",
      ),
    );
  if (there.discard !== expected.discard)
    found.push(
      problem(
        "streams",
        `${name} discards '${there.discard}', not '${expected.discard}': ${there.discard === "old" ? "when it is full the oldest are dropped, handled or not" : "when it is full nothing more is taken"}`,
        `\`nats stream edit ${name} --discard ${expected.discard}\``,
      ),
    );
  if (there.maxAgeMs !== expected.maxAgeMs && (there.maxAgeMs > 0 || expected.maxAgeMs > 0)) {
    const loses = expected.maxAgeMs === 0;
    const say = loses ? problem : warning;
    found.push(
      say(
        "streams",
        `${name} keeps ${days(there.maxAgeMs)}, not ${days(expected.maxAgeMs)}${loses ? ": what is older goes, handled or not" : ""}`,
        `\`nats stream edit ${name} --max-age ${expected.maxAgeMs === 0 ? "0" : `${expected.maxAgeMs}ms`}\``,
      ),
    );
  }
  if (there.maxMessageBytes !== expected.maxMessageBytes)
    found.push(
      warning(
        "streams",
        `${name} takes messages of ${there.maxMessageBytes} bytes, not ${expected.maxMessageBytes}`,
        `\`nats stream edit ${name} --max-msg-size ${expected.maxMessageBytes}\``,
      ),
    );
  if (there.maxBytes > 0 && expected.maxBytes < 0)
    found.push(
      problem(
        "streams",
        `${name} is limited to ${there.maxBytes} bytes: when it is nearly full this nats-server drops the oldest, handled or not`,
        `\`nats stream edit ${name} --max-bytes -1 --max-msgs ${Math.max(1, Math.floor(there.maxBytes / 512))}\`, or nats-server 2.10.6`,
      ),
    );
  // More room is an operator's to give.
  else if (there.maxBytes > 0 && there.maxBytes < expected.maxBytes)
    found.push(
      warning(
        "streams",
        `${name} holds ${there.maxBytes} bytes at most, not ${expected.maxBytes}`,
        `\`nats stream edit ${name} --max-bytes ${expected.maxBytes}\``,
      ),
    );
  return found;
}

const days = (ms: number): string => (ms <= 0 ? "everything" : `${Number((ms / 86_400_000).toFixed(2))} days`);

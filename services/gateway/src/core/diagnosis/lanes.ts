import { inboxStream, outboxStream, outcomeStream } from "@caxton/contracts/subjects";
import { spanText } from "@caxton/contracts/span-text";
import type { AgentStatus, Finding, RelayStatus } from "@caxton/contracts/system-status";
import { problem, some, warning } from "./finding.ts";
import { nearlyFull } from "./fullness.ts";

const relayWarningMs = 10_000;
const fullCode = "outcomes-full";
/** What does not pass by itself is told at once; what passes where it lasts. */
const lasting: readonly string[] = ["unknown-agent", "inbox-full", "outcomes-behind", "stream-not-found"];

/** What keeps an agent's messages or outputs on their way. */
export function lanes(agent: AgentStatus): readonly Finding[] {
  return [...outcomes(agent), ...pulls(agent), ...agent.relay.flatMap((lane) => relayLane(agent.agent, lane))];
}

function outcomes({ agent, outcomes: kept, waits }: AgentStatus): readonly Finding[] {
  const full = kept === undefined ? undefined : nearlyFull(kept);
  if (full === undefined || waits.some(({ code }) => code === fullCode)) return [];
  const seen = `the outcomes are ${full.words}; when they are full nothing of ${agent} is decided (outcomes-full), and nothing lost`;
  return [full.say("outcomes", seen, makeRoom(agent, kept))];
}

function makeRoom(agent: string, kept: AgentStatus["outcomes"]): string {
  const { maxBytes = 0, maxMessages } = kept ?? {};
  const wider = maxMessages === undefined ? `--max-bytes ${2 * maxBytes}` : `--max-msgs ${2 * maxMessages}`;
  return `\`caxton get ${agent}\` shows what keeps them: let that go on, or send its dead letters again; else give them more room: \`nats stream edit ${outcomeStream(agent)} ${wider}\``;
}

function pulls({ agent, waits, outcomes: kept }: AgentStatus): readonly Finding[] {
  return waits.map(({ who, code, message }) => {
    const seen = `nothing is taken out of the inbox by ${who}: ${message} (${code})`;
    if (code === fullCode) return problem("lanes", seen, makeRoom(agent, kept));
    return warning("lanes", seen, pullAdvice(agent, code));
  });
}

function pullAdvice(agent: string, code: string): string {
  switch (code) {
    case "no-instance":
      return "see the instances of this agent; what waits is not lost";
    case "held":
      return `\`caxton release ${agent}\` goes on; what waits is not lost`;
    case "undeployed":
      return `\`caxton deploy agent\` brings ${agent} back, and what its inbox kept is handled then`;
    default:
      return "docs/errors.md names the code; the router's log says more, and it goes on by itself";
  }
}

function relayLane(agent: string, { target, behind, oldestMs = 0, waitsFor }: RelayStatus): readonly Finding[] {
  if (!lasting.includes(waitsFor?.code ?? "") && oldestMs <= relayWarningMs) return [];
  const why = waitsFor === undefined ? "" : `: ${waitsFor.message} (${waitsFor.code})`;
  const since = oldestMs === 0 ? "" : `, the oldest for ${spanText(oldestMs)}`;
  const seen = `the lane to ${target} is ${some(behind, "outcome")} behind${since}${why}`;
  return [warning("relay", seen, relayAdvice(agent, target, waitsFor?.code))];
}

function relayAdvice(agent: string, target: string, code: string | undefined): string {
  if (target === "outbox" && code === "inbox-full")
    return `\`caxton get ${agent}\` shows which consumer of the outbox is behind; else give ${outboxStream(agent)} more room`;
  const kept = `what ${agent} says to ${target} waits and is not lost; it is kept among ${agent}'s outcomes, and should it fill them ${agent} stands still`;
  switch (code) {
    case "unknown-agent":
      return `deploy ${target}: ${kept}`;
    case "inbox-full":
      return `\`caxton get ${target}\` shows what fills ${inboxStream(target)}: ${kept}`;
    case "outcomes-behind":
      return "the message says what to do";
    case undefined:
      return "is a router running? Its log says what holds the relay up";
    default:
      return "docs/errors.md names the code; the router's log says more, and the lane goes on by itself";
  }
}

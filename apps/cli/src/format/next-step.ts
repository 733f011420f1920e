import type { ErrorCode } from "@caxton/contracts/errors";

/** What to do about an error, where there is something that its message does not say already. */
const nextSteps: Readonly<Partial<Record<ErrorCode, string>>> = {
  "gateway-unavailable": "`caxton up` starts one; --gateway or CAXTON_GATEWAY names another",
  "invalid-agent-name": "name it with --agent, such as `--agent my-agent`",
  "deployment-exists": "leave --deployment out, and a new id is chosen",
  "no-live-version": "deploy a version with --strategy direct first; a shadow is compared with it",
  "kept-too-short": "a shorter --duration, or longer retention where the ledger runs (docs/messages.md)",
  "queue-full": "`caxton queue <agent>` shows what waits, `caxton cancel <deployment>` takes one out of the line",
  undeployed: "`caxton deploy agent` brings it back; what its inbox kept is handled then",
  "stale-queue": "`caxton queue <agent>` shows the line as it is now",
  "deployment-conflict": "`caxton get <agent>` shows what is on its way; --on-conflict queue waits behind it",
  frozen: '`caxton freeze` shows what is frozen; --override-freeze "why" does it all the same',
  "not-wasm": "`caxton agent build agent.js` makes a component of JavaScript",
  "wrong-world": "an agent exports describe and handle of wit/caxton-agent.wit; docs/agents.md shows one",
  "import-not-granted":
    "agents have no files, sockets, environment or exit: leave the import out; docs/agents.md lists what is granted",
  "memory-over-limit": "allow more with `--limit memory=128MiB`, or make the agent smaller",
  "start-failed": "`caxton agent inspect` shows the component's imports; try describe() alone",
  "start-timeout": "do less at start, or allow more with `--limit start=10s`",
  "description-invalid": "describe() returns JSON text as docs/agents.md shows it",
  "configuration-invalid":
    "give one that fits with --configuration <file|json>; without it the version before's is kept",
  "example-failed": "handle() must answer every example in describe(); allow more time with `--limit timeout=2s`",
  "output-undeclared": "declare the output under `emits` in describe(), or change what handle() returns",
  "breaking-change": 'accept again what the live version accepts, or insist with `--allow-breaking --reason "why"`',
  "too-slow": "make it quicker, or allow more with `--limit p99=500ms,start=10s`",
  "output-too-large": "return less, or allow more with `--limit output=512KiB`",
  "validation-timeout": "is a validator running? `caxton up` starts one",
  "version-failed": "is an agent-host running, and does the log say why the process ended?",
  "warm-up-failed": "`caxton explain <deployment>` names the first of them; `caxton logs` shows what the version said",
  "inbox-full": "wait until messages are handled: `caxton ledger <agent>` shows how many are pending",
  "service-unavailable": "the service may be starting: ask again in a moment; the log of `caxton up` says more",
  "bus-unavailable": "is nats-server running? The log of `caxton up` says more",
  "replay-mismatch": "this is a fault of ours: please report it with the output of `caxton events <agent> --json`",
};

export function nextStepFor(code: string): string | undefined {
  return Object.entries(nextSteps).find(([known]) => known === code)?.[1];
}

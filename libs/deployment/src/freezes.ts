import type { Refusal, Sender } from "./command.ts";
import { type Freeze, freezeText, isInForce } from "./freeze.ts";

/** About one agent, or about all where none is named. */
export type FreezeCommand = Sender & { readonly agent?: string; readonly reason: string } & (
    | {
        readonly type: "freeze";
        /** Until it is lifted unless given, Unix ms. */
        readonly untilMs?: number;
      }
    | { readonly type: "unfreeze" }
  );

export type FreezeEvent = {
  /** When it was decided, Unix ms. */
  readonly atMs: number;
  readonly commandId: string;
  readonly agent?: string;
  readonly actor: string;
  readonly reason: string;
} & ({ readonly type: "FreezeStarted"; readonly untilMs?: number } | { readonly type: "FreezeEnded" });

/** The aggregate of the stream `freezes`: what was frozen and not lifted; what is over by its time is still there. */
export interface FreezesState {
  /** By agent; that of all agents is under `allAgents`. */
  readonly freezes: Readonly<Record<string, Freeze>>;
  readonly commands: Readonly<Record<string, true>>;
}

export const noFreezes: FreezesState = { freezes: {}, commands: {} };

/** No agent's name: those begin with a letter. */
export const allAgents = "_all";

export type FreezeDecision =
  | { readonly ok: true; readonly events: readonly FreezeEvent[] }
  | { readonly ok: false; readonly refusal: Refusal };

/** A freeze that is said again with other words or another time takes the place of the one before. */
export function decideFreeze(command: FreezeCommand, state: FreezesState, now: number): FreezeDecision {
  const { type, agent, actor, reason, commandId } = command;
  if (state.commands[commandId] === true) return { ok: true, events: [] };
  const header = { atMs: now, commandId, actor, reason, ...(agent === undefined ? {} : { agent }) };
  if (type === "freeze") {
    const { untilMs } = command;
    if (untilMs !== undefined && untilMs <= now) {
      const [until, at] = [untilMs, now].map((ms) => new Date(ms).toISOString());
      return refuse("invalid-argument", `a freeze until ${until} is over already, it is ${at}`);
    }
    return {
      ok: true,
      events: [{ type: "FreezeStarted", ...header, ...(untilMs === undefined ? {} : { untilMs }) }],
    };
  }
  const frozen = freezesOf(state, agent ?? allAgents, now);
  const own = frozen.find((freeze) => freeze.agent === agent);
  if (own !== undefined) return { ok: true, events: [{ type: "FreezeEnded", ...header }] };
  const [other] = frozen;
  const who = agent === undefined ? "not all agents are frozen" : `${agent} is not frozen by itself`;
  return refuse("not-allowed-now", other === undefined ? who : `${who}; ${freezeText(other)}: unfreeze all`);
}

export function evolveFreezes(state: FreezesState, event: FreezeEvent): FreezesState {
  const { agent, atMs, actor, reason, commandId } = event;
  const scope = agent ?? allAgents;
  const { [scope]: _before, ...others } = state.freezes;
  const commands: Readonly<Record<string, true>> = { ...state.commands, [commandId]: true };
  if (event.type === "FreezeEnded") return { freezes: others, commands };
  const { untilMs } = event;
  const freeze: Freeze = {
    ...(agent === undefined ? {} : { agent }),
    reason,
    actor,
    sinceMs: atMs,
    ...(untilMs === undefined ? {} : { untilMs }),
  };
  return { freezes: { ...others, [scope]: freeze }, commands };
}

/** What is in force for an agent: its own freeze and that of all. */
export function freezesOf({ freezes }: FreezesState, agent: string, now: number): readonly Freeze[] {
  return Object.values(freezes).filter(
    (freeze) => (freeze.agent === undefined || freeze.agent === agent) && isInForce(freeze, now),
  );
}

/** All that are in force. */
export function freezesAt({ freezes }: FreezesState, now: number): readonly Freeze[] {
  return Object.values(freezes).filter((freeze) => isInForce(freeze, now));
}

function refuse(code: Refusal["code"], message: string): FreezeDecision {
  return { ok: false, refusal: { code, message } };
}

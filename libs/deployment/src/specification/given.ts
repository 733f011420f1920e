import type { Command, Policy, RefusalCode, Report, Request } from "../command.ts";
import { decide } from "../decide.ts";
import type { DeploymentEvent, Fact } from "../event.ts";
import { evolve } from "../evolve.ts";
import { next } from "../next.ts";
import { type AgentState, initialState } from "../state.ts";
import { sameValue } from "../same-value.ts";

/** What went otherwise than the story says. Test runners print the difference of `actual` and `expected`. */
export class Unexpected extends Error {
  readonly actual: unknown;
  readonly expected: unknown;

  constructor(message: string, actual: unknown, expected: unknown) {
    super(message);
    this.name = "Unexpected";
    this.actual = actual;
    this.expected = expected;
  }
}

export interface Told {
  /** Exactly these facts, in this order; each carries the command's id and the time of the decision. */
  thenEvents(...facts: readonly Fact[]): Story;
  thenNothing(): Story;
  /** @param saying what the message holds, so that a person knows what to do next */
  thenRefused(code: RefusalCode, saying?: string): Story;
}

export interface Story {
  readonly state: AgentState;
  /** From here on, with these as policy. */
  in(changes: Partial<Policy>): Story;
  /** @param nowMs Unix ms of the decision */
  when(command: Request | Report, nowMs?: number, commandId?: string): Told;
  /** The keys of the effects that should be under way now, in any order. */
  underWay(...keys: readonly string[]): Story;
}

export const policy: Policy = { maxQueued: 2 };

/** A story about one agent: what happened so far (at time 0), what is asked or reported, and what follows from it. */
export function given(...history: readonly Fact[]): Story {
  return story(
    history.map((fact) => ({ ...fact, atMs: 0, commandId: "long ago" })).reduce(evolve, initialState),
    1,
    policy,
  );
}

function story(state: AgentState, chapter: number, inForce: Policy): Story {
  const here: Story = {
    state,
    in: (changes) => story(state, chapter, { ...policy, ...changes }),
    when: (command, nowMs = 1_000, commandId = `command ${chapter}`) =>
      told({ ...command, commandId, actor: "alice" }, state, nowMs, { chapter, inForce }),
    underWay(...keys) {
      const actual = next(state).map((effect) => effect.key);
      expectSame("other effects are under way", actual.toSorted(), keys.toSorted());
      return here;
    },
  };
  return here;
}

function told(
  command: Command,
  state: AgentState,
  nowMs: number,
  { chapter, inForce }: { readonly chapter: number; readonly inForce: Policy },
): Told {
  const decision = decide(command, state, inForce, nowMs);
  const outcome: Told = {
    thenEvents(...facts) {
      if (!decision.ok) throw new Unexpected(`refused: ${decision.refusal.message}`, decision.refusal, facts);
      const expected = facts.map((fact): DeploymentEvent => ({ ...fact, atMs: nowMs, commandId: command.commandId }));
      expectSame("other facts follow", decision.events, expected);
      return story(decision.events.reduce(evolve, state), chapter + 1, inForce);
    },
    thenNothing: () => outcome.thenEvents(),
    thenRefused(code, saying = "") {
      if (decision.ok) throw new Unexpected(`not refused`, decision.events, code);
      expectSame("refused for another reason", decision.refusal.code, code);
      if (!decision.refusal.message.includes(saying)) {
        throw new Unexpected("the refusal says something else", decision.refusal.message, saying);
      }
      return story(state, chapter + 1, inForce);
    },
  };
  return outcome;
}

function expectSame(what: string, actual: unknown, expected: unknown): void {
  if (!sameValue(actual, expected)) throw new Unexpected(what, actual, expected);
}

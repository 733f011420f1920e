import type { AgentDescription } from "@caxton/contracts/agent-description";
import { CaxtonError } from "@caxton/contracts/errors";
import { type Check, compileSchema } from "./json-schema.ts";

/** An output as people read it: `alert`, or `alert to pager`. */
export function outputKey(kind: string, to: string | undefined): string {
  return to === undefined ? kind : `${kind} to ${to}`;
}

/** An agent's description as functions; compiled once, called for every message. */
export interface Contract {
  /** The kind a message is of: the one its sender named, else the first that the agent accepts. */
  kindOf(named: string | undefined): string;
  /** Why a version of the agent cannot be configured with this JSON text (`configuration-invalid`), or undefined. */
  checkConfiguration(text: string): string | undefined;
  /** Why the agent cannot be given this (`message-invalid`), or undefined. */
  checkInput(kind: string, body: string): string | undefined;
  /** Why the agent should not have said this (`output-undeclared`), or undefined. */
  checkOutput(kind: string, to: string | undefined, body: string): string | undefined;
}

/**
 * Compiles every schema of a description and holds its examples against them.
 * @throws CaxtonError `schema-invalid`, `example-invalid`
 */
export function compileContract(description: AgentDescription): Contract {
  const inputs = new Map<string, Check>();
  const outputs = new Map<string, Check>();
  for (const { kind, schema, examples } of description.accepts) {
    inputs.set(kind, compileWithExamples(`accepts '${kind}'`, schema, examples));
  }
  for (const { kind, to, schema, examples } of description.emits) {
    const key = outputKey(kind, to);
    outputs.set(key, compileWithExamples(`emits '${key}'`, schema, examples ?? []));
  }
  const { configuration } = description;
  const configurationCheck =
    configuration === undefined
      ? undefined
      : compileWithExamples("configuration", configuration.schema, configuration.examples ?? [], true);
  const firstKind = description.accepts[0]?.kind ?? "";
  return {
    kindOf: (named) => named ?? firstKind,
    checkConfiguration: (text) =>
      configurationCheck === undefined ? undefined : checkText(configurationCheck, text, "the configuration"),
    checkInput(kind, body) {
      const check = inputs.get(kind);
      if (check === undefined) return `kind '${kind}' is not accepted; accepted are ${[...inputs.keys()].join(", ")}`;
      return checkText(check, body, `kind '${kind}'`);
    },
    checkOutput(kind, to, body) {
      const key = outputKey(kind, to);
      const check = outputs.get(key);
      const declared = [...outputs.keys()].join(", ") || "none";
      if (check === undefined) return `output '${key}' is not declared; declared are: ${declared}`;
      return checkText(check, body, `output '${key}'`);
    },
  };
}

function compileWithExamples(where: string, schema: unknown, examples: readonly unknown[], tellsValue = false): Check {
  const check = compileSchema(where, schema, tellsValue);
  for (const [index, example] of examples.entries()) {
    const problem = check(example);
    if (problem !== undefined) throw new CaxtonError("example-invalid", `${where}: example ${index}: ${problem}`);
  }
  return check;
}

function checkText(check: Check, body: string, what: string): string | undefined {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch (error) {
    return `${what}: the body is not JSON: ${error instanceof Error ? error.message : String(error)}`;
  }
  const problem = check(value);
  return problem === undefined ? undefined : `${what}: ${problem}`;
}

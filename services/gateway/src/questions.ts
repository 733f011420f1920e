import type { JsonObject } from "@bufbuild/protobuf";
import { decodeJson, encodeJson } from "@caxton/bus/json";
import type { Bus } from "@caxton/bus/types";
import { CaxtonError, hasCode, isErrorCode } from "@caxton/contracts/errors";
import { ledgerAnswer } from "@caxton/contracts/ledger";
import { ledgerSubject } from "@caxton/contracts/subjects";
import { toJsonObject } from "./json-object.ts";

const answerTimeoutMs = 5_000;

/** @throws CaxtonError `service-unavailable` where no service answers */
export async function ask(
  bus: Bus,
  service: string,
  subject: string,
  question: unknown,
  signal: AbortSignal,
): Promise<unknown> {
  try {
    const answer = await bus.request(subject, encodeJson(question), { timeoutMs: answerTimeoutMs, signal });
    return decodeJson(answer.data);
  } catch (error) {
    if (!hasCode(error, "no-instance", "timeout")) throw error;
    throw new CaxtonError("service-unavailable", `no ${service} answers; is one running?`, { cause: error });
  }
}

/** An agent's account. @throws CaxtonError `service-unavailable`, or what the ledger refuses with */
export async function askLedger(bus: Bus, agent: string, signal: AbortSignal): Promise<JsonObject> {
  const answer = ledgerAnswer.check(await ask(bus, "ledger", ledgerSubject(agent), {}, signal));
  if (!answer.ok) throw refusal(answer.error);
  return toJsonObject(answer.ledger) ?? {};
}

export function refusal({ code, message }: { readonly code: string; readonly message: string }): CaxtonError {
  return new CaxtonError(isErrorCode(code) ? code : "internal", message);
}

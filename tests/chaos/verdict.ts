import { decodeJson } from "@caxton/bus/json";
import { ledgerAnswer } from "@caxton/contracts/ledger";
import { ledgerSubject } from "@caxton/contracts/subjects";
import type { AuditReport } from "../auditor/report.ts";
import { agent, type Scene } from "./scene.ts";

/** What the auditor reports of good messages when every promise was kept. */
export const nothingWrong = {
  deadLettered: 0,
  pending: 0,
  lost: 0,
  duplicateOutcomes: 0,
  strayOutcomes: 0,
  duplicateOutputs: 0,
  missingOutputs: 0,
  wrongOutputs: 0,
  wrongDeadLetters: 0,
  unexplainedDeadLetters: 0,
  findings: [],
};

/** What the ledger itself counts, to be held against the auditor's own count. */
export async function ledgerCounts({ bus }: Scene): Promise<Pick<AuditReport, "accepted" | "handled" | "pending">> {
  const { data } = await bus.request(ledgerSubject(agent), new Uint8Array(), { timeoutMs: 5_000 });
  const answer = ledgerAnswer.check(decodeJson(data));
  if (!answer.ok) throw new Error(`${answer.error.code}: ${answer.error.message}`);
  const { accepted, handled, pending } = answer.ledger;
  return { accepted, handled, pending };
}

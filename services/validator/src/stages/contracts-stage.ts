import type { AgentDescription } from "@caxton/contracts/agent-description";
import { CaxtonError, hasCode, toCaxtonError } from "@caxton/contracts/errors";
import type { Finding } from "@caxton/contracts/validation";
import { inboxSample } from "../adapters/inbox-sample.ts";
import { breakingFindings, type Refused } from "../core/breaking.ts";
import { compareContracts } from "../core/compatibility.ts";
import { type Example, examplesOf, judgeExample } from "../core/examples.ts";
import { findingOf } from "../core/findings.ts";
import type { Facts, StageOutcome } from "../core/report.ts";
import { type LiveVersion, liveVersion } from "./live-version.ts";
import type { StageContext } from "./stage-context.ts";

/** So many failing examples are told; more would say the same again. */
const failuresTold = 3;
const budgetRoomMs = 1_000;

/**
 * ADR stage 3: what the agent says about itself is valid, it answers its own examples as it says, and what the live
 * version accepts it accepts too.
 */
export async function contractsStage(
  context: StageContext,
  description: AgentDescription,
): Promise<StageOutcome<"contracts">> {
  const { request, sandbox } = context;
  await loadContract(context);
  if (description.configuration !== undefined) {
    const problem = await sandbox.checkConfiguration();
    // Its examples are handled under a configuration that it was never made for: that would only say the same less clearly.
    if (problem !== null) throw new CaxtonError("configuration-invalid", problem);
  }
  const examples = examplesOf(description);
  const findings: Finding[] = [];
  for (const example of examples) {
    const { results } = await sandbox.handle([toMessage(example)], request.limits.messageTimeoutMs + budgetRoomMs);
    for (const result of results) {
      // How much it says is measured in the next stage.
      const finding = result.result === "output-too-large" ? undefined : judgeExample(example.label, result);
      if (finding !== undefined) findings.push(finding);
    }
    if (findings.length === failuresTold) break;
  }
  const facts = { examples: examples.length, liveMessages: 0 };
  if (request.live === undefined) return { findings, facts: { ...facts, compatible: "first" } };
  if (request.live.digest === request.digest) return { findings, facts: { ...facts, compatible: "yes" } };
  const live = liveVersion(context, request.live.digest);
  try {
    const compared = await compare(context, description, live, request.live.version);
    return { findings: [...findings, ...compared.findings], facts: { ...facts, ...compared.facts } };
  } finally {
    await live.close();
  }
}

async function loadContract({ sandbox, request }: StageContext): Promise<void> {
  try {
    await sandbox.loadContract();
  } catch (error) {
    if (!hasCode(error, "start-timeout")) throw error;
    throw new CaxtonError(
      "schema-invalid",
      `making the schemas ready and holding the examples against them took more than ${request.limits.startTimeoutMs} ms: simplify the schemas`,
      { cause: error },
    );
  }
}

interface Compared {
  readonly findings: readonly Finding[];
  readonly facts: Pick<Facts<"contracts">, "liveMessages" | "compatible">;
}

async function compare(
  { bus, request, sandbox }: StageContext,
  next: AgentDescription,
  live: LiveVersion,
  version: string,
): Promise<Compared> {
  let description: AgentDescription;
  try {
    description = await live.description();
  } catch (error) {
    return withoutLive(error, version);
  }
  const inbox = await inboxSample(bus, request.agent);
  const comparison = compareContracts(description, next);
  const examples = examplesOf(description).map((example) => ({ ...example, id: `its ${example.label}` }));
  const variations = comparison.proved ? [] : comparison.candidates;
  const messages = [...examples, ...inbox, ...variations];
  const problems = await sandbox.check(messages);
  const refusedByNext = messages.flatMap((message, index) => {
    const problem = problems[index] ?? null;
    return problem === null ? [] : [{ message, problem }];
  });
  const liveProblems = await live.check(refusedByNext.map(({ message }) => message));
  const refused = refusedByNext.flatMap(({ message, problem }, index): Refused[] =>
    liveProblems[index] === null ? [{ label: message.id, problem }] : [],
  );
  const compatible = refused.length > 0 ? "no" : comparison.proved ? "yes" : "unknown";
  const findings = breakingFindings(refused, version, request.allowBreaking);
  if (compatible === "unknown" && !comparison.proved) findings.push(undecided(version, comparison.why));
  return { findings, facts: { liveMessages: inbox.length, compatible } };
}

function undecided(version: string, why: string): Finding {
  const message = `whether all that ${version} accepts is accepted cannot be told from the schemas (${why}); its examples, the recent inbox and variations of them are`;
  return { severity: "info", code: "breaking-change", message };
}

/** A live version that cannot be asked must not keep its successor out. */
function withoutLive(thrown: unknown, version: string): Compared {
  const error = toCaxtonError(thrown);
  const { code } = error;
  const ofLive = findingOf(error) !== undefined || code === "unknown-artifact" || code === "agent-crash";
  if (!ofLive) throw error;
  const message = `not compared with the live version ${version}, which cannot be asked: ${error.message}`;
  return {
    findings: [{ severity: "warning", code, message }],
    facts: { liveMessages: 0, compatible: "unknown" },
  };
}

function toMessage({ id, kind, body }: Example) {
  return { id, kind, body };
}

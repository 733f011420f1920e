import { isDeepStrictEqual } from "node:util";
import { expectedOutputs, type Rule } from "./expected.ts";
import { parseRecord, placeOf, readOutcome, type ReadOutcome } from "./outcome.ts";
import type { AuditReport, Books, Stored, Stream } from "./report.ts";

const findingsMax = 20;
/** A message that was passed on more often goes no further. */
const hopsMax = 16;

/** Accounts for every message: compares what was acknowledged, what was decided, what was sent and what should have been. */
export function account(books: Books): AuditReport {
  const report = emptyReport(books);
  const note = (text: string): void => {
    if (report.findings.length < findingsMax) report.findings.push(text);
  };
  const inbox = new Map(books.inbox.messages.map((message) => [message.sequence, message]));
  checkAcknowledged(books, inbox, report, note);
  const outcomes = collectOutcomes(books, inbox, report, note);
  for (const message of inbox.values()) {
    const outcome = outcomes.get(`${books.inbox.createdAtMs}.${message.sequence}`);
    if (outcome === undefined) {
      report.pending += 1;
      note(`message ${message.sequence} has no outcome`);
    } else {
      checkOutcome(message, outcome, books.rules, report, note);
    }
  }
  report.lost += report.pending;
  checkSent(books, outcomes, report, note);
  return report;
}

type Note = (text: string) => void;
/** By epoch and sequence. */
type Outcomes = ReadonlyMap<string, ReadOutcome>;

function checkAcknowledged(books: Books, inbox: ReadonlyMap<number, Stored>, report: AuditReport, note: Note): void {
  for (const { sequence, messageId } of books.acknowledged) {
    if (inbox.get(sequence)?.headers["Nats-Msg-Id"] === messageId) continue;
    report.lost += 1;
    note(`message ${messageId} was acknowledged as ${sequence} and is not there`);
  }
}

function collectOutcomes(
  { agent, inbox: { createdAtMs }, outcomes, earlierEpochs }: Books,
  inbox: ReadonlyMap<number, Stored>,
  report: AuditReport,
  note: Note,
): Outcomes {
  const found = new Map<string, ReadOutcome>();
  const places = new Set<string>();
  for (const stored of outcomes.messages) {
    const place = placeOf(agent, stored.subject);
    const outcome = readOutcome(agent, stored);
    if (places.has(place)) {
      report.duplicateOutcomes += 1;
      note(`${stored.subject} was stored again as ${stored.sequence}`);
    } else if (outcome !== undefined && earlierEpochs.includes(outcome.epoch)) {
      report.decidedEarlier += 1;
      found.set(place, outcome);
    } else if (
      outcome === undefined ||
      place !== `${createdAtMs}.${outcome.sequence}` ||
      !inbox.has(outcome.sequence)
    ) {
      report.strayOutcomes += 1;
      note(`outcome ${stored.subject} belongs to no message of this inbox, or cannot be read`);
    } else {
      found.set(place, outcome);
    }
    places.add(place);
  }
  return found;
}

function checkOutcome(
  message: Stored,
  outcome: ReadOutcome,
  rules: Readonly<Record<string, Rule>>,
  report: AuditReport,
  note: Note,
): void {
  const { sequence, version, outputs } = outcome;
  const isTooFar = Number(message.headers["Caxton-Hops"] ?? 0) > hopsMax;
  if (outcome.result === "dead-lettered") {
    report.deadLettered += 1;
    const code = outcome.deadLetter?.code;
    // Who undeploys an agent and has its inbox dead-lettered wants it so; how many are is counted above.
    const isGood =
      code !== "undeployed" && Object.values(rules).some((rule) => expectedOutputs(rule, message.body) !== "invalid");
    if (isTooFar ? code !== "hop-limit" : isGood) {
      report.wrongDeadLetters += 1;
      note(`message ${sequence} is a dead letter and should have been handled`);
    }
    checkReason(message, outcome, report, note);
    if (outputs.length > 0) wrong(report, note, `dead letter ${sequence} has outputs`);
    return;
  }
  report.handled += 1;
  const known = (report.perVersion[version] ??= {
    handled: 0,
    outputs: 0,
    firstHandledAtMs: outcome.storedAtMs,
    lastHandledAtMs: outcome.storedAtMs,
  });
  known.handled += 1;
  known.outputs += outputs.length;
  known.firstHandledAtMs = Math.min(known.firstHandledAtMs, outcome.storedAtMs);
  known.lastHandledAtMs = Math.max(known.lastHandledAtMs, outcome.storedAtMs);
  const rule = rules[version];
  if (rule === undefined)
    return wrong(report, note, `message ${sequence} was handled by '${version}', which was never deployed`);
  if (isTooFar) return wrong(report, note, `message ${sequence} was passed on too often and handled all the same`);
  const said = outputs.map(({ to, kind, body }) => ({ to, kind, body: { ...parseRecord(body) } }));
  const expected = expectedOutputs(rule, message.body);
  const should = expected === "invalid" ? expected : expected.map((output) => ({ to: undefined, ...output }));
  if (isDeepStrictEqual(said, should)) return;
  wrong(
    report,
    note,
    `message ${sequence}: ${version} said ${JSON.stringify(said)} instead of ${JSON.stringify(should)}`,
  );
}

function checkReason({ sequence, body }: Stored, { deadLetter }: ReadOutcome, report: AuditReport, note: Note): void {
  if (deadLetter !== undefined && deadLetter.code !== "" && deadLetter.reason !== "" && deadLetter.body === body)
    return;
  report.unexplainedDeadLetters += 1;
  note(`dead letter ${sequence} says not why, or keeps another body: ${JSON.stringify(deadLetter)}`);
}

/** Where outputs come to: the outbox where no agent is named, else that agent's inbox. */
interface Destination {
  readonly target: string | undefined;
  readonly stream: Stream;
  /** @param name `<source>/<epoch>/<sequence>/<index>` */
  readonly subjectOf: (kind: string, name: string) => string;
}

function checkSent(books: Books, outcomes: Outcomes, report: AuditReport, note: Note): void {
  const { agent, outbox, targets } = books;
  const subjectOf = (kind: string): string => `caxton.outbox.${agent}.${kind}`;
  checkDestination(books, outcomes, { target: undefined, stream: outbox, subjectOf }, report, note);
  for (const [target, stream] of Object.entries(targets)) {
    const inboxSubject = (_kind: string, name: string): string =>
      `caxton.inbox.${target}.output.${name.replaceAll("/", ".")}`;
    const destination = { target, stream, subjectOf: inboxSubject };
    checkDestination(books, outcomes, destination, report, note);
  }
  for (const { sequence, outputs } of outcomes.values()) {
    for (const { to } of outputs) {
      if (to === undefined || Object.hasOwn(targets, to)) continue;
      wrong(report, note, `message ${sequence} speaks to '${to}', whose inbox nobody audits`);
    }
  }
}

/** `<source>/<epoch>/<sequence>/<index>` says which output of which message it is; each must be there once, as decided. */
function checkDestination(
  { agent }: Books,
  outcomes: Outcomes,
  { target, stream, subjectOf }: Destination,
  report: AuditReport,
  note: Note,
): void {
  const where = target === undefined ? "the outbox" : `the inbox of ${target}`;
  const due = new Map<string, { readonly kind: string; readonly body: string }>();
  for (const { epoch, sequence, outputs } of outcomes.values()) {
    for (const [index, output] of outputs.entries()) {
      if (output.to === target) due.set(`${agent}/${epoch}/${sequence}/${index}`, output);
    }
  }
  const sent = new Set<string>();
  for (const stored of stream.messages) {
    const name = stored.headers["Caxton-Output"] ?? "";
    // An inbox has other producers too.
    if (target !== undefined && !name.startsWith(`${agent}/`)) continue;
    const output = due.get(name);
    if (sent.has(name)) {
      report.duplicateOutputs += 1;
      note(`output ${name} is in ${where} again as ${stored.sequence}`);
    } else if (output === undefined) {
      wrong(report, note, `${where} holds '${name}' as ${stored.sequence}, which no outcome knows`);
    } else if (stored.body !== output.body || stored.subject !== subjectOf(output.kind, name)) {
      wrong(report, note, `output ${name} reads differently in ${where}: ${stored.subject} ${stored.body}`);
    } else if (target !== undefined && stored.headers["Caxton-Kind"] !== output.kind) {
      wrong(report, note, `output ${name} came to ${where} as another kind than '${output.kind}'`);
    }
    sent.add(name);
  }
  for (const name of due.keys()) {
    if (sent.has(name)) continue;
    report.missingOutputs += 1;
    note(`output ${name} is not in ${where}`);
  }
}

function wrong(report: AuditReport, note: Note, text: string): void {
  report.wrongOutputs += 1;
  note(text);
}

function emptyReport({ inbox, acknowledged }: Books): AuditReport {
  return {
    accepted: inbox.messages.length,
    acknowledged: acknowledged.length,
    handled: 0,
    decidedEarlier: 0,
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
    perVersion: {},
    findings: [],
  };
}

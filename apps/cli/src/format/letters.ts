import type { DeadLetter, Resend } from "@caxton/contracts/gen/caxton/v1/messages_pb.js";
import type { MessageLife, OutputPlace } from "@caxton/contracts/message-life";
import { unixMs } from "../wire-json.ts";
import { instant } from "./deployment.ts";
import { duration } from "./quantity.ts";
import { fields, table } from "./table.ts";

/** Dead letters; the epoch is shown where there is more than one. */
export function letterTable(letters: readonly DeadLetter[]): readonly string[] {
  const severalEpochs = new Set(letters.map(({ epoch }) => epoch)).size > 1;
  const heads = ["SEQUENCE", "CODE", "VERSION", "DECIDED", "ATTEMPTS", "RESENT", "REASON"];
  return table(
    severalEpochs ? ["EPOCH", ...heads] : heads,
    letters.map((letter) => [
      ...(severalEpochs ? [letter.epoch] : []),
      String(letter.sequence),
      letter.code,
      letter.version === "" ? "-" : letter.version,
      instant(unixMs(letter.decidedAt)),
      String(letter.attempts),
      resentText(letter.resent),
      oneLine(letter.reason),
    ]),
    ["SEQUENCE", "ATTEMPTS"],
  );
}

function resentText(resent: Resend | undefined): string {
  if (resent === undefined) return "-";
  return resent.sequence === 0 ? "broke off" : `as ${resent.sequence}: ${resent.became}`;
}

/** A message from its coming in to where its outputs went. */
export function lifeLines(life: MessageLife): readonly string[] {
  const { version, deadLetter, resent, headers = {} } = life;
  const given = (name: string, value: string | undefined): readonly (readonly [string, string])[] =>
    value === undefined ? [] : [[name, value]];
  const shownHeaders = Object.entries(headers).map(([name, value]) => [`  ${name}`, oneLine(value)] as const);
  return [
    ...fields([
      ["Message", `${life.sequence} of ${life.agent} (epoch ${life.epoch})`],
      ["State", stateText(life)],
      ...given("Id", life.messageId),
      ...given("Kind", life.kind),
      ...given("Received", life.receivedAtMs === undefined ? undefined : instant(life.receivedAtMs)),
      ...given("Decided", life.decidedAtMs === undefined ? undefined : instant(life.decidedAtMs)),
      ...given("Version", version),
      ...given("Hops", life.hops === undefined ? undefined : String(life.hops)),
      ...given("Reason", deadLetter === undefined ? undefined : `${oneLine(deadLetter.reason)} (${deadLetter.code})`),
      ...given("Pending", life.pendingBecause),
      ...given("Repeats", life.repeats),
      ...given("Resent", resent === undefined ? undefined : resendText(resent)),
      ["In the inbox", life.kept ? "yes" : "no longer: it was trimmed"],
    ]),
    ...(shownHeaders.length === 0 ? [] : ["", "Headers", ...fields(shownHeaders)]),
    ...(life.attempts.length === 0 ? [] : ["", ...attemptTable(life)]),
    ...life.outputs.flatMap(outputLines),
    ...(life.bodyBase64 === undefined ? [] : ["", ...bodyLines(life.bodyBase64)]),
  ];
}

function stateText({ state, deadLetter }: MessageLife): string {
  if (state === "trimmed") return "done and trimmed: neither the message nor its outcome is kept";
  return deadLetter === undefined ? state : `${state} (${deadLetter.code})`;
}

function resendText({ sequence, toEpoch, atMs, actor, reason }: NonNullable<MessageLife["resent"]>): string {
  const to = sequence === undefined ? "broke off" : `as ${sequence} (epoch ${toEpoch})`;
  return `${to} at ${instant(atMs)} by ${actor === "" ? "unknown" : actor}${reason === "" ? "" : `: ${reason}`}`;
}

function attemptTable({ attempts }: MessageLife): readonly string[] {
  return table(
    ["ATTEMPT", "VERSION", "ROUTE", "RESULT", "LATENCY", "REASON"],
    attempts.map((attempt, index) => [
      String(index + 1),
      attempt.version,
      String(attempt.routeRevision),
      attempt.code ?? attempt.result,
      duration(attempt.latencyMs),
      oneLine(attempt.reason ?? ""),
    ]),
    ["ATTEMPT", "ROUTE", "LATENCY"],
  );
}

function outputLines({ index, to, kind, body, passedOn, outboxSequence }: OutputPlace): readonly string[] {
  const where = to === undefined ? "the outbox" : `the inbox of ${to}`;
  const at = outboxSequence === undefined ? "" : ` as ${outboxSequence}`;
  return [
    "",
    `Output ${index} (${kind}) ${passedOn ? `is in ${where}${at}` : `for ${where}, not passed on yet`}`,
    `  ${body}`,
  ];
}

function bodyLines(base64: string): readonly string[] {
  const data = Buffer.from(base64, "base64");
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(data);
    // A terminal must not be told what to do by a message.
    return ["Body", text.replaceAll(/[\p{Cc}--[\n\t]]/gv, "�")];
  } catch {
    return ["Body (not UTF-8, base64)", base64];
  }
}

function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\s]+/gu, " ");
}

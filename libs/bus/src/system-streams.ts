import {
  answerStream,
  answerSubjects,
  commandStream,
  commandSubjects,
  deploymentStream,
  deploymentSubjects,
} from "@caxton/contracts/subjects";
import type { Bus } from "./types.ts";

const day = 24 * 60 * 60 * 1000;
const duplicateWindowMs = 120_000;
const mebibyte = 1024 * 1024;

/** Creates the streams that belong to no single agent: commands, their answers, and the published deployment events. */
export async function ensureSystemStreams(bus: Bus): Promise<void> {
  await bus.streams.ensure({
    name: commandStream,
    subjects: [commandSubjects],
    discard: "new",
    maxBytes: 256 * mebibyte,
    maxMessageBytes: 256 * 1024,
    maxAgeMs: 7 * day,
    duplicateWindowMs,
  });
  await bus.streams.ensure({
    name: answerStream,
    subjects: [answerSubjects],
    discard: "old",
    maxBytes: 256 * mebibyte,
    maxMessageBytes: 64 * 1024,
    maxAgeMs: 7 * day,
    maxMessagesPerSubject: 1,
    duplicateWindowMs,
  });
  await bus.streams.ensure({
    name: deploymentStream,
    subjects: [deploymentSubjects],
    discard: "old",
    maxBytes: 1024 * mebibyte,
    maxMessageBytes: 512 * 1024,
    maxAgeMs: 30 * day,
    duplicateWindowMs,
  });
}

import { commandMaxBytes } from "./limits.ts";
import {
  answerStream,
  answerSubjects,
  commandStream,
  commandSubjects,
  deploymentStream,
  deploymentSubjects,
  freezeSubjects,
  logStream,
  logSubjects,
} from "./subjects.ts";
import type { StreamSpec } from "./stream-spec.ts";

const day = 24 * 60 * 60 * 1000;
const duplicateWindowMs = 120_000;
const mebibyte = 1024 * 1024;

/** The streams that belong to no single agent: commands, their answers, published events of deployments and freezes, what agents log. */
export const systemStreams: readonly StreamSpec[] = [
  {
    name: commandStream,
    subjects: [commandSubjects],
    discard: "new",
    maxBytes: 256 * mebibyte,
    maxMessageBytes: commandMaxBytes,
    maxAgeMs: 7 * day,
    duplicateWindowMs,
  },
  {
    name: answerStream,
    subjects: [answerSubjects],
    discard: "old",
    maxBytes: 256 * mebibyte,
    maxMessageBytes: 64 * 1024,
    maxAgeMs: 7 * day,
    maxMessagesPerSubject: 1,
    duplicateWindowMs,
  },
  {
    name: deploymentStream,
    subjects: [deploymentSubjects, freezeSubjects],
    discard: "old",
    maxBytes: 1024 * mebibyte,
    maxMessageBytes: 512 * 1024,
    maxAgeMs: 30 * day,
    duplicateWindowMs,
  },
  {
    name: logStream,
    subjects: [logSubjects],
    discard: "old",
    maxBytes: 256 * mebibyte,
    maxMessageBytes: 512 * 1024,
    maxAgeMs: 7 * day,
    duplicateWindowMs,
  },
];

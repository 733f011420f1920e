import Type from "../type.ts";
import { header } from "../subjects.ts";

const optional = (description: string) => Type.Optional(Type.String({ description }));

const trace = {
  [header.traceparent]: optional("W3C Trace Context. Outcome, log lines and outputs belong to its trace."),
  [header.tracestate]: optional("Carried with the traceparent."),
};

/** What a producer may say of a message; what else is there is kept and not read. */
export const InboxHeaders = Type.Object({
  [header.messageId]: optional("The producer's own id: a repeat within the inbox's duplicate window is once."),
  [header.kind]: optional("One of the kinds that the agent accepts; its first unless given."),
  [header.conversation]: optional("Messages of one conversation stay with one version."),
  [header.repeats]: optional("`<epoch>/<sequence>` of the dead letter that this message repeats; set by a resend."),
  [header.repeatedBy]: optional("Who wanted that."),
  [header.repeatReason]: optional("Why."),
  [header.output]: optional("`<source>/<epoch>/<sequence>/<index>`, where another agent sent it; set by the relay."),
  [header.hops]: optional("Through how many agents it came; set by the relay."),
  ...trace,
});

export const OutboxHeaders = Type.Object({
  [header.messageId]: optional("The same as the output's id."),
  [header.output]: Type.String({
    description: "`<agent>/<epoch>/<sequence>/<index>`: which output of which message. Drop one that you have seen.",
  }),
  [header.relayPosition]: Type.String({ description: "Where the relay goes on; for itself." }),
  [header.kind]: Type.String({ description: "As in the subject." }),
  ...trace,
});

/** Of a command. Nothing depends on them. */
export const CommandHeaders = Type.Object({
  [header.messageId]: optional("The command's id: saves a repeat within two minutes from being stored."),
});

import type { AgentOutput } from "@caxton/contracts/gen/caxton/v1/messages_pb.js";
import { unixMs } from "../wire-json.ts";
import { instant } from "./deployment.ts";
import type { Style } from "./style.ts";

/** Outputs one a line. Sequences mean other messages in another life of the inbox: its epoch is named first, and where it changes. */
export class OutputText {
  readonly #style: Style;
  #epoch = "";

  constructor(style: Style) {
    this.#style = style;
  }

  line({ kind, body, storedAt, epoch, sequence }: AgentOutput): string {
    const inEpoch = epoch === this.#epoch ? "" : ` of epoch ${epoch}`;
    this.#epoch = epoch;
    const source = epoch === "" ? "of no message" : `message ${sequence}${inEpoch}`;
    return `${this.#style.faint(instant(unixMs(storedAt)))}  ${kind}  ${this.#style.faint(`[${oneLine(source)}]`)}  ${oneLine(body)}`;
  }
}

export function outputValue({
  position,
  agent,
  kind,
  body,
  storedAt,
  epoch,
  sequence,
  index,
}: AgentOutput): Record<string, unknown> {
  const source = epoch === "" ? {} : { message: { epoch, sequence, output: index } };
  return { at: instant(unixMs(storedAt)), agent, kind, body, ...source, position };
}

/** A terminal must not be told what to do by an output. */
function oneLine(text: string): string {
  return text.trim().replaceAll(/[\p{Cc}\s]+/gu, " ");
}

import { NatsConnectionImpl } from "@nats-io/nats-core/internal";
import { errors, type NatsConnection } from "@nats-io/transport-node";

/** One message on its way to the server. */
export interface Publication {
  readonly subject: string;
  /** Where an answer is to go; empty where none is wanted. */
  readonly reply: string;
  /** As they are written: `NATS/1.0`, a line for each, an empty line; empty where there are none. */
  readonly headers: string;
  readonly data: Uint8Array;
}

const lineEndBytes = 2;
const noSubject = /^$|\s/;

/**
 * Publishes many messages in one piece. The client's own publish makes buffers of its own for each message's line and
 * headers and copies them together at the end, which leaves several times as much to the garbage collector.
 */
export class Wire {
  readonly #nc: NatsConnectionImpl;

  /** @throws TypeError where the client's connection is not the one that this version of it makes */
  constructor(nc: NatsConnection) {
    if (!(nc instanceof NatsConnectionImpl)) throw new TypeError("not a connection of @nats-io/nats-core");
    this.#nc = nc;
  }

  /** @throws what the client's publish does for a subject, a size or a state in which it cannot be sent */
  require({ subject, headers, data }: Publication): void {
    if (this.#nc.isClosed()) throw new errors.ClosedConnectionError();
    if (this.#nc.protocol.noMorePublishing) throw new errors.DrainingConnectionError();
    if (noSubject.test(subject)) throw new errors.InvalidSubjectError(subject);
    const maxBytes = this.#nc.info?.max_payload;
    if (maxBytes !== undefined && data.length + Buffer.byteLength(headers) > maxBytes) {
      throw new errors.InvalidArgumentError(
        `message and headers have more than the ${maxBytes} bytes that may be sent`,
      );
    }
  }

  publish(publications: readonly Publication[]): void {
    if (publications.length > 0) this.#nc.protocol.sendCommand(frame(publications));
  }
}

/** `PUB` and `HPUB` of the NATS protocol. */
export function frame(publications: readonly Publication[]): Uint8Array {
  let bytes = 0;
  const heads = publications.map(({ subject, reply, headers, data }) => {
    const headerBytes = Buffer.byteLength(headers);
    const sizes = headerBytes > 0 ? `${headerBytes} ${headerBytes + data.length}` : data.length;
    const head = `${headerBytes > 0 ? "HPUB" : "PUB"} ${subject} ${reply === "" ? "" : `${reply} `}${sizes}\r\n`;
    bytes += Buffer.byteLength(head) + headerBytes + data.length + lineEndBytes;
    return head;
  });
  const buffer = Buffer.allocUnsafe(bytes);
  let at = 0;
  for (const [index, { headers, data }] of publications.entries()) {
    at += buffer.write(heads[index] ?? "", at);
    if (headers !== "") at += buffer.write(headers, at);
    buffer.set(data, at);
    at += data.length;
    at += buffer.write("\r\n", at);
  }
  return buffer;
}

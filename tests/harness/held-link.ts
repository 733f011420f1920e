import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

/**
 * A way to nats-server that a test can hold up: from a certain text on, what a client sends stays on the way, as it does
 * when its process is stopped with bytes that did not leave it yet. What the server sends always passes.
 */
export interface HeldLink {
  /** For the process that is to be held up; others go past it. */
  readonly url: string;
  /** Resolves with the line that begins with this text, when a client has sent it; it and all after it is held then. */
  holdFrom(text: string): Promise<string>;
  /** Lets everything go. Resolves with what the server answered to `subject` after that. */
  release(subject: string): Promise<string>;
  close(): Promise<void>;
}

interface Wanted {
  readonly text: string;
  /** How many lines are wanted, from the text on. */
  readonly lines: number;
  readonly resolve: (found: string) => void;
}

export async function openHeldLink(natsUrl: string): Promise<HeldLink> {
  const { hostname, port } = new URL(natsUrl);
  const sockets = new Set<Socket>();
  let sought: Wanted | undefined;
  let expected: Wanted | undefined;
  let releases: (() => void)[] = [];

  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname);
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      one.setNoDelay(true);
      sockets.add(one);
      one.on("error", () => one.destroy());
      one.on("close", () => {
        sockets.delete(one);
        other.destroy();
      });
    }
    const sent = new Passing();
    const answered = new Passing();
    let held: Buffer[] | undefined;
    client.on("data", (data: Buffer) => {
      if (held === undefined && sent.shows(data, sought)) {
        sought = undefined;
        held = [];
        releases.push(() => {
          for (const piece of held ?? []) upstream.write(piece);
          held = undefined;
        });
      }
      if (held === undefined) upstream.write(data);
      else held.push(data);
    });
    upstream.on("data", (data: Buffer) => {
      client.write(data);
      if (answered.shows(data, expected)) expected = undefined;
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("a link listens on a port");

  return {
    url: `nats://127.0.0.1:${address.port}`,
    holdFrom: (text) => new Promise((resolve) => (sought = { text, lines: 1, resolve })),
    release(subject) {
      const answer = new Promise<string>((resolve) => (expected = { text: `${subject} `, lines: 2, resolve }));
      for (const release of releases) release();
      releases = [];
      return answer;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

/** What went by since something is wanted of it, which may come in pieces. */
class Passing {
  #text = "";

  shows(data: Buffer, wanted: Wanted | undefined): boolean {
    if (wanted === undefined) {
      this.#text = "";
      return false;
    }
    this.#text += data.toString("latin1");
    const at = this.#text.indexOf(wanted.text);
    const lines = at < 0 ? [] : this.#text.slice(at).split("\r\n");
    if (lines.length <= wanted.lines) return false;
    this.#text = "";
    wanted.resolve(lines.slice(0, wanted.lines).join("\n"));
    return true;
  }
}

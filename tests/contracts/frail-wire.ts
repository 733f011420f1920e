import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";

/** A wire to a server on which things happen that nobody is told of. */
export interface FrailWire extends AsyncDisposable {
  /** As the server's own, with the address of the wire. */
  readonly url: string;
  /** How many connections there have been. */
  readonly connections: number;
  /** Connections there are now stay open and carry nothing any more; later ones do. */
  goDead(): void;
  /** Of connections there are now, what the server says is lost; what it is told arrives. */
  loseAnswers(): void;
  /** Resolves when the server was told so many bytes more, lost or not. */
  told(bytes: number): Promise<void>;
  /** Ends every connection. */
  cut(): void;
}

interface Link {
  readonly ends: readonly [Socket, Socket];
  isDeaf: boolean;
  isDumb: boolean;
}

/** Where the server is a single node without TLS; there is no wire to others. */
export function canBeWired(url: string): boolean {
  return /^(kurrentdb|esdb):\/\/([^@/?]*@)?[^,/?]+\/*\?(.*&)?tls=false(&|$)/.test(url);
}

export async function startFrailWire(serverUrl: string): Promise<FrailWire> {
  const [, host = "", port = "2113"] = /:\/\/(?:[^@/?]*@)?([\w.-]+)(?::(\d+))?/.exec(serverUrl) ?? [];
  const links = new Set<Link>();
  const told = new Count();
  let connections = 0;

  const server = createServer((near) => {
    connections += 1;
    const far = connect({ host, port: Number(port), noDelay: true });
    near.setNoDelay(true);
    const link: Link = { ends: [near, far], isDeaf: false, isDumb: false };
    links.add(link);
    const end = (): void => {
      links.delete(link);
      for (const socket of link.ends) socket.destroy();
    };
    for (const socket of link.ends) socket.on("error", end).on("close", end);
    near.on("data", (bytes) => {
      if (!link.isDumb) far.write(bytes);
      told.add(bytes.length);
    });
    far.on("data", (bytes) => {
      if (!link.isDeaf) near.write(bytes);
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address() as AddressInfo;

  const cut = (): void => {
    for (const { ends } of links) for (const socket of ends) socket.destroy();
  };
  return {
    url: serverUrl.replace(/(:\/\/(?:[^@/?]*@)?)[^/?]+/, `$1127.0.0.1:${address.port}`),
    get connections() {
      return connections;
    },
    goDead() {
      for (const link of links) Object.assign(link, { isDeaf: true, isDumb: true });
    },
    loseAnswers() {
      for (const link of links) link.isDeaf = true;
    },
    told: (bytes) => told.reached(bytes),
    cut,
    async [Symbol.asyncDispose]() {
      cut();
      server.close();
    },
  };
}

class Count {
  #sum = 0;
  readonly #waiting = new Map<() => void, number>();

  add(more: number): void {
    this.#sum += more;
    for (const [resolve, target] of this.#waiting) {
      if (this.#sum < target) continue;
      this.#waiting.delete(resolve);
      resolve();
    }
  }

  reached(more: number): Promise<void> {
    return new Promise((resolve) => this.#waiting.set(resolve, this.#sum + more));
  }
}

/** A server process that a test may hurt. */
export interface ServerProcess {
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
  /** On the same data and address; resolves when it answers. */
  start(): Promise<void>;
  /** Its sockets stay open and nothing answers. */
  freeze(): Promise<void>;
  thaw(): Promise<void>;
}

export interface KurrentServer extends AsyncDisposable {
  readonly url: string;
  /** Only where the server is ours, since what is done to it hurts everybody on it. */
  readonly process?: ServerProcess;
}

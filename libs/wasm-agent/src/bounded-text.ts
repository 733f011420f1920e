/** A component sent more text than one call may. */
export class TextTooLarge extends Error {
  constructor(maxBytes: number) {
    super(`more than ${maxBytes} bytes of text left the component in one call`);
    this.name = "TextTooLarge";
  }
}

/**
 * How much text may leave a component in one call. Outputs may all point to the same text in the component's memory, so
 * that its limit does not bound what the host copies; and copied text is kept outside the heap that Node limits.
 */
export interface TextBudget {
  /** Given to the transpiled component in place of the global one. */
  readonly Decoder: typeof TextDecoder;
  /** Begins another call. */
  renew(): void;
}

export function textBudget(maxBytes: number): TextBudget {
  let remaining = maxBytes;
  class Decoder extends TextDecoder {
    override decode(...[input, options]: Parameters<TextDecoder["decode"]>): string {
      remaining -= input?.byteLength ?? 0;
      if (remaining < 0) throw new TextTooLarge(maxBytes);
      return super.decode(input, options);
    }
  }
  return {
    Decoder,
    renew() {
      remaining = maxBytes;
    },
  };
}

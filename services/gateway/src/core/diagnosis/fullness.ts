import { problem, warning } from "./finding.ts";

/** What a stream holds and may hold. Bytes of -1 and no number of messages: no limit. */
export interface Filled {
  readonly bytes: number;
  readonly maxBytes: number;
  readonly messages: number;
  readonly maxMessages?: number;
}

/** Beyond what is trimmed to when room is short, which is 0.8. */
const warningShare = 0.88;
const problemShare = 0.95;

/** How to say that a stream is nearly full: `92 % full (920 of 1000 bytes)`; undefined where it is not. */
export function nearlyFull(
  filled: Filled,
): { readonly say: typeof problem | typeof warning; readonly words: string } | undefined {
  const { share, words } = fullest(filled);
  if (share <= warningShare) return undefined;
  return { say: share > problemShare ? problem : warning, words: `${Math.floor(share * 100)} % full (${words})` };
}

/** Of its limits in bytes and in messages, the one that is nearer. */
function fullest({ bytes, maxBytes, messages, maxMessages }: Filled): {
  readonly share: number;
  readonly words: string;
} {
  const inBytes = maxBytes > 0 ? bytes / maxBytes : 0;
  const inMessages = maxMessages === undefined ? 0 : messages / maxMessages;
  return inBytes >= inMessages
    ? { share: inBytes, words: `${bytes} of ${maxBytes} bytes` }
    : { share: inMessages, words: `${messages} of ${maxMessages} messages` };
}

/** Names on the bus of the hand-written loop. */
export const runSubject = "loop.run";
export const outputSubject = "loop.out";
export const outputStream = "LOOP_OUT";
export const inboxStream = "LOOP_IN";
export const inboxSubject = "loop.in";

/** What a process of the loop says once it is connected. */
export const ready = "ready";

export const inboxSubject = "caxton.inbox";

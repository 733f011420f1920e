import { inboxSubject } from "../../libs/contracts/src/subjects.ts";

export const audited = inboxSubject;

import { tellAb } from "./ab.ts";
import { tellBlueGreen } from "./blue-green.ts";
import { problemsOf, type StoryReport } from "./report.ts";
import { tellQueue } from "./queue.ts";
import { tellRedrive } from "./redrive.ts";
import { tellShadow } from "./shadow.ts";
import { type StoryOptions, expectedRefusals, tellStory } from "./story.ts";

export interface Told {
  readonly report: StoryReport;
  /** Everything that did not go as the story says, in words. */
  readonly problems: readonly string[];
}

export interface Story {
  /** A line for `--help`. */
  readonly about: string;
  readonly tell: (options: StoryOptions) => Promise<Told>;
}

/** What `npm run demo -- <name>` tells; the first unless one is named. */
export const stories: Readonly<Record<string, Story>> = {
  canary: {
    about: "a direct deployment, a canary that is kept and one that takes itself back, under traffic",
    async tell(options) {
      const report = await tellStory(options);
      return { report, problems: problemsOf(report, expectedRefusals, options.messages) };
    },
  },
  "blue-green": {
    about: "versions that are warmed up, switched to at once, taken back by hand and by themselves",
    tell: tellBlueGreen,
  },
  ab: {
    about: "a version that does the same and one that does better, compared by what their outputs say",
    tell: tellAb,
  },
  redrive: {
    about: "a version that was taken back too late: what it did is done again, each message once",
    tell: tellRedrive,
  },
  queue: {
    about: "deployments that meet: a line in another order, a freeze, one that supersedes, and an agent's end",
    tell: tellQueue,
  },
  shadow: {
    about: "versions beside the live one on its messages: what they would have said, and what they take",
    tell: tellShadow,
  },
};

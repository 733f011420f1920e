/** Colours, or nothing where there is no terminal. */
export interface Style {
  good(text: string): string;
  bad(text: string): string;
  faint(text: string): string;
  strong(text: string): string;
}

const same = (text: string): string => text;
export const plain: Style = { good: same, bad: same, faint: same, strong: same };

/** Select Graphic Rendition, ECMA-48 section 8.3.117. */
const rendition =
  (on: number, off: number) =>
  (text: string): string =>
    `\u001B[${on}m${text}\u001B[${off}m`;

export const terminal: Style = {
  good: rendition(32, 39),
  bad: rendition(31, 39),
  faint: rendition(2, 22),
  strong: rendition(1, 22),
};

import { isMap, isScalar, isSeq, LineCounter, parseDocument, Scalar } from "yaml";

/** Where something stands; `offset` counts characters from the text's beginning, the others from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** YAML as far as a deployment file needs it. Everything that is no list and no map is text, numbers too. */
export type Node =
  | { readonly kind: "text"; readonly text: string; readonly at: Place; readonly comment?: string }
  | { readonly kind: "map"; readonly entries: readonly Entry[]; readonly at: Place }
  | { readonly kind: "list"; readonly items: readonly Node[]; readonly at: Place }
  | { readonly kind: "nothing"; readonly at: Place };

export interface Entry {
  readonly key: string;
  readonly keyAt: Place;
  readonly value: Node;
}

export interface SyntaxProblem {
  readonly at: Place;
  readonly message: string;
}

const plainer: Readonly<Record<string, string>> = {
  DUPLICATE_KEY: "this stands here twice",
  MULTIPLE_DOCS: "a second document begins here; a file is one deployment",
  TAB_AS_INDENT: "YAML is indented with spaces, not with tabs",
};

/** The tree, or what is wrong with the text as YAML. */
export function readYaml(text: string): { readonly root: Node } | { readonly problems: readonly SyntaxProblem[] } {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, stringKeys: true });
  const at = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const problems: SyntaxProblem[] = [...document.errors, ...document.warnings].map(({ code, message, pos }) => ({
    at: at(pos[0]),
    message: plainer[code] ?? `this is not YAML: ${message}`,
  }));
  const start = (node: { readonly range?: readonly number[] | null } | null | undefined): Place =>
    at(node?.range?.[0] ?? 0);

  function read(node: unknown, otherwise: Place): Node {
    if (isMap(node)) {
      const entries = node.items.map(({ key, value }): Entry => {
        const keyAt = isScalar(key) ? start(key) : otherwise;
        return { key: isScalar(key) ? String(key.value) : "", keyAt, value: read(value, keyAt) };
      });
      return { kind: "map", entries, at: start(node) };
    }
    if (isSeq(node)) return { kind: "list", items: node.items.map((item) => read(item, start(node))), at: start(node) };
    if (isScalar(node)) return readScalar(node);
    if (node !== null) problems.push({ at: otherwise, message: "anchors and aliases are not read here: write it out" });
    return { kind: "nothing", at: otherwise };
  }

  function readScalar(scalar: Scalar): Node {
    const place = start(scalar);
    const isPlain = scalar.type === Scalar.PLAIN;
    const written = isPlain ? (scalar.source ?? "") : String(scalar.value);
    if (isPlain && written === "") return { kind: "nothing", at: place };
    const comment = scalar.comment?.trim();
    const inQuotes = isPlain ? place : { ...place, column: place.column + 1 };
    return { kind: "text", text: written, at: inQuotes, ...(comment === undefined ? {} : { comment }) };
  }

  const root = read(document.contents, { line: 1, column: 1 });
  return problems.length > 0 ? { problems } : { root };
}

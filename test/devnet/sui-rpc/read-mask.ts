/** Read masks: which fields of a message an answer holds. Paths are proto names, dot-separated. */
import type { FieldInfo, IMessageType } from "@protobuf-ts/runtime";
import { invalidArgument } from "./failure.ts";

interface Tree {
  readonly [name: string]: Tree | true;
}

/**
 * A copy of `message` that holds only what `paths` name; `*` is everything.
 *
 * @throws {RpcFailure} INVALID_ARGUMENT for a path the message does not have.
 */
export function applyReadMask<T extends object>(
  type: IMessageType<T>,
  message: T,
  paths: readonly string[],
): T {
  if (paths.includes("*")) return message;
  const tree: Record<string, unknown> = {};
  for (const path of paths) {
    checkPath(type, path);
    addPath(tree, path.split("."));
  }
  return prune(type, message, tree as Tree) as T;
}

function checkPath(type: IMessageType<object>, path: string): void {
  let current: IMessageType<object> | null = type;
  for (const name of path.split(".")) {
    // Fields of maps and of google.protobuf.Value are not addressed one by one.
    if (current === null) return;
    const field: FieldInfo | undefined = current.fields.find(
      (candidate) => candidate.name === name,
    );
    if (field === undefined) throw invalidArgument(`invalid read_mask path: ${path}`);
    current = field.kind === "message" ? field.T() : null;
  }
}

function addPath(tree: Record<string, unknown>, names: readonly string[]): void {
  const [name, ...rest] = names;
  if (name === undefined || tree[name] === true) return;
  if (rest.length === 0) {
    tree[name] = true;
    return;
  }
  const child = (tree[name] ?? {}) as Record<string, unknown>;
  tree[name] = child;
  addPath(child, rest);
}

function prune(type: IMessageType<object>, message: object, tree: Tree): object {
  const source = message as Record<string, unknown>;
  const result = type.create() as Record<string, unknown>;
  for (const field of type.fields) {
    const wanted = tree[field.name];
    if (wanted === undefined) continue;
    const narrow = (value: unknown): unknown => {
      if (wanted === true || field.kind !== "message" || value === undefined) return value;
      return prune(field.T(), value as object, wanted);
    };
    if (field.oneof !== undefined) {
      const group = source[field.oneof] as { readonly oneofKind?: string } | undefined;
      if (group?.oneofKind !== field.localName) continue;
      const value = (group as Record<string, unknown>)[field.localName];
      result[field.oneof] = { oneofKind: field.localName, [field.localName]: narrow(value) };
      continue;
    }
    const value = source[field.localName];
    result[field.localName] = Array.isArray(value) ? value.map(narrow) : narrow(value);
  }
  return result;
}

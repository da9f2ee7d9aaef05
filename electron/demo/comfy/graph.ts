/** What follows from a graph alone: which node comes after which, and when two nodes must give the same result. Runs nothing. */
import { createHash } from 'node:crypto';
import { pyDumps } from './py.ts';
import type { Graph } from './types.ts';
import { isLink } from './check.ts';

export class GraphPlan {
  readonly #graph: Graph;
  readonly #signatures = new Map<string, string>();

  constructor(graph: Graph) {
    this.#graph = graph;
  }

  /** Class and inputs of a node and of everything upstream: equal signature, equal result. */
  signature(id: string): string {
    const known = this.#signatures.get(id);
    if (known !== undefined) return known;
    this.#signatures.set(id, 'cycle');
    const node = this.#graph[id];
    const inputs = Object.entries(node?.inputs ?? {})
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, value]) => [name, isLink(value) ? [this.signature(value[0]), value[1]] : value]);
    const text = pyDumps([node?.class_type ?? null, inputs]);
    const signature = createHash('sha1').update(text).digest('hex');
    this.#signatures.set(id, signature);
    return signature;
  }

  /** The nodes to run for `outputs`, upstream before downstream, not looking behind nodes that `isCached`. */
  order(outputs: readonly string[], isCached: (id: string) => boolean): string[] {
    const order: string[] = [];
    const seen = new Set<string>();
    const visit = (id: string): void => {
      if (seen.has(id)) return;
      seen.add(id);
      for (const value of Object.values(this.#graph[id]?.inputs ?? {})) {
        if (isLink(value) && !isCached(value[0])) visit(value[0]);
      }
      order.push(id);
    };
    for (const output of outputs) visit(output);
    return order;
  }
}

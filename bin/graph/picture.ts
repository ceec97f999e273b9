import { Graphviz } from '@hpcc-js/wasm-graphviz';
import type { Drawing } from './drawing';

/** The drawing as SVG. */
export async function picture(drawing: Drawing): Promise<string> {
  const graphviz = await Graphviz.load();
  return graphviz.dot(dot(drawing));
}

/** The drawing in the language of Graphviz. https://graphviz.org/doc/info/lang.html */
function dot({ nodes, arrows }: Drawing): string {
  const style = { client: 'style=rounded', service: 'style=filled fillcolor="#e8eef7"' } as const;
  return [
    'digraph mesh {',
    '  graph [rankdir=LR fontname="sans-serif"]',
    '  node [shape=box fontname="sans-serif"]',
    '  edge [fontname="sans-serif" fontsize=10]',
    ...nodes.map(({ id, label, kind }) => `  ${quoted(id)} [label=${quoted(label)} ${style[kind]}]`),
    ...arrows.map(({ from, to, lines }) => `  ${quoted(from)} -> ${quoted(to)} [label=${quoted(lines.join('\n'))}]`),
    '}',
  ].join('\n');
}

function quoted(text: string): string {
  return `"${text.replace(/[\\"]/g, '\\$&').replaceAll('\n', '\\n')}"`;
}

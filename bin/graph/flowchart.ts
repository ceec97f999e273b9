import type { Drawing } from './drawing';

/** A Mermaid flowchart: clients are rounded, and services are boxes. https://mermaid.js.org/syntax/flowchart.html */
export function flowchart({ nodes, arrows }: Drawing): string {
  const shape = { client: ['(', ')'], service: ['[', ']'] } as const;
  return [
    'flowchart LR',
    ...nodes.map(({ id, label, kind }) => `  ${id}${shape[kind][0]}"${escaped(label)}"${shape[kind][1]}`),
    ...arrows.map(({ from, to, lines }) => `  ${from} -->|"${lines.map(escaped).join('<br/>')}"| ${to}`),
  ].join('\n');
}

/** Entity codes: https://mermaid.js.org/syntax/flowchart.html#entity-codes-to-escape-characters */
function escaped(text: string): string {
  return text.replace(/["#&<>{}|*]/g, (character) => `#${character.charCodeAt(0)};`);
}

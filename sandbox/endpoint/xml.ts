import { XMLBuilder } from 'fast-xml-parser';

/** A list repeats its element, a date is in ISO 8601, and undefined omits the element. */
export type XmlContent = string | number | boolean | undefined | Date | readonly XmlContent[] | XmlElements;

/** Children by element name. */
export interface XmlElements {
  readonly [element: string]: XmlContent;
}

const NAMESPACE = '@xmlns';

const builder = new XMLBuilder({
  ignoreAttributes: false,
  attributeNamePrefix: NAMESPACE[0],
  suppressBooleanAttributes: false,
  // The builder doesn't escape control characters, and a parser would drop or change a carriage return in a key.
  processEntities: false,
  tagValueProcessor: (_name, value) => escapeText(value instanceof Date ? value.toISOString() : String(value)),
});

/** A document, in a namespace if one is given. */
export function writeXml(root: string, content: XmlElements, namespace?: string): string {
  const elements = { [root]: { [NAMESPACE]: namespace, ...content } };
  return `<?xml version="1.0" encoding="UTF-8"?>\n${builder.build(elements)}`;
}

function escapeText(text: string): string {
  return text.replace(/[&<>"\p{Cc}]/gu, (character) => `&#${character.codePointAt(0)};`);
}

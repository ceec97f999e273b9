import { XMLBuilder } from 'fast-xml-parser';

type XmlContent = string | number | boolean | undefined | readonly XmlElements[] | XmlElements;

/** Children by element name. A list repeats its element, and undefined omits it. */
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
  tagValueProcessor: (_name, value) => escapeText(String(value)),
});

/** A document, in a namespace if one is given. */
export function writeXml(root: string, content: XmlElements, namespace?: string): string {
  const elements = { [root]: { [NAMESPACE]: namespace, ...content } };
  return `<?xml version="1.0" encoding="UTF-8"?>\n${builder.build(elements)}`;
}

function escapeText(text: string): string {
  return text.replace(/[&<>"\p{Cc}]/gu, (character) => `&#${character.codePointAt(0)};`);
}

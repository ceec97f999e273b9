type XmlContent = string | number | boolean | undefined | readonly XmlElements[] | XmlElements;

/** Children by element name. A list repeats its element, undefined leaves it out. */
export interface XmlElements {
  readonly [element: string]: XmlContent;
}

/** A document, in a namespace if one is given. */
export function writeXml(root: string, content: XmlElements, namespace?: string): string {
  const attribute = namespace === undefined ? '' : ` xmlns="${namespace}"`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${root}${attribute}>${writeElements(content)}</${root}>`;
}

function writeElements(elements: XmlElements): string {
  return Object.entries(elements)
    .flatMap(([name, content]) => (isList(content) ? content : [content]).map((one) => writeElement(name, one)))
    .join('');
}

function writeElement(name: string, content: XmlContent): string {
  if (content === undefined) return '';
  const inner = typeof content === 'object' ? writeElements(content as XmlElements) : escapeText(String(content));
  return `<${name}>${inner}</${name}>`;
}

function isList(content: XmlContent): content is readonly XmlElements[] {
  return Array.isArray(content);
}

/** Control characters too: a parser would drop or change a carriage return in a key. */
function escapeText(text: string): string {
  return text.replace(/[&<>"\p{Cc}]/gu, (character) => `&#${character.codePointAt(0)};`);
}

/**
 * Reads single elements from the XML of AWS responses. XML escapes `<` in text, so a value that others control, such as a
 * stack's output, can't be mistaken for an element.
 */

/** The text of every element with the name and without child elements, in document order. */
function textElements(xml: string, name: string): readonly string[] {
  return [...xml.matchAll(new RegExp(`<${name}>([^<]*)</${name}>`, 'g'))].map(([, text = '']) => unescapeXml(text));
}

/** The text of an element that occurs once in the document; undefined when it is absent or repeated. */
export function onlyElement(xml: string, name: string): string | undefined {
  const [text, ...others] = textElements(xml, name);
  return others.length === 0 ? text : undefined;
}

/** The content of every element with one of the names, in document order. These elements must not be nested. */
export function elements(xml: string, ...names: readonly string[]): readonly string[] {
  return [...xml.matchAll(new RegExp(`<(${names.join('|')})>(.*?)</\\1>`, 'gs'))].map(([, , content = '']) => content);
}

const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' };

function unescapeXml(text: string): string {
  return text.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(lt|gt|quot|apos|amp));/gi, (reference, hexadecimal, decimal, name) => {
    if (name !== undefined) return ENTITIES[name.toLowerCase()] ?? reference;
    const codePoint = hexadecimal === undefined ? Number(decimal) : Number.parseInt(hexadecimal, 16);
    return codePoint <= 0x10ffff ? String.fromCodePoint(codePoint) : reference;
  });
}

/** Escapes all characters that have a meaning in XML. */
export function escapeXml(text: string): string {
  return text.replace(/[&<>"'\p{Cc}]/gu, (character) => `&#${character.codePointAt(0)};`);
}
